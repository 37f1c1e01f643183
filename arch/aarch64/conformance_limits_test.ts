/**
 * What the Arm ARM asks for and this back-end cannot do, because the engine gives it no way to.
 * Each entry has the reason, and a test of what happens instead: a change for the better is to be
 * noticed.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Registers, Trap } from "../testing/harness.ts";
import { EL0, EL1H, makeMachine, type Origin, runWords, startOf } from "./testing/conformance.ts";
import { Descriptor, descriptorAt, mapLeaf } from "./testing/descriptors.ts";

/** A case that cannot be done as the manual has it. */
interface Limit {
  /** The case. */
  readonly name: string;
  /** Why not. */
  readonly reason: string;
  /** What happens instead. */
  readonly present: () => void;
}

const BREAKPOINT = 0xf200_0000n;
const { ACCESSED, TABLE_OR_PAGE, USER } = Descriptor;

/** Runs a case of the test code to its first trap. */
function runCase(origin: Origin, options: {
  label: string;
  registers?: (machine: BareMachine) => Registers;
  sp?: bigint;
  prepare?: (machine: BareMachine) => void;
}): { machine: BareMachine; trap: Trap } {
  const machine = makeMachine();
  machine.cpu.userFp = true;
  options.prepare?.(machine);
  machine.start({
    ...startOf(machine, origin),
    ...(options.sp === undefined ? {} : { sp: options.sp }),
    pc: machine.label(origin.mode, options.label),
    registers: { pstate: origin.pstate, ...options.registers?.(machine) },
  });
  return { machine, trap: machine.runToTrap() };
}

/**
 * The case is over without the exception the manual has for it: what traps is its closing
 * breakpoint.
 */
function goesThrough(origin: Origin, options: Parameters<typeof runCase>[1]): void {
  const { machine, trap } = runCase(origin, options);
  using _ = machine;
  assertEquals(trap.entry?.code, BREAKPOINT, `${options.label} from ${origin.name}`);
  assertEquals(trap.entry?.pc, machine.label(origin.mode, `${options.label}_next`));
}

const LIMITS: readonly Limit[] = [
  {
    name: "SP alignment fault (class 0x26)",
    reason: "the engine does not check SP, and watching each access by SP would slow down all code",
    present: () => {
      for (const label of ["load_sp", "store_sp", "push_sp"]) {
        goesThrough(EL0, { label, sp: 0x7f_ff88n });
      }
    },
  },
  {
    name: "an exception of the next instruction when the kernel's own exit sets PSTATE.IL",
    reason: "the engine does not look at PSTATE.IL, and to look at each such exit would slow down" +
      " every trap",
    present: () => {
      const { machine, trap } = runCase(EL0, {
        label: "turns",
        registers: () => ({ pstate: EL0.pstate | 0x10_0000n, x1: 0x7f_e000n, x2: 1n }),
      });
      using _ = machine;
      assertEquals(trap.entry?.pc, machine.userLabel("turns_end"));
    },
  },
  {
    name: "alignment fault of a STXR that a jump has led to, past its LDXR",
    reason: "a store-exclusive behind a load-exclusive is not looked at each time",
    present: () => {
      // b .+8; ldxr x5, [x1]; stxr w7, x5, [x1]
      const { machine, trap } = runWords([0x14000002, 0xc85f7c25, 0xc8077c25], {
        registers: { x1: 0x7f_ff01n },
        origin: EL0,
      });
      using _ = machine;
      assertEquals([trap.entry?.code, trap.frame.register("x7")], [BREAKPOINT, 1n]);
    },
  },
  {
    name: "WFE trapped from EL0 while SCTLR_EL1.nTWE is clear (class 0x01)",
    reason: "the engine executes WFE as no operation; the kernel sets nTWE, so that this is right",
    present: () => {
      goesThrough(EL0, {
        label: "wait_event",
        prepare: ({ cpu }) => {
          const sctlr = cpu.register("sctlr_el1");
          assertEquals(sctlr & (1n << 18n), 1n << 18n);
          cpu.setRegister("sctlr_el1", sctlr & ~(1n << 18n));
        },
      });
    },
  },
  {
    name: "WFI at EL1 that waits",
    reason: "it is the guest kernel's hypercall, from EL1t as well as from EL1h",
    present: () => {
      using machine = makeMachine();
      machine.start({
        ...startOf(machine, EL1H),
        pc: machine.kernelLabel("wait_interrupt"),
        registers: { pstate: EL1H.pstate },
      });
      assertEquals(machine.run(), { kind: "hypercall" });
      assertEquals(machine.cpu.pc, machine.kernelLabel("wait_interrupt_next"));
    },
  },
  {
    name: "alignment fault of unaligned LDAR and STLR",
    reason: "the engine treats them as plain accesses",
    present: () => {
      for (const label of ["load_acquire", "store_release"]) {
        goesThrough(EL0, { label, registers: () => ({ x1: 0x7f_ff01n }) });
      }
    },
  },
  {
    name: "alignment fault of any access while SCTLR_EL1.A is set",
    reason: "the engine ignores SCTLR_EL1.A",
    present: () => {
      goesThrough(EL0, {
        label: "load",
        registers: () => ({ x1: 0x7f_ff01n }),
        prepare: ({ cpu }) => cpu.setRegister("sctlr_el1", cpu.register("sctlr_el1") | 2n),
      });
    },
  },
  {
    name: "alignment fault of unaligned accesses to Device memory",
    reason: "the engine ignores memory types",
    present: () => {
      const address = 0x7f_d000n;
      goesThrough(EL0, {
        label: "load",
        registers: () => ({ x1: address + 1n }),
        prepare: (machine) => {
          machine.cpu.setRegister("mair_el1", 0x00ffn); // attribute 1: Device-nGnRnE
          mapLeaf(machine, address, { level: 3, attributes: ACCESSED | USER | (1n << 2n) });
        },
      });
    },
  },
  {
    name: "address size fault",
    reason: "the engine takes output addresses of up to 48 bits; where there is no memory the run" +
      " ends, as for any physical address without memory",
    present: () => {
      using machine = makeMachine();
      const address = 0x7f_d000n;
      mapLeaf(machine, address, { level: 3, attributes: ACCESSED | USER | (1n << 47n) });
      machine.start({
        mode: "user",
        pc: machine.userLabel("load"),
        registers: { pstate: 0n, x1: address },
      });
      const physical = machine.memory.base | (1n << 47n);
      assertEquals(machine.run(), { kind: "memory", address: physical, access: "read" });
    },
  },
  {
    name: "address size fault, or external abort, of a table's address",
    reason: "the engine reads nothing there, which is a descriptor that is not valid",
    present: () => {
      for (const output of [0x7000_0000n, 1n << 46n]) {
        const address = 0x2000_0000n;
        const { machine, trap } = runCase(EL0, {
          label: "load",
          registers: () => ({ x1: address }),
          prepare: (machine) => {
            const entry = descriptorAt(machine, address, 2);
            machine.memory.writeU64(entry, output | TABLE_OR_PAGE | 1n);
            machine.cpu.flushTranslations();
          },
        });
        using _ = machine;
        assertEquals(trap.entry?.code, 0x9200_0007n, "translation fault, level 3");
      }
    },
  },
  {
    name: "address size fault of AT",
    reason: "the engine takes output addresses of up to 48 bits",
    present: () => {
      const address = 0x7f_d000n;
      // at s1e1r, x1; isb; mrs x0, par_el1
      const { machine, trap } = runWords([0xd5087801, 0xd5033fdf, 0xd5387400], {
        registers: { x1: address },
        prepare: (machine) =>
          mapLeaf(machine, address, { level: 3, attributes: ACCESSED | USER | (1n << 46n) }),
      });
      using _ = machine;
      const par = trap.frame.register("x0");
      const output = machine.memory.base | (1n << 46n);
      assertEquals([par & 1n, par & 0xffff_ffff_f000n], [0n, output]);
    },
  },
  {
    name: "identification registers that say there is no EL2 and no EL3",
    reason: "the engine's model has them, though nothing leads there",
    present: () => {
      // mrs x0, id_aa64pfr0_el1; mrs x1, id_pfr1_el1
      const { machine, trap } = runWords([0xd5380400, 0xd5380121]);
      using _ = machine;
      assertEquals(trap.frame.register("x0") & 0xff00n, 0x2200n);
      assertEquals(trap.frame.register("x1") & 0xf0f0n, 0x1010n);
    },
  },
  {
    name: "synchronous external abort",
    reason: "an access to a physical address without memory ends the run with an exit of its own:" +
      " a machine check",
    present: () => {
      using machine = makeMachine();
      machine.mapUser(0x60_0000n, { write: true, execute: false }, 0x1000n);
      machine.start({
        mode: "user",
        pc: machine.userLabel("store"),
        registers: { pstate: 0n, x1: 0x60_0008n },
      });
      assertEquals(machine.run(), { kind: "memory", address: 0x1008n, access: "write" });
    },
  },
  {
    name: "translation fault of a block descriptor at level 0",
    reason: "the engine takes it for a mapping of 512 GiB",
    present: () => {
      const address = 0x7f80_0000_0000n;
      goesThrough(EL0, {
        label: "load",
        registers: () => ({ x1: address + 0x4000_0000n }),
        prepare: (machine) => {
          const descriptor = ACCESSED | USER | 1n;
          machine.memory.writeU64(descriptorAt(machine, address, 0), descriptor);
          assertEquals(descriptor & TABLE_OR_PAGE, 0n);
        },
      });
    },
  },
  {
    name: "abort of a cache maintenance instruction (ISS.CM)",
    reason: "the engine has no caches: maintenance by address never translates it",
    present: () => {
      for (const label of ["clean_line", "clean_invalidate_line", "invalidate_code_line"]) {
        goesThrough(EL1H, { label, registers: () => ({ x1: 0x7f80_0000_0000n }) });
      }
    },
  },
  {
    name: "FIQ, SError and exceptions from AArch32 (slots 2, 3, 6, 7, 10 to 15)",
    reason: "nothing here raises them: every interrupt line is an IRQ",
    present: () => {
      using machine = makeMachine();
      machine.start({
        mode: "user",
        pc: machine.userLabel("turns"),
        registers: { pstate: 0n, x1: 0x7f_e000n, x2: 1n },
      });
      machine.runTo(machine.userLabel("turns"));
      for (let line = 0; line < 32; line++) {
        machine.cpu.raiseInterrupt(line);
        const trap = machine.runToTrap();
        assertEquals(trap.entry?.vector, 9);
        machine.leave(trap);
      }
    },
  },
];

for (const { name, reason, present } of LIMITS) {
  Deno.test(`AArch64 limit, ${name}: ${reason}`, () => {
    assert(reason.length > 0);
    present();
  });
}
