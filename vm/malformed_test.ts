// Programs that no assembler has made: the VM refuses what is not well-formed, and says which method
// and bytecode it is. Nothing of it is run, so no fault, no loop and no damage comes of it.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import type { GuestArch } from "../guest/embedded.ts";
import { vmImage } from "../guest/boot_modules.ts";
import { Machine } from "../kernel/mod.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { encodeProgram } from "./bytecode/mod.ts";
import { assemble, withProgram } from "./mod.ts";
import { endSink, type TaskEnd } from "./testing/run_vm.ts";

const PROGRAM = assemble(`
class Node refs 1 ints 1
method main(): int
  local sum list
  null
  store list
  iconst 0
  store sum
try:
again:
  load list
  invoke grow
  store list
  inc sum 1
  load sum
  iconst 5
  if_lt again
  load list
  getr 0
  geti 1
  invoke print
  null
  throw
caught:
  pop
  load sum
  return_value
  handler try caught caught any
end
method grow(ref list): ref jit
  local own
  new Node
  store own
  load own
  load list
  putr 0
  load list
  if_null first
  load own
  load list
  geti 1
  iconst 1
  add
  puti 1
first:
  load own
  return_value
end`);

interface Ran {
  readonly code: number | undefined;
  readonly reason: string | undefined;
  readonly output: string;
  readonly halted: boolean;
}

async function run(arch: GuestArch, blob: Uint8Array): Promise<Ran> {
  const end: TaskEnd = {};
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: "vm", bytes: withProgram(await vmImage(arch), blob) }],
    sinks: [endSink(end)],
  });
  const { kind } = machine.run(3_000_000);
  const { code, reason } = end;
  return { code, reason, output: machine.console.text(), halted: kind === "halted" };
}

/** The program's bytes, one part of which is changed. */
function changed(change: (view: DataView, methods: readonly number[]) => void): Uint8Array {
  const blob = encodeProgram(PROGRAM, { seed: 1n });
  const view = new DataView(blob.buffer);
  const table = view.getUint32(12, true);
  change(view, PROGRAM.methods.map((_, i) => view.getUint32(table + 4 * i, true)));
  return blob;
}

/** Offset of a method's part, which its record has at an offset. */
function partOf(view: DataView, method: number, at: number): number {
  return method + view.getInt32(method + at, true);
}

const CODE = 24;
const POSITIONS = 32;
const HANDLERS = 40;

/** What is wrong, and what the VM says of it. */
const WRONG: readonly (readonly [string, (view: DataView, methods: readonly number[]) => void])[] =
  [
    ["no program", (view) => view.setUint8(0, 0)],
    ["the program's header makes no sense", (view) => view.setUint32(24, 99, true)],
    ["the program's header makes no sense", (view) => view.setUint8(47, 1)],
    [
      "a thread's stack is no whole pages, more than are kept for native code",
      (view) => view.setBigUint64(88, 4096n, true),
    ],
    ["method 1: it has too many variables", (view, [, m]) => view.setUint16(m! + 14, 17, true)],
    ["method 1: it is not inside the program", (view, [, m]) => view.setInt32(m! + CODE, -1 << 20)],
    ["method 0 at 0: there is no such bytecode", (view, [m]) => {
      view.setUint8(partOf(view, m!, CODE), 0x0d);
    }],
    ["method 0 at 1: there is no such local", (view, [m]) => {
      view.setUint8(partOf(view, m!, CODE) + 2, 2);
    }],
    ["method 0 at 0: it leads to where other operands are", (view, [m]) => {
      view.setUint8(partOf(view, m!, POSITIONS) + 12 + 2, 0);
    }],
    // An int is stored where a reference is read later.
    ["method 0 at 8: it leads to where other locals are", (view, [m]) => {
      view.setUint8(partOf(view, m!, CODE) + 9, 1);
    }],
    ["method 0 at 2: a handler is not for whole bytecodes", (view, [m]) => {
      view.setUint16(partOf(view, m!, HANDLERS), 2, true);
    }],
  ];

for (const arch of ARCH_NAMES) {
  Deno.test(`vm ${arch}, refuses programs that are not well-formed`, async () => {
    for (const [said, change] of WRONG) {
      const ran = await run(arch, changed(change));
      const { code, reason, halted } = ran;
      assertEquals({ code, reason, halted }, { code: 102, reason: undefined, halted: true }, said);
      assert(ran.output.includes(said), `${said}: ${ran.output}`);
    }
  });

  Deno.test(`vm ${arch}, runs what bytes make of a program, or says what is wrong`, async () => {
    const random = new Random(1);
    const blob = encodeProgram(PROGRAM, { seed: 1n });
    let refused = 0;
    for (let i = 0; i < sweep({ quick: 6, full: 120 }); i++) {
      // Settings are not changed: they may ask for what takes long.
      const bytes = blob.slice();
      for (let j = 0; j <= random.below(3); j++) {
        bytes[104 + random.below(bytes.length - 104)]! ^= 1 << random.below(8);
      }
      const { code, reason, output } = await run(arch, bytes);
      // Fields are not checked, constants may be any: of what runs only loops do not end.
      if (code === 102) {
        refused++;
        assertMatch(output, /^vm: (method \d+( at \d+)?: it |method|a class|main|the program)/);
      }
      assertEquals(reason, undefined, `${i}: ${output}`);
    }
    assert(refused > sweep({ quick: 2, full: 60 }), `${refused}`);
  });
}
