/**
 * Names as the programmer wrote them, from those that compilers give to the linker:
 * {@linkcode demangle} reads names of C++ (Itanium C++ ABI, section 5.1, with what GCC and Clang
 * add to it) and both manglings of Rust. The text is that of the GNU tools, so that gdb's is equal.
 * Nesting, time and size of the text are bounded for any name.
 *
 * ```ts
 * import { demangle } from "@trapline/trapline/debug";
 *
 * console.log(demangle("_ZSt4sortIPiEvT_S1_")); // void std::sort<int*>(int*, int*)
 * console.log(demangle("_ZSt4sortIPiEvT_S1_", { parameters: false })); // std::sort<int*>
 * console.log(demangle("_RNvCs4fqI2P2rA04_5hello4main")); // hello::main
 * console.log(demangle("main")); // undefined: it is readable already
 * ```
 *
 * @module
 */
import { demangleItanium, type DemangleOptions, demangleType } from "./itanium/demangle.ts";
import { demangleRustLegacy } from "./rust/legacy.ts";
import { demangleRustV0 } from "./rust/v0.ts";

export { type DemangleOptions, demangleType };

/**
 * A readable form of a mangled name; undefined if it is not mangled, or too large to be told.
 * Options concern C++ only: Rust's names have no parameters.
 */
export function demangle(name: string, options?: DemangleOptions): string | undefined {
  if (name.charCodeAt(0) !== 95) return undefined; // "_"
  return demangleRustV0(name) ?? demangleRustLegacy(name) ?? demangleItanium(name, options);
}
