/**
 * Debian's static libraries, where `tools/fetch_static_libs.sh` has put them.
 *
 * @module
 */
import type { GuestArch } from "../guest/embedded.ts";
import { cachedFolder } from "./cached.ts";

/** The libraries and headers of an architecture. */
export interface StaticLibs {
  /** Boost.Context, `libboost_context.a`. */
  readonly boostContext: string;
  /** glibc, `libc.a`. */
  readonly libc: string;
  /** Folders of glibc's headers, the first one first. */
  readonly headers: readonly string[];
}

/** The libraries of an architecture, or undefined if they have not been fetched. */
export function staticLibs(arch: GuestArch): StaticLibs | undefined {
  const folder = cachedFolder("static-libs");
  const root = `${folder}/${arch}/usr`;
  const triple = `${arch}-linux-gnu`;
  try {
    // Written last, when everything is there.
    Deno.statSync(`${folder}/versions`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return {
    boostContext: `${root}/lib/${triple}/libboost_context.a`,
    libc: `${root}/lib/${triple}/libc.a`,
    headers: [`${root}/include/${triple}`, `${root}/include`],
  };
}
