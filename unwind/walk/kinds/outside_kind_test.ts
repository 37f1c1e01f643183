import { assertEquals, assertThrows } from "@std/assert";
import { toBigAddress } from "../../../bytes/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import { machineRegisters } from "../../cfi/mod.ts";
import { listImage, mapImage, symfileImage } from "../../testing/code_image.ts";
import { CODE, mixedStack, REGIONS } from "../../testing/mixed_stack.ts";
import { words } from "../../testing/walk_world.ts";
import { joinMemory, memoryOf } from "../memory.ts";
import { RegisterSet } from "../register_set.ts";
import { backtrace } from "../walk.ts";
import {
  atAddress,
  atCfa,
  callingConvention,
  type CodeFrame,
  type CodeKind,
  CodeRegion,
  discoverCode,
  type FrameRow,
  managedFrame,
  type MapRegion,
  type PlannedVariable,
  stackRoots,
} from "./mod.ts";

/** Register that points to the frame: r14 and x22, which have nothing to do with the stack. */
const FRAME = { x86_64: 14, aarch64: 22 } as const;

/** What the kind keeps of a region: the names of its words. */
interface Threaded {
  readonly machine: Machine;
  readonly names: readonly string[];
}

/**
 * Threaded code of another compiler. A frame has the caller's frame pointer at its bottom, then the
 * number of the word that is executed, then the address of a list of cells elsewhere in memory with
 * their number in front; its return address is in its middle. What it publishes is its own format:
 * names with line breaks between.
 */
const THREADED: CodeKind<Threaded> = {
  name: "threaded",

  convention: (machine) => callingConvention("native", machine),

  read({ map, data }: MapRegion, machine: Machine): Threaded {
    const at = map.table(data, 1, "names");
    const { buffer, byteOffset } = map.view;
    const names = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + at, data.count));
    return { machine, names: names.split("\n") };
  },

  row({ data: { machine } }: CodeRegion<Threaded>): FrameRow {
    const { programCounter, link, calleeSaved } = machineRegisters(machine);
    const returnAddress = link ?? programCounter;
    const [first] = calleeSaved;
    return {
      base: FRAME[machine],
      offset: 80,
      saved: [[FRAME[machine], -80], [returnAddress, -40], [first!, -32]],
      returnAddress,
    };
  },

  plan({ data, method }: CodeRegion<Threaded>, frame: CodeFrame) {
    const { cfaAddress: cfa } = frame;
    const word = Number(frame.wordAt(cfa - 72));
    const cells = frame.addressAt(cfa - 64);
    const count = Math.min(8, Number(frame.wordAt(cells) ?? 0n));
    const variables = Array.from({ length: count }, (_, i): PlannedVariable => ({
      name: `cell${i}`,
      role: "operand",
      index: i,
      type: i % 2 === 0 ? "int" : "ref",
      absence: undefined,
      place: atAddress(cells + 8 + 8 * i),
    }));
    variables.push({
      name: "base",
      role: "local",
      index: 0,
      type: "int",
      absence: undefined,
      place: atCfa(-64),
    });
    const name = data.names[word] ?? "?";
    return { method: { name, address: method, id: word }, bci: word, variables };
  },
};

const OWN_CODE = 0x90_0000;
const CELLS = 0x91_0000;
const OWN_FILE = 0x92_0000;
const OWN_LIST = 0x93_0000;

/** A stack of `jit`, threaded, `optimized`: the usual one, with a frame of threaded code in it. */
function stackOf(machine: Machine) {
  const usual = mixedStack(machine, [{ code: "jit" }, { code: "optimized" }, { code: "start" }]);
  const { registers, windows: [stack] } = usual;
  const { stackPointer, programCounter, link, calleeSaved } = machineRegisters(machine);
  // It is called by the innermost frame, and is so itself now.
  const cfa = Number(registers.sp);
  const put = (offset: number, value: number | bigint) =>
    stack.bytes.set(words([value]), cfa + offset - Number(stack.start));
  put(-80, 0x77);
  put(-72, 1);
  put(-64, CELLS);
  put(-40, registers.pc!);
  put(-32, registers.get(calleeSaved[0]!) ?? 0n);
  const own = RegisterSet.of(machine, registers.entries());
  own.set(stackPointer, BigInt(cfa - 160));
  own.set(programCounter, toBigAddress(OWN_CODE + 0x10));
  own.set(FRAME[machine], BigInt(cfa - 80));
  own.set(calleeSaved[0]!, 0x99n);
  if (link !== undefined) own.set(link, 0x98n);
  const cells = { start: BigInt(CELLS), bytes: words([3, 10, 20, 30]) };
  return { ...usual, registers: own, memory: joinMemory(usual.memory, memoryOf([cells])), cfa };
}

function trace(stack: ReturnType<typeof stackOf>): readonly unknown[] {
  const { frames, end, error } = backtrace(stack);
  assertEquals(error, undefined);
  const values = managedFrame(frames[0]!)!.variables.map(({ name, value }) => `${name}=${value}`);
  const { method, bci } = managedFrame(frames[0]!)!;
  assertEquals(frames[0]!.cfaAddress, stack.cfa);
  assertEquals(frames[1]!.register(FRAME[stack.registers.machine]), 0x77n);
  assertEquals(frames[1]!.pcAddress, CODE + REGIONS.jit + 0x21);
  assertEquals(frames.map(({ index }) => index), [0, 1, 2, 3]);
  assertEquals(frames.slice(1).map((frame) => frame.code?.kind.name), [
    "jit",
    "optimized",
    undefined,
  ]);
  assertEquals([...stackRoots(frames.slice(0, 1))].map(({ value }) => value), [20n]);
  return [frames[0]!.code?.kind.name, method?.name, bci, ...values, end];
}

const EXPECTED = [
  "threaded",
  "swap",
  1,
  "cell0=10",
  "cell1=20",
  "cell2=30",
  `base=${CELLS}`,
  "return-address-undefined",
];

Deno.test("CodeRegistry.add, has a kind from outside walked, with no map at all", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const stack = stackOf(machine);
    const region = new CodeRegion<Threaded>({
      kind: THREADED,
      name: "words",
      begin: OWN_CODE,
      end: OWN_CODE + 0x100,
      data: { machine, names: ["dup", "swap"] },
    });
    const { code } = stack.modules;
    const unit = code.add(region);
    assertEquals(trace(stack), EXPECTED);
    assertThrows(() => code.add(region), RangeError, "overlaps");
    assertEquals([code.remove(unit), code.remove(unit)], [true, false]);
    assertEquals(backtrace(stack).frames[0]!.code, undefined);
  }
});

Deno.test("CodeRegistry.addKind, has maps name a kind from outside", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const stack = stackOf(machine);
    const data = new TextEncoder().encode("dup\nswap");
    const map = mapImage({
      begin: OWN_CODE,
      end: OWN_CODE + 0x100,
      regions: [{ kind: "threaded", name: "words", begin: 0, end: 0x100, data }],
    });
    const file = symfileImage({ machine, begin: OWN_CODE, size: 0x100, map });
    const [, , , , usual] = stack.windows;
    const files = [usual!, { start: BigInt(OWN_FILE), bytes: file }];
    const list = listImage(
      OWN_LIST,
      files.map(({ start, bytes }) => ({ address: Number(start), size: bytes.length })),
    );
    const { modules } = stack;
    const own = memoryOf([files[1]!, { start: BigInt(OWN_LIST), bytes: list }]);
    const memory = joinMemory(own, stack.memory);
    const find = () => discoverCode({ memory, modules, descriptor: BigInt(OWN_LIST) });
    assertEquals(find().problems.map(({ kind }) => kind), ["kind"]);
    assertEquals(modules.code.at(OWN_CODE)?.kind.name, "threaded");
    modules.code.addKind(THREADED);
    assertThrows(() => modules.code.addKind(THREADED), RangeError, "of that name");
    const { added, removed, problems } = find();
    assertEquals([added.length, removed.length, problems], [1, 1, []]);
    assertEquals(trace({ ...stack, memory }), EXPECTED);
  }
});
