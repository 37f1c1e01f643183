/**
 * The x86-64 conformance table: instruction by instruction, what is delivered from user and from
 * kernel mode. Page faults, gates, debug exceptions, interrupts and system calls have tables of
 * their own beside this one; what the engine cannot do is in `conformance_limits_test.ts`.
 */
import type { Mode } from "../testing/harness.ts";
import { roundTrip, type RoundTripCase } from "../testing/round_trip.ts";
import {
  checkDelivery,
  DATA,
  FLAGS,
  flagSets,
  fpPattern,
  makeMachine,
  MODES,
  NON_CANONICAL,
  tables,
} from "./testing/conformance.ts";
import { hex } from "../physical_memory.ts";
import { Vector, vectorName } from "./exceptions.ts";

/** A line of the table. */
interface Line extends Partial<RoundTripCase> {
  readonly label: string;
  readonly vector: number;
  readonly code?: number;
  readonly kind?: "fault" | "trap";
  readonly modes?: readonly Mode[];
}

const USER: readonly Mode[] = ["user"];
const withData: Partial<RoundTripCase> = {
  registers: { rdi: DATA },
  prepare: (machine) => machine.mapUser(DATA, { write: true, execute: false }),
};
const FP = fpPattern();
const FXSAVE_XMM0 = 160;
const withoutFp: Partial<RoundTripCase> = {
  registers: { rdi: DATA },
  prepare: (machine) => {
    const physical = machine.mapUser(DATA, { write: true, execute: false });
    // The load that follows finds what the register holds.
    machine.memory.slice(physical, 16).set(FP.subarray(FXSAVE_XMM0, FXSAVE_XMM0 + 16));
    machine.cpu.userFp = false;
  },
  handle: (machine) => {
    machine.cpu.userFp = true;
    return "retry";
  },
};
const UNUSED_SELECTOR = 0x18;

/** Makes the unused entry of the GDT a data segment of ring 3 that is not present. */
const withAbsentSegment: Partial<RoundTripCase> = {
  registers: { rsi: BigInt(UNUSED_SELECTOR | 3) },
  prepare: (machine) => {
    machine.space.writeU64(tables(machine).gdt + BigInt(UNUSED_SELECTOR), 0x00cf_7300_0000_ffffn);
  },
};

function selector(value: number): Partial<RoundTripCase> {
  return { registers: { rsi: BigInt(value) } };
}

/** A frame for IRETQ: code and stack selector, and where to go. */
function frame(cs: number, ss: number): Partial<RoundTripCase> {
  return { registers: { rsi: BigInt(cs), rdx: BigInt(ss), rdi: 0x40_1000n, r8: 0x7f_ff00n } };
}

const TABLE: readonly Line[] = [
  { label: "divide", vector: Vector.DE },
  { label: "divide_overflow", vector: Vector.DE },
  { label: "divide_memory", vector: Vector.DE, ...withData },

  { label: "breakpoint", vector: Vector.BP, kind: "trap" },
  { label: "int_breakpoint", vector: Vector.BP, kind: "trap" },
  { label: "int_overflow", vector: Vector.OF, kind: "trap" },

  ...[
    "ud2",
    "ud0",
    "ud1",
    "ud_push_es",
    "ud_into",
    "ud_aaa",
    "ud_bound",
    "ud_far_call",
    "ud_lock_nop",
    "ud_lock_register",
    "ud_mov_cs",
    "ud_lea_register",
    "ud_rsm",
    "ud_sysenter",
    "ud_rdrand",
    "ud_xsetbv",
  ].map((label) => ({ label, vector: Vector.UD })),

  ...["x87", "x87_wait", "sse", "sse_load"].map((label) => ({
    label,
    vector: Vector.NM,
    ...withoutFp,
  })),

  ...[
    "gp_cli",
    "gp_sti",
    "gp_hlt",
    "gp_mov_from_cr0",
    "gp_mov_to_cr0",
    "gp_mov_to_cr3",
    "gp_mov_to_cr4",
    "gp_mov_to_cr8",
    "gp_mov_to_dr7",
    "gp_mov_from_dr0",
    "gp_lgdt",
    "gp_lidt",
    "gp_lldt",
    "gp_ltr",
    "gp_lmsw",
    "gp_clts",
    "gp_invlpg",
    "gp_invd",
    "gp_wbinvd",
    "gp_rdmsr",
    "gp_wrmsr",
    "gp_rdpmc",
    "gp_swapgs",
    "gp_sysretq",
    "gp_in",
    "gp_out",
    "gp_insb",
  ].map((label) => ({ label, vector: Vector.GP, modes: USER, ...withData })),
  { label: "gp_long", vector: Vector.GP },

  ...["load", "store", "update", "sse_load", "string_store"].map((label) => ({
    label,
    vector: Vector.GP,
    registers: { rdi: NON_CANONICAL },
  })),
  ...["push_word", "pop_word", "call_word"].map((label) => ({
    label,
    vector: Vector.SS,
    modes: USER,
    registers: { rdi: NON_CANONICAL + 8n },
  })),
  { label: "load_by_stack", vector: Vector.SS, registers: { rdi: NON_CANONICAL } },

  // Instructions over a page end.
  { label: "split_load", vector: Vector.SS, registers: { rbp: NON_CANONICAL } },
  { label: "split_update", vector: Vector.PF, code: 6, modes: USER, registers: { rdi: DATA } },
  { label: "split_interrupt", vector: Vector.GP, code: 0x80 * 8 + 2, modes: USER },

  ...["load_ds", "load_es", "load_fs", "load_gs", "load_ss", "far_return"].flatMap((label) => [
    { label, vector: Vector.GP, code: 0x1234, ...selector(0x1234 | 3) },
    { label, vector: Vector.GP, code: 0x30, ...selector(0x30 | 3) },
  ]),
  { label: "load_ss", vector: Vector.GP, modes: USER, ...selector(0) },
  { label: "load_ss", vector: Vector.GP, code: 0x10, modes: USER, ...selector(0x10) },
  { label: "load_ss", vector: Vector.GP, code: 0x28, modes: USER, ...selector(0x28 | 3) },
  { label: "load_ds", vector: Vector.NP, code: UNUSED_SELECTOR, ...withAbsentSegment },
  { label: "load_ss", vector: Vector.SS, code: UNUSED_SELECTOR, modes: USER, ...withAbsentSegment },
  { label: "far_return", vector: Vector.GP, ...selector(0) },
  { label: "far_return", vector: Vector.GP, code: 0x20, ...selector(0x20 | 3) },
  { label: "far_return", vector: Vector.GP, code: 0x08, modes: USER, ...selector(0x08) },

  { label: "iret", vector: Vector.GP, code: 0x1234, ...frame(0x1234 | 3, 0x20 | 3) },
  { label: "iret", vector: Vector.GP, code: 0, ...frame(0, 0x20 | 3) },
  { label: "iret", vector: Vector.GP, code: 0x20, ...frame(0x20 | 3, 0x20 | 3) },
  { label: "iret", vector: Vector.GP, code: 0x08, modes: USER, ...frame(0x08, 0x10) },
  { label: "iret", vector: Vector.GP, code: 0x1234, ...frame(0x28 | 3, 0x1234 | 3) },
  { label: "iret", vector: Vector.GP, code: 0, ...frame(0x28 | 3, 0) },
  { label: "iret", vector: Vector.GP, code: 0x10, ...frame(0x28 | 3, 0x10) },

  {
    label: "x87_error",
    vector: Vector.MF,
    changesFp: true,
    registers: { rdi: DATA },
    prepare: (machine) => {
      const physical = machine.mapUser(DATA, { write: true, execute: false });
      machine.memory.writeU64(physical, 0x037bn); // control word with the zero divide unmasked
    },
  },
];

for (const line of TABLE) {
  const { label, vector, code = 0, kind = "fault", modes = MODES, ...options } = line;
  const { rsi, rdx } = options.registers ?? {};
  const selectors = [rsi, rdx].filter((value) => value !== undefined);
  const of = selectors.length === 0 ? "" : ` of ${selectors.map(hex).join(" and ")}`;
  for (const mode of modes) {
    const what = `${vectorName(vector)}${code === 0 ? "" : `(0x${code.toString(16)})`}`;
    Deno.test(`x86-64 ${label}${of}, ${what} from ${mode} mode`, () => {
      for (const rflags of flagSets(mode)) {
        roundTrip(makeMachine, {
          ...options,
          mode,
          label,
          flags: FLAGS,
          fp: FP,
          registers: { ...options.registers, rflags },
        }, (machine, result) => {
          const pc = machine.label(mode, `${label}_${kind === "fault" ? "at" : "next"}`);
          checkDelivery(machine, result, { vector, code, kind, pc, mode });
        });
      }
    });
  }
}
