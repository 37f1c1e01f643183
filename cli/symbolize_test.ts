import { assertEquals, assertMatch } from "@std/assert";
import { inlinedProgram } from "../debug/symbols/testing/inlined_program.ts";
import { callCli, cliCommand, runCommand, runShell } from "./testing/run_cli.ts";

/** Runs a test with the program in a file. */
async function withProgram(test: (path: string) => Promise<void>): Promise<void> {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, inlinedProgram());
    await test(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("trapline symbolize, tells functions and lines of addresses, and addresses of lines", async () => {
  await withProgram(async (path) => {
    const command = await cliCommand(
      ["symbolize", path, "0x1000", "1008", "2000", "a.c:12", "b.c:1"],
      ["--allow-read"],
    );
    const { code, text, stderr } = await runCommand(command);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(text.split("\n"), [
      "0x1000: main at /src/a.c:10",
      "0x1008: helper at /src/a.c:12",
      "  inlined by space::Class::method() at /src/h.h:77",
      "  inlined by main at /src/a.c:12:5",
      "0x2000: ??",
      "a.c:12: 0x1008 to 0x100c in helper at /src/a.c:12:0",
      "b.c:1: ??",
      "",
    ]);
  });
});

Deno.test("trapline symbolize, answers lines of standard input, as JSON too", async () => {
  await withProgram(async (path) => {
    const script = `printf '0x1004 a.c:13\\n\\n1000' | "$@"`;
    const { code, text } = await runShell(script, "symbolize", "--json", path);
    assertEquals(code, 0);
    const [first, second, third] = text.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(first.frames[0], {
      function: "space::Class::method()",
      linkageName: "_ZN5space5Class6methodEv",
      inline: true,
      start: "0x1004",
      symbol: null,
      file: "/src/a.c",
      line: 11,
      column: 0,
    });
    assertEquals(first.frames.length, 2);
    const row = { file: "/src/a.c", line: 13, column: 0, isStatement: true };
    assertEquals(second, { place: "a.c:13", code: [{ address: "0x100c", end: "0x1010", ...row }] });
    assertEquals([third.address, third.frames[0].function], ["0x1000", "main"]);
  });
});

Deno.test("trapline symbolize, refuses what is no address, and says what it has not found", async () => {
  await withProgram(async (path) => {
    const script = `printf '0x1000\\n\\nmain' | "$@"`;
    const { code, text, stderr } = await runShell(script, "symbolize", path);
    assertEquals([code, text], [1, "0x1000: main at /src/a.c:10\n"]);
    assertMatch(stderr, /Cannot look "main" up in line 3 of standard input: expected an address/);
    const wrong = await callCli("symbolize", path, "0x");
    assertEquals([wrong.code, /Cannot look "0x" up/.test(wrong.stderr)], [2, true]);
  });
  const missing = await callCli("symbolize", "/nowhere", "1");
  assertEquals(missing, {
    code: 1,
    stderr: "trapline: Cannot read /nowhere: expected a file",
  });
  assertEquals((await callCli("symbolize")).code, 2);
});
