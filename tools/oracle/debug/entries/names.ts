/**
 * Names of the standard as our tables have them.
 *
 * @module
 */

/** Our spelling of a name of LLVM's, without its prefix: `gnuEntryValue` for `GNU_entry_value`. */
export function camel(name: string): string {
  const [first = "", ...rest] = name.split("_").filter((word) => word !== "");
  const head = first === first.toUpperCase()
    ? first.toLowerCase()
    : first.charAt(0).toLowerCase() + first.slice(1);
  return head + rest.map((word) => {
    const tail = word.slice(1);
    return word[0]!.toUpperCase() + (word === word.toUpperCase() ? tail.toLowerCase() : tail);
  }).join("");
}
