/**
 * Stacks that lie beside each other: what is between them, and calls that grow beyond their own.
 *
 * @module
 */

import type { Followed } from "../stacks/followed.ts";
import { isGuarded } from "./guards.ts";
import type { FindingDraft, Ledger } from "./ledger.ts";
import type { Program } from "../stacks/program.ts";
import type { Moment, Stack } from "../stacks/stacks.ts";
import { walkOf } from "./walks.ts";

/** Watches neighbors. */
export class Neighbors {
  readonly #ledger: Ledger;
  /** Pairs without a guard, by the upper stack. */
  readonly #unguarded = new Map<Stack, FindingDraft>();

  /** Puts what it finds into a ledger. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
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
    let draft = this.#ledger.all.find((each) =>
      each.kind === "unguarded-neighbors" && each.program === program
    );
    const began = upper.flow.start.time > lower.flow.start.time ? upper : lower;
    draft ??= this.#ledger.make(where, "unguarded-neighbors", {
      summary: this.#apart(program, upper, lower),
      at: program.draft(began.flow.start, "began on the stack"),
      evidence: [upper, lower].map((each) => this.#ledger.allocated(program, each.allocation)),
      stacks: [upper, lower],
    });
    this.#unguarded.set(upper, draft);
    return draft;
  }

  #apart(program: Program, upper: Stack, lower: Stack): string {
    const gap = (upper.allocation?.begin ?? upper.low) - (lower.allocation?.end ?? lower.base);
    return `${this.#ledger.nameOf(program, upper)}'s stack and ${
      this.#ledger.nameOf(program, lower)
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
    program.stacks.grow(stack);
    if (below !== undefined && sp < below.base) {
      below.flow.overrun ??= { ...at, by: stack, sp };
      const draft = this.#checkGuard(followed, { upper: stack, lower: below });
      if (draft === undefined || draft.found !== null) return;
      below.flow.overrun = null;
      this.#ledger.blame(below.flow, draft);
      // Now it is known what comes of it.
      this.#ledger.replace(draft, {
        ...draft,
        summary: `${
          this.#apart(program, stack, below)
        }, and the upper one has grown into the lower`,
        at: program.draft(at, "grew into the stack below"),
        expected: BigInt(floor),
        found: BigInt(sp),
        evidence: [stack, below].map((each) => this.#ledger.allocated(program, each.allocation))
          .filter((each) => each !== null),
        stacks: [stack.id, below.id],
        walks: [walkOf(program, stack, { pc: at.address, sp }), walkOf(program, below)],
        map: this.#ledger.map(program),
      });
      return;
    }
    if (stack.allocation === null || sp >= stack.allocation.begin) return;
    this.#ledger.add(followed, "stack-overrun", {
      summary: `${this.#ledger.nameOf(program, stack)}'s stack has grown beyond its memory`,
      at: program.draft(at, "grew beyond the stack"),
      expected: floor,
      found: sp,
      evidence: [this.#ledger.allocated(program, stack.allocation)],
      stacks: [stack],
      walks: [walkOf(program, stack, { pc: at.address, sp })],
    });
  }
}
