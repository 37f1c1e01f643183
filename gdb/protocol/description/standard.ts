/**
 * The features that gdb knows of both architectures, with its names, types and numbers of their
 * registers.
 *
 * @module
 */
import type { DescribedFeature, DescribedRegister, DescribedType } from "./model.ts";

type Flags = readonly (readonly [name: string, first: number, last: number])[];

const bit = (name: string, at: number) => [name, at, at] as const;

const EFLAGS: Flags = [
  bit("CF", 0),
  bit("", 1),
  bit("PF", 2),
  bit("AF", 4),
  bit("ZF", 6),
  bit("SF", 7),
  bit("TF", 8),
  bit("IF", 9),
  bit("DF", 10),
  bit("OF", 11),
  bit("NT", 14),
  bit("RF", 16),
  bit("VM", 17),
  bit("AC", 18),
  bit("VIF", 19),
  bit("VIP", 20),
  bit("ID", 21),
];

const MXCSR: Flags = [
  ...["IE", "DE", "ZE", "OE", "UE", "PE", "DAZ", "IM", "DM", "ZM", "OM", "UM", "PM"]
    .map((name, at) => bit(name, at)),
  bit("FZ", 15),
];

const CPSR: Flags = [
  bit("SP", 0),
  ["EL", 2, 3],
  bit("nRW", 4),
  bit("F", 6),
  bit("I", 7),
  bit("A", 8),
  bit("D", 9),
  bit("IL", 20),
  bit("SS", 21),
  bit("V", 28),
  bit("C", 29),
  bit("Z", 30),
  bit("N", 31),
];

function numbered(count: number, prefix: string, bits: number, type: string): DescribedRegister[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i}`, bits, type }));
}

function named(
  names: string,
  bits: number,
  type: string,
  group?: string,
): DescribedRegister[] {
  return names.split(" ").map((name) => ({ name, bits, type, group }));
}

/** The registers with the first of them numbered. */
function from(number: number, registers: DescribedRegister[]): DescribedRegister[] {
  return registers.map((register, i) => i === 0 ? { ...register, number } : register);
}

const vector = (id: string, type: string, count: number): DescribedType => ({
  kind: "vector",
  id,
  type,
  count,
});

const VEC128: readonly DescribedType[] = [
  vector("v4f", "ieee_single", 4),
  vector("v2d", "ieee_double", 2),
  vector("v16i8", "int8", 16),
  vector("v8i16", "int16", 8),
  vector("v4i32", "int32", 4),
  vector("v2i64", "int64", 2),
  {
    kind: "union",
    id: "vec128",
    fields: [
      ["v4_float", "v4f"],
      ["v2_double", "v2d"],
      ["v16_int8", "v16i8"],
      ["v8_int16", "v8i16"],
      ["v4_int32", "v4i32"],
      ["v2_int64", "v2i64"],
      ["uint128", "uint128"],
    ],
  },
];

/** Elements of a register V by their size: letter, and what they may be. */
const ELEMENTS = [
  ["d", 2, [["f", "ieee_double"], ["u", "uint64"], ["s", "int64"]]],
  ["s", 4, [["f", "ieee_single"], ["u", "uint32"], ["s", "int32"]]],
  ["h", 8, [["u", "uint16"], ["s", "int16"]]],
  ["b", 16, [["u", "uint8"], ["s", "int8"]]],
  ["q", 1, [["u", "uint128"], ["s", "int128"]]],
] as const;

const VECTOR_V: readonly DescribedType[] = [
  ...ELEMENTS.flatMap(([size, count, kinds]) => [
    ...kinds.map(([kind, type]) => vector(`v${count}${kind}${size}`, type, count)),
    {
      kind: "union" as const,
      id: `vn${size}`,
      fields: kinds.map(([kind]) => [kind, `v${count}${kind}${size}`] as const),
    },
  ]),
  { kind: "union", id: "aarch64v", fields: ELEMENTS.map(([size]) => [size, `vn${size}`] as const) },
];

/** Features of x86-64. */
export const X86_64_FEATURES: Readonly<
  Record<"core" | "sse" | "segments" | "avx", DescribedFeature>
> = {
  /** General registers and the x87, numbers 0 to 39. */
  core: {
    name: "org.gnu.gdb.i386.core",
    types: [{ kind: "flags", id: "i386_eflags", size: 4, fields: EFLAGS }],
    registers: from(0, [
      ...named("rax rbx rcx rdx rsi rdi", 64, "int64"),
      ...named("rbp rsp", 64, "data_ptr"),
      ...named("r8 r9 r10 r11 r12 r13 r14 r15", 64, "int64"),
      ...named("rip", 64, "code_ptr"),
      ...named("eflags", 32, "i386_eflags"),
      ...named("cs ss ds es fs gs", 32, "int32"),
      ...numbered(8, "st", 80, "i387_ext"),
      ...named("fctrl fstat ftag fiseg fioff foseg fooff fop", 32, "int", "float"),
    ]),
  },
  /** XMM registers and MXCSR, numbers 40 to 56. */
  sse: {
    name: "org.gnu.gdb.i386.sse",
    types: [...VEC128, { kind: "flags", id: "i386_mxcsr", size: 4, fields: MXCSR }],
    registers: from(40, [
      ...numbered(16, "xmm", 128, "vec128"),
      ...named("mxcsr", 32, "i386_mxcsr", "vector"),
    ]),
  },
  /** Segment bases, numbers 58 and 59 (57 is Linux's `orig_rax`). */
  segments: {
    name: "org.gnu.gdb.i386.segments",
    types: [],
    registers: from(58, named("fs_base gs_base", 64, "int")),
  },
  /** The upper halves of YMM registers, numbers 60 to 75. */
  avx: {
    name: "org.gnu.gdb.i386.avx",
    types: [],
    registers: from(
      60,
      Array.from({ length: 16 }, (_, i) => ({ name: `ymm${i}h`, bits: 128, type: "uint128" })),
    ),
  },
};

/** Features of AArch64. */
export const AARCH64_FEATURES: Readonly<Record<"core" | "fpu", DescribedFeature>> = {
  /** General registers, numbers 0 to 33. */
  core: {
    name: "org.gnu.gdb.aarch64.core",
    types: [{ kind: "flags", id: "cpsr_flags", size: 4, fields: CPSR }],
    registers: from(0, [
      ...numbered(31, "x", 64, "int"),
      ...named("sp", 64, "data_ptr"),
      ...named("pc", 64, "code_ptr"),
      ...named("cpsr", 32, "cpsr_flags"),
    ]),
  },
  /** Vector and floating-point registers, numbers 34 to 67. */
  fpu: {
    name: "org.gnu.gdb.aarch64.fpu",
    types: VECTOR_V,
    registers: from(34, [
      ...numbered(32, "v", 128, "aarch64v"),
      ...named("fpsr fpcr", 32, "int", "float"),
    ]),
  },
};
