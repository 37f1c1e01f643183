import { assertEquals } from "@std/assert";
import type { EventBody, KernelEvent, ThreadRef } from "./events.ts";
import { Recorder } from "./recorder.ts";
import { Statistics } from "./statistics.ts";
import { Tee } from "./tee.ts";

const boot: ThreadRef = { address: 0x1000n, task: "gnumach" };
const idle: ThreadRef = { address: 0x2000n, task: "gnumach" };
const user: ThreadRef = { address: 0x3000n, task: "hello" };

function at(time: number, body: EventBody, cpu = 0): KernelEvent {
  return { seq: 0, time, cpu, ...body };
}

function switchTo(from: ThreadRef, to: ThreadRef): EventBody {
  return { type: "context-switch", from, fromContinuation: 0n, to, toContinuation: 0n };
}

function syscall(name: string): EventBody {
  return { type: "syscall", thread: user, number: 0, name, args: [] };
}

const EVENTS: readonly KernelEvent[] = [
  at(10, { type: "message", text: "hi\n" }),
  at(100, switchTo(boot, user)),
  at(110, {
    type: "exception",
    thread: user,
    mode: "user",
    origin: "EL0",
    name: "svc",
    words: [],
  }),
  at(110, syscall("print")),
  at(130, syscall("sleep")),
  at(150, { type: "stack-handoff", from: user, to: idle }),
  at(160, { type: "idle", until: 500 }),
  at(505, switchTo(idle, user)),
  at(540, syscall("print")),
  at(560, { type: "halt", reason: "reboot" }),
];

Deno.test("Statistics, attributes every instruction to a thread or to idling", () => {
  const statistics = new Statistics();
  for (const event of EVENTS) statistics.write(event);
  const figures = statistics.figures();
  assertEquals(figures.threads, [
    { thread: boot, run: 100, turns: 0 },
    { thread: user, run: 50 + 55, turns: 2 },
    { thread: idle, run: 10 + 5, turns: 1 },
  ]);
  assertEquals([figures.idle, figures.end], [340, 560]);
  const run = figures.threads.reduce((sum, thread) => sum + thread.run, 0);
  assertEquals(run + figures.idle, figures.end);
});

Deno.test("Statistics, counts events, system calls, exceptions, switches and handoffs", () => {
  const statistics = new Statistics();
  for (const event of EVENTS) statistics.write(event);
  const { counts, syscalls, exceptions, switches, handoffs } = statistics.figures();
  assertEquals([...counts], [
    ["message", 1],
    ["context-switch", 2],
    ["exception", 1],
    ["syscall", 3],
    ["stack-handoff", 1],
    ["idle", 1],
    ["halt", 1],
  ]);
  assertEquals([...syscalls], [["print", 2], ["sleep", 1]]);
  assertEquals([...exceptions], [["svc", 1]]);
  assertEquals([switches, handoffs], [2, 1]);
});

Deno.test("Statistics, figures are a snapshot and of nothing are zero", () => {
  const statistics = new Statistics();
  const empty = statistics.figures();
  for (const event of EVENTS) statistics.write(event);
  assertEquals([empty.counts.size, empty.threads.length, empty.end], [0, 0, 0]);
});

Deno.test("Statistics, keeps the clocks of several CPUs apart", () => {
  const statistics = new Statistics();
  for (const event of [at(40, switchTo(boot, user)), at(70, switchTo(idle, boot), 1)]) {
    statistics.write(event);
  }
  assertEquals(
    statistics.figures().threads.map(({ thread, run }) => [thread.address, run]),
    [[0x1000n, 40], [0x3000n, 30], [0x2000n, 70]],
  );
});

Deno.test("Recorder and Tee, every sink gets every event in order", () => {
  const recorders = [new Recorder(), new Recorder()];
  const tee = new Tee(recorders);
  for (const event of EVENTS) tee.write(event);
  for (const recorder of recorders) assertEquals(recorder.events, EVENTS);
});
