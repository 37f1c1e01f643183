// A stack of all kinds of code in the memory of a real run, with one word of it damaged: in the stack,
// the anchors, the list of published files, those files, the maps, the records of methods. What is
// found, walked and looked at ends, with errors that are typed, and the frames so far are the true
// ones.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { InputError } from "../../bytes/mod.ts";
import { Refusals } from "../../bytes/testing/refusals.ts";
import type { ElfFile } from "../../elf/mod.ts";
import type { GuestArch } from "../../guest/embedded.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import type { Machine } from "../../kernel/mod.ts";
import {
  type Backtrace,
  backtrace,
  discoverCode,
  type Frame,
  handleRoots,
  managedFrame,
  type MemoryReader,
  moduleFromElf,
  ModuleList,
  pagedMemory,
  readWord,
  stackRoots,
  WalkError,
  type WalkInput,
} from "../../unwind/walk/mod.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { vmOf } from "../lockstep/vm_task.ts";
import { StackWatcher } from "../lockstep/watcher.ts";
import { chainProgram } from "../testing/chain_program.ts";
import { machineWith } from "../testing/followed.ts";
import { runTo } from "../testing/run_vm.ts";

const PROGRAM = chainProgram({
  depth: 9,
  kinds: ["jit", "interpreter", "native", "optimized", "native", "jit", "optimized", "interpreter"],
  natives: ["blind", "upcall"],
  last: ["  invoke brk", "  invoke collect"],
});

/** Words of memory, at most so many bytes. */
interface Part {
  readonly name: string;
  readonly begin: bigint;
  readonly size: number;
}

/** A stack of a real run, and all that tells of it. */
interface Scene {
  readonly machine: Machine;
  readonly task: number;
  readonly input: Omit<WalkInput, "modules">;
  readonly file: ElfFile;
  readonly clean: Backtrace;
  readonly parts: readonly Part[];
}

async function sceneOf(arch: GuestArch): Promise<Scene & Disposable> {
  const machine = await machineWith(arch, PROGRAM);
  const { task, file } = vmOf(machine);
  const watcher = new StackWatcher(machine, { task, file });
  runTo(machine, "vm_native_here");
  assertEquals(watcher.discover(), []);
  const { input } = watcher;
  const { memory, modules } = input;
  const clean = backtrace(input);
  assertEquals([clean.error, clean.end], [undefined, "return-address-zero"]);
  const word = (address: bigint): bigint => readWord(memory, address)!;
  const parts: Part[] = [];
  const part = (name: string, begin: bigint, size: number) => parts.push({ name, begin, size });
  const sp = input.registers.sp!;
  part("stack", sp, Number(clean.frames.at(-1)!.cfa! - sp));
  part("anchor", input.threadPointer + BigInt(modules.code.anchors[0]!), 16);
  for (const { cfa, code } of clean.frames) {
    if (cfa === undefined) continue; // of native code that nobody knows
    part("return address", cfa - 8n, 8);
    if (code?.name === "vm_enter") part("saved anchor", cfa + ENTER_ANCHOR[arch], 16);
  }
  const { value: descriptor } = file.symbolNamed("__jit_debug_descriptor")!;
  part("descriptor", descriptor, 24);
  for (let entry = word(descriptor + 16n); entry !== 0n; entry = word(entry)) {
    part("entry", entry, 32);
    part("published file", word(entry + 16n), Number(word(entry + 24n)));
  }
  const { address, size } = file.section(".code_map")!;
  part("static map", address, size);
  for (const method of new Set(modules.code.regions.map((region) => region.method))) {
    if (method !== 0n) part("method", method, Number(word(method) & 0xffff_ffffn));
  }
  return {
    machine,
    task: task.id,
    input,
    file,
    clean,
    parts,
    [Symbol.dispose]: () => machine[Symbol.dispose](),
  };
}

/** Where `vm_enter` saves the anchor, from its CFA. */
const ENTER_ANCHOR = { x86_64: -72n, aarch64: -112n } as const;

/** Memory in which words are other ones. */
function damagedMemory(memory: MemoryReader, words: ReadonlyMap<bigint, bigint>): MemoryReader {
  return pagedMemory((page, into) => {
    for (let at = 0; at < into.length;) {
      const window = memory.window(page + BigInt(at));
      if (window === undefined) return false;
      const from = Number(page + BigInt(at) - window.start);
      const bytes = window.bytes.subarray(from, from + into.length - at);
      into.set(bytes, at);
      at += bytes.length;
    }
    const view = new DataView(into.buffer, into.byteOffset, into.length);
    for (const [address, word] of words) {
      const at = Number(address - page);
      if (at >= 0 && at + 8 <= into.length) view.setBigUint64(at, word, true);
    }
    return true;
  });
}

/** A word that may be anything, or nearly what it was. */
function otherWord(random: Random, old: bigint, at: bigint, { parts }: Scene): bigint {
  const near = random.pick(parts);
  const word = random.pick([
    0n,
    2n ** 64n - 1n,
    old ^ 1n << BigInt(random.below(64)),
    old + BigInt(random.between(-64, 64)),
    BigInt(random.next()) << 32n | BigInt(random.next()),
    at,
    at - 8n,
    near.begin + BigInt(8 * random.below(Math.max(1, near.size >> 3))),
  ]);
  return BigInt.asUintN(64, word);
}

/** Finds, walks, and looks at everything; gives the walks, and the first thing that was refused. */
function lookAt(
  { file, input }: Pick<Scene, "file" | "input">,
): { walks: Backtrace[]; refused: InputError | undefined } {
  const modules = new ModuleList([moduleFromElf(file)]);
  const refusals = new Refusals();
  refusals.note(discoverCode({ memory: input.memory, modules }).problems[0]);
  const walks = (["walk", "skip"] as const).map((native) =>
    backtrace({ ...input, modules }, { native, framePointer: false })
  );
  for (const { frames, error } of walks) {
    refusals.note(error);
    for (const frame of frames) {
      refusals.attempt(() => {
        for (const variable of managedFrame(frame)?.variables ?? []) void variable.value;
      });
    }
    refusals.attempt(() => void [...stackRoots(frames)]);
  }
  refusals.attempt(() => {
    for (const { map } of modules.code.regions) {
      if (map?.handles !== undefined) handleRoots(input.memory, input.threadPointer!, map.handles);
    }
  });
  return { walks, refused: refusals.first };
}

function placeOf({ pc, cfa }: Frame): unknown {
  return [pc, cfa];
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, damage of any word leaves the frames so far and a typed error`, async () => {
    using scene = await sceneOf(arch);
    const { input, clean } = scene;
    const random = new Random(11);
    const expected = clean.frames.map(placeOf);
    const names = [...new Set(scene.parts.map(({ name }) => name))];
    const refusals: Record<string, number> = {};
    for (let i = 0; i < sweep({ quick: 150, full: 1500 }); i++) {
      const name = random.pick(names);
      const part = random.pick(scene.parts.filter((each) => each.name === name));
      const at = part.begin + BigInt(8 * random.below(Math.max(1, part.size >> 3)));
      const old = readWord(input.memory, at)!;
      const word = otherWord(random, old, at, scene);
      const memory = damagedMemory(input.memory, new Map([[at, word]]));
      const before = performance.now();
      const { walks, refused } = lookAt({ ...scene, input: { ...input, memory } });
      const what = `${part.name} at ${at.toString(16)}: ${word.toString(16)}`;
      assert(performance.now() - before < 5000, what);
      if (refused !== undefined) refusals[name] = (refusals[name] ?? 0) + 1;
      if (!["stack", "return address", "saved anchor"].includes(name)) continue;
      // What is found before the walk comes there is as it was.
      const below = clean.frames.filter(({ cfa }) => cfa! <= at).length + 1;
      const found = walks[0]!.frames.map(placeOf);
      assertEquals(found.slice(0, below), expected.slice(0, below), what);
    }
    // Most words of a stack are values, and any value is one.
    const passed = names.filter((name) => refusals[name] === undefined && name !== "stack");
    assertEquals(passed, []);
  });

  Deno.test(`vm ${arch}, adapters that return to themselves, and circles of frames, end`, async () => {
    using scene = await sceneOf(arch);
    const { input, clean, file } = scene;
    const [stack] = scene.parts;
    const end = stack!.begin + BigInt(stack!.size);
    const expected = clean.frames.map(placeOf);
    const adapters = new Set<string>();
    let circles = 0;
    clean.frames.forEach((frame, i) => {
      const { pc, code } = frame;
      const cfa = frame.cfa!;
      const words = new Map<bigint, bigint>();
      if (code?.kind.name === "adapter") {
        // Each is called by itself, as far as the stack goes.
        for (let at = cfa - 8n; at < end; at += 8n) words.set(at, pc);
        adapters.add(/@.*/.exec(code.name)![0]);
      } else if (code?.kind.name === "jit" || code?.kind.name === "interpreter") {
        // The caller's frame is this very frame.
        words.set(cfa - 16n, cfa - 16n).set(cfa - 8n, pc);
        circles++;
      } else return;
      const memory = damagedMemory(input.memory, words);
      const { walks: [walk] } = lookAt({ file, input: { ...input, memory } });
      const found = walk!.frames.map(placeOf);
      assertEquals(found.slice(0, i + 1), expected.slice(0, i + 1));
      if (code.kind.name === "adapter") {
        // Behind the stack there may be anything.
        assert(walk!.error instanceof WalkError || walk!.end === "return-address-zero");
        const size = walk!.frames[i + 1]!.cfa! - cfa;
        const again = walk!.frames.slice(i + 1).filter((each) => each.pc === pc).length;
        assertEquals(again, 1 + Math.floor(Number(end - cfa) / Number(size)), code.name);
      } else assert(walk!.error instanceof WalkError, `${code.name}: ${walk!.end}`);
    });
    assert(adapters.size >= 5 && circles >= 4, `${[...adapters]} ${circles}`);
  });

  Deno.test(`vm ${arch}, its own walk ends at an anchor that leads back`, async () => {
    using scene = await sceneOf(arch);
    const { machine, parts, input } = scene;
    // The anchor that the outermost method has been called behind is the thread's last one.
    const saved = parts.filter(({ name }) => name === "saved anchor").at(-1)!;
    const last = parts.find(({ name }) => name === "anchor")!;
    const words = new BigUint64Array(
      [0n, 8n].map((at) => readWord(input.memory, last.begin + at)!),
    );
    machine.writeMemory(saved.begin, new Uint8Array(words.buffer), { task: scene.task });
    assertEquals(machine.run(2_000_000).kind, "halted");
    assertMatch(machine.console.text(), /^vm: a stack makes no sense, .*\n$/);
  });
}
