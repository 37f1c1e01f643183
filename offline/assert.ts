/**
 * Offline stand-in for `@std/assert`: the names this project uses, over Node's own assertions, each
 * with the signature of its namesake or a narrower one. Where the two libraries differ, this one is
 * the stricter (`assertEquals(0, -0)` fails here), so that a test which passes here passes there.
 *
 * @module
 */
import node from "node:assert";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Puts the caller's words before the message of an assertion that does not hold. */
function check(holds: () => void, msg: string | undefined): void {
  try {
    holds();
  } catch (error) {
    if (error instanceof Error && msg !== undefined) error.message = `${msg}: ${error.message}`;
    throw error;
  }
}

/** Fails when `expr` is falsy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  node.ok(expr, msg);
}

/** Fails when the two are not deeply equal: same types, same keys, same bytes. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => node.deepStrictEqual(actual, expected), msg);
}

/** Fails when the two are deeply equal, be it only after conversion of primitives. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  check(() => node.notDeepEqual(actual, expected), msg);
}

/** Fails when the two are not the same value by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  check(() => node.strictEqual(actual, expected), msg);
}

/** Fails when `actual` does not match the pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  check(() => node.match(actual, expected), msg);
}

/** Fails when `actual` does not contain the text. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  check(() => node.ok(actual.includes(expected), `"${actual}" lacks "${expected}"`), msg);
}

/** Fails when `actual` is not an instance of the class. */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T> {
  check(() => node.ok(actual instanceof expectedType, `${actual} is no ${expectedType.name}`), msg);
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  check(() => node.ok(actual > expected, `${actual} is not > ${expected}`), msg);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  check(() => node.ok(actual < expected, `${actual} is not < ${expected}`), msg);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  check(() => node.ok(actual <= expected, `${actual} is not <= ${expected}`), msg);
}

/** Checks what was thrown; gives it back. */
function thrown<E extends Error>(error: unknown, errorClass: ErrorClass<E>, includes: string): E {
  assertInstanceOf(error, errorClass, "Unexpected error");
  assertStringIncludes(error.message, includes);
  return error;
}

/** Fails when the function returns; gives back what it threw. */
export function assertThrows(fn: () => unknown): unknown;
/**
 * Fails when the function does not throw an error of the class with the text in its message; gives
 * the error back.
 */
export function assertThrows<E extends Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  errorClass?: ErrorClass<Error>,
  msgIncludes = "",
  msg?: string,
): unknown {
  try {
    fn();
  } catch (error) {
    return errorClass === undefined ? error : thrown(error, errorClass, msgIncludes);
  }
  throw new node.AssertionError({ message: msg ?? "Expected function to throw" });
}

/**
 * Fails when the promise is not rejected with an error of the class with the text in its message;
 * gives the error back.
 */
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes = "",
  msg?: string,
): Promise<E> {
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (cause) {
    throw new Error("Function throws when expected to reject", { cause });
  }
  try {
    await promise;
  } catch (error) {
    return thrown(error, errorClass, msgIncludes);
  }
  throw new node.AssertionError({ message: msg ?? "Expected function to reject" });
}
