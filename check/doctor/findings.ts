/**
 * What is wrong, as it shows while a machine runs.
 *
 * A defect leaves stacks that are not in order, and what shows there later is told as its
 * consequence, not as another defect.
 *
 * @module
 */

import type { CallConvention } from "../../arch/mod.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Arrival, Verdict } from "./arrival.ts";
import { instructionsOf } from "./blocks.ts";
import type {
  Consequence,
  Finding,
  FindingKind,
  MapPoint,
  StackMap,
  StackWalk,
} from "./finding.ts";
import type { Followed, Pending } from "./followed.ts";
import { isGuarded } from "./guards.ts";
import { mapOf, nameStacks } from "./map.ts";
import type { Draft, Program } from "./program.ts";
import type { Allocation, Call, Flow, Moment, SavePoint, Stack } from "./stacks.ts";
import { walkOf } from "./walks.ts";

/** A finding whose instructions have no text yet. */
export interface FindingDraft extends Omit<Finding, "at" | "evidence" | "consequences"> {
  readonly at: Draft;
  readonly evidence: Draft[];
  readonly consequences: (Omit<Consequence, "text"> & Draft)[];
  /** The program it is about. */
  readonly program: Program;
  /** A return address that somebody has overwritten, until it is known who. */
  overwritten: { readonly slot: number; readonly until: number; readonly value: number } | null;
}

/** What a finding is made of. */
interface Parts {
  readonly summary: string;
  readonly at: Draft;
  readonly expected?: number | undefined;
  readonly found?: number | undefined;
  readonly evidence: readonly (Draft | null)[];
  /** The stack it is found on first. */
  readonly stacks: readonly Stack[];
  /** What is on them, if not what was when they were left. */
  readonly walks?: readonly StackWalk[];
}

/** A page on the way must be seen, and not more of them. */
const CONSEQUENCES = 16;

/** Keeps what is found. */
export class Findings {
  /** In the order it showed. */
  readonly all: FindingDraft[] = [];
  readonly #k: Kernel;
  readonly #calling: CallConvention;
  /** What is the matter with flows that are not in order. */
  readonly #causes = new Map<Flow, FindingDraft>();
  /** Pairs of stacks without a guard, by the upper one. */
  readonly #unguarded = new Map<Stack, FindingDraft>();
  /** What is the matter with a task that has had a finding, the last one. */
  readonly #last = new Map<string, { draft: FindingDraft; pc: number }>();

  /** None yet. */
  constructor(k: Kernel) {
    this.#k = k;
    this.#calling = k.arch.calling;
  }

  /** A program goes on with a new stack pointer. */
  onArrival(
    followed: Followed,
    options: { pending: Pending; verdict: Verdict; arrival: Arrival; fp: number },
  ): void {
    const { verdict, pending, arrival } = options;
    const { stack, program } = followed;
    const { flow } = stack;
    const resumes = verdict.kind !== "fresh" && verdict.kind !== "unknown";
    const named = (): string => this.#nameOf(program, stack);
    const resume = (did: string) => program.draft(this.#endOf(followed), did);
    const stacks = [stack, pending.from];
    if (pending.runner !== null && resumes) {
      this.#add(followed, "shared-stack", {
        summary: `two threads run on ${named()}'s stack`,
        at: resume("resumed a stack that another thread runs on"),
        evidence: [],
        stacks,
      });
      return;
    }
    const freed = verdict.kind === "shared" ? verdict.flow.freed : flow.freed;
    if (freed !== null && resumes) {
      this.#onFreed(followed, { freed, resume: resume("resumed the context on it"), stacks });
      return;
    }
    if (resumes && flow.overrun !== null) {
      const { by, sp } = flow.overrun;
      this.#add(followed, "unguarded-neighbors", {
        summary: `${this.#nameOf(program, by)}'s stack has grown into ${named()}'s: ` +
          "no guard is between them",
        at: program.draft(flow.overrun, "grew into the stack below"),
        expected: by.floor < 0 ? stack.base : by.floor,
        found: sp,
        evidence: [resume("resumed the context whose frames are overwritten")],
        stacks: [stack, by],
      });
      return;
    }
    switch (verdict.kind) {
      case "misaligned":
        this.#onMisaligned(followed, { ...options, verdict });
        break;
      case "save":
        this.#checkFrame(followed, { ...options, save: verdict.save });
        break;
      case "stale": {
        const { save } = verdict;
        const { leftBy, pc, sp } = save;
        const where = program.place(pc, true).function;
        this.#add(followed, "stale-save-point", {
          summary: `${named()} is resumed in ${where}(), which has left the frame that its ` +
            `context was saved in`,
          at: resume("resumed the save point"),
          expected: undefined,
          found: sp,
          evidence: [
            this.#saved(program, save),
            leftBy === null ? null : program.draft(leftBy, "left the frame"),
          ],
          stacks,
          walks: [walkOf(program, stack, arrival), walkOf(program, pending.from)],
        });
        break;
      }
      case "shared": {
        const { start } = flow;
        const runner = program.place(start.pc).function;
        this.#add(followed, "shared-stack", {
          summary:
            `${
              this.#nameOf(program, stack, verdict.flow)
            }'s stack was left with a context on it, and ${runner}() was begun ` +
            "on the same stack before that was resumed",
          at: program.draft(start, "began another context on the stack"),
          expected: verdict.flow.left?.sp,
          found: start.sp,
          evidence: [resume("resumed the context whose frames are overwritten")],
          stacks: [stack],
          walks: [walkOf(program, stack, undefined, verdict.flow), walkOf(program, stack)],
        });
      }
    }
  }

  /** A function goes on with another frame pointer than it had: one into another stack. */
  #checkFrame(
    followed: Followed,
    { pending, arrival, save, fp }: {
      pending: Pending;
      arrival: Arrival;
      save: SavePoint;
      fp: number;
    },
  ): void {
    const { program, stack } = followed;
    if (fp === save.fp || !isOn(stack, save.fp)) return;
    const other = program.stacks.all.find((each) => each !== stack && isOn(each, fp));
    if (other === undefined) return;
    const { function: where } = program.place(save.pc, true);
    this.#add(followed, "foreign-frame", {
      summary: `${this.#nameOf(program, stack)}'s ${where}() is resumed with ` +
        `%${this.#calling.framePointer} in ${this.#nameOf(program, other)}'s stack`,
      at: program.draft(this.#endOf(followed), "resumed the save point"),
      expected: save.fp,
      found: fp,
      evidence: [
        this.#saved(program, save),
        program.draft(pending.set, "loaded the stack pointer"),
      ],
      stacks: [stack, other],
      walks: [walkOf(program, stack, arrival), walkOf(program, other)],
    });
  }

  #saved(program: Program, { pc, saver, time }: SavePoint): Draft {
    const by = program.functionAt(saver).name;
    const address = this.#callBefore(program, pc);
    return program.draft({ address, time }, `called ${by}(), which saved the context`);
  }

  /** A thread begins on a stack that another one runs on. */
  onSecondThread(followed: Followed, at: Moment): void {
    const { program, stack } = followed;
    this.#add(followed, "shared-stack", {
      summary: `two threads run on ${this.#nameOf(program, stack)}'s stack`,
      at: program.draft(at, "began on a stack that another thread runs on"),
      evidence: [this.#allocated(program, stack.allocation)],
      stacks: [stack],
      walks: [
        ...stack.past.slice(-1).map((flow) => walkOf(program, stack, undefined, flow)),
        walkOf(program, stack, { pc: at.address, sp: followed.sp }),
      ],
    });
  }

  /** A stack pointer that is off. */
  #onMisaligned(
    followed: Followed,
    { pending, verdict, arrival }: {
      pending: Pending;
      verdict: Extract<Verdict, { kind: "misaligned" }>;
      arrival: Arrival;
    },
  ): void {
    const { stack, program } = followed;
    const { expected, found, save } = verdict;
    const shift = this.#shiftOf(followed, { pending, by: found - expected });
    const { function: where } = program.place(arrival.pc, true);
    const by = Math.abs(found - expected);
    const register = `%${this.#calling.stackPointer}`;
    const saved = save === undefined ? null : this.#saved(program, save);
    this.#add(followed, "misaligned-resume", {
      summary: `${this.#nameOf(program, stack)}'s ${where}() is resumed with ${register} ${by} ` +
        `bytes too ${found < expected ? "low" : "high"}`,
      at: program.draft(this.#endOf(followed), "resumed the save point"),
      expected,
      found,
      evidence: [saved, program.draft(pending.set, "loaded the stack pointer"), shift],
      stacks: [stack, pending.from],
      walks: [
        walkOf(program, stack, { ...arrival, above: Math.max(expected, found) }),
        walkOf(program, pending.from),
      ],
    });
  }

  /** The instruction that moved the stack pointer away from what it should be. */
  #shiftOf(
    { program, last }: Followed,
    { pending, by }: { pending: Pending; by: number },
  ): Draft | null {
    const { address, time } = pending.set;
    let found = address;
    for (
      const each of instructionsOf(this.#k.arch, program.read, { begin: address, end: last.end })
    ) {
      if (each.address > address && each.use.moves === by) found = each.address;
    }
    return program.draft({ address: found, time }, "shifted the stack pointer");
  }

  #onFreed(
    followed: Followed,
    { freed, resume, stacks }: { freed: Moment; resume: Draft; stacks: readonly Stack[] },
  ): void {
    const { program, stack } = followed;
    this.#add(followed, "freed-stack", {
      summary: `${this.#nameOf(program, stack)}'s stack was freed with a live context on it`,
      at: program.draft(freed, "freed the stack"),
      evidence: [this.#allocated(program, stack.allocation), resume],
      stacks,
    });
  }

  /** A stack is freed that a thread is on. */
  onFreedRunning(
    followed: Followed,
    { stack, at, allocation }: { stack: Stack; at: Moment; allocation: Allocation | undefined },
  ): void {
    const { program } = followed;
    const isOwn = stack === followed.stack;
    this.#add(followed, "freed-stack", {
      summary: `${this.#nameOf(program, stack)}'s stack was freed while a thread was running on it`,
      at: program.draft(at, "freed the stack"),
      evidence: [this.#allocated(program, allocation ?? stack.allocation)],
      stacks: isOwn ? [stack] : [stack, followed.stack],
      walks: isOwn ? [walkOf(program, stack, { pc: at.address, sp: followed.sp })] : [
        walkOf(program, stack),
        walkOf(program, followed.stack, { pc: at.address, sp: followed.sp }),
      ],
    });
  }

  #allocated(program: Program, allocation: Allocation | null | undefined): Draft | null {
    return allocation == null ? null : program.draft(allocation.call, "allocated the stack");
  }

  /** A stack is left for the first time: now it is known what runs on it. */
  onFirstLeave({ program, stack, thread }: Followed): void {
    const { stacks } = program;
    for (const [upper, lower] of [[stack, stacks.below(stack)], [stacks.above(stack), stack]]) {
      if (upper === undefined || lower === undefined) continue;
      this.#checkGuard({ program, thread }, { upper, lower });
    }
  }

  /** Finds out whether there is a guard between two stacks, of which something has come or not. */
  #checkGuard(
    where: Pick<Followed, "program" | "thread">,
    { upper, lower }: { upper: Stack; lower: Stack },
  ): FindingDraft | undefined {
    const known = this.#unguarded.get(upper);
    if (known !== undefined) return known;
    const { program } = where;
    if (upper.allocation === null || lower.allocation === null) return undefined;
    if (upper.flow.freed !== null || lower.flow.freed !== null) return undefined;
    if (upper.allocation === lower.allocation) return undefined;
    if (isGuarded(program.task, { from: lower.base, to: upper.low })) return undefined;
    let draft = this.all.find((each) =>
      each.kind === "unguarded-neighbors" && each.program === program
    );
    const began = upper.flow.start.time > lower.flow.start.time ? upper : lower;
    draft ??= this.#make(where, "unguarded-neighbors", {
      summary: this.#apart(program, upper, lower),
      at: program.draft(began.flow.start, "began on the stack"),
      evidence: [upper, lower].map((each) => this.#allocated(program, each.allocation)),
      stacks: [upper, lower],
    });
    this.#unguarded.set(upper, draft);
    return draft;
  }

  #apart(program: Program, upper: Stack, lower: Stack): string {
    const gap = (upper.allocation?.begin ?? upper.low) - (lower.allocation?.end ?? lower.base);
    return `${this.#nameOf(program, upper)}'s stack and ${
      this.#nameOf(program, lower)
    }'s below it ` +
      (gap <= 0 ? "touch" : `are ${gap} bytes apart`) + " without a guard";
  }

  /** A stack pointer is beyond its stack. */
  onBeyond(followed: Followed, at: Moment): void {
    const { stack, program, sp: before, last } = followed;
    const sp = before + (Number.isNaN(last.delta) ? 0 : last.delta);
    const below = program.stacks.below(stack);
    const { floor } = stack;
    // Once is enough.
    stack.floor = -1;
    if (below !== undefined && sp < below.base) {
      below.flow.overrun ??= { ...at, by: stack, sp };
      const draft = this.#checkGuard(followed, { upper: stack, lower: below });
      if (draft === undefined || draft.found !== null) return;
      below.flow.overrun = null;
      this.#causes.set(below.flow, draft);
      // Now it is known what comes of it.
      this.#replace(draft, {
        ...draft,
        summary: `${
          this.#apart(program, stack, below)
        }, and the upper one has grown into the lower`,
        at: program.draft(at, "grew into the stack below"),
        expected: BigInt(floor),
        found: BigInt(sp),
        evidence: [stack, below].map((each) => this.#allocated(program, each.allocation))
          .filter((each) => each !== null),
        stacks: [stack.id, below.id],
        walks: [walkOf(program, stack, { pc: at.address, sp }), walkOf(program, below)],
        map: this.#map(program),
      });
      return;
    }
    if (stack.allocation === null || sp >= stack.allocation.begin) return;
    this.#add(followed, "stack-overrun", {
      summary: `${this.#nameOf(program, stack)}'s stack has grown beyond its memory`,
      at: program.draft(at, "grew beyond the stack"),
      expected: floor,
      found: sp,
      evidence: [this.#allocated(program, stack.allocation)],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
  }

  /** A function returns elsewhere than it was called from. */
  onOverwritten(
    followed: Followed,
    { at, call, pc }: { at: Moment; call: Call; pc: number },
  ): void {
    const { program, stack, sp } = followed;
    const { function: where } = program.place(at.address);
    const draft = this.#add(followed, "overwritten-return", {
      summary: `${where}() returns elsewhere than it was called from`,
      at: program.draft(at, "returned by the overwritten address"),
      expected: call.ret,
      found: pc,
      evidence: [],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
    if (call.slot < 0 || draft.overwritten !== null) return;
    draft.overwritten = { slot: call.slot, until: this.#now, value: pc };
  }

  /** A function returns where no call has left a return address. */
  onBadReturn(
    followed: Followed,
    { at, expected, pc }: { at: Moment; expected: Call | null; pc: number; sp: number },
  ): void {
    const { program, stack, sp } = followed;
    const { function: where } = program.place(at.address);
    this.#add(followed, "bad-return", {
      summary: `${where}() returns from where no call has left a return address`,
      at: program.draft(at, "returned"),
      ...(expected === null ? {} : { expected: expected.ret }),
      found: pc,
      evidence: [],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
  }

  /** A task was ended for a fault. */
  onFault(task: string, reason: string): void {
    const last = this.#last.get(task);
    if (last === undefined) return;
    const { draft, pc } = last;
    const crash: MapPoint = { kind: "crash", address: BigInt(pc), text: "crashed...", stack: null };
    const points = [...draft.map.points, crash].sort((a, b) => a.address < b.address ? -1 : 1);
    this.#replace(draft, { ...draft, map: { ...draft.map, points } });
    this.#follow(draft, {
      kind: "fault",
      draft: draft.program.draft({ address: pc, time: this.#now }, "ended the task"),
      summary: reason,
    });
  }

  get #now(): number {
    return this.#k.cpus[0]?.cpu.instructions ?? 0;
  }

  /** Adds a finding, or a consequence to the one that its stacks are out of order for. */
  #add(followed: Followed, kind: FindingKind, parts: Parts): FindingDraft {
    const { program } = followed;
    const { stacks, at, expected, found, summary } = parts;
    const cause = stacks.map(({ flow }) => this.#causes.get(flow)).find((each) => each != null);
    if (cause !== undefined) {
      this.#last.set(program.task.name, { draft: cause, pc: found ?? Number(at.address) });
      this.#follow(cause, { kind, draft: at, summary, expected, found });
      return cause;
    }
    const draft = this.#make(followed, kind, parts);
    this.#last.set(program.task.name, { draft, pc: found ?? Number(at.address) });
    const [first] = stacks;
    if (first !== undefined) this.#causes.set(first.flow, draft);
    return draft;
  }

  #replace(draft: FindingDraft, by: FindingDraft): void {
    Object.assign(draft, by);
  }

  #make(
    { program, thread }: Pick<Followed, "program" | "thread">,
    kind: FindingKind,
    { summary, at, expected, found, evidence, stacks, walks }: Parts,
  ): FindingDraft {
    const draft: FindingDraft = {
      kind,
      summary,
      task: program.task.name,
      thread: thread.address,
      at,
      expected: expected === undefined ? null : BigInt(expected),
      found: found === undefined ? null : BigInt(found),
      evidence: evidence.filter((each) => each !== null),
      stacks: stacks.map(({ id }) => id),
      walks: walks ?? stacks.map((stack) => walkOf(program, stack)),
      consequences: [],
      map: this.#map(program),
      program,
      overwritten: null,
    };
    this.all.push(draft);
    return draft;
  }

  #map(program: Program): StackMap {
    return mapOf(program, { calling: this.#calling });
  }

  #follow(
    cause: FindingDraft,
    { kind, draft, summary, expected, found }: {
      kind: Consequence["kind"];
      draft: Draft;
      summary: string;
      expected?: number | undefined;
      found?: number | undefined;
    },
  ): void {
    if (cause.consequences.length >= CONSEQUENCES) return;
    // The first of its kind is what is of interest.
    if (cause.consequences.some((each) => each.kind === kind)) return;
    cause.consequences.push({
      ...draft,
      kind,
      summary,
      expected: expected === undefined ? null : BigInt(expected),
      found: found === undefined ? null : BigInt(found),
    });
  }

  #nameOf(program: Program, stack: Stack, flow: Flow = stack.flow): string {
    return nameStacks(program, new Map([[stack, flow]])).get(stack) ?? `stack ${stack.id}`;
  }

  /** The last instruction of the block a thread was in. */
  #endOf({ last }: Followed): Moment {
    return { address: last.last, time: this.#now };
  }

  /** The call that a return address is behind. */
  #callBefore(program: Program, ret: number): number {
    const { maxInstructionSize } = this.#k.arch;
    for (let size = 2; size <= maxInstructionSize; size++) {
      const use = this.#k.arch.stackUse(program.bytes(ret - size, size));
      if (use?.flow === "call" && use.size === size) return ret - size;
    }
    return ret - 1;
  }
}

/** Whether an address is on a stack, as far as that is known. */
function isOn({ low, base }: Stack, address: number): boolean {
  return address >= low && address <= base;
}
