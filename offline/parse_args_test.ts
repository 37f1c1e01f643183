// These hold for the real @std/cli too. The launcher takes this file for its question whether the
// registry is there: it imports both packages and nothing else.
import { assertEquals, assertThrows } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

function parse(...args: string[]) {
  const { json, arch, path, _ } = parseArgs(args, {
    boolean: ["json"],
    string: ["arch", "path"],
    default: { arch: "all" },
    unknown: (arg) => arg !== "drop",
  });
  return [json, arch, path, ..._];
}

Deno.test("parseArgs, what is not given is false, the default or undefined", () => {
  assertEquals(parse(), [false, "all", undefined]);
});

Deno.test("parseArgs, values after a space or an equals sign stay text", () => {
  assertEquals(parse("--arch", "7", "--path=a=b"), [false, "7", "a=b"]);
  assertEquals(parse("--arch", "one", "--arch", "two"), [false, "two", undefined]);
});

Deno.test("parseArgs, an option without its value is empty text", () => {
  assertEquals(parse("--path"), [false, "all", ""]);
  assertEquals(parse("--path", "--json"), [true, "all", ""]);
  assertEquals(parse("--path", "--", "x"), [false, "all", "", "x"]);
});

Deno.test("parseArgs, flags take no value but the words true and false", () => {
  assertEquals(parse("--json", "word"), [true, "all", undefined, "word"]);
  assertEquals(parse("--json", "false", "word"), [false, "all", undefined, "word"]);
  assertEquals(parse("--json=false"), [false, "all", undefined]);
  assertEquals(parse("--json=yes"), [true, "all", undefined]);
});

Deno.test("parseArgs, the rest: numbers if they look so before --, text after", () => {
  const words = ["word", 12, 16, -0.5, "-", "1x"];
  assertEquals(parse("word", "12", "0x10", ".5", "-", "1x").slice(3), words.with(3, 0.5));
  assertEquals(parse("a", "--", "12", "--json").slice(3), ["a", "12", "--json"]);
});

Deno.test("parseArgs, collects the values of an option, and leaves arguments text if asked", () => {
  const { path, _ } = parseArgs(["007", "--path", "a", "--path=b", "0x10", "--path"], {
    string: ["path", "_"],
    collect: ["path"],
  });
  assertEquals<unknown>([path, _], [["a", "b", ""], ["007", "0x10"]]);
  assertEquals<unknown>(parseArgs([], { string: ["path"], collect: ["path"] }).path, []);
});

Deno.test("parseArgs, what is not declared goes to the caller, who may refuse or drop it", () => {
  assertEquals(parse("drop", "word"), [false, "all", undefined, "word"]);
  const refuse = (arg: string, key?: string) => {
    if (key !== undefined) throw new RangeError(`${arg} is ${key}`);
  };
  const options = { string: ["path"] as const, unknown: refuse };
  const undeclared = {
    "--other": "other",
    "--other=1": "other",
    "-x": "x",
    "--no-json": "no-json",
  };
  for (const [arg, key] of Object.entries(undeclared)) {
    assertThrows(() => parseArgs(["word", arg], options), RangeError, `${arg} is ${key}`);
  }
  assertThrows(() => parseArgs(["--path="], options), RangeError, "--path= is ");
});
