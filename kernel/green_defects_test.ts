// The green threads of guest/green put right, and with one defect at a time.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { GREEN_CASES } from "../guest/green/cases.ts";
import { everySecond } from "../util/testing/sweep.ts";
import { Audit } from "./testing/audit.ts";
import { CRASH_LOG, greenMap, logLines, openNumbers, REST_OF_LOG } from "./testing/green_log.ts";
import { elfOf, endOf, OWN } from "./testing/green_program.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session, type SessionOptions } from "./testing/session.ts";

const WAYS: readonly Partial<SessionOptions>[] = everySecond([
  {},
  { load: "demand", quantum: 257, policy: "priority" },
  { seed: 7, quantum: 1000, stackLimit: 1 },
], 0);

/** Instructions of the kernel between a fault and its being told of, at most. */
const TRAP_ENTRY = 300;

/** The function whose last instruction was executed before the exception that ends a run. */
function lastFunction(arch: ArchName, commandLine: string): string | undefined {
  using whole = new Session({ arch, programs: [commandLine] });
  whole.finish();
  const { time = 0 } = whole.of("exception").at(-1) ?? {};
  using session = new Session({ arch, programs: [commandLine] });
  const { machine } = session;
  const { cpu } = machine;
  machine.run(time - TRAP_ENTRY);
  const elf = elfOf(commandLine.split(" ")[0] ?? "", arch);
  let last: bigint | undefined;
  while (machine.now < time) {
    if (cpu.userMode && elf.symbolAt(cpu.pc) !== undefined) last = cpu.pc;
    machine.run(1);
  }
  if (last === undefined) return undefined;
  const name = elf.symbolAt(last)?.symbol.name ?? "";
  assertEquals(last, endOf(elf, name, OWN[arch].return), "it is a return");
  return name;
}

for (const arch of ARCH_NAMES) {
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
        assertEquals((map.stacks[i]?.bottom ?? 0) - fp, OWN[arch].entryFp);
      }
      audit.check();
    }
  });

  for (const { commandLine, ending, sound, returns } of GREEN_CASES) {
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
      if (returns !== undefined) assertEquals(lastFunction(arch, commandLine), returns);
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
