/** What the CPU models differ in: SMEP, SMAP, UMIP, FSGSBASE, PCID, random numbers. */
import { assertEquals, assertMatch } from "@std/assert";
import { hex } from "../physical_memory.ts";
import type { BareMachine, Mode, Registers, Trap } from "../testing/harness.ts";
import { Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";
import { DATA, Flag, makeMachine, NON_CANONICAL } from "./testing/conformance.ts";
import { CODE, runCode, seen } from "./testing/run_code.ts";

const { UD, BP, GP, PF, DF } = Vector;
const MOV_TO_CR4 = [0x0f, 0x22, 0xe0]; // mov %rax, %cr4
const CPUID = [0x0f, 0xa2];
const STAC = [0x0f, 0x01, 0xcb];
const CLAC = [0x0f, 0x01, 0xca];
const LOAD = [0x48, 0x8b, 0x07]; // mov (%rdi), %rax
const STORE = [0x48, 0x89, 0x07]; // mov %rax, (%rdi)
const CR4 = 0x10_0620n;
const SMAP = 1n << 21n;
const UMIP = 1n << 11n;
const FSGSBASE = 1n << 16n;
const AC = 1n << 18n;

/** Bits of CR4 that a model has beside those every model here has. */
const MODELS = {
  "opteron-g5": [20],
  "epyc-rome": [11, 16, 20, 21],
} as const;
type Model = keyof typeof MODELS;
const NAMES = Object.keys(MODELS) as Model[];
/** VME to OSXMMEXCPT, OSXSAVE. */
const COMMON = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18];

/** Bits of CR4, and where CPUID announces each: leaf, register, bit (SDM vol. 2, CPUID). */
const ANNOUNCED = [
  [11, 7, "rcx", 2], // UMIP
  [12, 7, "rcx", 16], // LA57
  [13, 1, "rcx", 5], // VMXE
  [14, 1, "rcx", 6], // SMXE
  [16, 7, "rbx", 0], // FSGSBASE
  [17, 1, "rcx", 17], // PCIDE
  [18, 1, "rcx", 26], // OSXSAVE
  [20, 7, "rbx", 7], // SMEP
  [21, 7, "rbx", 20], // SMAP
  [22, 7, "rcx", 3], // PKE
] as const;

/** Runs code that first sets CR4; answers with what is seen of the rest. */
function kernel(
  machine: BareMachine,
  { cr4, code, registers = {} }: { cr4: bigint; code: readonly number[]; registers?: Registers },
): number[][] {
  const all = { rdi: DATA, ...registers, rax: cr4 };
  const trap = runCode(machine, { mode: "kernel", code: [...MOV_TO_CR4, ...code], registers: all });
  return behind(seen(machine, "kernel", trap), MOV_TO_CR4.length);
}

function behind(events: number[][], distance: number): number[][] {
  return events.map(([vector = -1, code = -1, at = -1]) => [vector, code, at - distance]);
}

function cpuid(model: Model, leaf: bigint): Trap {
  using machine = makeMachine(model);
  return runCode(machine, { mode: "user", code: CPUID, registers: { rax: leaf, rcx: 0n } });
}

/** Runs one instruction on a machine with some CR4. */
function one(
  model: Model,
  { mode, cr4, code, registers = {} }: {
    mode: Mode;
    cr4: bigint;
    code: readonly number[];
    registers?: Registers;
  },
): { events: number[][]; trap: Trap; machine: BareMachine } {
  const machine = makeMachine(model);
  machine.mapUser(DATA, { write: true, execute: false });
  machine.cpu.setRegister("cr4", cr4);
  const trap = runCode(machine, { mode, code, registers: { rdi: DATA, ...registers } });
  return { events: seen(machine, mode, trap), trap, machine };
}

Deno.test("x86-64 models, the default is the first", () => {
  assertEquals(x86_64.cpuModels, NAMES);
  using machine = makeMachine();
  assertEquals(machine.cpu.save().image.model, "opteron-g5");
});

for (const model of NAMES) {
  const bits: readonly number[] = [...COMMON, ...MODELS[model]];

  Deno.test(`x86-64 ${model}, CR4 takes what there is and no other bit`, () => {
    for (let bit = 0; bit < 64; bit++) {
      using machine = makeMachine(model);
      const rax = CR4 | 1n << BigInt(bit);
      const trap = runCode(machine, { mode: "kernel", code: MOV_TO_CR4, registers: { rax } });
      const taken = bits.includes(bit);
      const expected = taken ? [BP, 0, MOV_TO_CR4.length + 1] : [GP, 0, 0];
      assertEquals(seen(machine, "kernel", trap), [expected], `bit ${bit}`);
      assertEquals(hex(machine.cpu.register("cr4")), hex(taken ? rax : CR4));
    }
  });

  Deno.test(`x86-64 ${model}, CPUID announces what CR4 takes`, () => {
    const leaves = new Map([1, 7].map((leaf) => [leaf, cpuid(model, BigInt(leaf)).frame]));
    for (const [bit, leaf, register, at] of ANNOUNCED) {
      const answer = leaves.get(leaf)!.register(register) >> BigInt(at) & 1n;
      assertEquals(answer === 1n, bits.includes(bit), `bit ${bit}`);
    }
  });

  Deno.test(`x86-64 ${model}, EFER takes what there is and no other bit`, () => {
    const { frame } = cpuid(model, 0x8000_0001n);
    const [svm, ffxsr] = [frame.register("rcx") >> 2n & 1n, frame.register("rdx") >> 25n & 1n];
    assertEquals([svm, ffxsr], [1n, 0n]);
    for (let bit = 0; bit < 64; bit++) {
      using machine = makeMachine(model);
      const efer = 0xd01n | 1n << BigInt(bit);
      const registers = { rcx: 0xc000_0080n, rax: efer & 0xffff_ffffn, rdx: efer >> 32n };
      const trap = runCode(machine, { mode: "kernel", code: [0x0f, 0x30], registers }); // wrmsr
      const taken = [0, 8, 10, 11, 12].includes(bit); // SCE, LME, LMA, NXE, SVME
      assertEquals(seen(machine, "kernel", trap), [taken ? [BP, 0, 3] : [GP, 0, 0]], `bit ${bit}`);
    }
  });

  Deno.test(`x86-64 ${model}, there are no random numbers of the host's`, () => {
    assertEquals(cpuid(model, 1n).frame.register("rcx") >> 30n & 1n, 0n);
    assertEquals(cpuid(model, 7n).frame.register("rbx") >> 18n & 1n, 0n);
    for (const modrm of [0xf0, 0xf8]) { // rdrand %eax, rdseed %eax
      const { events, machine } = one(model, { mode: "user", cr4: CR4, code: [0x0f, 0xc7, modrm] });
      machine[Symbol.dispose]();
      assertEquals(events, [[UD, 0, 0]]);
    }
  });

  Deno.test(`x86-64 ${model}, INVPCID is undefined, as CPUID says`, () => {
    assertEquals(cpuid(model, 7n).frame.register("rbx") >> 10n & 1n, 0n);
    const code = [0x66, 0x0f, 0x38, 0x82, 0x07]; // invpcid (%rdi), %rax
    const { events, machine } = one(model, { mode: "kernel", cr4: CR4, code });
    machine[Symbol.dispose]();
    assertEquals(events, [[UD, 0, 0]]);
  });

  Deno.test(`x86-64 ${model}, SMEP keeps the kernel from code of user pages`, () => {
    for (const smep of [true, false]) {
      using machine = makeMachine(model);
      const page = machine.mapUser(CODE, { write: false, execute: true });
      machine.memory.slice(page, 1)[0] = 0xcc; // int3
      const code = [...MOV_TO_CR4, 0xff, 0xe7]; // jmp *%rdi
      const rax = smep ? CR4 : 0x620n;
      const registers = { rax, rdi: CODE };
      const { delivered } = runCode(machine, { mode: "kernel", code, registers });
      const events = delivered.map((entry) => [entry.vector, Number(entry.code), entry.pc]);
      assertEquals(events, [smep ? [PF, 0x11, CODE] : [BP, 0, CODE + 1n]]);
      if (smep) assertEquals(hex(machine.cpu.register("cr2")), hex(CODE));
    }
  });
}

Deno.test("x86-64 epyc-rome, what comes behind BMI in a block is refused as ever", () => {
  const andn = [0xc4, 0xe2, 0x70, 0xf2, 0xc2]; // andn %edx, %ecx, %eax
  const code = [...andn, 0xf0, 0x90]; // lock nop
  const registers = { rcx: 0xf0n, rdx: 0xffn };
  const { events, machine, trap } = one("epyc-rome", { mode: "user", cr4: CR4, code, registers });
  machine[Symbol.dispose]();
  assertEquals(events, [[UD, 0, andn.length]]);
  assertEquals(trap.frame.register("rax"), 0x0fn);
});

Deno.test("x86-64 limit of epyc-rome, BLSI leaves the inverse of CF", () => {
  for (const rdx of [0n, 0x30n]) {
    const code = [0xc4, 0xe2, 0xf8, 0xf3, 0xda]; // blsi %rdx, %rax
    const options = { mode: "user", cr4: CR4, code, registers: { rdx } } as const;
    const { events, machine, trap } = one("epyc-rome", options);
    machine[Symbol.dispose]();
    assertEquals(events, [[BP, 0, 6]]);
    assertEquals(trap.frame.register("rax"), rdx & -rdx);
    assertEquals(trap.frame.register("rflags") & Flag.CF, rdx === 0n ? Flag.CF : 0n);
  }
});

Deno.test("x86-64 epyc-rome, SMAP keeps the kernel from user pages unless AC is set", () => {
  const cases: readonly (readonly [number[], number[]])[] = [
    [LOAD, [PF, 1, 0]],
    [STORE, [PF, 3, 0]],
    [[...STAC, ...LOAD], [BP, 0, 7]],
    [[...STAC, ...STORE], [BP, 0, 7]],
    [[...STAC, ...LOAD, ...CLAC, ...LOAD], [PF, 1, 9]],
  ];
  for (const [code, expected] of cases) {
    using machine = makeMachine("epyc-rome");
    machine.mapUser(DATA, { write: true, execute: false });
    assertEquals(kernel(machine, { cr4: CR4 | SMAP, code }), [expected]);
    if (expected[0] === PF) assertEquals(hex(machine.cpu.register("cr2")), hex(DATA));
  }
});

Deno.test("x86-64 epyc-rome, without CR4.SMAP user pages are the kernel's too", () => {
  using machine = makeMachine("epyc-rome");
  machine.mapUser(DATA, { write: true, execute: false });
  assertEquals(kernel(machine, { cr4: CR4, code: [...CLAC, ...LOAD, ...STORE] }), [[BP, 0, 10]]);
});

Deno.test("x86-64 epyc-rome, SMAP does not concern user mode, nor AC of the interrupted", () => {
  for (const rflags of [Flag.ONE | Flag.IF, Flag.ONE | Flag.IF | AC]) {
    const options = { mode: "user", cr4: CR4 | SMAP, code: LOAD, registers: { rflags } } as const;
    const { events, machine } = one("epyc-rome", options);
    machine[Symbol.dispose]();
    assertEquals(events, [[BP, 0, 4]]);
  }
});

/** Runs kernel code that loses the kernel's stack or tables; answers how the run ends. */
function lose(
  machine: BareMachine,
  { code, registers }: { code: readonly number[]; registers: Registers },
): string {
  const pc = machine.kernelPage(0);
  const page = machine.mapKernel(pc, { write: false, execute: true });
  machine.memory.slice(page, code.length).set(code);
  machine.start({ mode: "kernel", pc, registers });
  const exit = machine.run(10_000);
  return exit.kind === "shutdown" ? exit.reason : exit.kind;
}

Deno.test("x86-64 epyc-rome, an exception is not pushed on a user page under SMAP", () => {
  for (const [flags, expected] of [[0n, DF], [AC, UD]] as const) {
    using machine = makeMachine("epyc-rome");
    machine.mapUser(DATA, { write: true, execute: false });
    const code = [...MOV_TO_CR4, 0x48, 0x89, 0xfc, 0x0f, 0x0b]; // mov %rdi, %rsp; ud2
    const registers = { rax: CR4 | SMAP, rdi: DATA + 0x800n, rflags: Flag.ONE | flags };
    assertEquals(lose(machine, { code, registers }), "hypercall");
    assertEquals(machine.delivered.map(({ vector }) => vector), [expected]);
    if (flags === 0n) assertEquals(hex(machine.cpu.register("cr2")), hex(DATA + 0x7f8n));
  }
});

Deno.test("x86-64 epyc-rome, tables in user pages cannot be used under SMAP, AC or not", () => {
  for (const flags of [0n, AC]) {
    using machine = makeMachine("epyc-rome");
    const { cpu, memory } = machine;
    const table = machine.mapUser(DATA, { write: true, execute: false });
    const idt = machine.space.offset(cpu.register("idtr_base"), 4096);
    memory.slice(table, 4096).set(memory.bytes.subarray(idt, idt + 4096));
    const pointer = machine.mapKernel(machine.kernelPage(1), { write: true, execute: false });
    memory.writeU64(pointer, 0xfffn | DATA << 16n);
    const code = [0x0f, 0x01, 0x1f, ...MOV_TO_CR4, 0x0f, 0x0b]; // lidt (%rdi); mov …; ud2
    const registers = { rax: CR4 | SMAP, rdi: machine.kernelPage(1), rflags: Flag.ONE | flags };
    assertMatch(lose(machine, { code, registers }), /^Triple fault: page fault/);
    assertEquals(hex(cpu.register("cr2")), hex(DATA + 16n * BigInt(PF)));
  }
});

Deno.test("x86-64 opteron-g5, STAC and CLAC are undefined", () => {
  for (const code of [STAC, CLAC]) {
    using machine = makeMachine("opteron-g5");
    assertEquals(kernel(machine, { cr4: CR4, code }), [[UD, 0, 0]]);
  }
});

/** Instructions that UMIP keeps from user mode. */
const STORES: Readonly<Record<string, readonly number[]>> = {
  "sgdt (%rdi)": [0x0f, 0x01, 0x07],
  "sidt (%rdi)": [0x0f, 0x01, 0x0f],
  "sldt (%rdi)": [0x0f, 0x00, 0x07],
  "str (%rdi)": [0x0f, 0x00, 0x0f],
  "smsw (%rdi)": [0x0f, 0x01, 0x27],
  "sldt %eax": [0x0f, 0x00, 0xc0],
  "str %r9": [0x49, 0x0f, 0x00, 0xc9],
  "smsw %eax": [0x0f, 0x01, 0xe0],
};

for (const [name, code] of Object.entries(STORES)) {
  Deno.test(`x86-64 epyc-rome, ${name} is refused in user mode with UMIP, and only there`, () => {
    for (const mode of ["user", "kernel"] as const) {
      for (const cr4 of [CR4, CR4 | UMIP]) {
        const { events, machine, trap } = one("epyc-rome", { mode, cr4, code });
        machine[Symbol.dispose]();
        const refused = mode === "user" && cr4 !== CR4;
        assertEquals(events, [refused ? [GP, 0, 0] : [BP, 0, code.length + 1]], mode);
        if (refused) assertEquals(hex(trap.frame.register("rdi")), hex(DATA));
      }
    }
  });
}

Deno.test("x86-64 epyc-rome, UMIP comes before the fault of the operand", () => {
  const options = { mode: "user", cr4: CR4 | UMIP, registers: { rdi: 0x1000n } } as const;
  const { events, machine } = one("epyc-rome", { ...options, code: [0x0f, 0x01, 0x07] });
  machine[Symbol.dispose]();
  assertEquals(events, [[GP, 0, 0]]);
});

const RDFSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xc0]; // rdfsbase %rax
const WRFSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xd1]; // wrfsbase %rcx
const RDGSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xc8]; // rdgsbase %rax
const WRGSBASE = [0xf3, 0x48, 0x0f, 0xae, 0xd9]; // wrgsbase %rcx
const WRFSBASE_32 = [0xf3, 0x0f, 0xae, 0xd1]; // wrfsbase %ecx

for (const [write, read] of [[WRFSBASE, RDFSBASE], [WRGSBASE, RDGSBASE]] as const) {
  const name = write === WRFSBASE ? "FS" : "GS";

  Deno.test(`x86-64 epyc-rome, the base of ${name} is user mode's with CR4.FSGSBASE`, () => {
    const rcx = 0x7fff_1234_5678n;
    const options = { mode: "user", code: [...write, ...read], registers: { rcx } } as const;
    const { events, machine, trap } = one("epyc-rome", { ...options, cr4: CR4 | FSGSBASE });
    machine[Symbol.dispose]();
    assertEquals(events, [[BP, 0, 11]]);
    assertEquals(hex(trap.frame.register("rax")), hex(rcx));
  });

  Deno.test(`x86-64, the instructions for the base of ${name} are undefined without`, () => {
    for (const [model, cr4] of [["epyc-rome", CR4], ["opteron-g5", CR4]] as const) {
      for (const code of [write, read]) {
        const { events, machine } = one(model, { mode: "user", cr4, code });
        machine[Symbol.dispose]();
        assertEquals(events, [[UD, 0, 0]]);
      }
    }
  });

  Deno.test(`x86-64 epyc-rome, a base of ${name} that is not canonical is refused`, () => {
    const options = { mode: "user", code: write, registers: { rcx: NON_CANONICAL } } as const;
    const { events, machine } = one("epyc-rome", { ...options, cr4: CR4 | FSGSBASE });
    machine[Symbol.dispose]();
    assertEquals(events, [[GP, 0, 0]]);
  });
}

Deno.test("x86-64 epyc-rome, WRFSBASE of 32 bits takes the lower half", () => {
  const code = [...WRFSBASE_32, ...RDFSBASE];
  const options = { mode: "user", code, registers: { rcx: NON_CANONICAL | 0x1234n } } as const;
  const { events, machine, trap } = one("epyc-rome", { ...options, cr4: CR4 | FSGSBASE });
  machine[Symbol.dispose]();
  assertEquals(events, [[BP, 0, 10]]);
  assertEquals(trap.frame.register("rax"), 0x1234n);
});
