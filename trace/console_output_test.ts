import { assertEquals } from "@std/assert";
import { ConsoleLines, ConsoleOutput } from "./console_output.ts";
import type { EventBody, EventSink, KernelEvent } from "./events.ts";
import { MachLog } from "./mach_log.ts";

const THREAD = { address: 0n, task: "t" };

function feed(sink: EventSink, ...bodies: EventBody[]): void {
  bodies.forEach((body, seq) => sink.write({ seq, time: seq, cpu: 0, ...body }));
}

function console(...bytes: number[]): EventBody {
  return { type: "console", thread: THREAD, text: String.fromCharCode(...bytes) };
}

function text(line: string): EventBody {
  return console(...new TextEncoder().encode(line));
}

const IRQ: EventBody = { type: "irq", thread: THREAD, mode: "user", line: 0, pc: 0n };

Deno.test("ConsoleOutput, passes on every byte and nothing else", () => {
  const bytes: number[] = [];
  const sink = new ConsoleOutput((piece) => bytes.push(...piece));
  const all = Array.from({ length: 256 }, (_, i) => i);
  feed(sink, { type: "message", text: "no" }, console(...all.slice(0, 99)), IRQ, {
    type: "halt",
    reason: "reboot",
  }, console(...all.slice(99)));
  assertEquals(bytes, all);
});

Deno.test("ConsoleLines, no record of the log stands within a line", () => {
  let log = "";
  const sink = new ConsoleLines(new MachLog((piece) => log += piece));
  const start: EventBody = { type: "message", text: "\nstart t: " };
  feed(sink, start, text("gr"), IRQ, text("ün"), IRQ, text("\nand"), text(" on"), {
    type: "task-exit",
    task: "t",
    thread: 0n,
    reason: "why",
  });
  assertEquals(
    log,
    "\nstart t: IRQ from user\nIRQ from user\ngrün\nand on\nt killed: why\n",
  );
});

Deno.test("ConsoleLines, what a task leaves without a newline is a line of its own", () => {
  let log = "";
  const sink = new ConsoleLines(new MachLog((piece) => log += piece));
  const exit: EventBody = { type: "task-exit", task: "t", thread: 0n };
  feed(sink, text("one\ntwo"), exit, IRQ, text("three\n"), exit, IRQ, text(""), exit, IRQ);
  assertEquals(log, "one\ntwo\nIRQ from user\nthree\nIRQ from user\nIRQ from user\n");
});

Deno.test("ConsoleLines, a character may come in pieces", () => {
  const seen: KernelEvent[] = [];
  const sink = new ConsoleLines({ write: (event) => seen.push(event) });
  const bytes = new TextEncoder().encode("€\n€");
  feed(sink, ...[...bytes].map((byte) => console(byte)));
  sink.flush();
  sink.flush();
  assertEquals(seen.map((event) => event.type === "console" && event.text), ["€\n", "€"]);
});

Deno.test("ConsoleLines, holds no line for ever and loses no byte of it", () => {
  let seen = "";
  let events = 0;
  const sink = new ConsoleLines({
    write(event) {
      if (event.type !== "console") return;
      events++;
      seen += event.text;
    },
  });
  const bytes = new TextEncoder().encode("\ufeff" + "€".repeat(50_000));
  for (const byte of bytes) feed(sink, console(byte));
  assertEquals(events, 2);
  sink.flush();
  assertEquals(new TextEncoder().encode(seen), bytes);
});
