// These hold for the real @std/assert too; where the stand-in is the stricter, nothing is said
// here.
import {
  assert,
  assertEquals,
  assertGreater,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";

/** Runs an assertion that must not hold; its message. */
function refused(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    if (error instanceof Error && error.name === "AssertionError") return error.message;
    throw error;
  }
  throw new Error(`Held: ${assertion}`);
}

Deno.test("assertions, each holds for one value and refuses another", () => {
  const one = {};
  const pairs: [holds: () => void, fails: () => void][] = [
    [() => assert("x"), () => assert(0)],
    [() => assertStrictEquals<unknown>(one, one), () => assertStrictEquals<unknown>(one, {})],
    [() => assertStrictEquals(NaN, NaN), () => assertStrictEquals<unknown>(1, "1")],
    [() => assertMatch("abc", /b/), () => assertMatch("abc", /d/)],
    [() => assertStringIncludes("abc", "b"), () => assertStringIncludes("abc", "d")],
    [() => assertInstanceOf(new RangeError(), Error), () => assertInstanceOf({}, Error)],
    [() => assertGreater(2, 1), () => assertGreater(1, 1)],
    [() => assertLess(1, 2), () => assertLess(1, 1)],
    [() => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1)],
  ];
  for (const [holds, fails] of pairs) {
    holds();
    refused(fails);
  }
});

Deno.test("assertEquals and assertNotEquals, by content, type and key", () => {
  const pairs: [value: unknown, same: unknown, other: unknown][] = [
    [1n, 1n, 2n],
    [NaN, NaN, 0],
    [{ a: [1] }, { a: [1] }, { a: [2] }],
    [[1, 2], [1, 2], [1, 2, 3]],
    [Uint8Array.of(1, 2), Uint8Array.of(1, 2), Uint8Array.of(1, 3)],
    [new Map([["a", [1]]]), new Map([["a", [1]]]), new Map([["a", [2]]])],
    [new Set([1, 2]), new Set([2, 1]), new Set([1])],
  ];
  for (const [value, same, other] of pairs) {
    assertEquals(value, same);
    assertNotEquals(value, other);
    refused(() => assertEquals(value, other));
    refused(() => assertNotEquals(value, same));
  }
  refused(() => assertEquals<unknown>(1, "1"));
  refused(() => assertEquals<unknown>(1, 1n));
  refused(() => assertEquals<unknown>({ a: undefined }, {}));
  refused(() => assertEquals<unknown>(Uint8Array.of(1), [1]));
});

Deno.test("assertEquals, the message carries the caller's words and the difference", () => {
  const message = refused(() => assertEquals([1], [2], "the words"));
  assertStringIncludes(message, "the words");
  assertMatch(message, /[-+] .*1/);
  assertMatch(message, /[-+] .*2/);
});

Deno.test("assertThrows, class, text and the error itself", () => {
  const thrower = () => {
    throw new RangeError("too far");
  };
  const error: RangeError = assertThrows(thrower, RangeError, "far");
  assertEquals(error.message, "too far");
  refused(() => assertThrows(() => {}));
  refused(() => assertThrows(thrower, TypeError));
  refused(() => assertThrows(thrower, RangeError, "near"));
});

Deno.test("assertRejects, class, text and the error itself", async () => {
  const rejecter = () => Promise.reject(new RangeError("too far"));
  const error: RangeError = await assertRejects(rejecter, RangeError, "far");
  assertEquals(error.message, "too far");
  const wrong: (() => Promise<unknown>)[] = [
    () => assertRejects(() => Promise.resolve(), Error),
    () => assertRejects(rejecter, TypeError),
    () => assertRejects(rejecter, RangeError, "near"),
    () =>
      assertRejects(() => {
        throw new RangeError("at once");
      }, RangeError),
  ];
  for (const attempt of wrong) {
    const outcome = await attempt().then(() => "resolved", (reason) => reason);
    assertInstanceOf(outcome, Error);
    assert(!(outcome instanceof RangeError));
  }
});
