import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Registers } from "../testing/harness.ts";
import { callThrough, finish } from "./testing/calls.ts";
import { makeMachine } from "./testing/conformance.ts";

const USER = 0x60_0000n;
const PAGE = 4096;
const LINE = 9;

/**
 * Which way bytes go; the user's side is two pages at {@linkcode USER}, the kernel's two at
 * kernelPage(0).
 */
type Direction = "copyin" | "copyout";

interface Copy {
  readonly direction: Direction;
  /** Offset on the user's side. */
  readonly user: number;
  /** Offset on the kernel's side. */
  readonly kernel: number;
  readonly size: number;
}

function* pattern(seed: number): Generator<number, never> {
  for (let value = seed;; value = (value * 1103515245 + 12345) >>> 0) yield (value >>> 16) & 0xff;
}

/** Both sides of a copy, filled with different bytes. */
class Sides {
  readonly machine: BareMachine;
  readonly user: Uint8Array[] = [];
  readonly kernel: Uint8Array[] = [];
  readonly #physical: bigint[] = [];

  constructor(machine: BareMachine) {
    this.machine = machine;
    const bytes = pattern(7);
    for (let i = 0; i < 2; i++) {
      const physical = machine.frame();
      this.#physical.push(physical);
      this.user.push(machine.memory.slice(physical, PAGE));
      const kernel = machine.mapKernel(machine.kernelPage(i), { write: true, execute: false });
      this.kernel.push(machine.memory.slice(kernel, PAGE));
    }
    for (const page of [...this.user, ...this.kernel]) {
      page.forEach((_, i) => page[i] = next(bytes));
    }
    this.map(0);
    this.map(1);
  }

  map(page: number): void {
    const physical = this.#physical[page];
    const protection = { write: true, execute: false };
    this.machine.mapUser(USER + BigInt(page * PAGE), protection, physical);
    this.machine.cpu.flushTranslations();
  }

  unmap(page: number): void {
    this.machine.space.tables.unmap(this.machine.root, USER + BigInt(page * PAGE));
    this.machine.cpu.flushTranslations();
  }

  /** Arguments of a copy. */
  words({ direction, user, kernel, size }: Copy): bigint[] {
    const places = [this.machine.kernelPage(0) + BigInt(kernel), USER + BigInt(user)];
    if (direction === "copyout") places.reverse();
    return [...places, BigInt(size)];
  }

  /** What both sides hold. */
  snapshot(): { user: Uint8Array; kernel: Uint8Array } {
    return { user: join(this.user), kernel: join(this.kernel) };
  }

  /** What both sides are to hold after the first `done` bytes of a copy. */
  after({ direction, user, kernel }: Copy, done: number): ReturnType<Sides["snapshot"]> {
    const sides = this.snapshot();
    if (direction === "copyin") sides.kernel.set(sides.user.subarray(user, user + done), kernel);
    else sides.user.set(sides.kernel.subarray(kernel, kernel + done), user);
    return sides;
  }
}

function next(bytes: Generator<number, never>): number {
  return bytes.next().value;
}

function join([first = new Uint8Array(), second = new Uint8Array()]: Uint8Array[]): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const SIZES = [0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 100, 255];

/** x19 to x29 and the stack pointer, which a routine leaves as they were. */
function calleeSaved(machine: BareMachine): Registers {
  const names = ["sp", ...Array.from({ length: 11 }, (_, i) => `x${19 + i}`)];
  return Object.fromEntries(names.map((name) => [name, machine.cpu.register(name)]));
}

for (const direction of ["copyin", "copyout"] as const) {
  Deno.test(`AArch64 ${direction}, any size and alignment, and nothing beside`, () => {
    using machine = makeMachine();
    const sides = new Sides(machine);
    for (const size of SIZES) {
      for (
        const [user, kernel] of [[0, 0], [1, 0], [3, 5], [PAGE - 20, 4], [9, PAGE - 7]] as const
      ) {
        const copy = { direction, user, kernel, size };
        const wanted = sides.after(copy, size);
        const saved = calleeSaved(machine);
        assertEquals(machine.call(direction, ...sides.words(copy)), 0n);
        assertEquals(sides.snapshot(), wanted, `${size} bytes, ${user} and ${kernel}`);
        assertEquals(calleeSaved(machine), saved);
        assertEquals(machine.cpu.interruptsEnabled, false, "masked again");
      }
    }
  });

  Deno.test(`AArch64 ${direction}, a fault at each access is resolved and the copy goes on`, () => {
    const places = new Set<bigint>();
    for (let ahead = 0; ahead <= 48; ahead++) {
      using machine = makeMachine();
      const sides = new Sides(machine);
      const copy = { direction, user: PAGE - ahead, kernel: 3, size: 53 };
      const wanted = sides.after(copy, copy.size);
      sides.unmap(1);
      let faults = 0;
      const result = callThrough(
        machine,
        { routine: direction, words: sides.words(copy) },
        ({ frame }) => {
          faults++;
          places.add(frame.pc);
          assertEquals(frame.cause(), {
            kind: "page-fault",
            address: USER + BigInt(PAGE),
            access: direction === "copyin" ? "read" : "write",
            present: false,
          });
          sides.map(1);
        },
      );
      assertEquals([result, faults], [0n, 1]);
      assertEquals(sides.snapshot(), wanted, `${ahead} bytes before the fault`);
    }
    assertEquals(places.size, 2, "by the access of sixteen bytes and by that of one");
  });

  Deno.test(`AArch64 ${direction}, a fault at each access is refused and the error returned`, () => {
    for (let ahead = 0; ahead <= 48; ahead++) {
      using machine = makeMachine();
      const sides = new Sides(machine);
      const copy = { direction, user: PAGE - ahead, kernel: 3, size: 53 };
      // Sixteen bytes at a time: the access that faults may have moved any of its own below the
      // fault.
      const done = ahead - ahead % 16;
      const least = sides.after(copy, done);
      const most = sides.after(copy, ahead);
      sides.unmap(1);
      const saved = calleeSaved(machine);
      const result = callThrough(
        machine,
        { routine: direction, words: sides.words(copy) },
        ({ frame }) => {
          const { pc } = frame;
          assert(pc >= machine.routine("copy_begin") && pc < machine.routine("copy_end"));
          frame.pc = machine.routine("copy_fault");
        },
      );
      assertEquals(result, 1n);
      assertEquals(machine.cpu.interruptsEnabled, false);
      assertEquals(calleeSaved(machine), saved);
      const side = direction === "copyin" ? "kernel" : "user";
      const now = sides.snapshot()[side];
      const wrong = now.findIndex((byte, i) => byte !== least[side][i] && byte !== most[side][i]);
      assertEquals(wrong, -1, `${ahead} bytes before the fault`);
      sides.map(1);
      assertEquals(machine.call(direction, ...sides.words(copy)), 0n, "usable afterwards");
    }
  });
}

/** A routine that runs with interrupts unmasked. */
interface Interruptible {
  readonly routine: "copyin" | "copyout" | "zero_page";
  readonly words: (sides: Sides) => bigint[];
  /** Instructions at the end of which to look: loops of many equal turns are cut. */
  readonly most: number;
}

const INTERRUPTIBLE: readonly Interruptible[] = [
  ...(["copyin", "copyout"] as const).map((direction) => ({
    routine: direction,
    words: (sides: Sides) => sides.words({ direction, user: PAGE - 21, kernel: 2, size: 53 }),
    most: 100,
  })),
  { routine: "zero_page", words: (sides) => [sides.machine.kernelPage(0)], most: 40 },
];

for (const { routine, words, most } of INTERRUPTIBLE) {
  Deno.test(`AArch64 ${routine}, an interrupt at each instruction`, () => {
    const trace: { registers: Registers; enabled: boolean }[] = [];
    let end: unknown;
    const call = (machine: BareMachine, sides: Sides) => {
      machine.cpu.answer(machine.routine(routine), ...words(sides));
      machine.runTo(machine.routine(routine));
    };
    const result = (machine: BareMachine, sides: Sides) => ({
      result: finish(machine),
      saved: calleeSaved(machine),
      sides: sides.snapshot(),
    });
    {
      using machine = makeMachine();
      const sides = new Sides(machine);
      call(machine, sides);
      while (trace.length < most) {
        const { interruptsEnabled } = machine.cpu;
        const registers = machine.registers();
        if (machine.cpu.run(1).kind !== "budget") break;
        trace.push({ registers, enabled: interruptsEnabled });
      }
    }
    {
      using machine = makeMachine();
      const sides = new Sides(machine);
      call(machine, sides);
      end = result(machine, sides);
    }
    assert(trace.filter(({ enabled }) => enabled).length > 20);
    trace.forEach(({ registers, enabled }, count) => {
      using machine = makeMachine();
      const sides = new Sides(machine);
      call(machine, sides);
      if (count > 0) machine.cpu.run(count);
      machine.cpu.raiseInterrupt(LINE);
      if (!enabled && machine.run(1).kind === "budget" && !machine.cpu.interruptsEnabled) {
        // Masked: before the routine unmasks them, or after it has masked them again.
        assertEquals(machine.delivered, []);
        return;
      }
      const trap = machine.runToTrap();
      assertEquals(trap.entry?.vector, 5);
      if (enabled) {
        assertEquals(trap.frame.pc, registers.pc);
        machine.leave(trap);
        assertEquals(machine.registers(), registers, `interrupt at instruction ${count}`);
      } else {
        machine.leave(trap);
      }
      assertEquals(result(machine, sides), end, `after an interrupt at instruction ${count}`);
    });
  });
}

Deno.test("AArch64 zero_page, clears one page and nothing beside", () => {
  using machine = makeMachine();
  const sides = new Sides(machine);
  const wanted = sides.snapshot();
  wanted.kernel.fill(0, 0, PAGE);
  const saved = calleeSaved(machine);
  machine.call("zero_page", machine.kernelPage(0));
  assertEquals(sides.snapshot(), wanted);
  assertEquals(calleeSaved(machine), saved);
  assertEquals(machine.cpu.interruptsEnabled, false);
});

Deno.test("AArch64 copyout, a fault while a system call of EL0 is served comes back to both", () => {
  using machine = makeMachine();
  const sides = new Sides(machine);
  sides.unmap(0);
  machine.start({
    mode: "user",
    pc: machine.userLabel("svc_0"),
    registers: { pstate: 0x6000_0000n },
  });
  machine.runTo(machine.userLabel("svc_0_at"));
  const before = machine.registers();
  const outer = machine.runToTrap();
  const copy = { direction: "copyout", user: 5, kernel: 0, size: 40 } as const;
  const wanted = sides.after(copy, copy.size);
  const nested: bigint[] = [];
  const result = callThrough(
    machine,
    { routine: "copyout", words: sides.words(copy) },
    ({ frame, entry, sp }) => {
      nested.push(frame.address);
      assertEquals([entry?.vector, entry?.fromUser, frame.fromUser], [4, false, false]);
      assertEquals(entry?.code, 0x9600_0047n);
      assertEquals(sp, frame.address, "on the kernel stack, below what runs there");
      sides.map(0);
    },
  );
  assertEquals(result, 0n);
  assertEquals(nested, [machine.stackTop - BigInt(machine.arch.image.constant("FRAME_SIZE"))]);
  assertEquals(sides.snapshot(), wanted);
  machine.leave(outer);
  const next = machine.userLabel("svc_0_next");
  assertEquals(machine.registers(), { ...before, pc: next });
});
