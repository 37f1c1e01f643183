/**
 * Reading bytes that may be wrong. A {@linkcode Cursor} reads numbers at a bounds-checked position;
 * an {@linkcode Address} is a 64-bit address as a JavaScript number; and whatever is malformed is
 * thrown as an {@linkcode InputError}, the base class of the errors of every room that reads files,
 * tables or stacks. This is the lowest room: it imports nothing.
 *
 * @module
 */
export * from "./address.ts";
export * from "./cursor.ts";
export * from "./errors.ts";
export * from "./integers.ts";
export * from "./order.ts";
export * from "./text.ts";
