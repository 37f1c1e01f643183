// The command as a process; `instant_test.ts` has what it can wait for, `kernel/core` what it
// writes, and `deno task oracle` what gdb reads.
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { programFile } from "../kernel/testing/programs.ts";
import { SIGNAL } from "../trace/signals.ts";
import { readCore } from "../debug/core/mod.ts";
import { runCli } from "./testing/run_cli.ts";

const folder = Deno.makeTempDirSync({ prefix: "trapline-core-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("trapline core, the green threads' crash: its program counter is on its stack", async () => {
  const output = `${folder}/green`;
  const { code, text, stderr } = await runCli(
    "core",
    "-o",
    output,
    "green-crash",
    "--arch",
    "x86_64",
  );
  assertEquals([code, stderr], [0, ""]);
  assertMatch(text, /^.*\/green: \d+ bytes, x86_64, after \d+ instructions at trap_from_user\+/);
  assert(text.endsWith(`\ngdb-multiarch ${output}.elf ${output}\n`), text);
  const program = Deno.readFileSync(`${output}.elf`);
  assertEquals(program, programFile("green-crash", "x86_64"));
  const { process: { threads, missing } } = readCore(Deno.readFileSync(output), {
    open: (name) => name === `${output}.elf` ? program : undefined,
  });
  assertEquals(missing, []);
  const [{ signal, registers: { pc = 0n, sp = 0n } }] = threads as [typeof threads[number]];
  assertStrictEquals(signal, SIGNAL.SEGV);
  assert(sp - pc < 4096n && pc - sp < 4096n, `pc ${pc}, sp ${sp}`);
});

Deno.test("trapline core, after a number of instructions, the same bytes each time", async () => {
  const program = `${folder}/threads`;
  Deno.writeFileSync(program, programFile("threads", "aarch64"));
  const cores: Uint8Array[] = [];
  for (const output of ["a", "b"]) {
    const args = ["--limit", "12345", "--seed", "5", "--output", `${folder}/${output}`, program];
    const { code, text, stderr } = await runCli("core", ...args);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(text, /aarch64, after 12345 instructions/);
    cores.push(Deno.readFileSync(`${folder}/${output}`));
  }
  assertEquals(cores[0], cores[1]);
});

Deno.test("trapline core, of the kernel: the CPU and every thread, with its image beside", async () => {
  const output = `${folder}/machine`;
  const args = ["--of", "kernel", "--limit", "20000", "-o", output, "green", "--arch", "x86_64"];
  const { code, text, stderr } = await runCli("core", ...args);
  assertEquals([code, stderr], [0, ""]);
  assert(text.endsWith(`\ngdb-multiarch ${output}.elf ${output}\n`), text);
  const image = Deno.readFileSync(`${output}.elf`);
  const { process: { threads, missing, modules, commandLine } } = readCore(
    Deno.readFileSync(output),
    { open: (name) => name === `${output}.elf` ? image : undefined },
  );
  assertEquals([missing, modules.modules.length, commandLine], [[], 1, "gnumach"]);
  assertEquals(threads.slice(0, 3).map(({ id }) => id), [1, 1000, 1001]);
  const names = threads.map(({ registers: { pc = 0n } }) => modules.at(pc)?.nameOf(pc)?.name);
  assert(names.includes("startup_thread") && names.includes("reaper_thread_continue"), `${names}`);
});

Deno.test("trapline core, what does not come is told, and nothing is written", async () => {
  const cases = [
    [["green"], "No crash, up to \\d+ instructions: all tasks have ended"],
    [
      ["--until", "main", "--limit", "100", "green"],
      "No main, up to 100 instructions: that was the limit",
    ],
    [["--limit", "100", "green"], "Cannot .* task 1.*"],
  ] as const;
  for (const [args, message] of cases) {
    const { code, text, stderr } = await runCli("core", "-o", `${folder}/none`, ...args);
    assertEquals([code, text], [1, ""]);
    assertMatch(stderr, new RegExp(`^trapline: ${message}\\n$`));
    assertEquals([...Deno.readDirSync(folder)].filter(({ name }) => name === "none"), []);
  }
});
