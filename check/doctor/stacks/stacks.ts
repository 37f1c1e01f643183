/**
 * Stacks as they are recognized from execution: who was called on them, what was saved on them, and
 * which addresses are whose.
 *
 * @module
 */

/** An instruction, and when it was executed. */
export interface Moment {
  /** Its address. */
  readonly address: number;
  /** Instructions the machine had executed before the block it is in. */
  readonly time: number;
}

/** A call that has not returned. */
export interface Call {
  /** Where it comes back to. */
  ret: number;
  /** The stack pointer there. */
  sp: number;
  /** First instruction of what it called. */
  callee: number;
  /** Where its return address lies; -1 if it is not in memory. */
  slot: number;
  /** Whether it has neither returned nor been abandoned. */
  live: boolean;
  /** Whether a context may have been begun in its place. */
  doubtful: boolean;
  /** What is to be done when it returns. */
  extra: CallExtra | null;
}

/** What is remembered of a call until it is over. */
export interface CallExtra {
  /** Save points in the frame it made. */
  saves: SavePoint[];
  /** An allocation it makes. */
  allocates: { readonly size: number; readonly call: Moment } | null;
}

/** A stack pointer and a place that a function has saved for somebody to resume. */
export interface SavePoint {
  /** Where it is resumed. */
  readonly pc: number;
  /** The stack pointer there. */
  readonly sp: number;
  /** The frame pointer there. */
  readonly fp: number;
  /** The call that made the frame it was saved in; `null` for the first frame of a stack. */
  readonly owner: Call | null;
  /** The flow it belongs to. */
  readonly flow: Flow;
  /** The function that saved it. */
  readonly saver: number;
  /** When. */
  readonly time: number;
  /** What has ended the call that made its frame. */
  leftBy: Moment | null;
}

/** Where a stack was left for another. */
export interface Leave extends Moment {
  /** The stack pointer then; NaN if it is not known. */
  readonly sp: number;
  /** Where the innermost call that was made on it returns to, if there was one. */
  readonly within?: { readonly ret: number; readonly sp: number } | undefined;
  /** What has led back to it. */
  resumed?: Moment;
}

/** What runs on a stack, from the first switch to its bottom on. */
export interface Flow {
  /** Calls, innermost last. */
  readonly calls: Call[];
  /** Where it began, and with which stack pointer. */
  start: Moment & { readonly pc: number; readonly sp: number };
  /** By resume address and stack pointer, the latest of each. */
  readonly saves: Map<number, Map<number, SavePoint>>;
  /** Where it was left last. */
  left: Leave | null;
  /** Where it was left before, and has gone on since; by stack pointer, the latest of each. */
  readonly before: Map<number, Leave>;
  /** Its outermost functions when it was left first, outermost first; `null` before that. */
  outer: readonly number[] | null;
  /** What has freed its stack since. */
  freed: Moment | null;
  /** What has taken the frames it was left with. */
  overrun: (Moment & { readonly by: Stack; readonly sp: number }) | null;
}

/** A piece of memory that was allocated. */
export interface Allocation {
  /** First address. */
  readonly begin: number;
  /** Address behind the last. */
  readonly end: number;
  /** Whether a function named by the user made it, and not the kernel. */
  readonly named: boolean;
  /** The instruction that called for it. */
  readonly call: Moment;
}

/** A stack. */
export interface Stack {
  /** Number, in the order of first use. */
  readonly id: number;
  /** Whether a thread began on it. */
  readonly isThreads: boolean;
  /** The memory it is, if that is known. */
  allocation: Allocation | null;
  /** Highest stack pointer seen on it. */
  base: number;
  /** Lowest stack pointer seen on it. */
  low: number;
  /** Stack pointers below this are beyond it. */
  floor: number;
  /** What runs on it. */
  flow: Flow;
  /** What ran on it before that, the last one last. */
  readonly past: Flow[];
  /** The thread that runs on it, by the address of its object; `null` if none does. */
  runner: bigint | null;
}

/** A stack pointer this far below what was seen of a stack may still be on it. */
const NEAR = 512;
/** An allocation of the kernel's that reaches so far above a stack's first use is more than it. */
const ABOVE = 65_536;
/** Flows that are remembered of one stack. */
const PAST = 8;

/** A flow that begins. */
export function newFlow(start: Flow["start"]): Flow {
  return {
    calls: [],
    start,
    saves: new Map(),
    left: null,
    before: new Map(),
    outer: null,
    freed: null,
    overrun: null,
  };
}

/** The stacks of one task. */
export class Stacks {
  /** In the order of first use. */
  readonly all: Stack[] = [];
  /** Those that are there, by base. */
  #byBase: Stack[] = [];
  /** Those that have grown beyond what is theirs. */
  readonly #grown = new Set<Stack>();
  /** By begin; those that lie in another come behind it. */
  #allocations: Allocation[] = [];

  /** The stack that a stack pointer is on, if it is certainly or very likely one that is known. */
  find(sp: number): Stack | undefined {
    for (const each of this.#grown) {
      // What it was left with may lie on another.
      const left = each.flow.left?.sp ?? NaN;
      if (sp >= left && sp - left <= NEAR) return each;
    }
    const index = this.#indexAbove(sp);
    const above = this.#byBase[index];
    const below = this.#byBase[index - 1];
    if (above !== undefined && sp >= Math.min(above.low, above.allocation?.begin ?? Infinity)) {
      return above;
    }
    // A base is the highest that was seen, and the next use may begin higher.
    const innermost = this.allocationAt(sp - 1);
    if (below?.allocation != null && innermost === below.allocation) return below;
    if (innermost?.named) return undefined;
    const up = below === undefined ? Infinity : sp - below.base;
    const down = above === undefined ? Infinity : above.low - sp;
    if (Math.min(up, down) > NEAR) return undefined;
    return up <= down ? below : above;
  }

  /** Notes a stack that is used for the first time. */
  add(sp: number, flow: Flow, options: { isThreads: boolean }): Stack {
    let allocation = this.allocationAt(sp - 1) ?? null;
    if (allocation !== null && !allocation.named) {
      const shared = this.#byBase.filter((stack) => stack.allocation === allocation);
      for (const stack of shared) stack.allocation = null;
      if (shared.length > 0 || allocation.end - sp > ABOVE) allocation = null;
    }
    const stack: Stack = {
      id: this.all.length,
      isThreads: options.isThreads,
      allocation,
      base: sp,
      low: sp,
      floor: 0,
      flow,
      past: [],
      runner: null,
    };
    if (allocation !== null) this.#drop(allocation.begin, allocation.end);
    this.all.push(stack);
    this.#insert(stack);
    return stack;
  }

  /** The highest stack pointer on a stack is higher than was known. */
  raise(stack: Stack, sp: number): void {
    if (sp <= stack.base) return;
    this.#byBase = this.#byBase.filter((each) => each !== stack);
    stack.base = sp;
    this.#insert(stack);
  }

  /** A stack has grown beyond what is its own; that is noticed once. */
  grow(stack: Stack): void {
    stack.floor = -1;
    this.#grown.add(stack);
  }

  /** Another flow begins on a stack. */
  begin(stack: Stack, flow: Flow): void {
    stack.past.push(stack.flow);
    if (stack.past.length > PAST) stack.past.shift();
    stack.flow = flow;
    const allocation = this.allocationAt(flow.start.sp - 1);
    if (allocation?.named) stack.allocation = allocation;
  }

  /** The next stack below, if its memory is not known to be free. */
  below(stack: Stack): Stack | undefined {
    for (let i = this.#byBase.indexOf(stack) - 1; i >= 0; i--) {
      const each = this.#byBase[i];
      if (each !== undefined && each.flow.freed === null) return each;
    }
    return undefined;
  }

  /** The next stack above. */
  above(stack: Stack): Stack | undefined {
    return this.#byBase[this.#byBase.indexOf(stack) + 1];
  }

  /** Stacks of which some bytes are in a range. */
  within(begin: number, end: number): Stack[] {
    return this.#byBase.filter((stack) => stack.base > begin && bottomMost(stack) < end);
  }

  /** Notes an allocation. What was in its place is gone. */
  allocate(allocation: Allocation): void {
    const { begin, end, named } = allocation;
    this.#allocations = this.#allocations.filter((each) =>
      each.begin >= end || each.end <= begin || (named && !each.named) ||
      (each.begin <= begin && each.end >= end && each.end - each.begin > end - begin)
    );
    this.#allocations.push(allocation);
    this.#allocations.sort((a, b) => a.begin - b.begin || b.end - a.end);
  }

  /** Notes that memory is free; returns the allocation a named function has made of it. */
  release(begin: number, end: number | undefined): Allocation | undefined {
    const found = this.#allocations.find((each) => each.named && each.begin === begin);
    const until = end ?? found?.end ?? begin + 1;
    this.#allocations = this.#allocations.filter((each) =>
      each !== found && !(each.begin >= begin && each.end <= until)
    );
    return found;
  }

  /**
   * Allocations that nobody has run on, by functions that allocate stacks and as big as one that
   * somebody has run on.
   */
  get unused(): Allocation[] {
    const taken = new Set(this.#byBase.map(({ allocation }) => allocation));
    const sizes = new Set(
      [...taken].flatMap((each) => each?.named ? [each.end - each.begin] : []),
    );
    return this.#allocations.filter((each) =>
      each.named && !taken.has(each) && sizes.has(each.end - each.begin) &&
      this.within(each.begin, each.end).length === 0
    );
  }

  /** The innermost allocation around an address. */
  allocationAt(address: number): Allocation | undefined {
    let found: Allocation | undefined;
    for (const each of this.#allocations) {
      if (each.begin > address) break;
      if (each.end > address && (found === undefined || each.named || !found.named)) found = each;
    }
    return found;
  }

  #indexAbove(sp: number): number {
    let low = 0;
    let high = this.#byBase.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#byBase[middle] as Stack).base < sp) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #insert(stack: Stack): void {
    const index = this.#indexAbove(stack.base);
    this.#byBase.splice(index, 0, stack);
    for (const each of [stack, this.#byBase[index + 1]]) {
      if (each !== undefined) this.#setFloor(each);
    }
  }

  #setFloor(stack: Stack): void {
    const below = this.#byBase[this.#byBase.indexOf(stack) - 1];
    stack.floor = Math.max(stack.allocation?.begin ?? 0, below?.base ?? 0);
  }

  /** Forgets stacks whose memory has become another's. */
  #drop(begin: number, end: number): void {
    this.#byBase = this.#byBase.filter((stack) =>
      stack.runner !== null || stack.base <= begin || stack.base > end
    );
  }
}

/** Lowest address that is a stack's, as far as that is known. */
export function bottomMost(stack: Stack): number {
  return Math.min(stack.allocation?.begin ?? stack.low, stack.low);
}
