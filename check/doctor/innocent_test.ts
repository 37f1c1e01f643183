// Nothing is found where nothing is wrong: coroutines, exceptions that land far up the stack, threads,
// exception handlers on stacks of their own, code that is written at run time, faults of all kinds.
import { assert, assertEquals } from "@std/assert";
import { createPolicy } from "../../sched/policies/registry.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { Session } from "../../kernel/testing/session.ts";
import { everySecond, leftToFull } from "../../util/testing/sweep.ts";
import { examine } from "./testing/patient.ts";

/** Programs and their cases; each is run under a fast timer, beside another. */
const INNOCENT: Readonly<Record<string, readonly string[]>> = {
  "coro": ["values", "nesting", "drops", "switches", "on-stack", "inline"],
  "coroutines": [
    ...["pools", "grows", "leaps", "traps", "nested", "bad-drop", "state", "foreign-stack"],
    ...["shared", "yield-outside", "does-not-grow", "threads"],
  ],
  "coro-cxx": ["throws", "nested", "forced", "handlers", "cleanups", "across", "threads", "kill"],
  "handlers": ["faults", "left", "threads", "fails", "overflows"],
  "unwind": ["", "panic"],
  "bad": ["jump-stack", "recurse", "thread-fault", "deallocate-absurd", "terminate-self"],
  "threads": [""],
  "fpmix": [""],
  "jit": [""],
  "jobs": ["kill 1"],
};

for (const arch of ARCH_NAMES) {
  // The quick sweep has each program on one architecture.
  const programs = everySecond(Object.entries(INNOCENT), ARCH_NAMES.indexOf(arch));
  for (const [program, cases] of programs) {
    Deno.test(`diagnose ${arch}, nothing is found in ${program}`, async () => {
      // The quick sweep has each case of many on one architecture.
      const part = ARCH_NAMES.indexOf(arch);
      for (const each of cases.length > 1 ? everySecond(cases, part) : cases) {
        const line = `${program} ${each}`.trim();
        const beside = program === "jobs" ? ["fpmix"] : ["sleeper"];
        const report = await examine(arch, [line, ...beside], {
          machine: { quantum: 701, seed: 9 },
        });
        assertEquals(report.findings.map(({ summary }) => summary), [], line);
        assert(report.halted !== null, line);
      }
    });
  }

  Deno.test(`diagnose ${arch}, what it looks at runs as it would without`, {
    ignore: leftToFull(arch === "aarch64"),
  }, async () => {
    const lines = ["coroutines threads", "green stale"];
    const machine = { quantum: 503, seed: 4 };
    using session = new Session({ arch, programs: lines, ...machine });
    session.finish();
    const events: KernelEvent[] = [];
    const sinks = [{ write: (event: KernelEvent) => void events.push(event) }];
    const memory = 16 * 1024 * 1024;
    const report = await examine(arch, lines, { machine: { ...machine, memory, sinks } });
    assertEquals(events, session.events);
    assertEquals(report.instructions, session.machine.cpu.instructions);
    assertEquals(report.findings.map(({ kind, task }) => [kind, task]), [
      ["stale-save-point", "green"],
    ]);
  });

  Deno.test(`diagnose ${arch}, who overwrote is found under a policy of one's own, told of once`, async () => {
    const policy = createPolicy("rr", { quantum: 10_000, tickInterval: 10_000 });
    const events: KernelEvent[] = [];
    const sinks = [{ write: (event: KernelEvent) => void events.push(event) }];
    const { findings } = await examine(arch, ["green unguarded"], { machine: { policy, sinks } });
    assertEquals(findings.length, 1);
    assert(findings[0]?.evidence.some(({ did }) => did === "overwrote the return address"));
    assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i));
  });

  Deno.test(`diagnose ${arch}, switches are seen, and the stacks of coroutines that use them`, async () => {
    const { switches, maps } = await examine(arch, ["coro nesting"]);
    assert(switches >= 10, `${switches} switches`);
    const [map] = maps;
    assert(map !== undefined && map.stacks.length >= 3);
  });
}
