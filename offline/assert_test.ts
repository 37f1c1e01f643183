// Imported by their public name: where JSR is reachable, this file states what the project relies on in the real library.
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

/** Whether the assertion throws its own kind of error. */
function fails(assertion: () => void): boolean {
  try {
    assertion();
    return false;
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
}

/** Checks that exactly the second of two calls fails, without relying on the library under test. */
function expect(holds: () => void, doesNot: () => void): void {
  if (fails(holds)) throw new Error(`Failed: ${holds}`);
  if (!fails(doesNot)) throw new Error(`Did not fail: ${doesNot}`);
}

Deno.test("assert and its like, truth, existence and order", () => {
  expect(() => assert(1), () => assert(0));
  expect(() => assertFalse(""), () => assertFalse("x"));
  expect(() => assertExists(0), () => assertExists(null));
  expect(() => {}, () => fail("always"));
  expect(() => assertGreater(2, 1), () => assertGreater(1, 1));
  expect(() => assertGreaterOrEqual(1n, 1n), () => assertGreaterOrEqual(0n, 1n));
  expect(() => assertLess(1, 2), () => assertLess(1, 1));
  expect(() => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1));
  expect(() => assertAlmostEquals(1, 1 + 1e-9), () => assertAlmostEquals(1, 1.001));
  expect(() => assertAlmostEquals(1, 1.4, 0.5), () => assertAlmostEquals(1, 1.6, 0.5));
  expect(() => assertMatch("abc", /b/), () => assertMatch("abc", /^b/));
  expect(() => assertStringIncludes("abc", "bc"), () => assertStringIncludes("abc", "ca"));
});

Deno.test("assertEquals, values of every kind the tests compare", () => {
  const pairs: [unknown, unknown, unknown][] = [
    [1n, 1n, 2n],
    [NaN, NaN, 0],
    [1, 1, "1"],
    [1, 1, 1n],
    [[1, [2]], [1, [2]], [1, [3]]],
    [{ a: { b: 1n } }, { a: { b: 1n } }, { a: { b: 2n } }],
    [{ a: 1 }, { a: 1 }, { a: 1, b: undefined }],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2]), new Uint8Array([1, 3])],
    [new Uint8Array([1]), new Uint8Array([1]), new Int8Array([1])],
    [new Map([["a", [1]]]), new Map([["a", [1]]]), new Map([["a", [2]]])],
    [new Set([1, 2]), new Set([2, 1]), new Set([1])],
    [new Date(1), new Date(1), new Date(2)],
    [/a/g, /a/g, /a/],
  ];
  for (const [value, same, other] of pairs) {
    expect(() => assertEquals(value, same), () => assertEquals(value, other));
    expect(() => assertNotEquals(value, other), () => assertNotEquals(value, same));
  }
});

Deno.test("assertEquals, the message carries the caller's words and the difference", () => {
  const error = assertThrows(() => assertEquals([1], [2], "the words"), AssertionError);
  assertStringIncludes(error.message, "the words");
  assertMatch(error.message, /[-+] .*1/);
  assertMatch(error.message, /[-+] .*2/);
});

Deno.test("assertStrictEquals, identity", () => {
  const one = {};
  expect(() => assertStrictEquals(one, one), () => assertStrictEquals(one, {}));
});

Deno.test("assertArrayIncludes, deep elements of arrays and typed arrays", () => {
  expect(
    () => assertArrayIncludes([{ a: 1 }, { a: 2 }], [{ a: 2 }]),
    () => assertArrayIncludes([{ a: 1 }], [{ a: 2 }]),
  );
  expect(
    () => assertArrayIncludes(new Uint8Array([1, 2]), [2]),
    () => assertArrayIncludes(new Uint8Array([1, 2]), [3]),
  );
});

Deno.test("assertInstanceOf, classes and subclasses", () => {
  expect(() => assertInstanceOf(new RangeError(), Error), () => assertInstanceOf({}, Error));
});

Deno.test("assertThrows, class, text and the error itself", () => {
  const thrower = () => {
    throw new RangeError("too far");
  };
  const error: RangeError = assertThrows(thrower, RangeError, "far");
  assertEquals(error.message, "too far");
  assertEquals(
    assertThrows(() => {
      throw 7;
    }),
    7,
  );
  expect(() => assertThrows(thrower), () => assertThrows(() => {}));
  expect(() => assertThrows(thrower, Error), () => assertThrows(thrower, TypeError));
  expect(() => assertThrows(thrower, "words"), () => assertThrows(thrower, RangeError, "near"));
});

Deno.test("assertRejects, class, text and the error itself", async () => {
  const rejecter = () => Promise.reject(new RangeError("too far"));
  const error: RangeError = await assertRejects(rejecter, RangeError, "far");
  assertEquals(error.message, "too far");
  const wrong: (() => Promise<unknown>)[] = [
    () => assertRejects(() => Promise.resolve()),
    () => assertRejects(rejecter, TypeError),
    () => assertRejects(rejecter, RangeError, "near"),
    () =>
      assertRejects(() => {
        throw new RangeError("at once");
      }, RangeError),
  ];
  for (const attempt of wrong) {
    const outcome = await attempt().then(() => "resolved", (reason) => reason);
    assertInstanceOf(outcome, AssertionError);
  }
});
