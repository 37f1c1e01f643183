/**
 * Exceptions on their way through a stack (Itanium C++ ABI). {@linkcode lsdaOf} gives the
 * {@linkcode Lsda} of a stack frame, which says what each of its calls wants cleaned up or caught;
 * {@linkcode judge} is the personality routine of C++, Rust and C, which reads it for one
 * exception; an {@linkcode Unwinding} makes of the verdicts the two phases: who takes the
 * exception, where to land next, with which registers. What it knows of C++ objects in the
 * program's memory is here too: which handler takes a type ({@linkcode TypeMatcher}), what a type
 * is called ({@linkcode typeNameAt}), and the layout of `_Unwind_Exception`
 * ({@linkcode EXCEPTION_OBJECT}).
 *
 * @module
 */
export * from "./exception_object.ts";
export * from "./frame_lsda.ts";
export * from "./lsda.ts";
export * from "./personality.ts";
export * from "./two_phase.ts";
export * from "./type_match.ts";
export * from "./type_name.ts";
export * from "./type_symbols.ts";
