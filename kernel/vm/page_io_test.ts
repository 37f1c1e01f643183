import { assertEquals } from "@std/assert";
import { Clock, InterruptLine } from "../clock.ts";
import { PageIo, type PageRequest } from "./page_io.ts";

/** A device of 50 instructions a page, and the CPU whose time it takes. */
function device(): { cpu: { executed: number }; clock: Clock; io: PageIo } {
  const cpu = { executed: 0 };
  const clock = new Clock(() => cpu.executed, { period: 1_000_000 });
  return { cpu, clock, io: new PageIo(clock, { latency: 50 }) };
}

function request(source: bigint): PageRequest {
  const protection = { read: true, write: false, execute: false };
  const object = { kind: "file", file: 0n, size: 4096, offset: 0 } as const;
  return {
    source,
    size: 4096,
    thread: 1,
    fault: { address: 0x1000n, access: "read", label: null },
    entry: { begin: 0x1000n, end: 0x2000n, protection, object },
  };
}

Deno.test("PageIo.submit, raises its interrupt after the latency and not before", () => {
  const { cpu, clock, io } = device();
  const first = request(1n);
  io.submit(first);
  cpu.executed = 49;
  assertEquals([clock.takeDue(), io.takeFinished()], [[], undefined]);
  cpu.executed = 50;
  assertEquals(clock.takeDue(), [InterruptLine.IO]);
  assertEquals([io.takeFinished(), io.takeFinished()], [first, undefined]);
});

Deno.test("PageIo.submit, reads one page after another", () => {
  const { cpu, clock, io } = device();
  io.submit(request(1n));
  cpu.executed = 10;
  io.submit(request(2n));
  assertEquals(clock.nextDevice, 50);
  cpu.executed = 99;
  assertEquals(clock.takeDue(), [InterruptLine.IO]);
  assertEquals([io.takeFinished()?.source, io.takeFinished()], [1n, undefined]);
  cpu.executed = 100;
  assertEquals(clock.takeDue(), [InterruptLine.IO]);
  assertEquals(io.takeFinished()?.source, 2n);
});

Deno.test("PageIo.submit, a device that was idle starts at once", () => {
  const { cpu, clock, io } = device();
  io.submit(request(1n));
  cpu.executed = 500;
  clock.takeDue();
  io.submit(request(2n));
  assertEquals(clock.nextDevice, 550);
});
