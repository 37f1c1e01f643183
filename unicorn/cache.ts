/**
 * Where the pinned libunicorn is kept once it has been fetched.
 *
 * @module
 */

/** The version that is fetched. */
export const PINNED_VERSION = "2.1.4";

/** The library's file name on this system, as the wheel has it. */
export function libraryFileName(os: typeof Deno.build.os = Deno.build.os): string {
  switch (os) {
    case "darwin":
      return "libunicorn.2.dylib";
    case "windows":
      return "unicorn.dll";
    default:
      return "libunicorn.so.2";
  }
}

/**
 * The directories that may hold the fetched library, best first: `.cache/unicorn/VERSION` of the
 * checkout this module runs from, if it runs from one, then the user's cache directory.
 */
export function cacheDirectories(): string[] {
  const directories: string[] = [];
  const checkout = checkoutRoot();
  if (checkout !== undefined) directories.push(`${checkout}/.cache/unicorn/${PINNED_VERSION}`);
  const user = userCache();
  if (user !== undefined) directories.push(`${user}/trapline/unicorn/${PINNED_VERSION}`);
  return directories;
}

/**
 * The root of the checkout: the folder above this one, when it is on disk and has the project's
 * `deno.json`, as far as that may be known.
 */
function checkoutRoot(): string | undefined {
  const root = new URL("..", import.meta.url);
  if (root.protocol !== "file:") return undefined;
  try {
    Deno.statSync(new URL("deno.json", root));
  } catch (error) {
    // Without the permission to look, a library that is there can be opened all the same.
    if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  }
  const path = decodeURIComponent(root.pathname).replace(/\/$/, "");
  return Deno.build.os === "windows" ? path.replace(/^\//, "") : path;
}

function userCache(): string | undefined {
  const get = (name: string): string | undefined => {
    try {
      return Deno.env.get(name) || undefined;
    } catch {
      return undefined; // no permission to read it: as if not set
    }
  };
  const xdg = get("XDG_CACHE_HOME");
  if (xdg !== undefined && xdg.startsWith("/")) return xdg;
  if (Deno.build.os === "windows") return get("LOCALAPPDATA");
  const home = get("HOME");
  if (home === undefined) return undefined;
  return Deno.build.os === "darwin" ? `${home}/Library/Caches` : `${home}/.cache`;
}
