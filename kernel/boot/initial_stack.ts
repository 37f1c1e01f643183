/**
 * The stack a program starts on, as in the System V ABI: argc, argv, a null pointer, an empty
 * environment, then the strings.
 *
 * @module
 */

/**
 * Lays the initial stack out.
 * @param argv arguments; the first is the program's name
 * @param top one past the highest address of the stack
 * @returns its bytes and the stack pointer, a multiple of 16, at which they go
 */
export function initialStack(
  argv: readonly string[],
  top: bigint,
): { bytes: Uint8Array; sp: bigint } {
  const strings = argv.map((argument) => new TextEncoder().encode(argument + "\0"));
  const stringBytes = strings.reduce((sum, string) => sum + string.length, 0);
  const words = 1 + argv.length + 1 + 1 + 1;
  const size = (words * 8 + stringBytes + 15) & ~15;
  const sp = top - BigInt(size);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(argv.length), true);
  let at = words * 8;
  strings.forEach((string, i) => {
    view.setBigUint64(8 * (i + 1), sp + BigInt(at), true);
    bytes.set(string, at);
    at += string.length;
  });
  return { bytes, sp };
}
