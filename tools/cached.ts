/**
 * What the scripts `tools/fetch_*.sh` have put into the user's cache.
 *
 * @module
 */

/** The folder of the user's cache that a script fills, whether it has or not. */
export function cachedFolder(name: string): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? ""}/.cache`;
  return `${cache}/trapline/${name}`;
}
