import { assertEquals } from "@std/assert";
import { AArch64Register, AArch64SystemRegister, AArch64Vector } from "./aarch64/constants.ts";
import type { EngineArch } from "./errors.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";
import { enablePaging, guestState } from "./testing/guest_state.ts";
import { noteMembers } from "../util/testing/members.ts";
import { X86Msr, X86Register, X86Vector } from "./x86_64/constants.ts";

const PAGE = 4096;
/** Physical addresses that are unmapped virtual ones too. */
const ABSENT = 0x500000n;

/** A load from 0x700000, where nothing is mapped, at 0x400000 and 0x401000. */
function placeLoad(bench: Bench): void {
  if (bench.engine.arch === "x86_64") {
    bench.ram.set([0x90, 0x8b, 0x04, 0x25, 0x00, 0x00, 0x70, 0x00], 0x30000); // nop; mov eax, [..]
  } else {
    bench.engine.aarch64.setX(0, 0x700000n);
    placeWords(bench, 0x30000, [0xd503201f, 0xf9400001]); // nop; ldr x1, [x0]
  }
}

function runAt({ engine }: Bench, pc: bigint): void {
  if (engine.arch === "x86_64") engine.x86.rip = pc;
  else engine.aarch64.pc = pc;
  const vector = engine.arch === "x86_64" ? X86Vector.PAGE_FAULT : AArch64Vector.DATA_ABORT;
  assertEquals(engine.run(10), { kind: "trap", instructions: 2, vector });
}

/** The places an engine is stopped at: all of them leave something that a probe would overwrite. */
const PLACES: Readonly<Record<string, (bench: Bench) => void>> = {
  "before anything": () => {},
  "at a page fault": (bench) => runAt(bench, 0x401000n),
  "after a budget": ({ engine }) => {
    if (engine.arch === "x86_64") engine.x86.rip = 0x401000n;
    else engine.aarch64.pc = 0x401000n;
    engine.run(1);
  },
};

/** Calls that are not meant to change a guest; what they return is disposed of. */
const CALLS: Readonly<Record<string, (bench: Bench) => unknown>> = {
  "adding and removing hooks": ({ engine }) => {
    for (const at of [0n, 0x400000n, 0x401001n, 0x700000n, 0xffff_8000_0000_0000n, 1n << 63n]) {
      engine.addCodeHook(at, at + 16n, () => "stop")[Symbol.dispose]();
    }
  },
  "watching blocks": ({ engine }) => {
    for (const at of [0n, 0x400000n, 0xffff_8000_0000_0000n]) {
      engine.watchBlocks(at, at + 0x10000n, () => {})[Symbol.dispose]();
    }
  },
  "mapRam and unmapRam": ({ engine }) => {
    engine.mapRam(ABSENT, new Uint8Array(4 * PAGE));
    engine.unmapRam(ABSENT, BigInt(4 * PAGE));
  },
  "invalidateCode": ({ engine }) => engine.invalidateCode(0n, 1n << 20n),
  "flushTlb": ({ engine }) => engine.flushTlb(),
  "flushCode": ({ engine }) => engine.flushCode(),
  "watchMemory": ({ engine }) => {
    const window = { begin: 0, end: 4096, reads: true, writes: true };
    engine.watchMemory([window], "all");
    engine.watchMemory([window], new Set([1, 48]));
    engine.watchMemory([], "all");
    return engine.accessed;
  },
  "watches of instructions": ({ engine }) => {
    engine.watchInstructions({ find: () => [], refuses: () => true });
    if (engine.arch === "x86_64") engine.stopBefore(() => -1);
  },
  "saveCpu": ({ engine }) => engine.saveCpu(),
  "restoreCpu": ({ engine }) => engine.restoreCpu(engine.saveCpu()),
  "readRegister": ({ engine }) => {
    const { FP0, XMM0, IDTR, GDTR, LDTR, TR, MSR } = X86Register;
    const { V0, CP_REG } = AArch64Register;
    const wide: readonly number[] = [FP0, XMM0, IDTR, GDTR, LDTR, TR, MSR, V0, CP_REG];
    const all = Object.values(engine.arch === "x86_64" ? X86Register : AArch64Register);
    const narrow = all.filter((id) => !wide.includes(id));
    for (const id of narrow) engine.readRegister(id);
    if (engine.arch === "x86_64") engine.readX87(0);
    engine.readVector(engine.arch === "x86_64" ? X86Register.XMM0 : AArch64Register.V0);
    // Those that are batched: all but the debug registers.
    const plain = narrow.filter((id) => id < X86Register.DR0 || id > X86Register.DR7);
    engine.registerBatch(plain).read();
  },
  "system registers": ({ engine }) => {
    if (engine.arch === "x86_64") {
      for (const msr of Object.values(X86Msr)) engine.readMsr(msr);
      for (const table of ["GDTR", "IDTR", "LDTR", "TR"] as const) {
        engine.readDescriptorTable(table);
      }
      return;
    }
    for (const register of Object.values(AArch64SystemRegister)) {
      engine.readSystemRegister(register);
    }
    engine.registerBatch(Object.values(AArch64SystemRegister)).read();
    engine.systemRegister(AArch64SystemRegister.TTBR0_EL1).read();
    for (const kind of ["bvr", "bcr", "wvr", "wcr"] as const) engine.readDebugRegister(kind, 0);
  },
  "state": ({ engine }) => {
    const { instructions, disposed, model } = engine;
    const pc = engine.arch === "x86_64" ? engine.x86.rip : engine.aarch64.pc;
    return [instructions, disposed, model, pc];
  },
  "refused runs": ({ engine }) => {
    try {
      engine.run(0);
    } catch { /* as it should */ }
  },
};

/** What is meant to change a guest, or is another architecture's. */
const CHANGES = {
  both: [
    ...["writeRegister", "writeSystemRegister", "writeMsr", "writeDescriptorTable", "writeVector"],
    "writeX87",
    ...["countRefused", "runOver", "undoAccess"],
  ],
  x86_64: ["aarch64", "otherArch", "readDebugRegister", "readSystemRegister", "systemRegister"],
  aarch64: ["otherArch", "readDescriptorTable", "readMsr", "readX87", "stopBefore", "x86"],
} as const;

for (const arch of ["x86_64", "aarch64"] as const satisfies readonly EngineArch[]) {
  Deno.test(`Engine ${arch}, the calls that are tried are all there are`, () => {
    using bench = openBench(arch);
    const noted = noteMembers(bench.engine);
    for (const call of Object.values(CALLS)) call({ ...bench, engine: noted.object });
    const others = [...CHANGES.both, ...CHANGES[arch]].sort();
    assertEquals(noted.unused(), others, "what is new belongs to `CALLS` or `CHANGES`");
  });

  for (const [place, stop] of Object.entries(PLACES)) {
    Deno.test(`Engine ${arch}, no call that is not meant to changes the guest, ${place}`, () => {
      for (const [what, call] of Object.entries(CALLS)) {
        using bench = openBench(arch);
        enablePaging(bench);
        placeLoad(bench);
        stop(bench);
        const before = guestState(bench);
        call(bench);
        assertEquals(guestState(bench), before, what);
      }
    });
  }

  Deno.test(`Engine.addCodeHook ${arch}, removed where its code is mapped no more, probes nothing`, () => {
    using bench = openBench(arch);
    const { engine, memory } = bench;
    enablePaging(bench);
    placeLoad(bench);
    const hook = engine.addCodeHook(0x400000n, 0x400fffn, () => {});
    runAt(bench, 0x400000n);
    memory.setBigUint64(0x23000, 0n, true);
    engine.flushTlb();
    runAt(bench, 0x401000n);
    const before = guestState(bench);
    hook[Symbol.dispose]();
    assertEquals(guestState(bench), before);
  });

  Deno.test(`Engine.unmapRam ${arch}, of page frames that held code, runs what is mapped there next`, () => {
    using bench = openBench(arch);
    const { engine } = bench;
    enablePaging(bench);
    const put = (at: number, value: bigint) => bench.memory.setBigUint64(at, value, true);
    const entry = bench.memory.getBigUint64(0x23000, true) & 0xfffn;
    put(0x23000, ABSENT | entry);
    engine.flushTlb();
    for (const value of [1, 2]) {
      const page = new Uint8Array(PAGE);
      const view = new DataView(page.buffer);
      if (arch === "x86_64") page.set([0xb8, value, 0, 0, 0, 0xf4]); // mov eax, value; hlt
      else {[0xd280_0000 | (value << 5), 0xd503_207f].forEach((w, i) =>
          view.setUint32(4 * i, w, true)
        );}
      engine.mapRam(ABSENT, page);
      if (arch === "x86_64") engine.x86.rip = 0x400000n;
      else engine.aarch64.pc = 0x400000n;
      assertEquals(engine.run(10).kind, "halt");
      assertEquals(arch === "x86_64" ? engine.x86.gpr(0) : engine.aarch64.x(0), BigInt(value));
      engine.unmapRam(ABSENT, BigInt(PAGE));
    }
  });
}
