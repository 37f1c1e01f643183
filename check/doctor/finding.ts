/**
 * What the doctor says of a program's stacks, as plain data.
 *
 * Addresses are virtual addresses of the program. Whatever is printed, drawn or compared is made
 * from these records alone.
 *
 * @module
 */

/** What can be wrong. */
export type FindingKind =
  /** A save point was resumed with another stack pointer than it was saved with. */
  | "misaligned-resume"
  /** A save point was resumed after the function it was saved in had left its frame. */
  | "stale-save-point"
  /** A stack was freed with a live save point on it, or while the program ran on it. */
  | "freed-stack"
  /** Nothing that faults lies between a stack and the one below it. */
  | "unguarded-neighbors"
  /** A save point was resumed whose frames another context on the same stack has run over. */
  | "shared-stack"
  /** Calls on a stack have grown into the frames of the one below it. */
  | "stack-overrun"
  /** A save point was resumed with a frame pointer into another stack. */
  | "foreign-frame"
  /** A function returned elsewhere than it was called from: its return address was overwritten. */
  | "overwritten-return"
  /** A function returned from a place where no call has left a return address. */
  | "bad-return";

/** A place in the program's code. */
export interface CodePlace {
  /** Address of the instruction. */
  readonly address: bigint;
  /** Function, as its symbol says; an empty text where no symbol covers the address. */
  readonly function: string;
  /** Bytes from the function's first instruction; 0 without a function. */
  readonly offset: number;
}

/** One frame of a walk. */
export interface StackFrame extends CodePlace {
  /** Whether `address` is that of the next instruction to execute, or a return address. */
  readonly interrupted: boolean;
  /** Stack pointer when the frame's code goes on: behind its call if it has made one. */
  readonly sp: bigint;
  /** Where its own return address lies, if that is in memory and known. */
  readonly slot: bigint | null;
}

/** A stack and what was on it at some instant. */
export interface StackWalk {
  /** Number of the stack, as in {@linkcode StackMap}. */
  readonly stack: number;
  /** Frames, innermost first, down to the function the stack was entered at. */
  readonly frames: readonly StackFrame[];
}

/** One instruction that tells something about a finding. */
export interface Evidence extends CodePlace {
  /** What it did, in a few words: `shifted the stack pointer`, `left the frame`, `freed the stack`. */
  readonly did: string;
  /** Mnemonic and operands, if the code could be read. */
  readonly text: string;
  /** Instructions the machine had executed before it; -1 if that is not known. */
  readonly time: number;
}

/** What came of a finding later: the program went on with a stack that was not in order. */
export interface Consequence extends Evidence {
  /** Another kind of finding, of which this one is the cause; or the fault that ended the task. */
  readonly kind: FindingKind | "fault";
  /** What it was about, one line. */
  readonly summary: string;
  /** What a return address or stack pointer should have been, where that is known. */
  readonly expected: bigint | null;
  /** What it was. */
  readonly found: bigint | null;
}

/** One defect. */
export interface Finding {
  /** What it is. */
  readonly kind: FindingKind;
  /** One line. */
  readonly summary: string;
  /** Name of the task. */
  readonly task: string;
  /** Guest address of the thread object of the thread that ran. */
  readonly thread: bigint;
  /** The instruction at which it shows: a call or jump that resumes, a return, a call that frees. */
  readonly at: Evidence;
  /** The stack pointer or return address that there should have been, where there is one. */
  readonly expected: bigint | null;
  /** What there was instead. */
  readonly found: bigint | null;
  /**
   * The instructions that made it so, in the order they were executed: what shifted the stack
   * pointer, left the frame, freed the stack, wrote the return address.
   */
  readonly evidence: readonly Evidence[];
  /** Numbers of the stacks it is about, the one it is found on first. */
  readonly stacks: readonly number[];
  /** What was on them, in the same order; on a shared stack what both contexts have there. */
  readonly walks: readonly StackWalk[];
  /** What came of it, in the order it happened. */
  readonly consequences: readonly Consequence[];
  /** The program's stacks at that instant. */
  readonly map: StackMap;
}

/** An address worth a line in a map. */
export interface MapPoint {
  /** The address. */
  readonly address: bigint;
  /**
   * What is there, in the words of a person: `gaia's schedule()'s %rsp`, `mash's stack bottom`,
   * `gaia's schedule()'s return address for set_context() call`.
   */
  readonly text: string;
  /** What kind of place it is. */
  readonly kind:
    | "code"
    | "crash"
    | "stack-top"
    | "stack-bottom"
    | "stack-pointer"
    | "frame-pointer";
  /** Number of the stack it belongs to; `null` for code. */
  readonly stack: number | null;
}

/** A stack as the doctor has come to know it. */
export interface MapStack {
  /** Number, from 0 in the order they were first run on; those nobody has run on come last. */
  readonly id: number;
  /** Who runs on it, by the functions it was entered at: `main`, `gaia`; `new` before that. */
  readonly name: string;
  /** Lowest address: the start of its allocation, or else the lowest stack pointer seen on it. */
  readonly top: bigint;
  /** Address behind its highest byte. */
  readonly bottom: bigint;
  /** Whether top and bottom are those of an allocation, or only what was seen of it. */
  readonly allocated: boolean;
  /** Where it was allocated, if that was seen. */
  readonly allocation: Evidence | null;
  /** Where it was freed, if that was seen. */
  readonly freed: Evidence | null;
  /** Whether a thread ran on it. */
  readonly running: boolean;
}

/** Some of the address space. */
export interface MapRegion {
  /** Which part of the map it belongs to: the program's file, what it allocated, a thread's stack. */
  readonly kind: "text" | "heap" | "stack";
  /** First address. */
  readonly begin: bigint;
  /** Address behind the last. */
  readonly end: bigint;
  /** What it allows: `rwx` with `-` for what it does not. */
  readonly protection: string;
}

/** The address space of the task, with what is worth knowing of its stacks. */
export interface StackMap {
  /** Name of the task. */
  readonly task: string;
  /** Name of the stack pointer: `rsp`, `sp`. */
  readonly stackPointer: string;
  /** Name of the frame pointer: `rbp`, `x29`. */
  readonly framePointer: string;
  /** Mapped ranges, lowest address first. */
  readonly regions: readonly MapRegion[];
  /** Stacks, lowest address first. */
  readonly stacks: readonly MapStack[];
  /** Points, lowest address first. */
  readonly points: readonly MapPoint[];
}

/** All that the doctor has to say of one run. */
export interface DoctorReport {
  /** Defects, in the order they showed. */
  readonly findings: readonly Finding[];
  /** Why the machine halted, or `null` if it was stopped before. */
  readonly halted: string | null;
  /** Guest instructions executed. */
  readonly instructions: number;
  /** How often the program went from one stack to another. */
  readonly switches: number;
  /** How many stacks it ran on. */
  readonly stacks: number;
  /** Maps of the tasks' stacks at the end, one for each task that left its first stack. */
  readonly maps: readonly StackMap[];
}
