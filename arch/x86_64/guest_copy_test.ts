/**
 * `copy.S` on x86-64: copies between user and kernel memory with faults at every byte, and zeroing
 * pages.
 */
import { assert, assertEquals } from "@std/assert";
import { type BareMachine, describeExit } from "../testing/harness.ts";
import type { GuestLabel } from "../guest_labels.ts";
import { hex, PAGE_SIZE } from "../physical_memory.ts";
import { Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";
import { DATA, makeMachine } from "./testing/conformance.ts";

const { image } = x86_64;
const HC_RESULT = image.constant("HC_RESULT");

/** Runs a copy; `onFault` gets each fault's frame and answers whether the page is there now. */
function copy(
  machine: BareMachine,
  options: { routine: GuestLabel; words: bigint[]; onFault: (address: bigint) => boolean },
): { result: bigint; faults: bigint[] } {
  const { routine, words, onFault } = options;
  const { cpu } = machine;
  cpu.answer(machine.routine(routine), ...words);
  const faults: bigint[] = [];
  for (;;) {
    const exit = machine.run();
    assert(exit.kind === "hypercall", describeExit(exit));
    if (cpu.hypercall() === HC_RESULT) {
      assert(!cpu.interruptsEnabled, "a copy ends with interrupts masked");
      return { result: cpu.hypercallWord(0), faults };
    }
    const frame = x86_64.trapFrame(machine.space, cpu.hypercallWord(0), { cpu });
    const cause = frame.cause();
    assert(cause.kind === "page-fault", cause.kind);
    faults.push(frame.pc);
    assert(frame.pc >= image.symbol("copy_begin") && frame.pc < image.symbol("copy_end"));
    if (!onFault(cause.address)) frame.pc = image.symbol("copy_fault");
    machine.answerExit(frame);
  }
}

const SIZES = [0, 1, 7, 8, 15, 16, 17, 31, 33];

for (const [routine, write] of [["copyin", false], ["copyout", true]] as const) {
  Deno.test(`${routine}, every size, and a fault at every byte that cannot be resolved`, () => {
    using machine = makeMachine();
    const user = machine.mapUser(DATA, { write: true, execute: false });
    const buffer = machine.space.virtual(machine.frame());
    const kernel = machine.memory.slice(machine.space.physical(buffer), PAGE_SIZE);
    const page = machine.memory.slice(user, PAGE_SIZE);
    const [from, to] = write ? [kernel, page] : [page, kernel];
    const pcs = new Set<bigint>();
    for (const size of SIZES) {
      for (let there = 0; there <= size; there++) {
        // The first bytes are at the end of the page; what is left would be in the page behind it.
        const begin = PAGE_SIZE - there;
        from.forEach((_, i) => from[i] = (i * 7 + size) & 0xff);
        to.fill(0xee);
        const address = DATA + BigInt(begin);
        const words = write ? [address, buffer, BigInt(size)] : [buffer, address, BigInt(size)];
        const { result, faults } = copy(machine, { routine, words, onFault: () => false });
        assertEquals(result, there === size ? 0n : 1n, `${size} bytes, ${there} there`);
        assertEquals(faults.length, there === size ? 0 : 1);
        for (const pc of faults) pcs.add(pc);
        const copied = write ? to.subarray(begin) : to.subarray(0, there);
        const source = write ? from.subarray(0, there) : from.subarray(begin);
        // Up to sixteen bytes are on their way when a fault comes.
        const sure = there === size ? size : Math.floor(there / 16) * 16;
        assertEquals(copied.subarray(0, sure), source.subarray(0, sure));
        const beyond = write ? to.subarray(0, begin) : to.subarray(there);
        assert(beyond.every((byte) => byte === 0xee), "nothing else is written");
      }
    }
    assertEquals(pcs.size, 3, "both words and the single bytes have faulted");
  });

  Deno.test(`${routine}, a fault that is resolved goes on where it was`, () => {
    const size = 33;
    for (let there = 0; there < size; there++) {
      using machine = makeMachine();
      const next = DATA + BigInt(PAGE_SIZE);
      const user = machine.mapUser(DATA, { write: true, execute: false });
      const buffer = machine.space.virtual(machine.frame());
      const kernel = machine.memory.slice(machine.space.physical(buffer), PAGE_SIZE);
      kernel.forEach((_, i) => kernel[i] = (i * 5 + 3) & 0xff);
      const physical = machine.frame();
      const begin = PAGE_SIZE - there;
      const text = Uint8Array.from({ length: size }, (_, i) => i * 11 & 0xff);
      if (!write) {
        machine.memory.slice(user, PAGE_SIZE).set(text.subarray(0, there), begin);
        machine.memory.slice(physical, PAGE_SIZE).set(text.subarray(there));
      }
      const address = DATA + BigInt(begin);
      const words = write ? [address, buffer, BigInt(size)] : [buffer, address, BigInt(size)];
      const { result, faults } = copy(machine, {
        routine,
        words,
        onFault: (at) => {
          assert(at >= next && at < next + 16n, hex(at));
          machine.mapUser(next, { write: true, execute: false }, physical);
          return true;
        },
      });
      assertEquals([result, faults.length], [0n, 1]);
      if (write) {
        const both = [
          ...machine.memory.slice(user, PAGE_SIZE).subarray(begin),
          ...machine.memory.slice(physical, size - there),
        ];
        assertEquals(both, [...kernel.subarray(0, size)]);
      } else {
        assertEquals(kernel.subarray(0, size), text);
      }
    }
  });
}

Deno.test("copyout, a read-only page is a fault that says so", () => {
  using machine = makeMachine();
  machine.mapUser(DATA, { write: false, execute: false });
  const buffer = machine.space.virtual(machine.frame());
  const seen: number[] = [];
  machine.cpu.onException(({ vector, code }) => {
    assertEquals(vector, Vector.PF);
    seen.push(Number(code));
  });
  const words = [DATA, buffer, 8n];
  const { result } = copy(machine, { routine: "copyout", words, onFault: () => false });
  assertEquals(result, 1n);
  assertEquals(seen, [3]);
});

Deno.test("zero_page, all of the page and nothing beside it", () => {
  using machine = makeMachine();
  const frames = [machine.frame(), machine.frame(), machine.frame()].sort((a, b) => a < b ? -1 : 1);
  const [below, page, above] = frames;
  assert(below !== undefined && page !== undefined && above !== undefined);
  for (const frame of frames) machine.memory.slice(frame, PAGE_SIZE).fill(0xff);
  machine.call("zero_page", machine.space.virtual(page));
  assert(!machine.cpu.interruptsEnabled);
  assert(machine.memory.slice(page, PAGE_SIZE).every((byte) => byte === 0));
  assert(machine.memory.slice(below, PAGE_SIZE).every((byte) => byte === 0xff));
  assert(machine.memory.slice(above, PAGE_SIZE).every((byte) => byte === 0xff));
});
