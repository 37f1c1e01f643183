/**
 * Random programs of x86-64 for {@linkcode openProgram}: loops over RAM at address 0, at CPL 0
 * without paging.
 *
 * @module
 */
import type { Random } from "../../util/random.ts";

/** Where a run starts, and starts again after a trap. */
export const X86_STUB = 0x800;
const MXCSR_AT = 0x7f0;
const CODE = 0x1000;
const CODE_END = 0x2000;
const DATA = 0x8000;
const STACK = 0xf000;
/** Every general register but RSP, and RBX, which holds {@linkcode DATA}. */
const REGISTERS = [0, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

type Bytes = number[];
type Part = (random: Random, at: number) => Bytes;

function u32(value: number): Bytes {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}

/** The REX prefix for 64 bits, some opcode, and two registers. */
function wide(opcode: readonly number[], reg: number, rm: number): Bytes {
  return [0x48 | ((reg >> 3) << 2) | (rm >> 3), ...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7)];
}

/** The operand `[rbx + displacement]`. */
function data(reg: number, displacement: number): Bytes {
  return [0x80 | ((reg & 7) << 3) | 3, ...u32(displacement)];
}

function slot(random: Random, align = 8): number {
  return random.below(0x400 / align) * align;
}

function two(random: Random, opcode: readonly number[]): Bytes {
  return wide(opcode, random.pick(REGISTERS), random.pick(REGISTERS));
}

/** `mov eax, immediate` */
function eax(value: number): Bytes {
  return [0xb8, ...u32(value)];
}

const INTEGER: readonly Part[] = [
  // add, adc, sbb, sub, and, or, xor, cmp, test
  (r) => two(r, [r.pick([0x01, 0x11, 0x19, 0x29, 0x21, 0x09, 0x31, 0x39, 0x85])]),
  (r) => two(r, [0x0f, 0xaf]), // imul
  // rol … sar
  (r) => [...wide([0xc1], r.pick([0, 1, 2, 3, 4, 5, 7]), r.pick(REGISTERS)), r.below(64)],
  (r) => wide([0xd3], r.pick([0, 1, 2, 3, 4, 5, 7]), r.pick(REGISTERS)), // by CL
  (r) => wide([0xff], r.below(2), r.pick(REGISTERS)), // inc, dec
  (r) => wide([0xf7], r.pick([2, 3, 4, 5]), r.pick(REGISTERS)), // not, neg, mul, imul
  (r) => r.chance(0.1) ? wide([0xf7], 6, r.pick(REGISTERS)) : [0x90], // div; nop
  (r) => wide([0x0f, 0x90 + r.below(16)], 0, r.pick(REGISTERS)), // setcc
  (r) => two(r, [0x0f, 0x40 + r.below(16)]), // cmovcc
  (r) => [0xf3, ...two(r, [0x0f, 0xb8])], // popcnt
  (r) => two(r, [0x0f, r.pick([0xbc, 0xbd, 0xa3])]), // bsf, bsr, bt
  (r) => [0x9c, 0x58 + r.pick([0, 1, 2, 5, 6, 7])], // pushfq; pop
  (r) => [r.pick([0x9e, 0x9f, 0xf8, 0xf9, 0xf5])], // sahf, lahf, clc, stc, cmc
  (r) => [0x70 + r.below(16), 3, ...wide([0xff], 0, r.pick(REGISTERS))], // jcc over an inc
];

const MEMORY: readonly Part[] = [
  (r) => [0x48, 0x8b, ...data(r.pick([0, 1, 2, 5, 6, 7]), slot(r))], // mov r, [rbx + d]
  (r) => [0x48, 0x89, ...data(r.below(8), slot(r))], // mov [rbx + d], r
  (r) => [0xf0, 0x48, 0x0f, 0xc1, ...data(r.pick([0, 1, 2, 5, 6, 7]), slot(r))], // lock xadd
  (r) => [0xf0, 0x48, 0x0f, 0xb1, ...data(r.below(8), slot(r))], // lock cmpxchg
  (r) => [
    ...[0xbe, ...u32(DATA + 0x800 + slot(r))], // mov esi
    ...[0xbf, ...u32(DATA + 0x800 + slot(r))], // mov edi
    ...[0xb9, ...u32(r.below(24))], // mov ecx
    r.pick([0xfc, 0xfd]), // cld, std
    // rep movsq, rep movsb, rep stosq, repne scasb, repe cmpsb, rep lodsb
    ...r.pick([
      [0xf3, 0x48, 0xa5],
      [0xf3, 0xa4],
      [0xf3, 0x48, 0xab],
      [0xf2, 0xae],
      [0xf3, 0xa6],
      [0xf3, 0xac],
    ]),
  ],
];

function sse(random: Random, opcode: number, prefixes: readonly Bytes[]): Bytes {
  const modrm = 0xc0 | random.below(64);
  return [...random.pick(prefixes), 0x0f, opcode, modrm];
}

const VECTOR: readonly Part[] = [
  // add, mul, sub, div, sqrt, min, max: ss, sd, ps, pd
  (r) => sse(r, r.pick([0x58, 0x59, 0x5c, 0x5e, 0x51, 0x5d, 0x5f]), [[0xf3], [0xf2], [], [0x66]]),
  (r) => sse(r, r.pick([0xfe, 0xef, 0xd5, 0xdb, 0x6a, 0x75]), [[0x66]]), // paddd, pxor, pmullw, …
  (r) => [...sse(r, 0x70, [[0x66], [0xf2], [0xf3]]), r.below(256)], // pshufd, pshuflw, pshufhw
  (r) => [0x66, 0x0f, 0x38, 0x00, 0xc0 | r.below(64)], // pshufb
  (r) => sse(r, r.pick([0x2e, 0x2f]), [[], [0x66]]), // ucomis, comis
  (r) => [0xf2, ...wide([0x0f, 0x2a], r.below(8), r.pick(REGISTERS))], // cvtsi2sd
  (r) => [0xf2, ...wide([0x0f, 0x2c], r.pick(REGISTERS), r.below(8))], // cvttsd2si
  (r) => [0x66, ...wide([0x0f, 0x6e], r.below(16), r.pick(REGISTERS))], // movq xmm, r
  (r) => [0x0f, r.pick([0x10, 0x11]), ...data(r.below(8), slot(r, 16))], // movups
  (r) => {
    const at = slot(r);
    const flags = 0x1f80 | (r.below(4) << 13) | (r.chance(0.3) ? 0x8040 : 0);
    const unmasked = r.chance(0.05) ? flags & ~0x1000 : flags;
    // mov dword [rbx + d], flags; ldmxcsr [rbx + d]
    return [0xc7, ...data(0, at), ...u32(unmasked), 0x0f, 0xae, ...data(2, at)];
  },
  (r) => [0x0f, 0xae, ...data(3, slot(r))], // stmxcsr
];

const X87: readonly Part[] = [
  (r) => [0xd9, r.pick([0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee])], // fld1, fldl2t, … fldz
  (r) => [0xd8, r.pick([0xc0, 0xc8, 0xe0, 0xf0]) + r.below(8)], // fadd, fmul, fsub, fdiv st, st(i)
  (r) => [0xde, r.pick([0xc0, 0xc8, 0xe0, 0xf0]) + r.below(8)], // faddp, fmulp, fsubrp, fdivrp
  // fsqrt, fsin, …, fincstp
  (r) => [0xd9, r.pick([0xfa, 0xfe, 0xff, 0xfc, 0xe0, 0xe1, 0xf0, 0xf6, 0xf7])],
  (r) => [0xd9, 0xc8 + r.below(8)], // fxch
  (r) => [0xdd, 0xc0 + r.below(8)], // ffree
  (r) => [0xdb, 0xf0 + r.below(8)], // fcomi
  (r) => [0xdd, ...data(r.pick([0, 3]), slot(r))], // fld, fstp: 64 bits
  (r) => [0xdb, ...data(r.pick([5, 7]), slot(r))], // fld, fstp: 80 bits
  () => [0xdf, 0xe0], // fnstsw ax
  (r) => {
    const at = slot(r);
    const control = 0x033f | (r.below(4) << 10) | (r.pick([0, 2, 3]) << 8);
    return [0xc7, ...data(0, at), ...u32(control), 0xd9, ...data(5, at)]; // mov dword; fldcw
  },
  (r) => [0x0f, 0xfe, 0xc0 | r.below(64)], // paddd mm
  () => [0x0f, 0x77], // emms
  (r) => [0x0f, 0xae, ...data(0, 0xc00 + 16 * r.below(8))], // fxsave
];

const SYSTEM: readonly Part[] = [
  () => [0xfb], // sti
  () => [0xfa], // cli
  () => [0x50, 0x31, 0xc0, 0x8e, 0xd0, 0x58], // push rax; xor eax, eax; mov ss, eax; pop rax
  // pushfq; or qword [rsp], 0x100; popfq: TF
  () => [0x9c, 0x48, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d],
  (r, at) => {
    const index = r.below(4);
    const address = CODE + r.below(Math.max(at - CODE, 1));
    const dr7 = 3 << (2 * index) | (r.chance(0.2) ? 1 << (16 + 4 * index) : 0);
    return [
      ...eax(address),
      ...[0x0f, 0x23, 0xc0 | (index << 3)], // mov dri, rax
      ...eax(dr7 | (r.below(256) << 0 & 0x55)),
      ...[0x0f, 0x23, 0xf8], // mov dr7, rax
    ];
  },
  (r) => [0x0f, 0x21, 0xc0 | (r.pick([0, 1, 2, 3, 6, 7]) << 3)], // mov rax, dri
  (r) => [
    // mov ecx, number; wrmsr: FS and GS base, KERNEL_GS_BASE, an MTRR, SYSENTER_EIP, a
    // machine-check bank
    0xb9,
    ...u32(r.pick([0xc0000100, 0xc0000101, 0xc0000102, 0x200, 0x250, 0x176, 0x401])),
    ...[0x31, 0xd2, 0x0f, 0x30], // xor edx, edx; wrmsr
  ],
  // rdmsr
  (r) => [0xb9, ...u32(r.pick([0xc0000100, 0xc0000102, 0x200, 0x250, 0x176, 0x401])), 0x0f, 0x32],
  () => [0x0f, 0x01, 0xf8], // swapgs
  () => [0x0f, 0x31], // rdtsc
  () => [0x0f, 0x22, 0xd0], // mov cr2, rax
  () => [0x0f, 0x20, 0xd0], // mov rax, cr2
  // int3, int, syscall, hlt, ud2
  (r) => r.pick([[0xcc], [0xcd, 0x52], [0x0f, 0x05], [0xf4], [0x0f, 0x0b]]),
];

/** Writes a random program. */
export function placeX86Program(ram: Uint8Array, random: Random): void {
  new DataView(ram.buffer).setUint32(MXCSR_AT, 0x1f80, true);
  const stub = [
    ...[0x31, 0xc0, 0x0f, 0x23, 0xf8], // xor eax, eax; mov dr7, rax
    ...[0xdb, 0xe3, 0xfc], // fninit; cld
    ...[0x0f, 0xae, 0x14, 0x25, ...u32(MXCSR_AT)], // ldmxcsr [MXCSR_AT]
    ...[0xbb, ...u32(DATA), 0xbc, ...u32(STACK)], // mov ebx; mov esp
  ];
  const entry = X86_STUB + stub.length + 5;
  ram.set([...stub, 0xe9, ...u32(CODE - entry)], X86_STUB); // jmp CODE
  const parts = [INTEGER, INTEGER, MEMORY, VECTOR, X87, SYSTEM];
  let at = CODE;
  while (at < CODE_END - 64) {
    const bytes = random.pick(random.pick(parts))(random, at);
    ram.set(bytes, at);
    at += bytes.length;
    if (random.chance(0.005)) break;
  }
  ram.set([0xe9, ...u32(CODE - (at + 5))], at); // jmp CODE
}
