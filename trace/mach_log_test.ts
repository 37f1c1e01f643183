import { assertEquals } from "@std/assert";
import type { EventBody, KernelEvent, ThreadRef } from "./events.ts";
import { type LogItem, toLogItems } from "./log_items.ts";
import { MachLog } from "./mach_log.ts";
import { parseMachLog } from "./parse_mach_log.ts";
import { PROFILES } from "./testing/profiles.ts";
import { syntheticBoot } from "./testing/synthetic_boot.ts";

const kernel: ThreadRef = { address: 0xffff_0000_7f94_4cf0n, task: "gnumach" };
const user: ThreadRef = { address: 0xff_0000_7f92_6ad0n, task: "module-hello" };

function stamped(bodies: readonly EventBody[]): KernelEvent[] {
  return bodies.map((body, seq) => ({ seq, time: seq, cpu: 0, ...body }));
}

function logOf(bodies: readonly EventBody[]): string {
  let text = "";
  const log = new MachLog((piece) => text += piece);
  for (const event of stamped(bodies)) log.write(event);
  return text;
}

function bodies(items: readonly LogItem[]): unknown[] {
  return items.map(({ at: _at, ...body }) => body);
}

const EVERYTHING: readonly EventBody[] = [
  { type: "message", text: "Booting in EL1\n" },
  { type: "task-create", task: "module-hello", thread: 0n },
  {
    type: "context-switch",
    from: kernel,
    fromContinuation: 0n,
    to: user,
    toContinuation: 0xffff_0000_4020_96c0n,
  },
  { type: "irq", thread: kernel, mode: "kernel", line: 0, pc: 1n },
  { type: "stack-handoff", from: kernel, to: user },
  {
    type: "exception",
    thread: user,
    mode: "kernel",
    origin: "EL1",
    name: "data abort, same EL",
    words: [
      { label: "ESR", value: 0x96000044n },
      { label: "FAR", value: 0x400000n },
      { label: "PC", value: 0xffff_0000_4022_28e0n },
    ],
  },
  { type: "message", text: "task loaded:" },
  {
    type: "exception",
    thread: user,
    mode: "user",
    origin: "CPL 3",
    name: "#PF",
    words: [
      { label: "VEC", value: 14n },
      { label: "ERR", value: 0x15n },
      { label: "CR2", value: 0x40205cn },
    ],
  },
  { type: "page-fault", thread: user, address: 0x40205cn, access: "execute", kr: 0 },
  { type: "exception-return", thread: user, pc: 0x40205cn },
  { type: "ast", thread: user, reasons: ["quantum"] },
  { type: "irq", thread: user, mode: "user", line: 0, pc: 1n },
  { type: "fp-switch", from: null, to: user },
  { type: "syscall", thread: user, number: 1, name: "console_putc", args: [115n] },
  { type: "console", thread: user, text: "s" },
  { type: "exception-return", thread: user, pc: 0x401e48n },
  { type: "console", thread: user, text: "oops" },
  { type: "thread-exit", task: "module-hello", thread: 5n, reason: "page fault" },
  { type: "task-exit", task: "module-hello", thread: 0n, reason: "divide by zero at 0x401e48" },
  { type: "idle", until: 100 },
  { type: "console", thread: user, text: "3" },
  { type: "panic", thread: user, cause: "throw", reason: "int", context: 1n },
  { type: "unwind-resume", thread: user, context: 1n },
  { type: "deadlock", cycle: [{ thread: user, mutex: 2 }, { thread: kernel, mutex: 1 }] },
  { type: "task-exit", task: "other", thread: 0n, reason: "page fault" },
  { type: "task-exit", task: "third", thread: 0n, code: 0 },
  { type: "message", text: "bye" },
  { type: "halt", reason: "reboot" },
];

const TRANSCRIPT = `\
Booting in EL1
Switch context from ffff00007f944cf0 (gnumach, cont 0) to 00ff00007f926ad0 (module-hello, cont ffff0000402096c0)
IRQ in kernel!
Stack handoff from ffff00007f944cf0 (gnumach) to 00ff00007f926ad0 (module-hello)
Sync exc from EL1!
ESR: 0x96000044, FAR: 0x400000, PC: 0xffff0000402228e0
task loaded:Trap from CPL 3!
VEC: 0xe, ERR: 0x15, CR2: 0x40205c
upfc, kr = 0
thread_exception_return() to 40205c
00ff00007f926ad0 (module-hello) taking an AST
IRQ from user
sthread_exception_return() to 401e48
oops
module-hello killed: divide by zero at 0x401e48
3
00ff00007f926ad0 (module-hello) unwinding: int
deadlock: 00ff00007f926ad0 (module-hello) wants mutex 2 of ffff00007f944cf0 (gnumach), ffff00007f944cf0 (gnumach) wants mutex 1 of 00ff00007f926ad0 (module-hello)
other killed: page fault
bye`;

Deno.test("MachLog, words every kind of event as GNU Mach does", () => {
  assertEquals(logOf(EVERYTHING), TRANSCRIPT);
});

Deno.test("MachLog, writes addresses given as negative numbers as 64-bit words", () => {
  assertEquals(
    logOf([{ type: "ast", thread: { address: -16n, task: "t" }, reasons: [] }]),
    "fffffffffffffff0 (t) taking an AST\n",
  );
});

Deno.test("MachLog, keeps the first error of its writer and writes no more", () => {
  const written: string[] = [];
  const log = new MachLog((text) => {
    written.push(text);
    throw new Error(`Pipe closed at ${text}`);
  });
  for (const event of stamped([{ type: "message", text: "a" }, { type: "message", text: "b" }])) {
    log.write(event);
  }
  assertEquals(written, ["a"]);
  assertEquals((log.error as Error).message, "Pipe closed at a");
});

Deno.test("parseMachLog, reads back the items of the events a log was written from", () => {
  assertEquals(bodies(parseMachLog(TRANSCRIPT)), bodies(toLogItems(stamped(EVERYTHING))));
  for (const profile of Object.values(PROFILES)) {
    const { events } = syntheticBoot(profile);
    assertEquals(bodies(parseMachLog(logOf(events))), bodies(toLogItems(events)));
  }
});

Deno.test("parseMachLog, gives every item its line", () => {
  const items = parseMachLog(TRANSCRIPT);
  assertEquals(
    items.map(({ type, at }) => `${at} ${type}`),
    [
      "1 text",
      "2 context-switch",
      "3 irq",
      "4 stack-handoff",
      "5 exception",
      "7 text",
      "7 exception",
      "9 page-fault",
      "10 exception-return",
      "11 ast",
      "12 irq",
      "13 text",
      "13 exception-return",
      "14 text",
      "15 text",
      "16 text",
      "17 text",
      "18 text",
      "19 text",
      "20 text",
    ],
  );
});

Deno.test("parseMachLog, puts an interrupt that cut a record after it", () => {
  const whole =
    "Sync exc from EL0!\nESR: 0x56000000, FAR: 0x40024c\nlthread_exception_return() to 1\n";
  const record = [
    {
      type: "exception",
      origin: "EL0",
      words: [{ label: "ESR", value: 0x56000000n }, { label: "FAR", value: 0x40024cn }],
    },
  ];
  const irq = { type: "irq", mode: "kernel" };
  const rest = [{ type: "text", text: "l" }, { type: "exception-return", pc: 1n }];
  for (const cut of [5, 18, 19, 30, 50]) {
    const log = `${whole.slice(0, cut)}IRQ in kernel!\n${whole.slice(cut)}`;
    assertEquals(bodies(parseMachLog(log)), [...record, irq, ...rest], `cut at ${cut}`);
  }
});

Deno.test("parseMachLog, an interrupt between texts keeps them apart, as in the events", () => {
  const irq: EventBody = { type: "irq", thread: user, mode: "kernel", line: 0, pc: 0n };
  for (
    const stream of [
      [{ type: "message", text: "ab" }, irq, { type: "message", text: "cd\nef" }, irq],
      [irq, irq, { type: "message", text: "ab\n" }, irq],
    ] satisfies EventBody[][]
  ) {
    assertEquals(bodies(parseMachLog(logOf(stream))), bodies(toLogItems(stamped(stream))));
  }
});

Deno.test("parseMachLog, takes what is no record as text", () => {
  assertEquals(parseMachLog(""), []);
  assertEquals(bodies(parseMachLog("thread_exception_return() to xyz\nupfc, kr = \n")), [
    { type: "text", text: "thread_exception_return() to xyz\n" },
    { type: "text", text: "upfc, kr = \n" },
  ]);
});
