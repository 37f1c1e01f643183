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
  const isBusy = new Set<string>();
  for (const key of Object.keys(later) as (keyof L & string)[]) {
    Object.defineProperty(known, key, {
      configurable: true,
      enumerable: true,
      get(): unknown {
        // Damaged information may have something be as large as itself: that is not known.
        if (isBusy.has(key)) return undefined;
        isBusy.add(key);
        let value: unknown;
        try {
          value = later[key]();
        } finally {
          isBusy.delete(key);
        }
        Object.defineProperty(known, key, { value, enumerable: true });
        return value;
      },
    });
  }
  return known as T & L;
}
