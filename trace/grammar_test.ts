import { assertEquals } from "@std/assert";
import {
  choice,
  interleaved,
  type Match,
  match,
  one,
  optional,
  repeat,
  type Rule,
  sequence,
} from "./grammar.ts";

function letter(wanted: string): Rule<string> {
  return one(wanted, (item) => item === wanted);
}

function on(items: string, rule: Rule<string>): Match {
  return match([...items], rule);
}

const OK: Match = { ok: true };

Deno.test("match, one item takes that item and no more", () => {
  assertEquals(on("a", letter("a")), OK);
  assertEquals(on("b", letter("a")), { ok: false, at: 0, expected: ["a"] });
  assertEquals(on("", letter("a")), { ok: false, at: 0, expected: ["a"] });
  assertEquals(on("ab", letter("a")), { ok: false, at: 1, expected: ["the end"] });
});

Deno.test("match, a sequence wants every rule in order", () => {
  const rule = sequence(letter("a"), letter("b"));
  assertEquals(on("ab", rule), OK);
  assertEquals(on("ba", rule), { ok: false, at: 0, expected: ["a"] });
  assertEquals(on("a", rule), { ok: false, at: 1, expected: ["b"] });
});

Deno.test("match, a choice reports all it would have taken", () => {
  const rule = choice(letter("a"), sequence(letter("b"), letter("c")));
  assertEquals(on("a", rule), OK);
  assertEquals(on("bc", rule), OK);
  assertEquals(on("d", rule), { ok: false, at: 0, expected: ["a", "b"] });
  assertEquals(on("bd", rule), { ok: false, at: 1, expected: ["c"] });
});

Deno.test("match, repetition keeps to its bounds", () => {
  const rule = repeat(letter("a"), { min: 1, max: 3 });
  for (const [items, ok] of [["", false], ["a", true], ["aaa", true], ["aaaa", false]] as const) {
    assertEquals(on(items, rule).ok, ok, items);
  }
  assertEquals(on("aab", sequence(repeat(letter("a")), letter("b"))), OK);
  assertEquals(on("b", sequence(repeat(letter("a")), letter("b"))), OK);
  assertEquals(on("b", sequence(optional(letter("a")), letter("b"))), OK);
  assertEquals(on("aab", sequence(optional(letter("a")), letter("b"))).ok, false);
});

Deno.test("match, noise stands anywhere within its rule only", () => {
  const noisy = interleaved(sequence(letter("a"), letter("b")), (item) => item === "-");
  assertEquals(on("-a--b", noisy), OK);
  assertEquals(on("ab-", noisy), { ok: false, at: 2, expected: ["the end"] });
  assertEquals(on("a-bc", sequence(noisy, letter("c"))), OK);
  assertEquals(on("a-b-c", sequence(noisy, letter("c"))), { ok: false, at: 3, expected: ["c"] });
});

Deno.test("match, inner noise adds to outer noise, and a wanted item is not noise", () => {
  const inner = interleaved(sequence(letter("a"), letter("b")), (item) => item === "-");
  const rule = interleaved(sequence(inner, letter("+")), (item) => item === "+");
  assertEquals(on("+a-+b+", rule), OK);
  assertEquals(on("ab", rule).ok, false);
});
