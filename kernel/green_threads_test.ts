// The crash of the green threads of guest/green: its log and map, and its cause.
import { assert, assertEquals } from "@std/assert";
import type { ElfFile } from "../elf/mod.ts";
import { CRASH_LOG, greenMap, logLines, openNumbers, savedContext } from "./testing/green_log.ts";
import { elfOf, endOf, OWN } from "./testing/green_program.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session } from "./testing/session.ts";

const STACK_SIZE = 2 ** 21;

function functionOf(elf: ElfFile, address: number): string | undefined {
  return elf.symbolAt(BigInt(address - 1))?.symbol.name;
}

function word(session: Session, address: bigint): bigint {
  return new DataView(session.machine.readMemory(address, 8).buffer).getBigUint64(0, true);
}

for (const arch of ARCH_NAMES) {
  const own = OWN[arch];

  Deno.test(`Crash ${arch}, every line is there, in its order`, () => {
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

  Deno.test(`Crash ${arch}, every distance of the map is the log's`, () => {
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

  Deno.test(`Crash ${arch}, switch_context leaves only its return address, and less to who goes on`, () => {
    const elf = elfOf("green-crash", arch);
    const switchContext = elf.symbolNamed("switch_context")?.value ?? 0n;
    const stops = (address: bigint, count: number): bigint[] => {
      using session = new Session({ arch, programs: ["green-crash"] });
      const { machine } = session;
      using _stop = machine.addBreakpoint(address);
      return Array.from({ length: count }, () => {
        assertEquals(machine.run(), { kind: "breakpoint", address });
        return machine.cpu.sp;
      });
    };
    using session = new Session({ arch, programs: ["green-crash"] });
    session.finish();
    const { root, schedules } = greenMap(logLines(session.console("green-crash")), arch);
    const [gaia, mash] = schedules;
    assert(gaia !== undefined && mash !== undefined);
    assertEquals(
      stops(switchContext, 3),
      [root, gaia, mash].map(({ sp }) => BigInt(sp) - own.pushed),
    );
    // Behind set_context: Gaia and Mash when they have saved themselves, and Gaia once more.
    assertEquals(
      stops(BigInt(gaia.pc), 3),
      [BigInt(gaia.sp), BigInt(mash.sp), BigInt(gaia.sp) - own.shift],
    );
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
}
