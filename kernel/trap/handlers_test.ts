// Programs that deal with their own CPU exceptions.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { ENCODERS } from "../../arch/testing/assembler.ts";
import { everyNth, sweep } from "../../util/testing/sweep.ts";
import { KernReturn } from "../errors.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { elfProgram } from "../testing/elf_program.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { SYS } from "../testing/script_program.ts";
import { Session, type SessionOptions } from "../testing/session.ts";

/** Cases of the program `handlers` that check everything themselves. */
const GOOD = ["faults", "registers", "handler", "state", "junk", "left", "threads"];

const HEX = "0x[0-9a-f]+";
const READ = `read of 0x8: not mapped, at ${HEX}`;

/** The cases whose first exception nobody deals with, and what is said of the task then. */
const KILLED: Readonly<Record<string, RegExp>> = {
  declines: new RegExp(`^${READ}$`),
  removed: new RegExp(`^${READ}$`),
  "other-thread": new RegExp(`^${READ}$`),
  fails: new RegExp(`^${READ}; its handler failed: read of 0x5555deadb000: not mapped, at ${HEX}$`),
  overflows: new RegExp(`^${READ}; its handler failed: write of ${HEX}: not mapped, at ${HEX}$`),
  "no-stack": new RegExp(`^${READ}; its handler has no stack at ${HEX}$`),
  "constant-stack": new RegExp(`^${READ}; its handler has no stack at ${HEX}$`),
};

/** The last way has the timer and the demand paging of the one before, and less of everything. */
const WAYS: readonly (readonly [string, Partial<SessionOptions>])[] = [
  ["as it comes", {}],
  ["paged in on demand under a fast timer", { load: "demand", quantum: 257, ioLatency: 3000 }],
  ["with one kernel stack and little memory", {
    stackLimit: 1,
    memory: 8 * 1024 * 1024,
    load: "demand",
    quantum: 311,
    policy: "priority",
  }],
];

function run(arch: ArchName, name: string, options: Partial<SessionOptions> = {}): Session {
  const session = new Session({
    arch,
    programs: [`handlers ${name}`, "fpmix", "sleeper"],
    ...options,
  });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended", name);
  assertEquals([session.ending("fpmix"), session.ending("sleeper")], ["exit 0", "exit 0"], name);
  audit.check();
  StreamModel.check(session.events);
  return session;
}

for (const arch of ARCH_NAMES) {
  // The quick sweep has one way on each architecture.
  for (const [what, options] of everyNth(WAYS, 3, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`thread_set_handler ${arch}, a handler sees and changes what was interrupted ${what}`, () => {
      for (const name of GOOD) {
        using session = run(arch, name, options);
        assertEquals(session.ending("handlers"), "exit 0", name);
      }
    });

    Deno.test(`thread_set_handler ${arch}, what a handler leaves ends as without one ${what}`, () => {
      for (const [name, reason] of Object.entries(KILLED)) {
        using session = run(arch, name, options);
        const { status } = session.task("handlers");
        assert(status?.kind === "killed", `${name}: ${session.ending("handlers")}`);
        assertMatch(status.reason, reason, name);
      }
    });
  }

  Deno.test(`exception_return ${arch}, records of chance are refused or loaded as they are`, () => {
    for (let seed = 1; seed <= sweep({ quick: 2, full: 60 }); seed++) {
      using session = run(arch, `fuzz ${seed}`, { quantum: 300 + 7 * seed, seed });
      assertEquals(session.ending("handlers"), "exit 0", `seed ${seed}`);
    }
  });

  Deno.test(`thread_set_handler ${arch}, deliveries and returns are told in pairs`, () => {
    using session = run(arch, "threads");
    const entries = session.of("handler-entry");
    const returns = session.of("handler-return");
    assertEquals([entries.length, returns.length], [200, 200]);
    assert(returns.every(({ outcome }) => outcome === "resumed"));
    const faults = session.of("page-fault").filter(({ kr }) => kr !== 0);
    assertEquals(entries.map(({ address }) => address), faults.map(({ address }) => address));
    for (const [name, outcome] of [["declines", "declined"], ["fails", "failed"]] as const) {
      using other = run(arch, name);
      assertEquals(other.of("handler-return").map((event) => event.outcome), [outcome]);
    }
  });

  Deno.test(`thread_set_handler ${arch}, a task can be killed in its handler`, () => {
    using session = new Session({ arch, programs: ["handlers spins", "jobs kill 1", "fpmix"] });
    const audit = new Audit(session.machine);
    assertEquals(session.finish().reason, "all tasks have ended");
    assertEquals(session.console("handlers"), "spinning\n");
    assertEquals(session.ending("handlers"), "killed: terminated by jobs");
    audit.check();
  });
}

for (const arch of ARCH_NAMES) {
  Deno.test(`thread_set_handler ${arch}, kernel-mode tasks have no handlers`, () => {
    const { programRegion } = archByName(arch);
    const encoder = ENCODERS[arch];
    const [first = 0] = encoder.argumentRegisters;
    const enter = arch === "x86_64" ? [0xcd, 0x80] : encoder.systemCall(); // int 0x80; svc #0
    const call = (number: number, ...args: bigint[]): number[] => [
      ...args.flatMap((value, i) => encoder.constant(encoder.argumentRegisters[i] ?? 0, value)),
      ...encoder.constant(encoder.numberRegister, BigInt(number)),
      ...enter,
    ];
    for (const number of [SYS.SET_HANDLER, SYS.EXCEPTION_RETURN]) {
      const code = [
        ...call(number, programRegion, programRegion + 4096n, 4096n, 0n),
        ...encoder.move(first, encoder.resultRegister),
        ...call(SYS.EXIT),
      ];
      const bytes = elfProgram({
        machine: arch,
        segments: [{ address: programRegion, bytes: new Uint8Array(code) }],
      });
      using machine = new Machine({
        arch: archByName(arch),
        memory: 8 * 2 ** 20,
        modules: [{ commandLine: "asks", bytes, mode: "kernel" }],
      });
      machine.run(1_000_000);
      assertEquals(machine.tasks[1]?.status, { kind: "exit", code: -KernReturn.INVALID_ARGUMENT });
    }
  });
}
