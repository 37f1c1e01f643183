import { assertEquals } from "@std/assert";
import type { ArchName } from "../../../arch/arch.ts";
import { archByName } from "../../../arch/mod.ts";
import { scanBlock } from "./blocks.ts";

function blockOf(arch: ArchName, ...instructions: number[][]) {
  const code = Uint8Array.from(instructions.flat());
  return scanBlock(archByName(arch), (at, size) => code.subarray(at, at + size), 0);
}

/** A word of AArch64. */
function word(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

Deno.test("scanBlock, room whose size is in a register is taken of the same stack", () => {
  const taken = blockOf(
    "x86_64",
    [0x48, 0x89, 0xe1], // mov rcx, rsp
    [0x48, 0x89, 0xca], // mov rdx, rcx
    [0x48, 0x29, 0xc2], // sub rdx, rax
    [0x48, 0x89, 0xd4], // mov rsp, rdx
    [0xc3], // ret
  );
  assertEquals([taken.set, taken.delta], [undefined, NaN]);
  const other = blockOf(
    "aarch64",
    word(0x910003e9), // mov x9, sp
    word(0xcb0a0128), // sub x8, x9, x10
    word(0x9100011f), // mov sp, x8
    word(0xd65f03c0), // ret
  );
  assertEquals([other.set, other.delta], [undefined, NaN]);
});

Deno.test("scanBlock, a frame pointer that has got another value leads to another stack", () => {
  const leave = blockOf(
    "x86_64",
    [0x48, 0x89, 0xe5], // mov rbp, rsp
    [0x48, 0x89, 0xf5], // mov rbp, rsi
    [0xc9], // leave
    [0xc3], // ret
  );
  assertEquals(leave.set?.source, { kind: "register", register: "rbp", offset: 8 });
  const moved = blockOf(
    "aarch64",
    word(0x910003fd), // mov x29, sp
    word(0xaa0103fd), // mov x29, x1
    word(0x910003bf), // mov sp, x29
    word(0xd65f03c0), // ret
  );
  assertEquals(moved.set?.source, { kind: "register", register: "x29", offset: 0 });
});
