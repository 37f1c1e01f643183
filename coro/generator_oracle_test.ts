// Random calls of next, return and throw on coroutines of a guest, and on generators of JavaScript
// that do the same: equal results, equal errors, and an equal order of what is told on the way.
import { assert, assertEquals } from "@std/assert";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { GuestPanic } from "./errors.ts";
import { ARCH_NAMES, bootCxx } from "./testing/hosts.ts";
import type { HostFunction } from "./yielder.ts";

/** A step of what a body does; `guest/programs/coro_host/script.cc` does the same. */
type Step =
  | { readonly op: "yield" | "ask" | "throw" | "return" }
  | { readonly op: "try"; readonly block: Block; readonly handler: Block }
  | { readonly op: "finally"; readonly name: number; readonly block: Block }
  | { readonly op: "repeat"; readonly times: number; readonly block: Block };
type Block = readonly Step[];

const CODES = { yield: 1, ask: 2, throw: 3, return: 4, try: 5, finally: 6, repeat: 7 } as const;

/** The script as the guest reads it. */
function encode(block: Block): number[] {
  return block.flatMap((step) => {
    const code = CODES[step.op];
    switch (step.op) {
      case "try": {
        const [body, handler] = [encode(step.block), encode(step.handler)];
        return [code, body.length, handler.length, ...body, ...handler];
      }
      case "finally":
      case "repeat": {
        const body = encode(step.block);
        return [code, step.op === "finally" ? step.name : step.times, body.length, ...body];
      }
      default:
        return [code];
    }
  });
}

function randomBlock(random: Random, depth: number): Block {
  return Array.from({ length: random.between(1, 4) }, (): Step => {
    const choice = random.below(depth === 0 ? 12 : 20);
    if (choice < 7) return { op: "yield" };
    if (choice < 10) return { op: "ask" };
    if (choice < 11) return { op: "throw" };
    if (choice < 12) return { op: random.chance(0.3) ? "return" : "yield" };
    const block = randomBlock(random, depth - 1);
    if (choice < 15) return { op: "try", block, handler: randomBlock(random, depth - 1) };
    if (choice < 18) return { op: "finally", name: random.below(256), block };
    return { op: "repeat", times: random.between(0, 3), block };
  });
}

/** What the guest throws by itself. */
class Failure {
  toString(): string {
    return "failure";
  }
}

const word = (value: bigint): bigint => BigInt.asUintN(64, value);

type Log = (bigint | string)[];

/** What a host function that is a generator does. */
function* slowly(value: bigint, log: Log): Generator<bigint, bigint, bigint> {
  try {
    log.push(yield word(value + 1n));
    log.push(yield word(value + 2n));
    return word(value + 3n);
  } catch (error) {
    log.push(String(error));
    if (value % 2n === 0n) throw error;
    log.push(yield 9n);
    return 4n;
  } finally {
    log.push("end");
    if (value % 3n === 0n) log.push(yield 12n);
  }
}

/** The host's answers. */
function asked(log: Log): HostFunction {
  return (yielder, value = 0n) => {
    log.push(value);
    switch (value % 5n) {
      case 0n:
        throw new RangeError(`asked ${value % 100n}`);
      case 1n:
        return yielder.yield(word(value + 7n));
      case 2n:
        return slowly(value, log);
      case 3n:
        return word(value * 2n);
      default:
        return 100n;
    }
  };
}

/** A block as a generator; its result is whether the body is to return. */
function* run(
  block: Block,
  state: { value: bigint },
  log: Log,
): Generator<bigint, boolean, bigint> {
  for (const step of block) {
    const { value } = state;
    switch (step.op) {
      case "yield":
        state.value = yield word(3n * value + 1n);
        break;
      case "ask":
        log.push(value);
        if (value % 5n === 0n) throw new RangeError(`asked ${value % 100n}`);
        else if (value % 5n === 1n) state.value = yield word(value + 7n);
        else if (value % 5n === 2n) state.value = yield* slowly(value, log);
        else state.value = value % 5n === 3n ? word(value * 2n) : 100n;
        break;
      case "throw":
        throw new Failure();
      case "return":
        return true;
      case "try":
        try {
          if (yield* run(step.block, state, log)) return true;
          break;
        } catch (error) {
          state.value = BigInt(String(error).length);
        }
        if (yield* run(step.handler, state, log)) return true;
        break;
      case "finally":
        try {
          if (yield* run(step.block, state, log)) return true;
        } finally {
          log.push(`told ${step.name}`);
        }
        break;
      case "repeat":
        for (let i = 0; i < step.times; i++) {
          if (yield* run(step.block, state, log)) return true;
        }
    }
  }
  return false;
}

function* oracle(block: Block, log: Log): Generator<bigint, bigint, bigint> {
  const state = { value: yield 0n };
  yield* run(block, state, log);
  return state.value;
}

/** What a call gave. */
function outcomeOf(act: () => IteratorResult<bigint, bigint | undefined>): unknown {
  try {
    const { done = false, value } = act();
    return { done, value };
  } catch (error) {
    if (error instanceof GuestPanic) {
      return { threw: error.text, type: error.type.split("::").at(-1) };
    }
    return error instanceof Failure
      ? { threw: "failure", type: "Failure" }
      : { threw: String(error) };
  }
}

type Generatorlike = Iterator<bigint, bigint | undefined, bigint>;

/** One random call, of both alike. */
function randomCall(random: Random): (on: Required<Generatorlike>) => unknown {
  const value = BigInt(random.below(200));
  const choice = random.below(20);
  if (choice < 16) return (on) => outcomeOf(() => on.next(value));
  if (choice < 19) return (on) => outcomeOf(() => on.throw(new Error(`thrown in ${value}`)));
  return (on) => outcomeOf(() => on.return(value));
}

const SCRIPTS = sweep({ quick: 60, full: 1000 });

for (const arch of ARCH_NAMES) {
  Deno.test(`Coroutine ${arch}, ${SCRIPTS} random scripts do what generators do`, () => {
    const log: Log = [];
    using host = bootCxx(arch, {
      imports: {
        ask: asked(log),
        tell: (_, name = 0n) => void log.push(`told ${name}`),
      },
    });
    const seen = new Map<string, number>();
    for (let seed = 0; seed < SCRIPTS; seed++) {
      const random = new Random(seed);
      // Several at once: each of them has a log of its own on the side of JavaScript.
      const pairs = Array.from({ length: 3 }, () => {
        let block: Block;
        let bytes: number[];
        do {
          block = randomBlock(random, 3);
          bytes = encode(block);
        } while (bytes.length > 250);
        const object = Uint8Array.of(bytes.length & 255, bytes.length >> 8, ...bytes);
        const guest = host.coroutine("script", { object, stackSize: 32768 });
        return { block, guest, plain: null as Required<Generatorlike> | null };
      });
      const expected: Log = [];
      for (let turn = 0; turn < 40; turn++) {
        const pair = random.pick(pairs);
        const call = randomCall(random);
        log.length = expected.length = 0;
        const real = call(pair.guest as unknown as Required<Generatorlike>);
        if (pair.plain === null) {
          // A generator drops its first input, which a coroutine's body gets.
          pair.plain = started(oracle(pair.block, expected));
        }
        const wanted = call(pair.plain);
        const where = `seed ${seed}, turn ${turn}: ${JSON.stringify(pair.block)}`;
        assertEquals(real, wanted, where);
        assertEquals(log, expected, where);
        const kind = Object.keys(wanted as object)[0] ?? "";
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
      for (const { guest } of pairs) guest[Symbol.dispose]();
      assertEquals(host.coroutines, []);
    }
    for (const kind of ["done", "threw"]) {
      assert((seen.get(kind) ?? 0) > SCRIPTS, `${kind} is rare`);
    }
  });
}

/** A generator that gets its first input, and knows no other start. */
function started(generator: Generator<bigint, bigint, bigint>): Required<Generatorlike> {
  let isFresh = true;
  const begin = () => {
    if (isFresh) generator.next(0n);
    isFresh = false;
  };
  return {
    next(value: bigint) {
      begin();
      return generator.next(value);
    },
    return(value: bigint) {
      isFresh = false;
      return generator.return(value);
    },
    throw(error: unknown) {
      isFresh = false;
      return generator.throw(error);
    },
  };
}
