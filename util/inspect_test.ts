import { assertEquals } from "@std/assert";
import { inspectAs, wordTable } from "./inspect.ts";

class Shown {
  readonly #name: string;
  readonly secret = "a thousand lines";
  constructor(name: string) {
    this.#name = name;
  }
  get name(): string {
    if (this.#name === "") throw new RangeError("Cannot name it: it is gone");
    return this.#name;
  }
}
inspectAs(Shown, ({ name }) => `Shown ${name}`);

Deno.test("inspectAs, both inspectors show the text, nested and in a subclass too", () => {
  class Below extends Shown {}
  assertEquals(Deno.inspect(new Shown("it")), "Shown it");
  const show = Reflect.get(new Shown("it"), Symbol.for("nodejs.util.inspect.custom"));
  assertEquals(show.call(new Shown("it"), 2, {}), "Shown it");
  assertEquals(Deno.inspect([new Below("a")]), "[ Shown a ]");
});

Deno.test("inspectAs, an object that cannot be shown says why", () => {
  assertEquals(Deno.inspect(new Shown("")), "[Cannot name it: it is gone]");
});

Deno.test("wordTable, words stand in columns", () => {
  const words = [["a", 1n], ["bc", 0xffff_ffff_ffff_ffffn], ["pc", 16n]] as const;
  assertEquals(
    wordTable(words, 2),
    "  a      0000000000000001  bc     ffffffffffffffff\n  pc     0000000000000010",
  );
  assertEquals(wordTable([]), "");
});
