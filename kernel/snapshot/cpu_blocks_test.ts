import { assertEquals } from "@std/assert";
import type { CpuState } from "../../arch/arch.ts";
import { joinCpu, splitCpu } from "./cpu_blocks.ts";

function cpu(bytes: Uint8Array<ArrayBuffer>): CpuState {
  const names = { arch: "x86_64", model: "m", library: "1", layout: "l" } as const;
  const image = { ...names, instructions: 5, state: bytes };
  return { image, pending: 3, resumeAt: null, entries: 0, enteredAt: 0, own: {} };
}

Deno.test("splitCpu, joinCpu gives the state back, of any size", () => {
  for (const size of [0, 1, 1023, 1024, 1025, 4160]) {
    const state = cpu(Uint8Array.from({ length: size }, (_, i) => i * 7));
    assertEquals(joinCpu(splitCpu(state, undefined)), state);
  }
});

Deno.test("splitCpu, blocks that have not changed are those of before, and nothing is the CPU's own", () => {
  const bytes = Uint8Array.from({ length: 4160 }, (_, i) => i * 7);
  const before = splitCpu(cpu(bytes), undefined);
  const copy = structuredClone(before);
  bytes[2000] = 1;
  const after = splitCpu(cpu(bytes), before);
  assertEquals(before, copy);
  assertEquals(joinCpu(after).image.state, bytes);
  const shared = after.image.state.map((block, i) => block === before.image.state[i]);
  assertEquals(shared, [true, false, true, true, true]);
});

Deno.test("splitCpu, a block of another size is not shared", () => {
  const short = splitCpu(cpu(new Uint8Array(1500)), undefined);
  assertEquals(joinCpu(splitCpu(cpu(new Uint8Array(1600)), short)).image.state.length, 1600);
});
