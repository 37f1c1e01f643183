// The command as a process, and what it refuses.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { FrameReader } from "../../debug/frames/mod.ts";
import { pictureText, stackPicture } from "../../debug/stack/mod.ts";
import { serveGdb } from "../../gdb/mod.ts";
import { Machine } from "../../kernel/mod.ts";
import { DEMONSTRATION, HERE } from "../../vm/demonstration.ts";
import { callCli, runCli } from "../testing/run_cli.ts";
import { processOf, vmProgramOf } from "./vm_program.ts";

const folder = Deno.makeTempDirSync({ prefix: "trapline-stack-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A program that becomes hot: its method is interpreted, then compiled twice. */
const HOT = `${folder}/hot.vm`;
Deno.writeTextFileSync(
  HOT,
  `method twice(int n): int
  load n
  load n
  add
  return_value
end
method main(int index): int interpreter
  local turn
again:
  load turn
  invoke twice
  pop
  inc turn 1
  load turn
  iconst 40
  if_lt again
  load turn
  return_value
end`.replace("again:", "  iconst 0\n  store turn\nagain:"),
);

Deno.test("trapline stack, the demonstration as text, as JSON and as SVG", async () => {
  const svg = `${folder}/stack.svg`;
  const [text, json, drawn] = await Promise.all([
    runCli("stack"),
    runCli("stack", "--arch", "x86_64", "--json"),
    runCli("stack", "--svg", svg),
  ]);
  assertEquals([text.code, text.stderr], [0, ""]);
  assertMatch(text.text, /^Thread \d+ of vm, aarch64, runs on CPU 0\nAnchor of the thread: sp 0x/);
  const { machine, frames, anchors } = JSON.parse(json.text);
  assertEquals([json.code, machine, anchors[0].to, frames[0].kind], [0, "x86_64", 1, "native"]);
  const kinds = ["adapter", "interpreter", "jit", "native", "native-stub", "optimized"];
  assertEquals([...new Set(frames.map(({ kind }: { kind: string }) => kind))].sort(), kinds);
  assertEquals([drawn.code, drawn.text], [0, ""]);
  assert(Deno.readTextFileSync(svg).startsWith("<svg "));
});

Deno.test("trapline stack, stops in a method whatever its code has become", async () => {
  const kinds = await Promise.all(
    [1, 20, 40].map(async (times) => {
      const { text, stderr } = await runCli("stack", HOT, "--at", "twice", "--times", `${times}`);
      return /^#0 +twice \((\w+), bytecode 0\)/m.exec(text)?.[1] ?? stderr;
    }),
  );
  assertEquals(kinds, ["interpreter", "jit", "optimized"]);
});

Deno.test("trapline stack, draws plain native code, and that of a core file", async () => {
  const core = `${folder}/core`;
  const program = ["green", "--until", "contexts_push", "-o", core];
  assertEquals((await runCli("core", ...program)).code, 0);
  const [live, dumped] = await Promise.all([
    runCli("stack", "green", "--at", "contexts_push"),
    runCli("stack", "--core", core),
  ]);
  assertEquals([live.code, dumped.code], [0, 0], live.stderr + dumped.stderr);
  const stack = (text: string) => text.slice(text.indexOf("#0"));
  assertEquals(stack(dumped.text), stack(live.text));
  assertMatch(live.text, /^#0 +contexts_push \(native\)/m);
  assertMatch(dumped.stderr, /No code map is published there/);
});

Deno.test("trapline stack, says what it cannot draw", async () => {
  const bad = `${folder}/bad.vm`;
  Deno.writeTextFileSync(bad, "method main()\n  leap\nend");
  const cases: [args: string[], code: number, message: RegExp][] = [
    [["--at", "nowhere"], 2, /Cannot use --at nowhere: expected a method of the program, crash, /],
    [[HOT], 2, /Cannot stop the program: expected --at, or a call of brk in it/],
    [[HOT, "--at", "twice", "--times", "999"], 1, /No twice, up to \d+ instructions: all tasks/],
    [[HOT, "more", "--at", "twice"], 2, /Cannot use more: programs of the VM take no arguments/],
    [[bad, "--at", "main"], 1, /no bytecode "leap", line 2/],
    [["--thread", "99"], 2, /Cannot draw thread 99 of process 1 \(vm\): it has \d+/],
    [["--exe", "file"], 2, /Cannot use --exe: it is for --core and --remote/],
    [["--core", "c", "--at", "main"], 2, /Cannot use --at with --core or --remote/],
    [["--core", "c", "--remote", "r:1"], 2, /Cannot read both --core and --remote/],
    [["--core", HOT], 1, /Cannot read ELF header/],
  ];
  for (const [args, code, message] of cases) {
    const ran = await callCli("stack", ...args);
    assertEquals(ran.code, code, args.join(" "));
    assertMatch(ran.stderr, message);
  }
});

Deno.test("trapline stack, draws the same stack over the wire", async () => {
  const { arch, elf } = await vmProgramOf(DEMONSTRATION, "x86_64");
  using machine = new Machine({ arch, modules: [{ commandLine: "vm", bytes: elf.bytes }] });
  machine.addBreakpoint(elf.symbolNamed(HERE)!.value);
  assertEquals(machine.run().kind, "breakpoint");
  const reader = new FrameReader(processOf(machine)!);
  const live = pictureText(stackPicture(reader, reader.process.threads[0]!));
  await using server = serveGdb(machine);
  const remote = `127.0.0.1:${server.address.port}`;
  const { id } = reader.process.threads[0]!;
  const ran = await runCli("stack", "--remote", remote, "--thread", `${id}`);
  assertEquals([ran.code, ran.stderr], [0, ""]);
  const stack = (text: string) => text.slice(text.indexOf("Anchor"));
  assertEquals(stack(ran.text), stack(live));
});
