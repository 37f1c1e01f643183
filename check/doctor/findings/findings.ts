/**
 * What is wrong, as it shows while a machine runs.
 *
 * @module
 */

import type { Arch } from "../../../arch/mod.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type { Arrival, Verdict } from "../stacks/arrival.ts";
import { instructionsOf } from "../stacks/blocks.ts";
import type { Followed, Pending } from "../stacks/followed.ts";
import { type FindingDraft, Ledger } from "./ledger.ts";
import { Neighbors } from "./neighbors.ts";
import type { Draft, Program } from "../stacks/program.ts";
import type { Allocation, Call, Moment, SavePoint, Stack } from "../stacks/stacks.ts";
import { walkOf } from "./walks.ts";

/** Says what is wrong. */
export class Findings {
  readonly #arch: Arch;
  readonly #ledger: Ledger;
  readonly #neighbors: Neighbors;

  /** None yet. */
  constructor(k: Kernel) {
    this.#arch = k.arch;
    this.#ledger = new Ledger(k);
    this.#neighbors = new Neighbors(this.#ledger);
  }

  /** In the order it showed. */
  get all(): readonly FindingDraft[] {
    return this.#ledger.all;
  }

  /** A task was ended for a fault of the instruction at an address, if that is known. */
  onFault(program: Program, reason: string, pc: number | undefined): void {
    this.#ledger.onFault(program, reason, pc);
  }

  /** A function that has changed stacks faults before it goes on: perhaps the stack is not there. */
  onFaultedSwitch(followed: Followed, pending: Pending): void {
    const { program, stack } = followed;
    const { freed } = stack.flow;
    if (freed === null) return;
    const resume = program.draft(pending.set, "loaded the stack pointer of the context on it");
    this.#onFreed(followed, { freed, resume, stacks: [stack, pending.from] });
  }

  /** A program that has gone on with another stack pointer has ended at once. */
  onLost(followed: Followed, { pending, pc }: { pending: Pending; pc: number }): void {
    const { program, stack } = followed;
    const where = program.nameAt(pending.set.address);
    const loaded = program.draft(pending.set, "loaded the stack pointer");
    const own = this.#ledger.nameOf(program, stack);
    if (pending.isLocal && program.switching.size > 0) {
      this.#ledger.add(followed, "shared-stack", {
        summary:
          `${where}() goes on with a context on ${own}'s stack, which is in use by the one ` +
          "that it leaves",
        at: loaded,
        found: pending.value,
        evidence: [],
        stacks: [stack],
        walks: [walkOf(program, stack, { pc: pending.set.address, sp: pending.before })],
      });
      return;
    }
    this.#ledger.add(followed, "bad-return", {
      summary: `${where}() goes on with ${own}'s stack where no call has left a return address`,
      at: loaded,
      found: pc,
      evidence: [],
      stacks: [stack, pending.from],
    });
  }

  /** A stack is left for the first time: now it is known what runs on it. */
  onFirstLeave(followed: Followed): void {
    this.#neighbors.onFirstLeave(followed);
  }

  /** A stack pointer is beyond its stack. */
  onBeyond(followed: Followed, at: Moment): void {
    this.#neighbors.onBeyond(followed, at);
  }

  /** A program goes on with a new stack pointer. */
  onArrival(
    followed: Followed,
    options: { pending: Pending; verdict: Verdict; arrival: Arrival; fp: () => number },
  ): void {
    const { verdict, pending, arrival } = options;
    const { stack, program } = followed;
    const { flow } = stack;
    const { kind } = verdict;
    if (kind === "fresh" || kind === "unknown") return;
    const isWell = pending.runner === null && flow.freed === null && flow.overrun === null;
    if (isWell && (kind === "return" || kind === "left")) return;
    const named = (): string => this.#ledger.nameOf(program, stack);
    const resume = (did: string) => program.draft(this.#ledger.endOf(followed), did);
    const stacks = [stack, pending.from];
    if (pending.runner !== null) {
      this.#ledger.add(followed, "shared-stack", {
        summary: `two threads run on ${named()}'s stack`,
        at: resume("resumed a stack that another thread runs on"),
        evidence: [],
        stacks,
      });
      return;
    }
    const freed = verdict.kind === "shared" ? verdict.flow.freed : flow.freed;
    if (freed !== null) {
      this.#onFreed(followed, { freed, resume: resume("resumed the context on it"), stacks });
      return;
    }
    if (flow.overrun !== null) {
      const { by, sp } = flow.overrun;
      this.#ledger.add(followed, "unguarded-neighbors", {
        summary: `${this.#ledger.nameOf(program, by)}'s stack has grown into ${named()}'s: ` +
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
        const where = program.nameAt(pc, true);
        this.#ledger.add(followed, "stale-save-point", {
          summary: `${named()} is resumed in ${where}(), which has left the frame that its ` +
            `context was saved in`,
          at: resume("resumed the save point"),
          expected: undefined,
          found: sp,
          evidence: [
            this.#ledger.saved(program, save),
            leftBy === null ? null : program.draft(leftBy, "left the frame"),
          ],
          stacks,
          walks: [walkOf(program, stack, arrival), walkOf(program, pending.from)],
        });
        break;
      }
      case "gone": {
        const { leave } = verdict;
        const { resumed = leave } = leave;
        const where = program.nameAt(leave.within?.ret ?? leave.address, true);
        this.#ledger.add(followed, "stale-save-point", {
          summary:
            `${named()} is resumed in ${where}(), where it was left before and has gone on ` +
            "since",
          at: resume("resumed the context"),
          expected: flow.left?.sp,
          found: leave.sp,
          evidence: [
            program.draft(leave, "left the stack with the context on it"),
            program.draft(resumed, "went on with it"),
            program.draft(pending.set, "loaded the stack pointer once more"),
          ],
          stacks,
        });
        break;
      }
      case "shared": {
        const { start } = flow;
        const runner = program.nameAt(start.pc);
        this.#ledger.add(followed, "shared-stack", {
          summary:
            `${
              this.#ledger.nameOf(program, stack, verdict.flow)
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
      fp: () => number;
    },
  ): void {
    const { program, stack } = followed;
    if (!isOn(stack, save.fp)) return;
    const found = fp();
    if (found === save.fp) return;
    const other = program.stacks.all.find((each) => each !== stack && isOn(each, found));
    if (other === undefined) return;
    const where = program.nameAt(save.pc, true);
    this.#ledger.add(followed, "foreign-frame", {
      summary: `${this.#ledger.nameOf(program, stack)}'s ${where}() is resumed with ` +
        `%${this.#ledger.calling.framePointer} in ${this.#ledger.nameOf(program, other)}'s stack`,
      at: program.draft(this.#ledger.endOf(followed), "resumed the save point"),
      expected: save.fp,
      found,
      evidence: [
        this.#ledger.saved(program, save),
        program.draft(pending.set, "loaded the stack pointer"),
      ],
      stacks: [stack, other],
      walks: [walkOf(program, stack, arrival), walkOf(program, other)],
    });
  }

  /** A thread begins on a stack that another one runs on. */
  onSecondThread(followed: Followed, at: Moment): void {
    const { program, stack } = followed;
    this.#ledger.add(followed, "shared-stack", {
      summary: `two threads run on ${this.#ledger.nameOf(program, stack)}'s stack`,
      at: program.draft(at, "began on a stack that another thread runs on"),
      evidence: [this.#ledger.allocated(program, stack.allocation)],
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
    const shift = this.#shiftOf(followed, { pending, expected, found });
    const { function: where } = program.place(arrival.pc, true);
    const by = Math.abs(found - expected);
    const register = `%${this.#ledger.calling.stackPointer}`;
    const name = this.#ledger.nameOf(program, stack);
    const who = where === "" ? name : `${name}'s ${where}()`;
    const loaded = shift.address === BigInt(pending.set.address)
      ? null
      : program.draft(pending.set, "loaded the stack pointer");
    const saved = save === undefined ? null : this.#ledger.saved(program, save);
    this.#ledger.add(followed, "misaligned-resume", {
      summary: `${who} is resumed with ${register} ${by} bytes too ` +
        (found < expected ? "low" : "high"),
      at: program.draft(this.#ledger.endOf(followed), "resumed the save point"),
      expected,
      found,
      evidence: [saved, loaded, shift],
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
    { pending, expected, found }: { pending: Pending; expected: number; found: number },
  ): Draft {
    const { address, time } = pending.set;
    let shift = address;
    // If it was loaded right, something has moved it since.
    const by = pending.value === found ? NaN : found - expected;
    const range = { begin: address, end: last.end };
    for (const each of instructionsOf(this.#arch, program.read, range)) {
      if (each.address > address && each.use.moves === by) shift = each.address;
    }
    return program.draft({ address: shift, time }, "shifted the stack pointer");
  }

  #onFreed(
    followed: Followed,
    { freed, resume, stacks }: { freed: Moment; resume: Draft; stacks: readonly Stack[] },
  ): void {
    const { program, stack } = followed;
    this.#ledger.add(followed, "freed-stack", {
      summary: `${this.#ledger.nameOf(program, stack)}'s stack was freed with a live context on it`,
      at: program.draft(freed, "freed the stack"),
      evidence: [this.#ledger.allocated(program, stack.allocation), resume],
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
    this.#ledger.add(followed, "freed-stack", {
      summary: `${
        this.#ledger.nameOf(program, stack)
      }'s stack was freed while a thread was running on it`,
      at: program.draft(at, "freed the stack"),
      evidence: [this.#ledger.allocated(program, allocation ?? stack.allocation)],
      stacks: isOwn ? [stack] : [stack, followed.stack],
      walks: isOwn ? [walkOf(program, stack, { pc: at.address, sp: followed.sp })] : [
        walkOf(program, stack),
        walkOf(program, followed.stack, { pc: at.address, sp: followed.sp }),
      ],
    });
  }

  /** A function returns elsewhere than it was called from. */
  onOverwritten(
    followed: Followed,
    { at, call, pc }: { at: Moment; call: Call; pc: number },
  ): void {
    const { program, stack, sp } = followed;
    const where = program.nameAt(at.address);
    const draft = this.#ledger.add(followed, "overwritten-return", {
      summary: `${where}() returns elsewhere than it was called from`,
      at: program.draft(at, "returned by the overwritten address"),
      expected: call.ret,
      found: pc,
      evidence: [],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
    if (call.slot < 0 || draft.overwritten !== null) return;
    draft.overwritten = { slot: call.slot, until: this.#ledger.now, value: pc };
  }

  /** A function returns where no call has left a return address. */
  onBadReturn(
    followed: Followed,
    { at, expected, pc }: { at: Moment; expected: Call | null; pc: number; sp: number },
  ): void {
    const { program, stack, sp } = followed;
    const where = program.nameAt(at.address);
    this.#ledger.add(followed, "bad-return", {
      summary: `${where}() returns from where no call has left a return address`,
      at: program.draft(at, "returned"),
      ...(expected === null ? {} : { expected: expected.ret }),
      found: pc,
      evidence: [],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
  }
}

/** Whether an address is on a stack, as far as that is known. */
function isOn({ low, base }: Stack, address: number): boolean {
  return address >= low && address <= base;
}
