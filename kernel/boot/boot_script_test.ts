import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseScriptLine, type ScriptLine, scriptLine } from "./boot_script.ts";
import { KernelError } from "../errors.ts";

const VARIABLES = { "host-port": "1", "device-port": "2", "kernel-command-line": "a b" };

function parse(line: string): ScriptLine {
  return parseScriptLine(line, VARIABLES);
}

Deno.test("parseScriptLine, reads the line of GNU Mach's own test", () => {
  assertEquals(parse("module-hello ${host-port} ${device-port} $(task-create) $(task-resume)"), {
    argv: ["module-hello", "1", "2"],
    functions: ["task-create", "task-resume"],
  });
});

Deno.test("parseScriptLine, starts a task whose line has no functions", () => {
  assertEquals(parse("  hello\t there "), {
    argv: ["hello", "there"],
    functions: ["task-create", "task-resume"],
  });
});

Deno.test("parseScriptLine, leaves a task suspended that is only created", () => {
  assertEquals(parse("hello $(task-create)").functions, ["task-create"]);
});

Deno.test("parseScriptLine, substitutes within words and keeps a value with blanks one argument", () => {
  assertEquals(parse("x a${host-port}b${device-port} --root=${kernel-command-line}").argv, [
    "x",
    "a1b2",
    "--root=a b",
  ]);
});

Deno.test("parseScriptLine, a value is not substituted again", () => {
  assertEquals(
    parseScriptLine("x ${a}", { a: "${a}$(task-create)" }).argv[1],
    "${a}$(task-create)",
  );
});

Deno.test("parseScriptLine, what is in quotes is one word as it is", () => {
  assertEquals(parse('"my prog" a" b"c "" "\\"\\\\" "$(x) ${y}" p${host-port}"q"').argv, [
    "my prog",
    "a bc",
    "",
    '"\\',
    "$(x) ${y}",
    "p1q",
  ]);
  assertEquals(parse('x "$(task-create)"').argv, ["x", "$(task-create)"]);
  assertEquals(parse("a\\b 'c d'").argv, ["a\\b", "'c", "d'"]);
});

Deno.test("scriptLine, gives back every argument", () => {
  for (const argv of [["a"], ["my prog", "", " ", "\n\t", '"', "\\", '\\"', "${a}", "$(b)", "'"]]) {
    assertEquals(parse(scriptLine(argv)).argv, argv);
  }
  assertEquals(scriptLine(["hello", "a b"]), 'hello "a b"');
});

for (
  const [line, word, expected] of [
    ["", "", "a program name"],
    ["   ", "   ", "a program name"],
    ["$(task-create)", "$(task-create)", "a program name"],
    ["x $(task-destroy)", "$(task-destroy)", "one of $(task-create), $(task-resume)"],
    ["x $(task-create", "$(task-create", "one of $(task-create), $(task-resume)"],
    ["x $()", "$()", "one of $(task-create), $(task-resume)"],
    ["x $(", "$(", "one of $(task-create), $(task-resume)"],
    ["x $(task-create) $(task-create)", "$(task-create)", "twice"],
    ["x $(task-resume)", "$(task-resume)", "$(task-create) before it"],
    ["x $(task-resume) $(task-create)", "$(task-resume)", "$(task-create) before it"],
    ["x ${nobody}", "${nobody}", "one of ${host-port}, ${device-port}, ${kernel-command-line}"],
    ["x ${host-port", "${host-port", "one of ${host-port}"],
    ['x a"b c', 'a"b c', 'a closing "'],
    ["x ${}", "${}", "one of ${host-port}"],
    ["x ${toString}", "${toString}", "one of ${host-port}"],
    ["x ${__proto__}", "${__proto__}", "one of ${host-port}"],
  ] as const
) {
  Deno.test(`parseScriptLine, refuses "${line}" by word and expectation`, () => {
    const error = assertThrows(() => parse(line), KernelError);
    assertEquals(error.kind, "script");
    assertMatch(error.message, /^Cannot understand "/);
    for (const part of [`"${word}"`, `"${line}"`, expected]) {
      assertEquals(error.message.includes(part), true, `${error.message} lacks ${part}`);
    }
  });
}
