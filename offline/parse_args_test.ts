// Imported by its public name: where JSR is reachable, this file states what the project relies on in the real library.
import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("parseArgs, declared options with their types", () => {
  const parsed = parseArgs(
    ["boot", "--arch", "aarch64", "--quantum=500", "-v", "--seed", "0x10", "kernel.elf"],
    {
      string: ["arch", "quantum", "seed", "log"],
      boolean: ["verbose", "trace"],
      alias: { verbose: "v" },
      default: { arch: "x86_64", log: "mach" },
    },
  );
  const arch: string = parsed.arch;
  const quantum: string | undefined = parsed.quantum;
  const verbose: boolean = parsed.verbose;
  const short: boolean = parsed.v;
  assertEquals([arch, quantum, parsed.seed, parsed.log], ["aarch64", "500", "0x10", "mach"]);
  assertEquals([verbose, short, parsed.trace], [true, true, false]);
  assertEquals(parsed._, ["boot", "kernel.elf"]);
});

Deno.test("parseArgs, collected options are arrays", () => {
  const options = { string: ["module", "env"], collect: ["module", "env"] } as const;
  const parsed = parseArgs(["--module", "a", "--module=b"], options);
  const modules: string[] = parsed.module;
  assertEquals([modules, parsed.env], [["a", "b"], []]);
});

Deno.test("parseArgs, negatable options and the last of several", () => {
  const options = { boolean: ["color"], negatable: ["color"], default: { color: true } } as const;
  assertEquals(parseArgs([], options).color, true);
  assertEquals(parseArgs(["--no-color"], options).color, false);
  assertEquals(parseArgs(["--no-color", "--color"], options).color, true);
  assertEquals(parseArgs(["--color=false"], options).color, false);
});

Deno.test("parseArgs, arguments after the double dash", () => {
  const split = parseArgs(["a", "--", "--b", "1"], { "--": true });
  const rest: string[] = split["--"];
  assertEquals([split._, rest], [["a"], ["--b", "1"]]);
  assertEquals(parseArgs(["a", "--", "--b", "1"])._, ["a", "--b", "1"]);
});

Deno.test("parseArgs, stopEarly leaves the rest alone", () => {
  const parsed = parseArgs(["--json", "frames", "--all", "7"], {
    boolean: ["json"],
    stopEarly: true,
  });
  assertEquals(parsed._, ["frames", "--all", "7"]);
  assertEquals(parsed.json, true);
});

Deno.test("parseArgs, the unknown callback sees and drops what is not declared", () => {
  const seen: unknown[] = [];
  const parsed = parseArgs(["--arch=x", "--bogus=1", "-zy", "word", "5", "--last"], {
    string: ["arch"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return false;
    },
  });
  assertEquals(seen, [
    ["--bogus=1", "bogus", "1"],
    ["-zy", "z", true],
    ["-zy", "y", "word"],
    ["5", undefined, undefined],
    ["--last", "last", true],
  ]);
  assertEquals<unknown>(parsed, { _: [], arch: "x" });
});

Deno.test("parseArgs, numbers are numbers unless the option is text", () => {
  assertEquals(parseArgs(["5", "0x10", "1e3", "-n5", "--m", "2.5", "3x"]), {
    _: [5, 16, 1000, "3x"],
    n: 5,
    m: 2.5,
  });
  const parsed = parseArgs(["5", "-n5"], { string: ["_", "n"] });
  assertEquals<unknown[]>([...parsed._, parsed.n], ["5", "5"]);
});

Deno.test("parseArgs, an option without a value", () => {
  const options = { string: ["log"], boolean: ["json"] } as const;
  assertEquals(parseArgs(["--log"], options).log, "");
  assertEquals(parseArgs(["--log", "--json"], options).log, "");
  assertEquals(parseArgs(["--json", "word"], options)._, ["word"]);
  assertEquals(parseArgs(["--json", "false"], options).json, false);
  assertEquals(parseArgs(["--wild"])["wild"], true);
  assertEquals(parseArgs(["--wild", "word"])["wild"], "word");
});
