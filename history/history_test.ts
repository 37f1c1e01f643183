// A machine that goes back and forth is where the run was, exactly: random programs, with timers,
// page faults and preemption, held against a machine that only ever goes forward.
import { assertEquals, assertThrows } from "@std/assert";
import { ARCHES } from "../arch/mod.ts";
import { Machine } from "../kernel/machine.ts";
import { ARCH_NAMES, programFile } from "../kernel/testing/programs.ts";
import { createPolicy } from "../sched/mod.ts";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { History, HistoryError, parsePosition } from "./mod.ts";
import { travel, type TravelReport } from "./testing/time_travel.ts";

Deno.test("History, what cannot be is refused by name", () => {
  using machine = new Machine({
    arch: ARCHES.x86_64,
    modules: [{ commandLine: "spinner", bytes: programFile("spinner", "x86_64") }],
  });
  assertThrows(() => new History(machine, { interval: 10 }), HistoryError, "every 10");
  using history = new History(machine);
  history.run(500);
  for (const instant of [501, -1, 0.5]) {
    const error = assertThrows(() => history.goTo(instant), HistoryError);
    assertEquals(error.message, `Cannot go to ${instant}: history is from 0 to 500`);
    assertEquals(error.kind, "range");
  }
  assertThrows(() => history.run(0), HistoryError, "Cannot run 0");
  assertThrows(() => history.addBreakpoint(-1n), HistoryError, "Cannot break at -1");
  const heard: number[] = [];
  history.goTo(100);
  using _ = machine.kernel.events.listen({ write: ({ seq }) => void heard.push(seq) });
  assertEquals([history.run().kind, heard], ["end", []]);
  history.run(20_000);
  assertEquals(heard.length > 3, true);
  history.goTo(100);
  machine.run(5);
  assertThrows(() => history.run(), HistoryError, "was left at 100 and is at 105 now");
  assertEquals(["7", "12+3", "x", "1+", "+1"].map(parsePosition), [
    { instructions: 7, entries: 0 },
    { instructions: 12, entries: 3 },
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("History, a long run keeps few snapshots, near ones closer, and within its memory", () => {
  const options = {
    arch: ARCHES.aarch64,
    modules: [{ commandLine: "spinner", bytes: programFile("spinner", "aarch64") }],
  };
  using machine = new Machine(options);
  using history = new History(machine, { interval: 1_000 });
  history.run(300_000);
  const distances = history.checkpoints.map(({ position }) => history.now - position.instructions);
  assertEquals(distances.length < 120, true, `${distances.length} snapshots`);
  distances.forEach((distance, i) => {
    const next = distances[i + 1] ?? 0;
    assertEquals(distance - next <= Math.max(2_000, distance / 8), true, `${distance}, ${next}`);
  });
  using other = new Machine(options);
  using small = new History(other, { interval: 1_000, memory: 2 ** 21 });
  small.run(300_000);
  assertEquals(small.bytes <= 2 ** 21, true, `${small.bytes} bytes`);
  assertEquals([small.begin.instructions, small.checkpoints.length > 2], [0, true]);
  // Who gives up is somewhere in the past, and can go on from there.
  using _ = history.addBreakpoint(0x4000n);
  const search = history.searchStop();
  search.next();
  search.return({ kind: "beginning" });
  assertEquals(history.inPast, true);
  assertEquals(history.run().kind, "end");
  assertEquals(history.now, 300_000);
  // It can do so soon, where steps are looked at one by one, too.
  const steps = history.searchInstant(() => false);
  assertEquals(steps.next().done, false);
  assertEquals(history.now > 200_000, true, "it has not looked at all of it");
  steps.return(undefined);
  assertEquals(history.run().kind, "end");
});

Deno.test("History, of very many changes from outside the first are forgotten with their past", () => {
  using machine = new Machine({
    arch: ARCHES.aarch64,
    modules: [{ commandLine: "spinner", bytes: programFile("spinner", "aarch64") }],
  });
  using history = new History(machine, { interval: 1_000, memory: 2 ** 22 });
  const states: string[] = [];
  const instants: number[] = [];
  for (let i = 0; i < 400; i++) {
    history.run(500);
    machine.kernel.clock.schedule({ time: machine.now + 50, line: 2 });
    history.changed();
    instants.push(history.now);
    states.push(Object.values(machine.registers()).join());
  }
  assertEquals(history.bytes < 2 ** 22 + 2 ** 20, true, `${history.bytes} bytes`);
  assertEquals(history.begin.instructions > 0, true);
  const known = instants.filter((instant) => instant >= history.begin.instructions);
  assertEquals(known.length > 10 && known.length < 400, true, `${known.length} known`);
  for (const instant of [known[0]!, known.at(-1)!, known[known.length >> 1]!]) {
    history.goTo(instant);
    assertEquals(Object.values(machine.registers()).join(), states[instants.indexOf(instant)]);
  }
  assertThrows(() => history.goTo(0), HistoryError, "history is from");
  assertEquals(history.run().kind, "end");
});

Deno.test("History, a policy that does not repeat itself is told", () => {
  let more = 0;
  const policy = ({ quantum }: { quantum: number }) => {
    const policy = createPolicy("rr", { quantum });
    return Object.assign(policy, { slice: () => 500 + 10 * more++ });
  };
  using machine = new Machine({
    arch: ARCHES.x86_64,
    modules: Array(2).fill({ commandLine: "spinner", bytes: programFile("spinner", "x86_64") }),
    policy,
  });
  using history = new History(machine);
  history.run(100_000);
  history.goTo(0);
  const error = assertThrows(() => history.run(), HistoryError);
  assertEquals(error.kind, "diverged");
});

const total = new Map<string, number>();

for (const arch of ARCH_NAMES) {
  Deno.test(`History ${arch}, random programs back and forth are where the run was`, () => {
    const random = new Random(7);
    const report: TravelReport = {
      machines: 0,
      steps: 0,
      entries: 0,
      switches: 0,
      breakpoints: 0,
      watchpoints: 0,
      edits: 0,
      faults: [],
    };
    const machines = sweep({ quick: 2, full: 60 });
    while (report.machines < machines) travel(arch, random, report);
    assertEquals(report.faults, []);
    for (const [what, count] of Object.entries(report)) {
      if (typeof count === "number") total.set(what, (total.get(what) ?? 0) + count);
    }
  });
}

Deno.test("History, the random programs have shown all there is", () => {
  for (const [what, count] of total) assertEquals([what, count > 0], [what, true]);
});
