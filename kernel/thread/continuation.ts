/**
 * Continuations as data. A continuation says what a thread does next: a name from one table and a
 * small plain record, kept in the thread while it waits (Draves et al., "Using Continuations to
 * Implement Thread Management and Communication in Operating Systems", SOSP 1991). Nothing else
 * survives a hypercall, so a machine can be copied, saved and compared, and a blocked thread can
 * say what it waits for and where it will go on.
 *
 * A routine that may have to wait takes a continuation for its result, as a C function takes a
 * return address: the record of its own continuation holds it as `then`. What each name does is in
 * `kernel/continuations.ts`.
 *
 * @module
 */

import type { GuestLabel } from "../../arch/guest_labels.ts";
import type { LoadMode } from "../program/load_mode.ts";
import type { Fault } from "../vm/fault_types.ts";
import type { PageRequest } from "../vm/page_io.ts";
import type { VmEntry } from "../vm/vm_map.ts";
import type { UserException } from "./handler.ts";

/**
 * How a wait ended: what was waited for came about, it failed, somebody cut the wait short, or its
 * time was up. Of a wait for a condition whose time was up also: its mutex is the thread's, but the
 * last owner died; or the wait for the mutex would be for ever.
 */
export type WaitResult =
  | "awakened"
  | "failed"
  | "interrupted"
  | "timed-out"
  | "owner-died"
  | "deadlock";

/** Bytes read from a program's memory, or why they could not be: see `KernReturn`. */
export type CopyResult =
  | { readonly bytes: Uint8Array; readonly kr: 0 }
  | { readonly bytes: null; readonly kr: number };

/** A page frame by its physical address, or `null` if there was no memory. */
export type FrameResult = bigint | null;

/** One row of the table. */
export interface ContinuationRow<Value, Record = unknown> {
  /** What the continuation is resumed with. */
  readonly value: Value;
  /** What it keeps meanwhile. */
  readonly record: Record;
}

/** Where a kernel-mode program starts. */
export interface ProgramStart {
  /** First instruction. */
  readonly pc: bigint;
  /** Stack pointer. */
  readonly sp: bigint;
  /** First argument. */
  readonly argument: bigint;
}

/** How far the loading of a program has come. */
export interface LoadProgress {
  /** Arguments; the first is the program's name. */
  readonly argv: readonly string[];
  /** How segments come into memory. */
  readonly load: LoadMode;
  /** Index of the segment that is being loaded. */
  readonly index: number;
}

/** A panic's report, as far as it has been read from the program. */
export interface PanicReport {
  /** Exception object. */
  readonly object: bigint;
  /** Words of `struct panic_information`. */
  readonly words: readonly bigint[];
}

/** A wait for a change of a word in memory. */
export interface FutexWait {
  /** Where the word is. */
  readonly address: bigint;
  /** What it must be for the wait to begin. */
  readonly expected: number;
  /** Clock value the wait ends at, or `null` if it does not by itself. */
  readonly until: number | null;
}

/** A request to wake some who wait for a word and to have others wait for another. */
export interface FutexMove {
  /** Where the word is. */
  readonly from: bigint;
  /** What it must be. */
  readonly expected: number;
  /** How many are woken at most. */
  readonly wake: bigint;
  /** Where the other word is. */
  readonly to: bigint;
  /** How many go there at most. */
  readonly move: bigint;
}

/** Every continuation there is. */
export interface ContinuationTable {
  /** Leave the innermost trap. */
  return: ContinuationRow<unknown>;
  /** The end of a thread. */
  exit: ContinuationRow<unknown>;
  /** End the system call with a result word. */
  syscall_result: ContinuationRow<unknown, { readonly result: bigint }>;
  /** End the system call with a kernel return code. */
  syscall_status: ContinuationRow<number>;

  /** Hand the word a copy routine of the guest returned on as a kernel return code. */
  copy_status: ContinuationRow<bigint, { readonly then: Continuation<number> }>;
  /** Read through the bounce page, which is there now. */
  copyin_bounce: ContinuationRow<FrameResult, {
    readonly address: bigint;
    readonly size: number;
    readonly then: Continuation<CopyResult>;
  }>;
  /** Take the bytes that were read out of the bounce page. */
  copyin_take: ContinuationRow<bigint, {
    readonly page: bigint;
    readonly size: number;
    readonly then: Continuation<CopyResult>;
  }>;
  /** Write through the bounce page, which is there now. */
  copyout_bounce: ContinuationRow<FrameResult, {
    readonly address: bigint;
    readonly bytes: Uint8Array;
    readonly then: Continuation<number>;
  }>;
  /** Write the bytes after those of one bounce page. */
  copyout_rest: ContinuationRow<bigint, {
    readonly address: bigint;
    readonly bytes: Uint8Array;
    readonly then: Continuation<number>;
  }>;

  /** Have a page frame filled with zeros. */
  frame_zero: ContinuationRow<FrameResult, { readonly then: Continuation<FrameResult> }>;
  /** Hand on the page frame that has been filled. */
  frame_ready: ContinuationRow<
    bigint,
    { readonly frame: bigint; readonly then: Continuation<FrameResult> }
  >;
  /** Try again to get a page frame: some may have become free. */
  frame_wait: ContinuationRow<WaitResult, { readonly then: Continuation<FrameResult> }>;

  /** Map the zeroed page a fault needs. */
  fault_enter: ContinuationRow<FrameResult, {
    readonly fault: Fault;
    readonly entry: VmEntry;
    readonly then: Continuation<number>;
  }>;
  /** Look again at a fault whose page has been read. */
  fault_retry: ContinuationRow<
    WaitResult,
    { readonly fault: Fault; readonly then: Continuation<number> }
  >;
  /** Go on after a page fault of user code. */
  user_fault: ContinuationRow<number, { readonly fault: Fault }>;
  /** Go on after a page fault of a copy routine of the guest, whose trap frame is at `trap`. */
  copy_fault: ContinuationRow<number, { readonly trap: bigint }>;
  /**
   * The floating-point unit has been given to the thread; it was the thread's with number `from`.
   */
  fp_given: ContinuationRow<bigint, { readonly from: number | null }>;

  /** The floating-point state is in the thread object: write a handler's record. */
  handler_state: ContinuationRow<bigint, { readonly exception: UserException }>;
  /** The record has been written: enter the handler. */
  handler_enter: ContinuationRow<number, {
    readonly exception: UserException;
    readonly address: bigint;
    readonly state: Uint8Array;
  }>;
  /** What a handler did not deal with has been put back: go on as without one. */
  handler_given_back: ContinuationRow<bigint, { readonly exception: UserException }>;
  /** A record to load has been read. */
  exception_state: ContinuationRow<CopyResult>;

  /** Print the bytes that were read, then the rest. */
  print: ContinuationRow<CopyResult, {
    readonly address: bigint;
    readonly length: number;
    readonly done: number;
  }>;
  /** Linux's rt_sigprocmask: the set of signals has been read. */
  linux_signal_set: ContinuationRow<CopyResult, { readonly how: number; readonly old: bigint }>;
  /** Linux's write: write the bytes that were read, then the rest. */
  linux_write: ContinuationRow<CopyResult, {
    readonly address: bigint;
    readonly length: number;
    readonly done: number;
  }>;
  /** End a system call of Linux's with an error if its copy has failed. */
  linux_status: ContinuationRow<number>;
  /** End a system call that has waited with how the wait ended. */
  wait_over: ContinuationRow<WaitResult>;
  /**
   * End a system call that has waited for a mutex, semaphore or condition, or wait for the mutex
   * again.
   */
  lock_over: ContinuationRow<WaitResult, { readonly until: number | null }>;
  /** Wait for a change of a word whose page is in memory now. */
  futex_wait: ContinuationRow<number, FutexWait>;
  /** Move those who wait for a word whose page is in memory now. */
  futex_requeue: ContinuationRow<number, FutexMove>;
  /** A thread's scheduling parameters have been read. */
  thread_parameters: ContinuationRow<CopyResult, { readonly target: number }>;
  /** Tell a waiting thread how a task ended. */
  task_status: ContinuationRow<unknown, { readonly task: number; readonly address: bigint }>;

  /** A panic's information has been read. */
  panic_information: ContinuationRow<CopyResult, { readonly object: bigint }>;
  /** A panic's message has been read. */
  panic_message: ContinuationRow<CopyResult, { readonly report: PanicReport }>;
  /** A panic's file name has been read. */
  panic_file: ContinuationRow<
    CopyResult,
    { readonly report: PanicReport; readonly message: string }
  >;
  /** A thrown exception's information has been read. */
  throw_information: ContinuationRow<CopyResult, { readonly object: bigint }>;
  /** Start an unwinding the kernel wants, with a page frame for its exception object. */
  exception_object: ContinuationRow<FrameResult, {
    readonly trap: bigint;
    readonly cause: "exception" | "kill";
    readonly reason: string;
  }>;
  /** The floating-point state is in the thread object: change what a landing changes of it. */
  land_vectors: ContinuationRow<
    bigint,
    { readonly vectors: readonly (readonly [bigint, bigint])[] }
  >;

  /** Load a program into the task it is started in. */
  exec: ContinuationRow<unknown, { readonly argv: readonly string[]; readonly load: LoadMode }>;
  /** A segment has been copied out: protect it, go on with the next. */
  exec_segment: ContinuationRow<number, LoadProgress>;
  /** The arguments have been copied out: the program can start. */
  exec_arguments: ContinuationRow<
    number,
    { readonly argv: readonly string[]; readonly sp: bigint }
  >;
  /** Load a program that runs at the kernel's privilege. */
  kernel_exec: ContinuationRow<unknown, { readonly argv: readonly string[] }>;
  /** Start a program that runs at the kernel's privilege, with arguments. */
  kernel_enter: ContinuationRow<unknown, { readonly argv: readonly string[] }>;
  /** Start kernel-mode code. */
  kernel_start: ContinuationRow<unknown, { readonly start: ProgramStart }>;

  /** The startup thread: report the machine, start the kernel's threads. */
  startup: ContinuationRow<unknown>;
  /** The bootstrap script goes on when a task is loaded. */
  script_loaded: ContinuationRow<unknown, { readonly index: number; readonly task: number }>;
  /** The machine stops when every task has ended. */
  script_over: ContinuationRow<unknown>;

  /** Free what dead threads held. */
  reaper: ContinuationRow<unknown>;
  /** Let threads that found no stack try again. */
  swapin: ContinuationRow<unknown>;
  /** Free what dead tasks held. */
  task_reaper: ContinuationRow<unknown>;
  /** Wake threads whose sleep is over. */
  timeout: ContinuationRow<unknown>;
  /** Make memory free. */
  pageout: ContinuationRow<unknown>;
  /** Fill the pool of zeroed page frames. */
  page_zero: ContinuationRow<unknown>;
  /** Keep a page frame that has been zeroed. */
  page_zeroed: ContinuationRow<bigint, { readonly frame: bigint }>;
  /** Finish page-ins. */
  io_done: ContinuationRow<unknown>;
  /** There is a page frame for a page that was read, or none. */
  io_frame: ContinuationRow<FrameResult, { readonly request: PageRequest }>;
  /** Copy what was read into its page frame, which is zeroed. */
  io_copy: ContinuationRow<bigint, { readonly request: PageRequest; readonly frame: bigint }>;
  /** The page is complete. */
  io_complete: ContinuationRow<bigint, { readonly request: PageRequest; readonly frame: bigint }>;

  /**
   * A thread that lets others run, again and again: what a switch costs is measured with two of
   * them.
   */
  yielder: ContinuationRow<unknown, { readonly label: GuestLabel | null }>;

  /** A thread that kept its kernel stack runs on it again. */
  switched_back: ContinuationRow<bigint>;
  /** The idle thread. */
  idle: ContinuationRow<unknown>;
}

/** Name of a continuation. */
export type ContinuationName = keyof ContinuationTable;

/** The continuations that can be resumed with a `Value`. */
export type Continuation<Value = never> = {
  [Name in ContinuationName]: [Value] extends [ContinuationTable[Name]["value"]]
    ? { readonly name: Name } & ContinuationTable[Name]["record"]
    : never;
}[ContinuationName];

/**
 * A thread's wait, for whoever has to end it and whoever looks: what it is that will make the
 * thread ready.
 */
export type Wait =
  | {
    /** A wake-up of a queue. */
    readonly kind: "queue";
    /** Which. */
    readonly queue: QueueName;
  }
  | {
    /** A time. */
    readonly kind: "time";
    /** Clock value. */
    readonly until: number;
  }
  | {
    /** A change of a word in memory. */
    readonly kind: "futex";
    /** Number of the task whose address space it is in; 0 for the kernel's. */
    readonly space: number;
    /** Virtual address. */
    readonly address: bigint;
    /** Clock value the wait ends at, or `null`. */
    readonly until: number | null;
  }
  | {
    /** A mutex, a semaphore, or a condition. */
    readonly kind: "mutex" | "semaphore" | "condition";
    /** Its number in programs. */
    readonly object: number;
    /** Clock value the wait ends at, or `null`. */
    readonly until: number | null;
  }
  | {
    /** The release of its next job. */
    readonly kind: "release";
    /** When that is. */
    readonly until: number;
  }
  | {
    /** The end of a task. */
    readonly kind: "task";
    /** Its number. */
    readonly task: number;
  }
  | {
    /** A page that is being read. */
    readonly kind: "page";
    /** Virtual address. */
    readonly address: bigint;
  }
  | {
    /** Its task to be resumed. */
    readonly kind: "resume";
  }
  | {
    /** A kernel stack. */
    readonly kind: "stack";
  };

/** Queues that threads of the kernel wait on. */
export type QueueName =
  /** Dead threads. */
  | "reaper"
  /** Free kernel stacks. */
  | "swapin"
  /** Dead tasks. */
  | "taskReaper"
  /** Passed deadlines. */
  | "timeout"
  /** Few free page frames. */
  | "pageout"
  /** Few zeroed page frames. */
  | "pageZero"
  /** Finished page-ins. */
  | "ioDone"
  /** The startup thread's next step. */
  | "startup"
  /** Page frames given back by the page-out daemon. */
  | "memory";
