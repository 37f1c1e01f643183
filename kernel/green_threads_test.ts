// The green threads of guest/green: the log of the crash and its map, the cause, the library put
// right, and each defect.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { type ElfFile, parseElf } from "../elf/mod.ts";
import { GREEN_CASES } from "../guest/green/cases.ts";
import { backtrace, moduleFromElf, ModuleList, RegisterSet } from "../unwind/walk/mod.ts";
import { Audit } from "./testing/audit.ts";
import {
  CRASH_LOG,
  greenMap,
  logLines,
  openNumbers,
  REST_OF_LOG,
  savedContext,
} from "./testing/green_log.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";
import { Session, type SessionOptions } from "./testing/session.ts";
import { taskMemory } from "./unwind/unwind_stack.ts";

const STACK_SIZE = 2 ** 21;

/**
 * What is an architecture's own: the entry's frame pointer below the stack's bottom, sound and with
 * the call; the return instruction and the bytes `schedule` leaves on the stack behind its frame
 * pointer when it is sound.
 */
const OWN = {
  x86_64: {
    entryFp: 16,
    entryFpCalled: 16,
    shift: 8n,
    return: [0xc3],
    returnSp: 8n,
    jump: [0xff, 0xe2], // jmp *%rdx
    words: [["VEC", 0xen], ["ERR", 0x15n], ["CR2", "pc"]],
  },
  aarch64: {
    entryFp: 32,
    entryFpCalled: 48,
    shift: 16n,
    return: [0xc0, 0x03, 0x5f, 0xd6],
    returnSp: 32n,
    jump: [0x20, 0x02, 0x1f, 0xd6], // br x17
    words: [["ESR", 0x8200000fn], ["FAR", "pc"]],
  },
} as const;

function elfOf(program: string, arch: ArchName): ElfFile {
  return parseElf(programFile(program, arch));
}

/** Address of the last bytes of a function, which must be these. */
function endOf(elf: ElfFile, name: string, bytes: readonly number[]): bigint {
  const symbol = elf.symbolNamed(name);
  assert(symbol !== undefined, name);
  const address = symbol.value + symbol.size - BigInt(bytes.length);
  const segment = elf.segments.find(({ vaddr, fileSize }) =>
    vaddr <= address && address < vaddr + BigInt(fileSize)
  );
  assert(segment !== undefined);
  const at = Number(address - segment.vaddr);
  assertEquals([...elf.segmentData(segment).subarray(at, at + bytes.length)], [...bytes]);
  return address;
}

function functionOf(elf: ElfFile, address: number): string | undefined {
  return elf.symbolAt(BigInt(address - 1))?.symbol.name;
}

function word(session: Session, address: bigint): bigint {
  return new DataView(session.machine.readMemory(address, 8).buffer).getBigUint64(0, true);
}

/** Names of the stack frames, innermost first; whether the walk came to the end of the stack. */
function walk(session: Session, modules: ModuleList): { names: string[]; whole: boolean } {
  const { machine } = session;
  const { frames, end, error } = backtrace({
    registers: RegisterSet.named(machine.kernel.arch.elfMachine, machine.registers()),
    memory: taskMemory(machine.kernel, session.task("green")),
    modules,
  });
  const names = frames.map((frame) =>
    modules.at(frame.lookupAddress)?.nameOf(frame.lookupAddress)?.name ?? "?"
  );
  return { names, whole: error === undefined && (end ?? "").startsWith("return-address-") };
}

const MAIN = ["spawn_from_main", "main", "_start"];
const FRESH = ["entry_point"];

function scheduled(thread: string): string[] {
  return ["schedule", "spawn", thread, "entry_point"];
}

/** The stacks of each switch of the sound program: from which to which. */
const SWITCHES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [MAIN, FRESH],
  [scheduled("gaia"), FRESH],
  [scheduled("mash"), scheduled("gaia")],
  [["leave", "entry_point"], FRESH],
  [["leave", "entry_point"], scheduled("mash")],
  [["leave", "entry_point"], MAIN],
];

const WAYS: readonly Partial<SessionOptions>[] = [
  {},
  { load: "demand", quantum: 257, policy: "priority" },
  { seed: 7, quantum: 1000, stackLimit: 1 },
];

for (const arch of ARCH_NAMES) {
  const own = OWN[arch];

  Deno.test(`Crash ${arch}, the log has the seed's lines in their order`, () => {
    using session = new Session({ arch, programs: ["green-crash"] });
    session.finish();
    const lines = logLines(session.console("green-crash"));
    assertEquals(lines.map(openNumbers), CRASH_LOG);
    const elf = elfOf("green-crash", arch);
    for (const [start, name] of [["to be switched to", "gaia"], ["switching back to", "mash"]]) {
      const line = lines.find((each) => each.includes(start ?? ""));
      const entry = BigInt(/entry: (0x\w+)/.exec(line ?? "")?.[1] ?? "0");
      assertEquals(elf.symbolAt(entry)?.symbol.name, name);
    }
    // Whoever is switched to is what was saved.
    const { schedules: [gaia] } = greenMap(lines, arch);
    const back = lines.findLast((line) => line.startsWith("context switching back to"));
    const behind = lines.find((line) => line.startsWith("jump back to"));
    assertEquals(savedContext(back ?? "", arch), gaia);
    assertEquals(savedContext(behind ?? "", arch), gaia);
  });

  Deno.test(`Crash ${arch}, every distance of the map is the seed's`, () => {
    using session = new Session({ arch, programs: ["green-crash"] });
    session.finish();
    const map = greenMap(logLines(session.console("green-crash")), arch);
    const [gaia, mash, ortega] = map.stacks;
    assert(gaia !== undefined && mash !== undefined && ortega !== undefined);
    for (const { top, bottom } of map.stacks) {
      assertEquals([top % 4096, bottom - top], [0, STACK_SIZE]);
    }
    assertEquals(mash.top - gaia.bottom, 4096, "the list of contexts is between the two");
    assertEquals(ortega.top, mash.bottom);
    [gaia, mash].forEach(({ bottom }, i) => {
      const entry = map.entries[i];
      const schedule = map.schedules[i];
      assert(entry !== undefined && schedule !== undefined);
      assertEquals(bottom - entry.fp, own.entryFpCalled);
      assertEquals(entry.fp - entry.sp, 688);
      assertEquals(entry.sp - schedule.fp, 528);
      assertEquals(schedule.fp - schedule.sp, 544);
    });
    assertEquals(map.root.fp - map.root.sp, 800);
    assert(map.root.sp > ortega.bottom, "main's stack is above the heap");
    // The map's text, lowest first.
    const elf = elfOf("green-crash", arch);
    const pcs = [map.schedules[0]?.pc, map.schedules[1]?.pc, map.entries[0]?.pc, map.root.pc];
    assertEquals(
      pcs.map((pc) => functionOf(elf, pc ?? 0)),
      ["schedule", "schedule", "entry_point", "spawn_from_main"],
    );
    assertEquals(elf.symbolAt(BigInt(map.entryPoint))?.symbol.name, "entry_point");
    assertEquals(pcs[0], pcs[1]);
  });

  Deno.test(`Crash ${arch}, schedule returns into Gaia's own stack, which is not executable`, () => {
    using session = new Session({ arch, programs: ["green-crash"] });
    const { machine } = session;
    const end = endOf(elfOf("green-crash", arch), "schedule", own.return);
    const { pc, sp } = (() => {
      using _stop = machine.addBreakpoint(end);
      assertEquals(machine.run(), { kind: "breakpoint", address: end });
      const { sp } = machine.cpu;
      const registers = machine.registers();
      return { sp, pc: arch === "x86_64" ? word(session, sp) : registers["x30"] ?? 0n };
    })();
    const lines = logLines(session.console("green-crash"));
    const { stacks: [gaia], schedules: [schedule], entries: [entry] } = greenMap(lines, arch);
    assert(gaia !== undefined && schedule !== undefined && entry !== undefined);
    const fp = BigInt(schedule.fp);
    assertEquals(sp, fp + own.returnSp - own.shift, "the stack pointer is too low by that much");
    if (arch === "x86_64") {
      // The frame pointer spawn had: where the debugger's PC, of another run, is in its page.
      assertEquals([pc, Number(pc)], [word(session, fp), gaia.bottom - 912]);
      assertEquals(pc & 0xfffn, 0x1004ffc70n & 0xfffn);
    } else {
      // The first local of schedule, below its frame record: its argument, in the frame of spawn.
      assertEquals(pc, word(session, fp - 8n));
      assert(pc > fp && pc < BigInt(entry.sp));
    }
    assert(pc >= BigInt(gaia.top) && pc < BigInt(gaia.bottom));

    session.finish();
    assertEquals(lines.at(-1), "schedule() tail");
    assertEquals(logLines(session.console("green-crash")).length, lines.length, "nothing more");
    const last = session.of("exception").at(-1);
    assertEquals(
      last?.words.map(({ label, value }) => [label, value]),
      own.words.map(([label, value]) => [label, value === "pc" ? pc : value]),
    );
    const fault = session.of("page-fault").at(-1);
    assertEquals([fault?.address, fault?.access, fault?.kr], [pc, "execute", 2]);
    // A debugger's log of another process has another PC: it is on no stack of this map.
    assert(
      greenMap(lines, arch).stacks.every(({ top, bottom }) =>
        0x1004ffc70 < top || 0x1004ffc70 >= bottom
      ),
    );
  });

  Deno.test(`Green threads ${arch}, put right they run to their end and release everything`, () => {
    for (const options of WAYS) {
      using session = new Session({ arch, programs: ["green"], ...options });
      const audit = new Audit(session.machine);
      assertEquals(session.finish().reason, "all tasks have ended");
      assertEquals(session.ending("green"), "exit 0");
      const lines = logLines(session.console("green"));
      assertEquals(lines.map(openNumbers), [...CRASH_LOG, ...REST_OF_LOG]);
      const map = greenMap(lines, arch);
      for (const [i, { fp }] of map.entries.entries()) {
        assertEquals((map.stacks[i]?.bottom ?? 0) - fp, own.entryFp);
      }
      audit.check();
    }
  });

  Deno.test(`Green threads ${arch}, at each instruction of the switch a walk finds one stack whole`, () => {
    using session = new Session({ arch, programs: ["green"] });
    const { machine } = session;
    const elf = elfOf("green", arch);
    const modules = new ModuleList([moduleFromElf(elf)]);
    const begin = elf.symbolNamed("switch_context")?.value ?? 0n;
    const end = endOf(elf, "switch_context", own.jump);
    for (const [from, to] of SWITCHES) {
      {
        using _stop = machine.addBreakpoint(begin);
        assertEquals(machine.run().kind, "breakpoint");
      }
      // The caller's stack up to some instruction, the other's from there on.
      let switched = false;
      for (;;) {
        const { names, whole } = walk(session, modules);
        switched ||= names.slice(1).join() === to.join();
        assertEquals(names, ["switch_context", ...(switched ? to : from)]);
        assert(whole, names.join());
        if (machine.cpu.pc === end) break;
        machine.run(1);
      }
      assert(switched);
    }
    session.finish();
    assertEquals(session.ending("green"), "exit 0");
  });

  for (const { commandLine, ending, sound } of GREEN_CASES) {
    Deno.test(`${commandLine} ${arch}, ends as it is said to, each time the same`, () => {
      const program = commandLine.split(" ")[0] ?? "";
      const consoles = WAYS.map((options) => {
        using session = new Session({ arch, programs: [commandLine], ...options });
        const audit = new Audit(session.machine);
        session.finish();
        const end = session.ending(program);
        assert(ending[arch].test(end), `${end}, expected ${ending[arch]}`);
        if (!sound) assert(!session.console(program).includes("main done"));
        audit.check();
        return session.console(program) + end;
      });
      assertEquals(new Set(consoles).size, 1);
    });
  }

  Deno.test(`green deep ${arch}, the store is in the guard page of Ortega's stack`, () => {
    using session = new Session({ arch, programs: ["green deep"] });
    session.finish();
    const { stacks: [, , ortega] } = greenMap(logLines(session.console("green")), arch);
    const { address = 0n, kr } = session.of("page-fault").at(-1) ?? {};
    const into = Number(address) - (ortega?.top ?? 0);
    assert(kr === 2 && into >= 0 && into < 4096, `${into} bytes into the stack`);
  });
}

// What AArch64 needs an analogue for: its call leaves nothing on the stack.
Deno.test("Green threads aarch64, a switch by BLR instead of BR does no harm", () => {
  using session = new Session({ arch: "aarch64", programs: ["green"] });
  const { machine } = session;
  const elf = elfOf("green", "aarch64");
  const jump = endOf(elf, "switch_context", OWN.aarch64.jump);
  {
    using _stop = machine.addBreakpoint(elf.symbolNamed("main")?.value ?? 0n);
    machine.run();
  }
  machine.writeMemory(jump, new Uint8Array([0x20, 0x02, 0x3f, 0xd6])); // blr x17
  session.finish();
  assertEquals(session.ending("green"), "exit 0");
  assertEquals(logLines(session.console("green")).map(openNumbers), [...CRASH_LOG, ...REST_OF_LOG]);
});

Deno.test("green, a defect it does not know is refused", () => {
  using session = new Session({ arch: "x86_64", programs: ["green rusty"] });
  session.finish();
  assertEquals([session.ending("green"), session.console("green")], [
    "exit 2",
    "green: there is no defect rusty\n",
  ]);
});
