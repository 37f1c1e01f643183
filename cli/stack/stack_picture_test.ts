// Pictures of a stack of all kinds of code, out of the guest's VM, on both machines.
import { assert, assertEquals } from "@std/assert";
import { archByName } from "../../arch/mod.ts";
import { buildProgram } from "../../build/mod.ts";
import { Machine } from "../../kernel/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import { vmImage } from "../../guest/boot_modules.ts";
import { managedFrame } from "../../unwind/walk/mod.ts";
import { vmMachine } from "../../vm/testing/run_vm.ts";
import { FrameReader } from "../../debug/frames/mod.ts";
import { machineTarget } from "../../debug/machine/mod.ts";
import { pictureJson, pictureSvg, pictureText, stackPicture } from "../../debug/stack/mod.ts";
import { DEMONSTRATION, HERE } from "../../vm/demonstration.ts";

/** Where the demonstration stops, with the machine's program as a process. */
async function stopped(arch: "x86_64" | "aarch64") {
  const { machine } = await vmMachine(arch, DEMONSTRATION);
  machine.addBreakpoint(parseElf(await vmImage(arch)).symbolNamed(HERE)!.value);
  assertEquals(machine.run(10_000_000).kind, "breakpoint");
  const process = machineTarget(machine).processes.find(({ id }) => id === 1)!;
  const reader = new FrameReader(process);
  const thread = process.threads[0]!;
  return { machine, reader, thread, picture: stackPicture(reader, thread) };
}

const RUNS = { x86_64: await stopped("x86_64"), aarch64: await stopped("aarch64") };

for (const [arch, { machine, reader, thread, picture }] of Object.entries(RUNS)) {
  Deno.test(`stackPicture ${arch}, has every word of the stack once, as it is in memory`, () => {
    const { frames } = picture;
    assertEquals(picture.error, undefined);
    for (const [i, { sp, end, slots }] of frames.entries()) {
      assertEquals(end, frames[i + 1]?.sp ?? end);
      assertEquals(slots.length, Number(end! - sp!) / 8);
      for (const [j, { address, offset, value }] of slots.entries()) {
        assertEquals([address, offset], [sp! + 8n * BigInt(j), 8 * j]);
        const bytes = machine.readMemory(address, 8);
        assertEquals(value, new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
      }
    }
  });

  Deno.test(`stackPicture ${arch}, words are what the frames around them say`, () => {
    const stack = [...reader.frames(thread, { inline: false, tailCalls: false })];
    const seen = new Map<string, number>();
    for (const { level, slots } of picture.frames) {
      const caller = stack[level + 1]?.physical;
      const managed = managedFrame(stack[level]!.physical);
      for (const { address, role, name, value, text } of slots) {
        seen.set(role, (seen.get(role) ?? 0) + 1);
        if (role === "return-address") {
          assertEquals(value, caller?.pc ?? 0n);
          assertEquals(
            text,
            caller === undefined ? "" : `into #${level + 1} ${stack[level + 1]!.name}`,
          );
        } else if (role === "saved" && caller !== undefined) {
          const number = machineRegisters(caller.machine).names.indexOf(name);
          assertEquals(caller.registers.get(number), value, `${name} in #${level}`);
        } else if (["parameter", "local", "operand"].includes(role)) {
          const own = managed?.variables.find(({ location }) =>
            location?.in === "memory" && location.address === address
          );
          assertEquals([own?.name, own?.role, own?.value], [name, role, value]);
        }
      }
    }
    for (const role of ["return-address", "saved", "parameter", "local", "operand"]) {
      assert((seen.get(role) ?? 0) > 2 || role === "operand", role);
    }
    assert(seen.get("outgoing")! >= 8 && seen.get("idle")! > 4 && seen.get("own") === 4);
  });

  Deno.test(`stackPicture ${arch}, anchors lead over native code, registers to where they are`, () => {
    const { frames, anchors } = picture;
    const name = (level: number | undefined) => frames[level ?? -1]?.name;
    assertEquals(
      anchors.map(({ savedBy, to }) => [name(savedBy), name(to)]),
      [[undefined, "brk"], ["vm_enter", "blind"], ["vm_enter", undefined]],
    );
    const optimized = frames.find(({ name }) => name === "optimized")!;
    const [list, n] = optimized.values;
    assertEquals([n?.name, n?.text, n?.place], ["n", "<optimized out>", ""]);
    const [, register, at] = /^(\w+), saved at 0x(\w+)$/.exec(list!.place)!;
    const slots = frames.flatMap(({ slots }) => slots);
    const holder = slots.find(({ address }) => address === BigInt(`0x${at}`))!;
    assertEquals([holder.role, holder.name], ["saved", register]);
    assertEquals(holder.also, [`list of #${optimized.level}`]);
    assertEquals(list!.text, `0x${holder.value!.toString(16)}`);
  });

  Deno.test(`pictureText, pictureJson and pictureSvg ${arch}, show all of it`, () => {
    const text = pictureText(picture);
    const svg = pictureSvg(picture);
    const json = JSON.stringify(pictureJson(picture));
    for (const { level, name, kind, slots } of picture.frames) {
      assert(text.includes(`\n#${level}`.padEnd(6) + name), name);
      assert(svg.includes(`>#${level} ${name.replace(">", "&gt;")}</text>`), name);
      assert(svg.includes(`class="kind">${kind}</text>`), kind);
      for (const { value, role } of slots) {
        if (role === "untold") continue;
        for (const shown of [text, svg, json]) assert(shown.includes(value!.toString(16)), role);
      }
    }
    assert(text.length < pictureText(picture, { all: true }).length);
    // A file of its own, for light and dark pages.
    assert(!/href|url\(|@import|<script/.test(svg));
    assert(svg.includes("prefers-color-scheme:dark") && svg.includes('class="anchor"'));
    assertEquals(svg.match(/<(?:text|svg|title|style)\b/g)?.length, svg.match(/<\//g)?.length);
    for (const line of text.split("\n")) assertEquals(line, line.trimEnd());
  });
}

Deno.test("pictureText, frames of each kind with their words", () => {
  const text = pictureText(RUNS.x86_64.picture).replaceAll(/0x[0-9a-f]{6,}/g, "0x");
  const from = text.indexOf("\n#9 ") + 1;
  assertEquals(
    text.slice(from, text.indexOf("\n#12") + 1).replaceAll(/ +/g, " "),
    `#9 interpreted (interpreter, bytecode 16) 0x, by code-map
 0x sp+0x0 0x0
 0x sp+0x8 0x0 (stack3)
 0x sp+0x10 0x7 outgoing stack2
 0x sp+0x18 0x4 outgoing stack1
 0x sp+0x20 0x operand stack0 = -5
 0x sp+0x28 0x local extra = -5
 0x sp+0x30 0x7 parameter n = 7
 0x sp+0x38 0x (list) <dead>
 0x sp+0x40 0x
 0x sp+0x48 0x
 0x sp+0x50 0x bytecode pointer
 0x sp+0x58 0x method
 0x sp+0x60 0x saved rbp
 0x sp+0x68 0x return address into #10 interpreted@jit>int

#10 interpreted@jit>int (adapter) 0x, by code-map
 0x sp+0x0 0x0
 0x sp+0x8 0x7
 0x sp+0x10 0x
 0x sp+0x18 0x return address into #11 baseline

#11 baseline (jit, bytecode 13) 0x, by code-map
 0x sp+0x0 0x outgoing list of #10
 0x sp+0x8 0x7 outgoing n of #10
 0x sp+0x10 0x7 (stack2)
 0x sp+0x18 0x (stack1)
 0x sp+0x20 0x64 operand stack0 = 100
 0x sp+0x28 0x64 local total = 100
 0x sp+0x30 0x saved rbp
 0x sp+0x38 0x return address into #12 baseline@opt>jit

`,
  );
});

Deno.test("stackPicture, has variables that debug information describes in their words", async () => {
  const source = await Deno.makeTempFile({ suffix: ".c" });
  using _ = { [Symbol.dispose]: () => Deno.removeSync(source) };
  Deno.writeTextFileSync(
    source,
    `struct pair { long a, b; };
__attribute__((noinline)) long leaf(struct pair *p, long n) { return p->a + n; }
int main(void) { struct pair both = { 40, 2 }; return (int)leaf(&both, 1); }
`,
  );
  const arch = "x86_64";
  const { bytes } = await buildProgram({ arch, sources: [source], flags: ["-g", "-O0"] });
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: "described", bytes }],
  });
  machine.addBreakpoint(parseElf(bytes).symbolNamed("leaf")!.value);
  machine.run();
  const process = machineTarget(machine).processes.find(({ id }) => id === 1)!;
  const { frames } = stackPicture(new FrameReader(process), process.threads[0]!);
  const main = frames.find(({ name }) => name === "main")!;
  const named = main.slots.filter(({ role }) => role === "local");
  assertEquals(named.map(({ name, value, also }) => [name, value, also]), [
    ["both", 40n, []],
    ["both+8", 2n, []],
  ]);
  assertEquals(named[0]!.text, "{a = 40, b = 2}");
  // It has no frame yet where its variables could be.
  const [leaf] = frames;
  assertEquals([leaf!.name, leaf!.values.map(({ name }) => name)], ["leaf", ["p", "n"]]);
});
