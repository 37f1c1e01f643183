/**
 * The one event stream. The kernel emits it; logs, reports, statistics and tests read it, and
 * nothing prints on its own.
 *
 * Every event carries its position in the stream (`seq`, from 0), the instruction clock (`time`,
 * guest instructions plus skipped idle time) and the CPU it happened on. Addresses are guest
 * addresses, as `bigint`.
 *
 * @module
 */

/** Who an event is about: a thread object in guest memory and the name of its task. */
export interface ThreadRef {
  /** Guest kernel address of the thread object. */
  readonly address: bigint;
  /** Name of the task that owns the thread. */
  readonly task: string;
}

/**
 * One labelled machine word of an exception report, such as `ESR` or `CR2`, in the order the log
 * prints them.
 */
export interface LabelledWord {
  /** Name of the register or field, as the architecture manual spells it. */
  readonly label: string;
  /** Its value. */
  readonly value: bigint;
}

/**
 * A kernel message: one line of the boot log, or a part of a line when it does not end in a
 * newline.
 */
export interface MessageEvent {
  /** Discriminant. */
  readonly type: "message";
  /** Text, including its newline if it ends the line. */
  readonly text: string;
}

/** The guest's `switch_context` moved the CPU from one kernel stack to another. */
export interface ContextSwitchEvent {
  /** Discriminant. */
  readonly type: "context-switch";
  /** Thread that gave up the CPU. */
  readonly from: ThreadRef;
  /** Continuation label the old thread blocked with; 0n if it keeps its kernel stack. */
  readonly fromContinuation: bigint;
  /** Thread that got the CPU. */
  readonly to: ThreadRef;
  /** Continuation label the new thread starts at; 0n if it resumes its kernel stack. */
  readonly toContinuation: bigint;
}

/**
 * The kernel stack of a thread that blocked with a continuation became the stack of the next
 * thread, in place.
 */
export interface StackHandoffEvent {
  /** Discriminant. */
  readonly type: "stack-handoff";
  /** Thread that gave its stack away. */
  readonly from: ThreadRef;
  /** Thread that runs on it now. */
  readonly to: ThreadRef;
}

/** A synchronous exception reached the kernel. */
export interface ExceptionEvent {
  /** Discriminant. */
  readonly type: "exception";
  /** Thread that was running. */
  readonly thread: ThreadRef;
  /** Whether it interrupted user code or the kernel. */
  readonly mode: "user" | "kernel";
  /** Privilege it came from, in the architecture's words: `EL0`, `EL1`, `CPL 3`, `CPL 0`. */
  readonly origin: string;
  /** Short architectural name: `data abort, same EL`, `#PF`. */
  readonly name: string;
  /** What the handler found: syndrome, fault address and, from kernel mode, the PC. */
  readonly words: readonly LabelledWord[];
}

/** An interrupt reached the kernel. */
export interface InterruptEvent {
  /** Discriminant. */
  readonly type: "irq";
  /** Thread that was running. */
  readonly thread: ThreadRef;
  /** Whether it interrupted user code or the kernel. */
  readonly mode: "user" | "kernel";
  /** Interrupt line; 0 is the timer. */
  readonly line: number;
  /** Address of the interrupted instruction. */
  readonly pc: bigint;
}

/** A user page fault was resolved or refused, and its continuation ran. */
export interface PageFaultEvent {
  /** Discriminant. */
  readonly type: "page-fault";
  /** Thread that faulted. */
  readonly thread: ThreadRef;
  /** Faulting address. */
  readonly address: bigint;
  /** Access that faulted. */
  readonly access: "read" | "write" | "execute";
  /** Mach kernel return code: 0 is success, 1 invalid address, 2 protection failure. */
  readonly kr: number;
}

/** A thread went back to user mode by `thread_exception_return`. */
export interface ExceptionReturnEvent {
  /** Discriminant. */
  readonly type: "exception-return";
  /** Thread that returns. */
  readonly thread: ThreadRef;
  /** User address it returns to. */
  readonly pc: bigint;
}

/** A thread found asynchronous system traps pending on its way to user mode. */
export interface AstEvent {
  /** Discriminant. */
  readonly type: "ast";
  /** Thread that takes them. */
  readonly thread: ThreadRef;
  /** Why: any of `quantum`, `suspend`, `terminate`, `preempt`. */
  readonly reasons: readonly string[];
}

/** A system call was decoded. */
export interface SyscallEvent {
  /** Discriminant. */
  readonly type: "syscall";
  /** Calling thread. */
  readonly thread: ThreadRef;
  /** Number in the system call table. */
  readonly number: number;
  /** Name in the system call table; `unknown` if there is none. */
  readonly name: string;
  /** Raw argument words, as many as the call takes. */
  readonly args: readonly bigint[];
}

/** An exception of a program was handed to the handler its thread has set. */
export interface HandlerEntryEvent {
  /** Discriminant. */
  readonly type: "handler-entry";
  /** Thread that took the exception. */
  readonly thread: ThreadRef;
  /** Vector (x86-64) or exception class (AArch64). */
  readonly code: bigint;
  /** Fault address, 0n if the exception has none. */
  readonly address: bigint;
  /** Interrupted instruction, or the one after it, as the architecture saves it. */
  readonly pc: bigint;
  /** User address of the record of the interrupted state. */
  readonly state: bigint;
}

/** A thread loaded the registers of a record, or its handler did not deal with an exception. */
export interface HandlerReturnEvent {
  /** Discriminant. */
  readonly type: "handler-return";
  /** The thread. */
  readonly thread: ThreadRef;
  /**
   * How: it goes on as a record says; its handler has returned without; its handler has taken an
   * exception itself. The latter two end in what would have become of the first exception.
   */
  readonly outcome: "resumed" | "declined" | "failed";
  /** User address the thread is at then. */
  readonly pc: bigint;
}

/** The floating-point unit was given to a thread at its first use. */
export interface FpSwitchEvent {
  /** Discriminant. */
  readonly type: "fp-switch";
  /** Thread whose registers were in the unit before, if any. */
  readonly from: ThreadRef | null;
  /** Thread that owns the unit now. */
  readonly to: ThreadRef;
}

/** Something that ends a thread's normal course entered the unwinder. */
export interface PanicEvent {
  /** Discriminant. */
  readonly type: "panic";
  /** Thread whose stack is unwound. */
  readonly thread: ThreadRef;
  /** What started it. */
  readonly cause: "panic" | "throw" | "exception" | "kill" | "forced";
  /** What will be said of the task if nothing takes it: one line. */
  readonly reason: string;
  /** Guest address of the exception object, which is the unwinding context landing pads hand on. */
  readonly context: bigint;
}

/** The unwinder looked at a frame. */
export interface FrameEvent {
  /** Discriminant. */
  readonly type: "frame";
  /** Thread whose stack it is. */
  readonly thread: ThreadRef;
  /** Number of the frame in this walk, from 0. */
  readonly index: number;
  /** Its program counter. */
  readonly pc: bigint;
  /** Its canonical frame address; 0n if there is no rule. */
  readonly cfa: bigint;
  /** Function, or an empty text if no symbol covers it. */
  readonly function: string;
  /** Offset of the program counter into the function. */
  readonly offset: number;
  /** Where the rule that leads to the caller comes from. */
  readonly source: string;
  /** How sure it is that the frame is there: the weakest of the steps that led to it. */
  readonly certainty: "exact" | "recognized" | "guessed" | "doubtful";
  /** What is wrong with a doubtful frame, as the unwinder names it; null for the others. */
  readonly doubt: string | null;
  /** What is done with it: `skip` for the panic's own frames, `pass` for one with nothing to do. */
  readonly action: "skip" | "pass" | "cleanup" | "handler";
}

/** A landing pad was entered. */
export interface LandingEvent {
  /** Discriminant. */
  readonly type: "landing";
  /** Thread that lands. */
  readonly thread: ThreadRef;
  /** Whether the unwinding goes on afterwards or ends here. */
  readonly kind: "cleanup" | "handler";
  /** Function landed in. */
  readonly function: string;
  /** Address of the landing pad. */
  readonly landingPad: bigint;
  /** Stack pointer it gets. */
  readonly sp: bigint;
  /** Selector it gets. */
  readonly selector: bigint;
}

/** A cleanup is done and called `_Unwind_Resume`. */
export interface UnwindResumeEvent {
  /** Discriminant. */
  readonly type: "unwind-resume";
  /** Thread that is unwound. */
  readonly thread: ThreadRef;
  /** Address of the exception object it was called with. */
  readonly context: bigint;
}

/** An unwinding is over and its context is freed. */
export interface UnwindEndEvent {
  /** Discriminant. */
  readonly type: "unwind-end";
  /** Thread that was unwound. */
  readonly thread: ThreadRef;
  /** How: the end of the stack was reached, a handler took it, or it had to be given up. */
  readonly outcome: "end-of-stack" | "caught" | "aborted";
  /** Landing pads entered. */
  readonly landings: number;
  /** Why it was given up: one line. */
  readonly reason?: string;
}

/** Text that reached the console device. */
export interface ConsoleEvent {
  /** Discriminant. */
  readonly type: "console";
  /** Thread that wrote it. */
  readonly thread: ThreadRef;
  /** What was written, often one character: each character is one byte. */
  readonly text: string;
}

/** A task or thread came into being or went away. */
export interface LifecycleEvent {
  /** Discriminant. */
  readonly type: "task-create" | "task-exit" | "thread-create" | "thread-exit";
  /** Name of the task. */
  readonly task: string;
  /** Guest address of the thread object, or 0n for a task event. */
  readonly thread: bigint;
  /** Exit code, on exits that have one. */
  readonly code?: number;
  /** Why it ended, when it did not end by itself: one line. */
  readonly reason?: string;
}

/** A thread has other scheduling parameters from now on. */
export interface ParametersEvent {
  /** Discriminant. */
  readonly type: "parameters";
  /** Thread that asked for it. */
  readonly by: ThreadRef;
  /** Thread whose parameters they are. */
  readonly of: ThreadRef;
  /** Priority, 0 to 255. */
  readonly priority: number;
  /** Nice value, -20 to 19. */
  readonly nice: number;
  /** Share of the CPU. */
  readonly weight: number;
  /** Time between two jobs, 0 if it has none. */
  readonly period: number;
  /** Time from a release to the deadline, 0 if it has none. */
  readonly deadline: number;
  /** Time it may run in a period, 0 for no limit. */
  readonly budget: number;
  /** CPUs it may run on, or `null` for all. */
  readonly affinity: readonly number[] | null;
}

/**
 * A thread has become ready, told by machines with a one-shot timer: the policy has it from an
 * instant on, which may be before this event.
 */
export interface ReadyEvent {
  /** Discriminant. */
  readonly type: "ready";
  /** The thread. */
  readonly of: ThreadRef;
  /** Why. */
  readonly reason: "start" | "wakeup" | "release";
  /** When. */
  readonly instant: number;
}

/**
 * The CPU goes from one thread to another, or to the same again, told by machines with a one-shot
 * timer. The time from the instant to the first instruction in user mode is what the decision
 * costs.
 */
export interface DecisionEvent {
  /** Discriminant. */
  readonly type: "decision";
  /** When it is made, which may be before this event. */
  readonly instant: number;
  /** Thread that ran, or `null` if the CPU was idle. */
  readonly from: ThreadRef | null;
  /** Why that stops: `idle` if none ran. */
  readonly why: "quantum" | "preempted" | "blocked" | "yielded" | "ended" | "idle";
  /** Thread that runs now, or `null` if the CPU is idle. */
  readonly to: ThreadRef | null;
}

/** A job of a periodic thread begins. */
export interface JobReleaseEvent {
  /** Discriminant. */
  readonly type: "job-release";
  /** The thread. */
  readonly of: ThreadRef;
  /** Number of the job, from 1. */
  readonly job: number;
  /** When it was due to: earlier than this event if the job before was not done by then. */
  readonly release: number;
}

/** A job of a periodic thread is done. */
export interface JobCompleteEvent {
  /** Discriminant. */
  readonly type: "job-complete";
  /** The thread. */
  readonly of: ThreadRef;
  /** Number of the job, from 1. */
  readonly job: number;
  /** When it was released. */
  readonly release: number;
  /** When it had to be done; `null` if it has no deadline. */
  readonly deadline: number | null;
  /** By how much it was late; negative if it was early, `null` if it has no deadline. */
  readonly lateness: number | null;
}

/** A job of a periodic thread is not done, and its deadline has come. */
export interface DeadlineMissEvent {
  /** Discriminant. */
  readonly type: "deadline-miss";
  /** The thread. */
  readonly of: ThreadRef;
  /** Number of the job, from 1. */
  readonly job: number;
  /** When it was released. */
  readonly release: number;
  /** When it had to be done; by how much it was late is told when it is. */
  readonly deadline: number;
}

/** The CPU had nothing to run; the clock moved on to the next deadline. */
export interface IdleEvent {
  /** Discriminant. */
  readonly type: "idle";
  /** Clock value the CPU sleeps until. */
  readonly until: number;
}

/** A thread is blocked for ever: told of each when the machine stops because all of them are. */
export interface BlockedEvent {
  /** Discriminant. */
  readonly type: "blocked";
  /** The thread. */
  readonly thread: ThreadRef;
  /** What it waits for, in a few words. */
  readonly wait: string;
  /** Name of the continuation it would go on with. */
  readonly continuation: string;
  /** Label it would start at; 0n if it keeps its kernel stack. */
  readonly label: bigint;
}

/** A thread gives its CPU to a ready one, as the policy agrees. */
export interface HandoffEvent {
  /** Discriminant. */
  readonly type: "handoff";
  /** The thread. */
  readonly thread: ThreadRef;
  /** The one that has its CPU next. */
  readonly to: ThreadRef;
}

/**
 * Threads would have waited for each other for ever: the last of them to ask for a mutex did not
 * get it, and does not wait.
 */
export interface DeadlockEvent {
  /** Discriminant. */
  readonly type: "deadlock";
  /**
   * The cycle, which begins with the thread that was refused: each wants a mutex that the next one
   * holds, the last one a mutex of the first.
   */
  readonly cycle: readonly DeadlockedThread[];
}

/** One of the threads of a deadlock. */
export interface DeadlockedThread {
  /** The thread. */
  readonly thread: ThreadRef;
  /** Number of the mutex it wants. */
  readonly mutex: number;
}

/** The scheduling policy broke its contract and was put out; round robin has taken over. */
export interface PolicyFaultEvent {
  /** Discriminant. */
  readonly type: "policy-fault";
  /** Name of the policy. */
  readonly policy: string;
  /** The method it was asked by. */
  readonly call: string;
  /** Arguments of the call, as JSON. */
  readonly arguments: string;
  /** What it did, and what was expected of it. */
  readonly reason: string;
  /** What it remembered, as JSON. */
  readonly state: string;
}

/** The machine stopped. */
export interface HaltEvent {
  /** Discriminant. */
  readonly type: "halt";
  /** `reboot` when a task asked for it, else why the kernel stopped. */
  readonly reason: string;
}

/** What happened, without when and where. */
export type EventBody =
  | MessageEvent
  | ContextSwitchEvent
  | StackHandoffEvent
  | ExceptionEvent
  | InterruptEvent
  | PageFaultEvent
  | ExceptionReturnEvent
  | AstEvent
  | SyscallEvent
  | HandlerEntryEvent
  | HandlerReturnEvent
  | FpSwitchEvent
  | PanicEvent
  | FrameEvent
  | LandingEvent
  | UnwindResumeEvent
  | UnwindEndEvent
  | ConsoleEvent
  | LifecycleEvent
  | ParametersEvent
  | ReadyEvent
  | DecisionEvent
  | JobReleaseEvent
  | JobCompleteEvent
  | DeadlineMissEvent
  | IdleEvent
  | BlockedEvent
  | HandoffEvent
  | DeadlockEvent
  | PolicyFaultEvent
  | HaltEvent;

/** When and where an event happened. */
export interface EventStamp {
  /** Position in the stream, from 0. */
  readonly seq: number;
  /** Instruction clock: guest instructions executed plus idle time skipped. */
  readonly time: number;
  /** CPU number. */
  readonly cpu: number;
}

/** One event of the stream. */
export type KernelEvent = EventStamp & EventBody;

/** Receives every event, in order. */
export interface EventSink {
  /** Takes one event. Must not throw: a sink is an observer. */
  write(event: KernelEvent): void;
}
