// What is followed: stacks as a faultless walk would find them pass, and any that is changed does not.
import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import {
  type Activation,
  activations,
  instructionAt,
  positionAt,
  Reference,
  type ThreadState,
  type Value,
} from "../reference/mod.ts";
import { randomProgram } from "../testing/random_program.ts";
import { ThreadFollower } from "./follower.ts";
import { Identities } from "./identities.ts";
import type { ObservedFrame, ObservedStack, ObservedVariable } from "./observed.ts";

const KINDS = ["interpreter", "jit", "optimized"];
const NOTHING = { method: undefined, bci: undefined, pc: 0n, variables: [] } as const;

/** Addresses of objects: the machine's numbers are other ones than the reference interpreter's. */
const addressOf = (serial: number): bigint => BigInt(0x1000 * serial + 8);

function variable(
  role: ObservedVariable["role"],
  { index, name, value }: {
    readonly index: number;
    readonly name: string;
    readonly value: Value | undefined;
  },
  absence?: string,
): ObservedVariable {
  const type = typeof value === "bigint" ? "int" : value === undefined ? undefined : "ref";
  if (absence !== undefined) return { role, index, name, type, value: undefined, absence };
  const word = typeof value === "bigint"
    ? BigInt.asUintN(64, value)
    : value === null || value === undefined
    ? 0n
    : addressOf(value.serial);
  return { role, index, name, type, value: word, absence: undefined };
}

function frameOf(activation: Activation): ObservedFrame {
  const { method, bci, phase, locals, operands, result } = activation;
  const { refs, ints, live } = positionAt(method, bci);
  const variables = method.locals.map((name, index) => {
    const bit = 1 << index;
    const isThere = (refs & live & bit) !== 0 || (ints & bit) !== 0;
    const absence = phase === "leaving" ? "gone" : isThere ? undefined : "dead";
    const role = index < method.params.length ? "parameter" : "local";
    return variable(role, { index, name, value: locals[index] }, absence);
  });
  operands.forEach((value, index) =>
    variables.push(variable("operand", { index, name: "", value }))
  );
  if (phase === "returned" && result !== undefined) {
    variables.push(variable("result", { index: operands.length, name: "", value: result }));
  }
  return { kind: kindOf(activation), name: method.name, pc: 0n, method: method.id, bci, variables };
}

function kindOf({ method }: Activation): string {
  return KINDS[method.id % 3]!;
}

function stackOf({ top }: ThreadState): ObservedStack {
  const frames: ObservedFrame[] = [];
  for (const activation of activations(top)) {
    frames.push(frameOf(activation));
    const { caller, viaNative } = activation;
    if (caller === null) break;
    if (viaNative) {
      const stub = { ...NOTHING, kind: "native-stub", name: "stub" };
      frames.push(stub, { ...NOTHING, kind: "native", name: "upcall" }, stub);
    } else if (kindOf(caller) !== kindOf(activation)) {
      frames.push({ ...NOTHING, kind: "adapter", name: "adapter" });
    }
  }
  return {
    frames,
    error: undefined,
    object: (address) => ({ class: classes.get(address) ?? 99, id: Number(address) }),
  };
}

const classes = new Map<bigint, number>();

function noteClasses(state: ThreadState): void {
  for (const { locals, operands, result } of activations(state.top)) {
    for (const value of [...locals, ...operands, result]) {
      if (typeof value !== "object" || value === null) continue;
      classes.set(addressOf(value.serial), value.class.index);
    }
  }
}

/** All states of a program, and which of them a walk at every instruction may miss. */
function statesOf(seed: number): { program: Reference["program"]; states: ThreadState[] } {
  const { program } = randomProgram(seed, { natives: ["print", "collect"], steps: [100, 600] });
  const [thread] = new Reference(program).threads;
  const states = [thread!.state];
  for (let more = thread!.advance(); more.length > 0; more = thread!.advance()) {
    states.push(...more);
  }
  classes.clear();
  states.forEach(noteClasses);
  return { program, states };
}

function maySkip({ top, seen }: ThreadState): boolean {
  if (seen === "passing") return true;
  if (seen === "always" || top === null) return false;
  const { name } = instructionAt(top.method, top.bci);
  if (kindOf(top) === "jit") return name === "nop" || name === "goto";
  return kindOf(top) === "optimized";
}

Deno.test("ThreadFollower, passes what is true, whatever instructions do not show", () => {
  const random = new Random(1);
  for (let seed = 0; seed < 6; seed++) {
    const { program, states } = statesOf(seed);
    const [thread] = new Reference(program).threads;
    const follower = new ThreadFollower(thread!, new Identities());
    for (const state of states) {
      if (maySkip(state) && random.chance(0.5)) continue;
      for (let times = random.below(3); times >= 0; times--) {
        assertEquals(follower.observe(stackOf(state)), undefined);
      }
    }
    assert(thread!.ended && follower.seen > 50);
  }
});

/** Changes one thing that a walk finds; undefined if there is nothing of that sort. */
function damaged(stack: ObservedStack, random: Random): ObservedStack | undefined {
  const frames = [...stack.frames];
  if (frames.length === 0) return undefined;
  const i = random.below(frames.length);
  const frame = frames[i]!;
  const { variables } = frame;
  const at = variables.length === 0 ? 0 : random.below(variables.length);
  const one = variables[at];
  const changed = (to: Partial<ObservedVariable>): ObservedStack | undefined => {
    if (one === undefined) return undefined;
    frames[i] = { ...frame, variables: variables.with(at, { ...one, ...to }) };
    return { ...stack, frames };
  };
  switch (random.below(6)) {
    case 0:
      // Without the innermost frame it may be the state before, which need not have been seen.
      if (i === 0 || frame.kind === "native") return undefined;
      frames.splice(i, 1);
      return { ...stack, frames };
    case 1:
      if (frame.bci === undefined) return undefined;
      frames[i] = { ...frame, bci: frame.bci + 10_000 };
      return { ...stack, frames };
    case 2:
      if (one?.value === undefined || one.role === "result") return undefined;
      return changed({ value: one.value ^ 1n << BigInt(random.below(64)) });
    case 3:
      return one?.type === "ref" && one.value !== undefined ? changed({ type: "int" }) : undefined;
    case 4:
      if (one?.value === undefined || one.role === "result") return undefined;
      return changed({ value: undefined, absence: "dead" });
    default:
      // A reference that nobody will read again is shown: a collector would keep its object.
      return one?.absence === "dead" ? changed({ value: 8n, absence: undefined }) : undefined;
  }
}

Deno.test("ThreadFollower, finds every change of what a walk says", () => {
  const random = new Random(2);
  let found = 0;
  for (let seed = 10; found < 60; seed++) {
    const { program, states } = statesOf(seed);
    for (let round = 0; round < 10; round++) {
      const [thread] = new Reference(program).threads;
      const follower = new ThreadFollower(thread!, new Identities());
      const at = 1 + random.below(states.length - 2);
      for (const state of states.slice(0, at)) follower.observe(stackOf(state));
      const stack = damaged(stackOf(states[at]!), random);
      if (stack === undefined) continue;
      const wrong = follower.observe(stack);
      assert(wrong !== undefined, `seed ${seed}, state ${at}`);
      assert(wrong.includes("the walk is of no state"));
      found++;
    }
  }
});
