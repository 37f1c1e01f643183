/**
 * What Deno, Node and notebooks show of an object, instead of everything it holds.
 *
 * @module
 */

/** The methods `Deno.inspect` and `util.inspect` look for. */
const METHODS: readonly symbol[] = [
  Symbol.for("Deno.customInspect"),
  Symbol.for("nodejs.util.inspect.custom"),
];

/**
 * Has objects of a class shown as text. Where the text cannot be made, since an object shows what
 * is gone by now, why not is shown: a debugger that throws is no help.
 */
export function inspectAs<T>(of: { readonly prototype: T }, text: (object: T) => string): void {
  function show(this: T): string {
    try {
      return text(this);
    } catch (error) {
      return error instanceof Error ? `[${error.message}]` : `[${String(error)}]`;
    }
  }
  for (const method of METHODS) {
    Object.defineProperty(of.prototype, method, { value: show, configurable: true });
  }
}

/** Words side by side as `name value`, `columns` a line, each line indented by two blanks. */
export function wordTable(
  words: Iterable<readonly [name: string, value: bigint]>,
  columns: number = 4,
): string {
  const cells = Array.from(
    words,
    ([name, value]) => `${name.padEnd(6)} ${value.toString(16).padStart(16, "0")}`,
  );
  const lines: string[] = [];
  for (let i = 0; i < cells.length; i += columns) {
    lines.push("  " + cells.slice(i, i + columns).join("  "));
  }
  return lines.join("\n");
}
