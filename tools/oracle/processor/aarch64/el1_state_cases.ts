/**
 * Exception returns, software step, PSTATE, vectors and translation in other ways than the usual
 * one.
 *
 * @module
 */
import { KERNEL_PLACES, SHARED_PAGE } from "./el1_places.ts";
import { change, EL0, EL1H, EL1T, type KernelSnippet } from "./el1_program.ts";

const SVC = "svc #0x42";

/** Every case of this part. */
export function stateCases(): KernelSnippet[] {
  return [...returnCases(), ...stepCases(), ...pstateCases(), ...vectorCases(), ...tableCases()];
}

/** Exception returns, legal and not. x1 is the new PC, x2 the new PSTATE. */
function returnCases(): KernelSnippet[] {
  const code = "adr x1, 1f; msr elr_el1, x1; msr spsr_el1, x2; eret; nop; 1: nop; " + SVC;
  const modes = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 0xcn, 0xdn, 0xfn];
  const states = [
    ...modes.map((mode) => 0x3c0n | mode),
    ...modes.map((mode) => 0xf000_0000n | mode),
    0x1003c0n, // IL
    0x1003c4n,
    0x1003c5n,
    0x100000n,
    0x1003c9n,
    0x2003c5n, // SS, with no stepping
    0x200000n,
    0x0fcfn << 16n | 0x3c5n, // bits that are reserved
    0x03c7n,
    0x01d3n, // AArch32, of EL1
    0x01dfn,
  ];
  const returns = [...new Set(states)].map((state) => ({
    name: `eret to PSTATE 0x${state.toString(16)}`,
    code,
    x: [0n, state],
  }));
  const targets = KERNEL_PLACES.flatMap(({ name, address }) =>
    [0x0n, 0x3c4n, 0x3c5n].map((state) => ({
      name: `eret to PSTATE 0x${state.toString(16)}, ${name}`,
      code: "msr elr_el1, x1; msr spsr_el1, x2; eret",
      levels: [EL1H],
      x: [address, state],
    }))
  ).filter(({ name }) => !/too high|no memory|without memory/.test(name));
  const starts = [0x10_0000n, 0x30_0000n].map((spsr) => ({
    name: `start with PSTATE bits 0x${spsr.toString(16)}`,
    code: "nop; nop; " + SVC,
    spsr,
  }));
  return [...returns, ...targets, ...starts];
}

/** Software step. */
function stepCases(): KernelSnippet[] {
  const step = "mov x0, #1; msr mdscr_el1, x0";
  const everywhere = "mov x0, #0x2001; msr mdscr_el1, x0";
  const codes = [
    "nop; nop",
    "add x5, x5, #1; nop",
    "ldr x5, [x1]; nop",
    "str x5, [x2]; nop",
    "svc #3",
    "brk #5",
    "ldxr x5, [x1]; stxr w6, x7, [x1]",
    ".inst 0",
    "b .+8; nop; nop",
    "wfi",
    "br x2",
  ];
  return [step, everywhere].flatMap((setup) =>
    codes.flatMap((code) =>
      [0n, 1n << 21n].map((spsr) => ({
        name: `${code}, stepped after ${setup}, PSTATE.SS ${spsr >> 21n}`,
        code,
        setup,
        spsr,
        levels: code === "wfi" ? [EL0] : [EL0, EL1H],
        x: [SHARED_PAGE + 0x140n, 0x8000_4000n],
      }))
    )
  );
}

/** PSTATE and stack pointers as EL1 changes and reads them. */
function pstateCases(): KernelSnippet[] {
  const codes = [
    "msr daifclr, #8; mrs x0, daif; " + SVC,
    "msr daifset, #15; msr daifclr, #10; mrs x0, daif; " + SVC,
    "msr daif, x1; mrs x0, daif; msr daifset, #15; " + SVC,
    "msr spsel, #0; mrs x0, spsel; mov x5, sp; " + SVC,
    "msr spsel, #1; mrs x0, spsel; mov x5, sp; " + SVC,
    "msr spsel, x1; mrs x0, spsel; " + SVC,
    "msr nzcv, x1; mrs x0, nzcv; " + SVC,
    "mov sp, x1; " + SVC,
    "msr sp_el0, x1; mrs x0, sp_el0; " + SVC,
    "mrs x0, currentel; " + SVC,
  ];
  const values = [0n, 0xffff_ffff_ffff_ffffn, 0x8000_0e40n];
  return codes.flatMap((code) =>
    values.map((value) => ({
      name: `${code}, x1 0x${value.toString(16)}`,
      code,
      levels: [EL1T, EL1H],
      x: [value],
    }))
  );
}

/** VBAR_EL1 with bits that do not count. */
function vectorCases(): KernelSnippet[] {
  return [1, 4, 0x1f, 0x20, 0x60, 0x80, 0x180].map((low) => ({
    name: `vectors at an address with low bits 0x${low.toString(16)}`,
    code: SVC,
    setup: `mrs x0, vbar_el1; mov x1, #${low}; orr x0, x0, x1; msr vbar_el1, x0`,
  }));
}

/** TCR_EL1 and tables in other ways than the usual one. */
function tableCases(): KernelSnippet[] {
  const accesses = ["ldr x5, [x1]", "str x5, [x1]", "br x1"];
  const cases: KernelSnippet[] = [];
  const add = (name: string, setup: string, addresses: readonly bigint[]): void => {
    for (const code of accesses) {
      for (const address of addresses) {
        cases.push({
          name: `${code}, ${name}, 0x${address.toString(16)}`,
          code,
          setup,
          x: [address],
        });
      }
    }
  };
  const upper = 0xffff_0000_0000_0140n;
  add("no tables for the upper half", change("tcr_el1", "orr", 23), [upper, SHARED_PAGE + 0x140n]);
  add("tags in the lower half", change("tcr_el1", "orr", 37), [
    (0xa5n << 56n) | (SHARED_PAGE + 0x140n),
    (0x5an << 56n) | (SHARED_PAGE + 0x4140n),
    (0x7fn << 56n) | (1n << 48n),
    0x80ff_0000_0000_0140n,
  ]);
  add("tags in the upper half", change("tcr_el1", "orr", 38), [
    0x12ff_0000_0000_0140n,
    0x12ff_0000_0000_4140n,
    0x1200_0000_0000_0140n,
    0x12fe_0000_0000_0140n,
  ]);
  add("small upper half", "mrs x0, tcr_el1; mov x1, #25; bfi x0, x1, #16, #6; msr tcr_el1, x0", [
    0xffff_ff80_0000_0140n,
    0xffff_ff7f_ffff_fff8n,
    upper,
  ]);
  return cases;
}
