/**
 * What has been found so far, and what of it is the cause of what.
 *
 * @module
 */

import type { CallConvention } from "../../../arch/mod.ts";
import type { Kernel } from "../../../kernel/kernel.ts";
import type {
  Consequence,
  Finding,
  FindingKind,
  MapPoint,
  StackMap,
  StackWalk,
} from "../finding.ts";
import type { Followed } from "../stacks/followed.ts";
import { mapOf, nameStacks } from "./map.ts";
import type { Draft, Program } from "../stacks/program.ts";
import type { Allocation, Flow, Moment, SavePoint, Stack } from "../stacks/stacks.ts";
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
export interface Parts {
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

/**
 * Keeps findings. A defect leaves stacks that are not in order; what shows there later is told as its
 * consequence, not as another defect.
 */
export class Ledger {
  /** In the order it showed. */
  readonly all: FindingDraft[] = [];
  /** What calls agree on. */
  readonly calling: CallConvention;
  readonly #k: Kernel;
  /** What is the matter with flows that are not in order. */
  readonly #causes = new Map<Flow, FindingDraft>();
  /** What has shown last in a program. */
  readonly #last = new Map<Program, FindingDraft>();

  /** Empty. */
  constructor(k: Kernel) {
    this.#k = k;
    this.calling = k.arch.calling;
  }

  /** What shows on a flow from now on is for a reason that is known. */
  blame(flow: Flow, draft: FindingDraft): void {
    this.#causes.set(flow, draft);
  }

  /** A task was ended for a fault. */
  onFault(program: Program, reason: string, at: number | undefined): void {
    const draft = this.#last.get(program);
    if (draft === undefined) return;
    const pc = at ?? Number(draft.at.address);
    const crash: MapPoint = { kind: "crash", address: BigInt(pc), text: "crashed...", stack: null };
    const points = [...draft.map.points, crash].sort((a, b) => a.address < b.address ? -1 : 1);
    this.replace(draft, { ...draft, map: { ...draft.map, points } });
    this.follow(draft, {
      kind: "fault",
      draft: draft.program.draft({ address: pc, time: this.now }, "ended the task"),
      summary: reason,
    });
  }

  /** Instructions the machine has executed. */
  get now(): number {
    return this.#k.cpus[0]?.cpu.instructions ?? 0;
  }

  /** Adds a finding, or a consequence to the one that its stacks are out of order for. */
  add(followed: Followed, kind: FindingKind, parts: Parts): FindingDraft {
    const { program } = followed;
    const { stacks, at, expected, found, summary } = parts;
    const [first] = stacks;
    const cause = first === undefined ? undefined : this.#causes.get(first.flow);
    if (cause !== undefined) {
      this.#last.set(program, cause);
      this.follow(cause, { kind, draft: at, summary, expected, found });
      return cause;
    }
    const draft = this.make(followed, kind, parts);
    this.#last.set(program, draft);
    if (first !== undefined) this.#causes.set(first.flow, draft);
    return draft;
  }

  /** Changes a finding. */
  replace(draft: FindingDraft, by: FindingDraft): void {
    Object.assign(draft, by);
  }

  /** Adds a finding, whatever else is known of its stacks. */
  make(
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
      map: this.map(program),
      program,
      overwritten: null,
    };
    this.all.push(draft);
    return draft;
  }

  /** The map of a program's stacks now. */
  map(program: Program): StackMap {
    return mapOf(program, { calling: this.calling });
  }

  /** Adds a consequence of a finding, if it is the first of its kind. */
  follow(
    cause: FindingDraft,
    { kind, draft, summary, expected, found }: {
      kind: Consequence["kind"];
      draft: Draft;
      summary: string;
      expected?: number | undefined;
      found?: number | undefined;
    },
  ): void {
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

  /** What a stack is called, by what a flow is. */
  nameOf(program: Program, stack: Stack, flow: Flow = stack.flow): string {
    return nameStacks(program, new Map([[stack, flow]])).get(stack) ?? `stack ${stack.id}`;
  }

  /** The last instruction of the block a thread was in. */
  endOf({ last }: Followed): Moment {
    return { address: last.last, time: this.now };
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
  /** Where memory was allocated. */
  allocated(program: Program, allocation: Allocation | null | undefined): Draft | null {
    return allocation == null ? null : program.draft(allocation.call, "allocated the stack");
  }

  /** Where a save point was saved. */
  saved(program: Program, { pc, saver, time }: SavePoint): Draft {
    const by = program.nameAt(saver);
    const address = this.#callBefore(program, pc);
    return program.draft({ address, time }, `called ${by}(), which saved the context`);
  }
}
