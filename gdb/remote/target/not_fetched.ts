/**
 * Reading what is at the other end of a wire from code that does not wait: what has not been fetched
 * yet breaks the reading off, and it begins anew when it has been.
 *
 * @module
 */

/**
 * Thrown where something is read that has not been fetched. It says nothing of the input, and is no
 * `InputError`: whoever catches those lets it pass.
 */
export class NotFetchedError extends Error {
  /** Fetches it. */
  readonly fetch: () => Promise<void>;

  /** Says what is missing, and how it is fetched. */
  constructor(what: string, fetch: () => Promise<void>) {
    super(`${what} has not been fetched from the target: read it within Target.settle`);
    this.name = "NotFetchedError";
    this.fetch = fetch;
  }
}

/**
 * Runs an action, which may be asynchronous, again and again until all that it reads has been
 * fetched.
 */
export async function fetchFor<T>(action: () => T | Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof NotFetchedError)) throw error;
      await error.fetch();
    }
  }
}
