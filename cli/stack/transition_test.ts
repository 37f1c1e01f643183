// The transition into native code, from real runs on both machines.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { archByName } from "../../arch/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { vmImage } from "../../guest/boot_modules.ts";
import { Machine } from "../../kernel/mod.ts";
import { assemble, encodeProgram, VM_FLAGS, type VmSettings, withProgram } from "../../vm/mod.ts";
import { TRANSITION } from "../../vm/demonstration.ts";
import {
  recordTransition,
  type Transition,
  transitionSvg,
  transitionText,
} from "../../vm/transition/mod.ts";
import { callCli, runCli } from "../testing/run_cli.ts";
import { runToMethod } from "./vm_program.ts";

/** A thread sleeps in native code while the other one has the roots scanned. */
const SCANNED = `
class Box refs 1 ints 1
method main(int index)
  load index
  iconst 0
  if_eq first
  invoke B
  return
first:
  invoke A
  return
end
method A(): ref optimized
  local box
  new Box
  store box
  iconst 2000
  invoke sleep
  load box
  return_value
end
method B() jit
  local i
  iconst 0
  store i
again:
  invoke collect
  inc i 1
  load i
  iconst 60
  if_lt again
  return
end`.replace("  invoke A\n  return", "  invoke A\n  pop\n  return");

/** Records the first call of a native function. */
async function recorded(
  arch: "x86_64" | "aarch64",
  native: string,
  program: string,
  settings: VmSettings = {},
): Promise<Transition> {
  const bytes = withProgram(await vmImage(arch), encodeProgram(assemble(program), settings));
  const elf = parseElf(bytes, { name: "vm" });
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: "vm", bytes }],
    quantum: 1000,
  });
  assert(runToMethod(machine, { elf, method: native, times: 1, limit: 20_000_000 }));
  return await recordTransition(machine, elf);
}

/** Notes in order, but for those of where the thread's storage is. */
function notesOf({ steps }: Transition): string[] {
  return steps.flatMap(({ notes }) => notes).filter((note) => note !== "thread");
}

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`recordTransition ${arch}, the anchor holds from the store of the PC to its clearing`, async () => {
    const transition = await recorded(arch, "brk", TRANSITION);
    const { steps, caller, native, machine } = transition;
    assertEquals([caller, native, machine], ["A", "brk", arch]);
    assertEquals(notesOf(transition), [
      ...["call", "store-sp", "store-pc", "call", "return"],
      ...["clear-pc", "test-scan", "go-on", "return"],
    ]);
    const at = (note: string) =>
      steps.findIndex(({ notes }) => notes.some((each) => each === note));
    const [set, cleared] = [at("store-pc"), at("clear-pc")];
    for (const [i, { view, pc, depth }] of steps.entries()) {
      const holds = i >= set && i < cleared;
      assertEquals([view.kind, pc !== 0n], [holds ? "frames" : "closed", holds]);
      if (depth === 2) assert(holds);
      if (view.kind !== "frames") continue;
      assertEquals(view.frames.map(({ name, code }) => `${name} ${code}`), [
        "brk native-stub",
        "A optimized",
        "main interpreter",
        "vm_enter native-stub",
      ]);
    }
    // The PC is the return address of the call.
    const back = steps.findIndex(({ depth }, i) => depth === 1 && steps[i - 1]?.depth === 2);
    assertEquals(steps[set]!.pc, steps[back]!.address);
    assertEquals([steps[0]!.name, steps.at(-1)!.name], ["A", "A"]);
  });

  Deno.test(`recordTransition ${arch}, a return waits while roots are scanned`, async () => {
    const transition = await recorded(arch, "sleep", SCANNED, { threads: 2 });
    const notes = notesOf(transition);
    const waiting = ["clear-pc", "test-scan", "wait", "store-pc", "call", "return"];
    const first = notes.indexOf("clear-pc");
    assertEquals(notes.slice(first, first + 6), waiting);
    assertEquals(notes.slice(-4), ["clear-pc", "test-scan", "go-on", "return"]);
    const names = new Set(transition.steps.map(({ name }) => name));
    assert(names.has("vm_scan_wait"), [...names].join(", "));
    for (const { depth, view } of transition.steps) assert(depth < 2 || view.kind === "frames");
  });

  Deno.test(`recordTransition ${arch}, stores in the wrong order leave an anchor that leads nowhere`, async () => {
    const transition = await recorded(arch, "brk", TRANSITION, {
      flags: VM_FLAGS.swapAnchorStores,
    });
    assertEquals(notesOf(transition).slice(0, 3), ["call", "store-pc", "store-sp"]);
    const between = transition.steps.find(({ notes }) => notes.includes("store-pc"))!;
    assert(between.view.kind === "error" || between.view.kind === "frames");
    const found = between.view.kind === "error" ? [] : between.view.frames;
    assert(
      !found.some(({ name }) => name === "A"),
      "A is found by a stack pointer that is not its",
    );
  });

  Deno.test(`transitionText and transitionSvg ${arch}, show both threads`, async () => {
    const transition = await recorded(arch, "brk", TRANSITION);
    const text = transitionText(transition);
    assertMatch(text, /^A calls native code through the stub of brk, /);
    assertMatch(text, /\nwaits: the PC is 0 +0 +0 +\| (call|blr) [rx]\d+\n/);
    assertMatch(
      text,
      /\nwalks brk, A, main, vm_enter +0x\w+ +0x\w+ +\| (mov|str) .*; stores its PC/,
    );
    assertMatch(text, /\nwaits: the PC is 0 +0x\w+ +0 +\| (mov|str) .*; clears the PC/);
    assert(text.length < transitionText(transition, { all: true }).length);
    const svg = transitionSvg(transition);
    for (const name of ["A", "brk", "vm_native_here"]) assert(svg.includes(`>${name}()</text>`));
    for (const { text, notes } of transition.steps) {
      const shown = text.replaceAll("<", "&lt;");
      if (notes.some((note) => note !== "thread")) assert(svg.includes(`>${shown}</text>`), text);
    }
    assert(!/href|url\(|@import|<script/.test(svg) && svg.includes("prefers-color-scheme:dark"));
  });
}

Deno.test("trapline stack --transition, text and JSON, and what it refuses", async () => {
  const ran = await runCli("stack", "--transition", "--json", "--arch", "x86_64");
  assertEquals([ran.code, ran.stderr], [0, ""]);
  const { steps } = JSON.parse(ran.text);
  assertMatch(steps[0].address, /^0x[0-9a-f]+$/);
  const cases: [args: string[], code: number, message: RegExp][] = [
    [["green"], 2, /Cannot draw a transition of green: it has no program of the VM in it/],
    [["--at", "A"], 2, /Cannot draw a transition by --at A: expected a native function .*: brk/],
    [["--times", "9"], 1, /No call of brk, up to \d+ instructions: all tasks have ended/],
    [["--core", "c"], 2, /Cannot use --transition with --core or --remote/],
  ];
  for (const [args, code, message] of cases) {
    const refused = await callCli("stack", "--transition", ...args);
    assertEquals(refused.code, code, args.join(" "));
    assertMatch(refused.stderr, message);
  }
});
