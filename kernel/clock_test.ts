import { assertEquals } from "@std/assert";
import { Clock, InterruptLine } from "./clock.ts";

/** A clock and the CPU's instruction count it goes by. */
function clock(period = 100): { cpu: { executed: number }; clock: Clock } {
  const cpu = { executed: 0 };
  return { cpu, clock: new Clock(() => cpu.executed, { period }) };
}

Deno.test("Clock.takeDue, raises the timer once a period and not before", () => {
  const { cpu, clock: c } = clock();
  cpu.executed = 99;
  assertEquals([c.takeDue(), c.next], [[], 100]);
  cpu.executed = 100;
  assertEquals([c.takeDue(), c.takeDue(), c.next], [[InterruptLine.TIMER], [], 200]);
});

Deno.test("Clock.takeDue, makes one interrupt of several missed ticks and keeps the beat", () => {
  const { cpu, clock: c } = clock();
  cpu.executed = 350;
  assertEquals([c.takeDue(), c.next], [[InterruptLine.TIMER], 400]);
  cpu.executed = 400;
  assertEquals([c.takeDue(), c.next], [[InterruptLine.TIMER], 500]);
});

Deno.test("Clock.schedule, brings interrupts in order of time, equal times in order of calls", () => {
  const { cpu, clock: c } = clock();
  c.schedule({ time: 50, line: 3 });
  c.schedule({ time: 20, line: 1 });
  c.schedule({ time: 50, line: 4 });
  c.schedule({ time: 20, line: 2 });
  assertEquals([c.next, c.nextDevice], [20, 20]);
  cpu.executed = 20;
  assertEquals(c.takeDue(), [1, 2]);
  cpu.executed = 60;
  assertEquals([c.takeDue(), c.nextDevice, c.next], [[3, 4], null, 100]);
});

Deno.test("Clock.schedule, a time that has passed is due at once", () => {
  const { cpu, clock: c } = clock();
  cpu.executed = 30;
  c.schedule({ time: 10, line: 7 });
  assertEquals([c.next, c.takeDue(), c.takeDue()], [10, [7], []]);
});

Deno.test("Clock.takeDue, devices come before the timer of the same instant", () => {
  const { cpu, clock: c } = clock();
  c.schedule({ time: 100, line: 5 });
  cpu.executed = 100;
  assertEquals(c.takeDue(), [5, InterruptLine.TIMER]);
});

Deno.test("Clock.skipTo, moves on to the next interrupt at or after a time", () => {
  const { cpu, clock: c } = clock();
  cpu.executed = 10;
  c.skipTo(250);
  assertEquals([c.now, c.skipped, c.next], [300, 290, 300]);
  assertEquals(c.takeDue(), [InterruptLine.TIMER]);
  c.skipTo(400);
  assertEquals([c.now, c.skipped], [400, 390]);
});

Deno.test("Clock.skipTo, stops for a device that is due earlier", () => {
  const { clock: c } = clock();
  c.schedule({ time: 40, line: 1 });
  c.skipTo(1000);
  assertEquals([c.now, c.takeDue()], [40, [1]]);
});

Deno.test("Clock.skipTo, never goes back", () => {
  const { cpu, clock: c } = clock();
  cpu.executed = 130;
  c.skipTo(20);
  assertEquals([c.now, c.skipped], [130, 0]);
});

Deno.test("Clock, stays exact at the far end of time", () => {
  const { cpu, clock: c } = clock(10_000);
  const far = 2 ** 52;
  c.skipTo(far);
  assertEquals(c.next >= far && Number.isSafeInteger(c.next), true);
  const before = c.now;
  c.takeDue();
  cpu.executed = 1;
  assertEquals([c.now, c.next], [before + 1, before + 10_000]);
});

/** Times of the first ticks of a clock with a seed. */
function ticks(seed: number, count: number): number[] {
  const cpu = { executed: 0 };
  const c = new Clock(() => cpu.executed, { period: 800, seed });
  return Array.from({ length: count }, () => {
    cpu.executed = c.next;
    assertEquals(c.takeDue(), [InterruptLine.TIMER]);
    return cpu.executed;
  });
}

Deno.test("Clock, a seed varies each period by up to an eighth, the same way every time", () => {
  const times = ticks(7, 200);
  assertEquals(times, ticks(7, 200));
  const periods = times.map((time, i) => time - (times[i - 1] ?? 0));
  assertEquals([Math.min(...periods) >= 700, Math.max(...periods) <= 900], [true, true]);
  assertEquals(new Set(periods).size > 50, true);
  assertEquals(times.some((time, i) => time !== ticks(8, 200)[i]), true);
  assertEquals(ticks(0, 3), [800, 1600, 2400]);
});

Deno.test("Clock.skipTo, with a seed still ends at a tick at or after the time", () => {
  for (let seed = 1; seed < 50; seed++) {
    const cpu = { executed: 0 };
    const c = new Clock(() => cpu.executed, { period: 100, seed });
    c.skipTo(1234);
    assertEquals([c.now >= 1234, c.now < 1334, c.takeDue()], [true, true, [InterruptLine.TIMER]]);
  }
});
