/**
 * Follows one thread: the walks of its stack, one at each instruction, must pass through the states
 * of the reference interpreter, in order and without leaving one out.
 *
 * @module
 */
import {
  type Activation,
  activations,
  instructionAt,
  type ReferenceThread,
  type ThreadState,
} from "../reference/mod.ts";
import { difference, stateText } from "./compare.ts";
import type { Identities } from "./identities.ts";
import { isManaged, type ObservedStack, observedText } from "./observed.ts";

/** Most states between two walks that nobody has to see. */
const FURTHEST = 200;

/** A state that a walk is not of, and why. */
type Difference = readonly [state: ThreadState, wrong: string];

/** A thread that is followed. */
export class ThreadFollower {
  readonly #thread: ReferenceThread;
  readonly #identities: Identities;
  /** States from the earliest one that the thread may be in. */
  #states: ThreadState[];
  /** Which of them the thread may be in. */
  #possible: number[] = [0];
  /** Kind of code of activations, by their serial numbers. */
  readonly #kinds = new Map<number, string>();
  /** Walks that were compared. */
  walks = 0;
  /** States that were seen. */
  seen = 0;

  /** Follows a thread from before its first state. */
  constructor(thread: ReferenceThread, identities: Identities) {
    this.#thread = thread;
    this.#identities = identities;
    this.#states = [thread.state];
  }

  /** The state that the thread is in, as far as is known. */
  get state(): ThreadState {
    return this.#states[this.#possible[0]!]!;
  }

  /**
   * Compares the walk before an instruction.
   *
   * @returns what is wrong, in words; undefined if nothing is
   */
  observe(stack: ObservedStack): string | undefined {
    this.walks++;
    const possible: number[] = [];
    const first = this.#possible[0]!;
    let isReachable = false;
    const differences: Difference[] = [];
    for (let i = first; i < first + FURTHEST; i++) {
      const was = this.#possible.includes(i);
      if (!was && !isReachable) break;
      if (i === this.#states.length && !this.#extend(stack, possible.length > 0)) break;
      const state = this.#states[i]!;
      const wrong = difference(stack, state, this.#identities);
      if (wrong === undefined) {
        if (!was) this.seen++;
        this.#note(stack, state);
        possible.push(i);
      } else differences.push([state, wrong]);
      // From here one gets to the next state, if the thread was here or nobody has to see this.
      isReachable = was || this.#maySkip(state);
      if (!isReachable && !this.#possible.some((j) => j > i)) break;
    }
    if (possible.length === 0) return this.#report(stack, differences);
    this.#states = this.#states.slice(possible[0]);
    this.#possible = possible.map((i) => i - possible[0]!);
    return undefined;
  }

  /** Compares another walk of the same instant. */
  confirm(stack: ObservedStack): string | undefined {
    const differences: Difference[] = [];
    for (const i of this.#possible) {
      const state = this.#states[i]!;
      const wrong = difference(stack, state, this.#identities);
      if (wrong === undefined) return undefined;
      differences.push([state, wrong]);
    }
    return this.#report(stack, differences);
  }

  /** The stack has no room left for the method that was entered last. */
  overflow(): void {
    const last = this.#states.length - 1;
    this.#states[last] = { ...this.#states[last]!, seen: "passing" };
    this.#states.push(...this.#thread.overflow());
  }

  /** Adds the states that follow, unless they are not needed. */
  #extend(stack: ObservedStack, isFound: boolean): boolean {
    if (isFound) return false;
    const before = this.#thread.save();
    const unwound = this.#thread.beginUnwinding();
    if (unwound?.some((state) => difference(stack, state, this.#identities) === undefined)) {
      this.#states.push(...unwound);
      return true;
    }
    this.#thread.restore(before);
    const more = this.#thread.advance();
    this.#states.push(...more);
    return more.length > 0;
  }

  #maySkip({ top, seen }: ThreadState): boolean {
    if (seen === "passing") return true;
    if (seen === "always" || top === null) return false;
    const kind = this.#kinds.get(top.serial);
    if (kind === "interpreter") return false;
    if (kind === "jit") return isSilentInJit(top);
    return true;
  }

  #note({ frames }: ObservedStack, { top }: ThreadState): void {
    const managed = frames.filter(isManaged);
    let i = 0;
    for (const { serial } of activations(top)) {
      const { kind } = managed[i++]!;
      if (this.#kinds.get(serial) === kind) return;
      this.#kinds.set(serial, kind);
    }
  }

  #report({ frames }: ObservedStack, differences: readonly Difference[]): string {
    const tried = differences.slice(0, 4).map(([state, wrong]) =>
      `${stateText(state)}\n  ${wrong}`.replaceAll("\n", "\n    ")
    );
    return [
      `Thread ${this.#thread.id}: the walk is of no state that may be now`,
      "  walk:",
      ...frames.map((frame) => `    ${observedText(frame)}`),
      ...tried.map((each) => `  not the state\n    ${each}`),
    ].join("\n");
  }
}

function isSilentInJit({ method, bci }: Activation): boolean {
  const { name } = instructionAt(method, bci);
  return name === "nop" || name === "goto";
}
