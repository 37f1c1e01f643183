// Watched memory of a CPU: the address an instruction uses counts, not the page frame it leads to.
import { assert, assertEquals } from "@std/assert";
import { makeMachine as makeA64 } from "./aarch64/testing/conformance.ts";
import type { WatchHit } from "./arch.ts";
import { ENCODERS } from "./testing/assembler.ts";
import type { BareMachine, Mode } from "./testing/harness.ts";
import { makeMachine as makeX86 } from "./x86_64/testing/conformance.ts";

const TEXT = 0x60_0000n;
const FIRST = 0x61_0000n;
const SECOND = 0x62_0000n;
const OTHER = 0x63_0000n;
const REP = 0xf3;

/** Runs to the first trap; all hits. */
function hitsOf(machine: BareMachine): WatchHit[] {
  const hits: WatchHit[] = [];
  for (;;) {
    const exit = machine.cpu.run(1000);
    if (exit.kind === "hypercall") return hits;
    assert(exit.kind === "watch", exit.kind);
    hits.push(...exit.hits);
  }
}

for (const make of [makeA64, makeX86]) {
  const { name } = make().arch;
  const encoder = ENCODERS[name];
  const [value, target = 0] = [encoder.saved[0], encoder.argumentRegisters[0]];

  /** A machine about to store to and load from these addresses, and to make a system call. */
  const start = (mode: Mode, addresses: readonly bigint[]): BareMachine => {
    const machine = make();
    const code = addresses.flatMap((address) => [
      ...encoder.constant(target, address),
      ...encoder.storeWord(target, value),
      ...encoder.loadWord(value, target),
    ]);
    const physical = machine.frame();
    machine.memory.slice(physical, 4096).set([...code, ...encoder.systemCall()]);
    machine.mapUser(TEXT, { write: false, execute: true }, physical);
    const kernelText = machine.kernelPage(9);
    machine.mapKernel(kernelText, { write: false, execute: true }, physical);
    const data = { write: true, execute: false };
    const frame = machine.mapUser(FIRST, data);
    machine.mapUser(SECOND, data, frame);
    machine.mapUser(OTHER, data);
    machine.mapKernel(machine.kernelPage(0), data, frame);
    machine.mapKernel(machine.kernelPage(1), data, frame);
    machine.start({ mode, pc: mode === "user" ? TEXT : kernelText });
    return machine;
  };

  for (const mode of ["user", "kernel"] as const) {
    Deno.test(`Cpu.addWatch ${name}, one of two mappings of a page frame, ${mode} mode`, () => {
      const pages = mode === "user" ? [FIRST, SECOND] : [0, 1].map((n) => make().kernelPage(n));
      for (const watched of pages) {
        for (const [index, order] of [pages, pages.toReversed()].entries()) {
          using machine = start(mode, order.map((page) => page + 0x128n));
          const range = { address: watched + 0x128n, size: 8, reads: true, writes: true };
          using _watch = machine.cpu.addWatch(range);
          const hits = hitsOf(machine);
          assertEquals(
            hits.map(({ access, address, by }) => [access, address, by]),
            ["write", "read"].map((access) => [access, watched + 0x128n, "instruction"]),
            `${index}`,
          );
        }
      }
    });
  }

  Deno.test(`Cpu.addWatch ${name}, several ranges at once, and none left`, () => {
    using machine = start("user", [FIRST + 0x7fn, OTHER]);
    const ranges = [FIRST + 0x80n, FIRST + 0x7fn, OTHER, SECOND].map((address) => ({
      address,
      size: 1,
      reads: false,
      writes: true,
    }));
    const watches = ranges.map((range) => machine.cpu.addWatch(range));
    const exit = machine.cpu.run(1000);
    assert(exit.kind === "watch");
    assertEquals(exit.hits.map(({ range }) => range), ranges.slice(0, 2));
    for (const watch of watches) watch[Symbol.dispose]();
    assertEquals(machine.cpu.run(1000).kind, "hypercall");
  });

  Deno.test(`Cpu.addWatch ${name}, walks of translation tables and fetches do not count`, () => {
    using machine = start("user", [FIRST, SECOND, OTHER]);
    const { space, cpu } = machine;
    const pages = new Set([machine.root, space.root]);
    for (const address of [TEXT, FIRST]) {
      let table = machine.root;
      for (let level = 0; level < 3; level++) {
        const index = (address >> BigInt(39 - 9 * level)) & 0x1ffn;
        table = machine.arch.entryFormat.physical(machine.memory.readU64(table + 8n * index));
        pages.add(table);
      }
    }
    pages.add(cpu.translate(TEXT) ?? 0n);
    for (const page of pages) {
      cpu.addWatch({ address: space.virtual(page), size: 4096, reads: true, writes: true });
    }
    cpu.flushTranslations();
    assertEquals(hitsOf(machine), []);
  });

  Deno.test(`Cpu.addWatch ${name}, stops behind an instruction whose successor is not there`, () => {
    using machine = start("user", []);
    const code = [...encoder.constant(target, FIRST), ...encoder.storeWord(target, value)];
    const physical = machine.mapUser(TEXT + 0x1000n, { write: false, execute: true });
    machine.memory.slice(physical, 4096).set(code, 4096 - code.length);
    const end = TEXT + 0x2000n;
    machine.start({ mode: "user", pc: end - BigInt(code.length) });
    using _watch = machine.cpu.addWatch({ address: FIRST, size: 8, reads: false, writes: true });
    const exit = machine.run();
    assert(exit.kind === "watch");
    assertEquals([exit.hits.length, machine.cpu.pc], [1, end]);
    assertEquals(machine.delivered.length, 0);
    const { frame } = machine.runToTrap();
    const cause = { kind: "page-fault", address: end, access: "execute", present: false };
    assertEquals(frame.cause(), cause as ReturnType<typeof frame.cause>);
  });

  Deno.test(`Cpu.addWatch ${name}, another address space has its own`, () => {
    using machine = start("user", [FIRST]);
    const root = machine.createRoot();
    machine.space.tables.map(root, FIRST, {
      physical: machine.cpu.translate(FIRST) ?? machine.frame(),
      protection: { user: true, write: true, execute: false },
    });
    const range = { address: FIRST, size: 8, reads: true, writes: true };
    const watch = machine.cpu.addWatch({ ...range, roots: () => [root] });
    assertEquals(hitsOf(machine), []);
    watch[Symbol.dispose]();
  });

  Deno.test(`Cpu.addWatch ${name}, a store that faults is told once, when it is made`, () => {
    const page = 0x70_0000n;
    using machine = start("user", [page + 0xffcn]);
    using _watch = machine.cpu.addWatch({ address: page, size: 8192, reads: false, writes: true });
    for (const address of [page, page + 0x1000n]) {
      const trap = machine.runToTrap();
      const cause = trap.frame.cause();
      assert(cause.kind === "page-fault");
      assertEquals(cause.address & ~0xfffn, address);
      machine.mapUser(address, { write: true, execute: false });
      machine.cpu.flushTranslations();
      machine.answerExit(trap.frame);
    }
    const hits = hitsOf(machine);
    assertEquals(hits.map(({ address, before }) => [address, before.length]), [[page + 0xffcn, 8]]);
  });
}

/** Runs instructions of user mode with the address in a register, under a watch of each byte. */
function sweep(
  make: () => BareMachine,
  { code, register, address, begin, size, access }: {
    readonly code: readonly number[];
    readonly register: string;
    readonly address: bigint;
    /** First byte that is accessed, from the address on, and how many are. */
    readonly begin: number;
    readonly size: number;
    readonly access: "read" | "write";
  },
): void {
  using machine = make();
  const physical = machine.mapUser(TEXT, { write: false, execute: true });
  machine.memory.slice(physical, 4096).set(code);
  machine.mapUser(address & ~0xfffn, { write: true, execute: false });
  machine.cpu.userFp = true;
  for (let offset = begin - 20; offset < begin + size + 20; offset++) {
    machine.start({ mode: "user", pc: TEXT, registers: { [register]: address } });
    const range = { address: address + BigInt(offset), size: 1, reads: true, writes: true };
    using _watch = machine.cpu.addWatch(range);
    const isInside = offset >= begin && offset < begin + size;
    const hits = hitsOf(machine).filter((hit) => hit.access === access);
    assertEquals(hits.length > 0, isInside, `${code} at ${offset}`);
  }
  using _watch = machine.cpu.addWatch({
    address: address + BigInt(begin) - 32n,
    size: size + 64,
    reads: access === "read",
    writes: access === "write",
  });
  machine.start({ mode: "user", pc: TEXT, registers: { [register]: address } });
  const hits = hitsOf(machine);
  const touched = hits.reduce((sum, { before }) => sum + before.length, 0);
  assertEquals(touched, size, "each byte once");
  if (!code.includes(REP)) assertEquals(hits.length, 1, "side by side");
}

Deno.test("Cpu.addWatch aarch64, DC ZVA, structures of vectors and exclusive pairs, each byte", () => {
  const address = OTHER + 0x100n;
  const word = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
  const svc = word(0xd4000001);
  const x1 = { register: "x1", begin: 0 };
  const cases = [
    { code: 0xd50b7421, size: 64, access: "write", address: address + 0x15n, begin: -0x15 }, // dc zva
    { code: 0x4c400c20, size: 64, access: "read" }, // ld4 {v0.2d-v3.2d}, [x1]
    { code: 0xc87f1423, size: 16, access: "read" }, // ldxp x3, x5, [x1]
  ] as const;
  for (const { code, ...rest } of cases) {
    sweep(makeA64, { address, ...x1, ...rest, code: [...word(code), ...svc] });
  }
});

Deno.test("Cpu.addWatch x86_64, CMPXCHG16B, PUSH, CALL, REP MOVS and ten bytes of x87, each byte", () => {
  const address = OTHER + 0x200n;
  const syscall = [0x0f, 0x05];
  const cases = [
    { code: [0x48, 0x0f, 0xc7, 0x0f], size: 16, access: "read" }, // cmpxchg16b (%rdi)
    { code: [0x48, 0x0f, 0xc7, 0x0f], size: 16, access: "write" },
    { code: [0xff, 0x37], size: 8, access: "read" }, // push (%rdi)
    { code: [0x0f, 0xae, 0x17], size: 4, access: "read" }, // ldmxcsr (%rdi)
    { code: [0x0f, 0xae, 0x1f], size: 4, access: "write" }, // stmxcsr (%rdi)
    { code: [0xdb, 0x3f], size: 10, access: "write" }, // fstpt (%rdi)
    // call to the next instruction; push %rax
    { code: [0xe8, 0, 0, 0, 0], size: 8, access: "write", register: "rsp", begin: -8 },
    { code: [0x50], size: 8, access: "write", register: "rsp", begin: -8 },
    // mov $5, %ecx; lea (%rdi), %rsi; rep movsb
    { code: [0xb9, 5, 0, 0, 0, 0x48, 0x8d, 0x37, 0xf3, 0xa4], size: 5, access: "write" },
    { code: [0xb9, 5, 0, 0, 0, 0x48, 0x8d, 0x37, 0xf3, 0xa4], size: 5, access: "read" },
  ] as const;
  for (const { code, ...rest } of cases) {
    sweep(makeX86, { address, register: "rdi", begin: 0, ...rest, code: [...code, ...syscall] });
  }
});
