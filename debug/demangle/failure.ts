/**
 * How a demangler gives up. One object serves all names: most of what debuggers ask about is not
 * mangled, and an error with a stack trace costs more than the look at the name.
 *
 * @module
 */

/** Thrown inside of the demanglers only; the name is then no mangled name, or too large. */
class NotMangled extends Error {
  /** Fixed message: it reaches nobody. */
  override readonly name = "NotMangled";
}

const FAILURE = new NotMangled("Not a mangled name");

/** Gives up. */
export function fail(): never {
  throw FAILURE;
}

/** What `action` gives, or undefined if it gives up. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error === FAILURE) return undefined;
    throw error;
  }
}
