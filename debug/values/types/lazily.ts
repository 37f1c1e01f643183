/**
 * Data that is read when it is asked for.
 *
 * @module
 */

/** Adds members that are computed when they are first asked for. */
export function lazily<T extends object, L extends object>(
  known: T,
  later: { readonly [K in keyof L]: () => L[K] },
): T & L {
  for (const key of Object.keys(later) as (keyof L & string)[]) {
    Object.defineProperty(known, key, {
      configurable: true,
      enumerable: true,
      get(): unknown {
        const value = later[key]();
        Object.defineProperty(known, key, { value, enumerable: true });
        return value;
      },
    });
  }
  return known as T & L;
}
