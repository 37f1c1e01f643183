import { assertEquals } from "@std/assert";
import {
  faultsOnStack,
  interruptLength,
  isInt1,
  isRdpmc,
  isXsetbv,
  modifiesMemory,
} from "./decode.ts";
import { Gpr } from "./registers.ts";

const BAD = 0x8000_0000_1000n;

/**
 * Whether code faults on the stack segment when the named registers hold a non-canonical address
 * and the others hold 0x1000.
 */
function stackFault(code: readonly number[], bad: readonly (keyof typeof Gpr)[], cpl = 3): boolean {
  const numbers = new Set<number>(bad.map((name) => Gpr[name]));
  const register = (index: number): bigint => numbers.has(index) ? BAD : 0x1000n;
  return faultsOnStack(Uint8Array.from(code), { register, cpl });
}

/** Instructions, the registers with a non-canonical address, and whether that is #SS. */
const STACK: readonly [string, readonly number[], readonly (keyof typeof Gpr)[], boolean][] = [
  ["push %rax", [0x50], ["rsp"], true],
  ["push %r8", [0x41, 0x50], ["rsp"], true],
  ["pop %rdi", [0x5f], ["rsp"], true],
  ["push $1", [0x6a, 0x01], ["rsp"], true],
  ["push $imm32", [0x68, 1, 2, 3, 4], ["rsp"], true],
  ["pushfq", [0x9c], ["rsp"], true],
  ["popfq", [0x9d], ["rsp"], true],
  ["call rel32", [0xe8, 0, 0, 0, 0], ["rsp"], true],
  ["call *%rax", [0xff, 0xd0], ["rsp"], true],
  ["push (%rax)", [0xff, 0x30], ["rsp"], true],
  ["push (%rax), both bad", [0xff, 0x30], ["rax", "rsp"], false],
  ["inc (%rax)", [0xff, 0x00], ["rsp"], false],
  ["jmp *%rax", [0xff, 0xe0], ["rsp"], false],
  ["ret", [0xc3], ["rsp"], true],
  ["ret $8", [0xc2, 8, 0], ["rsp"], true],
  ["lretq", [0x48, 0xcb], ["rsp"], true],
  ["iretq", [0x48, 0xcf], ["rsp"], true],
  ["enter", [0xc8, 0, 0, 0], ["rsp"], true],
  ["leave", [0xc9], ["rbp"], true],
  ["leave, RSP is not used", [0xc9], ["rsp"], false],
  ["pop (%rax)", [0x8f, 0x00], ["rsp"], true],
  ["push %fs", [0x0f, 0xa0], ["rsp"], true],
  ["pop %gs", [0x0f, 0xa9], ["rsp"], true],
  ["mov (%rbp), %rax", [0x48, 0x8b, 0x45, 0x00], ["rbp"], true],
  ["mov (%r13), %rax", [0x49, 0x8b, 0x45, 0x00], ["r13"], false],
  ["mov (%rsp), %rax", [0x48, 0x8b, 0x04, 0x24], ["rsp"], true],
  ["mov (%r12), %rax", [0x49, 0x8b, 0x04, 0x24], ["r12"], false],
  ["mov (%rax), %rax", [0x48, 0x8b, 0x00], ["rax"], false],
  ["mov 8(%rbp,%rax,4), %rcx", [0x48, 0x8b, 0x4c, 0x85, 0x08], ["rax"], true],
  ["mov (%rax,%rbp), %rcx", [0x48, 0x8b, 0x0c, 0x28], ["rbp"], false],
  ["mov 0(,%rax,8), %rcx", [0x48, 0x8b, 0x0c, 0xc5, 0, 0, 0, 0], ["rax"], false],
  ["mov disp32(%rbp), %rcx", [0x48, 0x8b, 0x8d, 0, 0, 1, 0], ["rbp"], true],
  ["mov rip-relative, %rcx", [0x48, 0x8b, 0x0d, 0, 0, 0, 0], ["rbp", "rsp"], false],
  ["mov %fs:(%rbp), %rax", [0x64, 0x48, 0x8b, 0x45, 0x00], ["rbp"], false],
  ["mov %ds:(%rbp), %rax", [0x3e, 0x48, 0x8b, 0x45, 0x00], ["rbp"], true],
  ["mov (%ebp), %eax", [0x67, 0x8b, 0x45, 0x00], ["rbp"], false],
  ["mov %rbp, %rax", [0x48, 0x89, 0xe8], ["rbp"], false],
  ["movaps (%rbp), %xmm0", [0x0f, 0x28, 0x45, 0x00], ["rbp"], true],
  ["pshufb (%rbp), %xmm0", [0x66, 0x0f, 0x38, 0x00, 0x45, 0x00], ["rbp"], true],
  ["fldl (%rbp)", [0xdd, 0x45, 0x00], ["rbp"], true],
  ["lock incl (%rbp)", [0xf0, 0xff, 0x45, 0x00], ["rbp"], true],
  ["rep stosb", [0xf3, 0xaa], ["rdi", "rsp", "rbp"], false],
  ["cpuid", [0x0f, 0xa2], ["rsp", "rbp"], false],
  ["bswap %ebp", [0x0f, 0xcd], ["rbp"], false],
  ["syscall", [0x0f, 0x05], ["rsp"], false],
  ["nothing", [], ["rsp"], false],
  ["prefixes only", [0x66, 0xf3], ["rsp"], false],
  ["cut after the opcode", [0x8b], ["rbp"], false],
  ["cut before the displacement", [0x8b, 0x45], ["rbp"], false],
];

for (const [name, code, bad, expected] of STACK) {
  Deno.test(`faultsOnStack, ${name} with ${bad.join(" and ")} bad is ${expected}`, () => {
    assertEquals(stackFault(code, bad), expected);
  });
}

Deno.test("faultsOnStack, privileged instructions are #GP before they reach their operand", () => {
  const lgdt = [0x0f, 0x01, 0x55, 0x00]; // lgdt (%rbp)
  const sgdt = [0x0f, 0x01, 0x45, 0x00]; // sgdt (%rbp)
  const ltr = [0x0f, 0x00, 0x5d, 0x00]; // ltr (%rbp)
  assertEquals([lgdt, sgdt, ltr].map((code) => stackFault(code, ["rbp"], 3)), [false, true, false]);
  assertEquals([lgdt, sgdt, ltr].map((code) => stackFault(code, ["rbp"], 0)), [true, true, true]);
});

Deno.test("faultsOnStack, an access that only ends beyond the canonical half counts", () => {
  const register = (): bigint => 0x7fff_ffff_fffcn;
  assertEquals(faultsOnStack(Uint8Array.of(0x58), { register, cpl: 3 }), true);
});

/** Instructions, and whether they write the memory operand they read. */
const MODIFYING: readonly [string, readonly number[], boolean][] = [
  ["add %rax, (%rdi)", [0x48, 0x01, 0x07], true],
  ["add (%rdi), %rax", [0x48, 0x03, 0x07], false],
  ["xor %al, (%rdi)", [0x30, 0x07], true],
  ["cmp %rax, (%rdi)", [0x48, 0x39, 0x07], false],
  ["addq $1, (%rdi)", [0x48, 0x83, 0x07, 0x01], true],
  ["cmpq $1, (%rdi)", [0x48, 0x83, 0x3f, 0x01], false],
  ["sub $imm32, (%rdi)", [0x81, 0x2f, 0, 0, 0, 0], true],
  ["notq (%rdi)", [0x48, 0xf7, 0x17], true],
  ["test $1, (%rdi)", [0xf6, 0x07, 0x01], false],
  ["mulq (%rdi)", [0x48, 0xf7, 0x27], false],
  ["incq (%rdi)", [0x48, 0xff, 0x07], true],
  ["push (%rdi)", [0xff, 0x37], false],
  ["jmp *(%rdi)", [0xff, 0x27], false],
  ["shl (%rdi)", [0xd1, 0x27], true],
  ["rol $3, (%rdi)", [0xc0, 0x07, 0x03], true],
  ["xchg %rax, (%rdi)", [0x48, 0x87, 0x07], true],
  ["mov %rax, (%rdi)", [0x48, 0x89, 0x07], false],
  ["mov (%rdi), %rax", [0x48, 0x8b, 0x07], false],
  ["lock cmpxchg %rcx, (%rdi)", [0xf0, 0x48, 0x0f, 0xb1, 0x0f], true],
  ["xadd %eax, (%rdi)", [0x0f, 0xc1, 0x07], true],
  ["cmpxchg16b (%rdi)", [0x48, 0x0f, 0xc7, 0x0f], true],
  ["bts %eax, (%rdi)", [0x0f, 0xab, 0x07], true],
  ["bt %eax, (%rdi)", [0x0f, 0xa3, 0x07], false],
  ["btr $1, (%rdi)", [0x0f, 0xba, 0x37, 0x01], true],
  ["bt $1, (%rdi)", [0x0f, 0xba, 0x27, 0x01], false],
  ["movzbl (%rdi), %eax", [0x0f, 0xb6, 0x07], false],
  ["crc32b (%rdi), %eax", [0xf2, 0x0f, 0x38, 0xf0, 0x07], false],
  ["add %rax, %rdi", [0x48, 0x01, 0xc7], false],
  ["nothing", [], false],
];

for (const [name, code, expected] of MODIFYING) {
  Deno.test(`modifiesMemory, ${name} is ${expected}`, () => {
    assertEquals(modifiesMemory(Uint8Array.from(code)), expected);
  });
}

Deno.test("interruptLength, int3 has one byte and int n two", () => {
  assertEquals(interruptLength(Uint8Array.of(0x90, 0xcc), 3), 1n);
  assertEquals(interruptLength(Uint8Array.of(0xcd, 0x03), 3), 2n);
  assertEquals(interruptLength(Uint8Array.of(0xcd, 0xcc), 0xcc), 2n);
  assertEquals(interruptLength(Uint8Array.of(0xcd, 0x80), 0x80), 2n);
});

Deno.test("isInt1, isRdpmc and isXsetbv, by their bytes", () => {
  assertEquals([isInt1(Uint8Array.of(0xf1)), isInt1(Uint8Array.of(0xcc))], [true, false]);
  assertEquals(isRdpmc(Uint8Array.of(0x0f, 0x33)), true);
  assertEquals(isRdpmc(Uint8Array.of(0x0f, 0x32)), false);
  assertEquals(isXsetbv(Uint8Array.of(0x0f, 0x01, 0xd1)), true);
  assertEquals(isXsetbv(Uint8Array.of(0x0f, 0x01, 0xd0)), false);
});
