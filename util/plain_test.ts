import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { copyPlain, decodePlain, encodePlain, type Plain, PlainError } from "./plain.ts";
import { Random } from "./random.ts";

const SAMPLE: Plain = {
  nothing: undefined,
  none: null,
  yes: true,
  no: false,
  integers: [0, 1, -1, 127, 128, -129, 2 ** 53 - 1, -(2 ** 53 - 1)],
  doubles: [0.5, -0, Infinity, 2 ** 60],
  bigints: [0n, -1n, 1n << 64n, -(1n << 63n)],
  texts: ["", "a", "grüße, 世界"],
  bytes: new Uint8Array([0, 255, 1]),
  words: new Uint32Array([0, 2 ** 32 - 1, 300]),
  nested: [[], [{}], [{ a: [1, { b: 2n }] }]],
};

Deno.test("decodePlain, gives back what was encoded, each kind as it was", () => {
  const decoded = decodePlain(encodePlain(SAMPLE));
  assertEquals(decoded, SAMPLE);
  const { doubles } = decoded as { doubles: number[] };
  assert(Object.is(doubles[1], -0));
});

Deno.test("encodePlain, the same data gives the same bytes", () => {
  assertEquals(encodePlain(SAMPLE), encodePlain(structuredClone(SAMPLE)));
});

Deno.test("decodePlain, every truncation is an error that says where", () => {
  const bytes = encodePlain(SAMPLE);
  for (let length = 0; length < bytes.length; length++) {
    const error = assertThrows(() => decodePlain(bytes.subarray(0, length)), PlainError);
    assert(error.offset <= length, `${error.offset} of ${length}`);
  }
  assertThrows(() => decodePlain(new Uint8Array([...bytes, 0])), PlainError);
});

Deno.test("decodePlain, damaged bytes give data or a typed error", () => {
  const bytes = encodePlain(SAMPLE);
  const random = new Random(17);
  for (let i = 0; i < 5000; i++) {
    const damaged = bytes.slice();
    for (let j = random.below(4); j >= 0; j--) {
      damaged[random.below(bytes.length)] = random.below(256);
    }
    try {
      decodePlain(damaged);
    } catch (error) {
      assert(error instanceof PlainError, String(error));
    }
  }
});

Deno.test("decodePlain, lists without end in each other are refused", () => {
  const bytes = new Uint8Array(100_000).map((_, i) => i % 2 === 0 ? 10 : 1);
  assertThrows(() => decodePlain(bytes), PlainError, "depth");
});

Deno.test("copyPlain, copies all of it, and refuses the first thing that is no plain data", () => {
  const value = { a: [1, 2n, null, undefined, "t", true], b: { c: new Uint8Array([1]) } };
  const copy = copyPlain(value) as typeof value;
  assertEquals(copy, value);
  assertEquals([copy.a === value.a, copy.b.c === value.b.c], [false, false]);
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const cases: [unknown, RegExp][] = [
    [{ a: [0, () => 1] }, /^state\.a\[1\] is a function, expected plain data$/],
    [Symbol("s"), /^state is a symbol/],
    [{ a: new Map() }, /^state\.a is a Map/],
    [cyclic, /is too deep/],
  ];
  for (const [bad, message] of cases) {
    assertMatch(assertThrows(() => copyPlain(bad, "state"), TypeError).message, message);
  }
});
