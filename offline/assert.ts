/**
 * Offline stand-in for `@std/assert`, over Node's own assertions.
 *
 * The import map beside this file points `@std/assert` here when the JSR registry cannot be reached. Only the names this
 * project uses are offered; each has the signature and the outcome of its namesake. Where the two libraries differ, this one
 * is the stricter (`assertEquals(0, -0)` fails here), so that a test which passes here passes there.
 *
 * @module
 */
import nodeAssert from "node:assert/strict";
import { inspect } from "node:util";

/** Thrown by every assertion of this module when it does not hold. */
export class AssertionError extends Error {
  /**
   * @param message What did not hold.
   * @param options The standard error options, such as `cause`.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** A class whose instances an assertion expects. */
// deno-lint-ignore no-explicit-any
export type AnyConstructor = new (...args: any[]) => any;

/** A class of errors an assertion expects, abstract ones included. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** An array or typed array, but not a string. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;

function withSuffix(message: string, msg: string | undefined): string {
  return msg === undefined ? message : `${message}: ${msg}`;
}

function show(value: unknown): string {
  return inspect(value, { depth: 6, maxArrayLength: 200, maxStringLength: 4000 });
}

/** Whether Node's deep, strict comparison accepts the pair; the message of the difference if it does not. */
function difference(actual: unknown, expected: unknown): string | undefined {
  try {
    nodeAssert.deepStrictEqual(actual, expected);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Fails when `expr` is falsy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails when `expr` is truthy. */
export function assertFalse(expr: unknown, msg?: string): asserts expr is false {
  if (expr) throw new AssertionError(withSuffix(`Expected ${show(expr)} to be falsy`, msg));
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(withSuffix("Failed assertion", msg));
}

/** Fails when the two are not deeply equal: same types, same keys, same bytes. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  const found = difference(actual, expected);
  if (found !== undefined) {
    throw new AssertionError(withSuffix("Values are not equal", msg) + `\n${found}`);
  }
}

/** Fails when the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (difference(actual, expected) === undefined) {
    throw new AssertionError(
      withSuffix(`Expected actual: ${show(actual)} not to be: ${show(expected)}`, msg),
    );
  }
}

/** Fails when the two are not the same value by `Object.is`. */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (!Object.is(actual, expected)) {
    throw new AssertionError(
      withSuffix("Values are not strictly equal", msg) +
        `\n    actual: ${show(actual)}\n    expected: ${show(expected)}`,
    );
  }
}

/** Fails when `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError(
      withSuffix(`Expected actual: "${actual}" to not be null or undefined`, msg),
    );
  }
}

/** Fails when `actual` does not match the pattern. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (actual.search(expected) < 0) {
    throw new AssertionError(
      withSuffix(`Expected actual: "${actual}" to match: "${expected}"`, msg),
    );
  }
}

/** Fails when `actual` does not contain the text. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    throw new AssertionError(
      withSuffix(`Expected actual: "${actual}" to contain: "${expected}"`, msg),
    );
  }
}

/** Fails when some element of `expected` is deeply equal to no element of `actual`. */
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void {
  const have = Array.from(actual);
  const missing = Array.from(expected).filter((wanted) =>
    !have.some((element) => difference(wanted, element) === undefined)
  );
  if (missing.length > 0) {
    throw new AssertionError(
      withSuffix(`Expected actual: ${show(have)} to include: ${show(expected)}`, msg) +
        `\nmissing: ${show(missing)}`,
    );
  }
}

/** Fails when `actual` is not an instance of the class. */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  const name = actual instanceof Object ? actual.constructor?.name ?? "Object" : typeof actual;
  throw new AssertionError(
    withSuffix(
      `Expected object to be an instance of "${expectedType.name}" but was "${name}": ${
        show(actual)
      }`,
      msg === "" ? undefined : msg,
    ),
  );
}

/**
 * Fails when two numbers are further apart than the tolerance, which by default is the ten-millionth part of
 * `expected`, or for an expected zero or non-finite number the tolerance of 1e-7.
 */
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void {
  if (Object.is(actual, expected)) return;
  const delta = Math.abs(expected - actual);
  const allowed = tolerance ??
    (Number.isFinite(expected) && expected !== 0 ? Math.abs(expected * 1e-7) : 1e-7);
  if (delta <= allowed) return;
  throw new AssertionError(
    withSuffix(`Expected actual: "${actual}" to be close to "${expected}"`, msg) +
      `: delta ${delta} is greater than ${allowed}`,
  );
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (actual > expected) return;
  throw new AssertionError(withSuffix(`Expect ${show(actual)} > ${show(expected)}`, msg));
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual >= expected) return;
  throw new AssertionError(withSuffix(`Expect ${show(actual)} >= ${show(expected)}`, msg));
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (actual < expected) return;
  throw new AssertionError(withSuffix(`Expect ${show(actual)} < ${show(expected)}`, msg));
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (actual <= expected) return;
  throw new AssertionError(withSuffix(`Expect ${show(actual)} <= ${show(expected)}`, msg));
}

/** The arguments after the function of `assertThrows` and `assertRejects`, sorted out. */
interface Expectation {
  errorClass: ErrorClass | undefined;
  includes: string | undefined;
  msg: string | undefined;
}

function readExpectation(
  errorClassOrMsg: ErrorClass | string | undefined,
  includesOrMsg: string | undefined,
  msg: string | undefined,
): Expectation {
  if (typeof errorClassOrMsg === "string") {
    return { errorClass: undefined, includes: undefined, msg: errorClassOrMsg };
  }
  return { errorClass: errorClassOrMsg, includes: includesOrMsg, msg };
}

function checkThrown(error: unknown, expectation: Expectation): void {
  const { errorClass, includes, msg } = expectation;
  if (errorClass === undefined) return;
  if (!(error instanceof Error)) {
    throw new AssertionError(
      withSuffix(`A non-Error object was thrown or rejected: ${show(error)}`, msg),
    );
  }
  if (!(error instanceof errorClass)) {
    throw new AssertionError(
      withSuffix(
        `Expected error to be instance of "${errorClass.name}", but was "${
          (error as Error).name
        }": ${show(error)}`,
        msg,
      ),
    );
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    throw new AssertionError(
      withSuffix(
        `Expected error message to include "${includes}", but got "${error.message}"`,
        msg,
      ),
    );
  }
}

/** Fails when the function returns; gives back what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails when the function does not throw an error of the class with the text in its message; gives it back. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  errorClassOrMsg?: ErrorClass | string,
  includesOrMsg?: string,
  msg?: string,
): unknown {
  const expectation = readExpectation(errorClassOrMsg, includesOrMsg, msg);
  try {
    fn();
  } catch (error) {
    checkThrown(error, expectation);
    return error;
  }
  throw new AssertionError(withSuffix("Expected function to throw", expectation.msg));
}

/** Fails when the promise resolves; gives back what it was rejected with. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails when the promise is not rejected with an error of the class with the text in its message; gives it back. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: ErrorClass | string,
  includesOrMsg?: string,
  msg?: string,
): Promise<unknown> {
  const expectation = readExpectation(errorClassOrMsg, includesOrMsg, msg);
  let promise: unknown;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(
      withSuffix("Function throws when expected to reject", expectation.msg),
      { cause: error },
    );
  }
  if (!(promise instanceof Object) || !("then" in promise)) {
    throw new AssertionError(withSuffix("Function did not return a promise", expectation.msg));
  }
  try {
    await promise;
  } catch (error) {
    checkThrown(error, expectation);
    return error;
  }
  throw new AssertionError(withSuffix("Expected function to reject", expectation.msg));
}
