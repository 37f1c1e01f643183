import { assertEquals, assertNotEquals } from "@std/assert";
import type { BareMachine, Registers, Trap } from "../testing/harness.ts";
import type { GuestLabel } from "../guest_labels.ts";
import { aarch64 } from "./mod.ts";
import { finish } from "./testing/calls.ts";
import { makeMachine } from "./testing/conformance.ts";

const { image } = aarch64;
const SWITCH_SIZE = image.symbol("SWITCH_SIZE");
/** Offset of each callee-saved register in a switch frame. */
const SAVED: readonly (readonly [name: string, offset: bigint])[] = [
  ...Array.from({ length: 10 }, (_, i) => [`x${19 + i}`, BigInt(8 * i)] as const),
  ["x29", image.symbol("SWITCH_FP")],
];

interface Thread {
  readonly address: bigint;
  readonly stackTop: bigint;
}

/**
 * A thread that has blocked at test code that says so when it is resumed, and the registers it then
 * has.
 */
function blockedThread(machine: BareMachine, root = machine.root): Thread & { saved: Registers } {
  const thread = machine.createThread();
  machine.setThreadWord(thread.address, "TH_ROOT", root);
  const frame = thread.stackTop - 0x100n - SWITCH_SIZE;
  aarch64.writeSwitchFrame(machine.space, frame, { resume: machine.kernelLabel("arrived") });
  const saved: Record<string, bigint> = { sp: frame + SWITCH_SIZE };
  for (const [name, offset] of SAVED) {
    saved[name] = 0xb10c_0000_0000_0000n + offset;
    machine.space.writeU64(frame + offset, saved[name]);
  }
  machine.setThreadWord(thread.address, "TH_KSP", frame);
  return { ...thread, saved };
}

/** A thread that has never run; its continuation is test code. */
function freshThread(machine: BareMachine): Thread {
  const thread = machine.createThread();
  const frame = thread.stackTop - SWITCH_SIZE;
  aarch64.writeSwitchFrame(machine.space, frame, { resume: machine.routine("thread_start") });
  machine.setThreadWord(thread.address, "TH_KSP", frame);
  machine.setThreadWord(thread.address, "TH_CONTINUATION", machine.kernelLabel("arrived"));
  return thread;
}

/** Gives the running code's callee-saved registers values to be lost. */
function setSaved(machine: BareMachine): Registers {
  const saved: Record<string, bigint> = { sp: machine.cpu.sp };
  for (const [name, offset] of SAVED) {
    saved[name] = 0xca11_0000_0000_0000n + offset;
    machine.cpu.setRegister(name, saved[name]);
  }
  return saved;
}

/** Registers of a trap by the names of others. */
function pick(trap: Trap, names: Registers): Registers {
  return Object.fromEntries(Object.keys(names).map((name) => [name, trap.frame.register(name)]));
}

function switchTo(machine: BareMachine, routine: GuestLabel, threads: [bigint, bigint]): Trap {
  machine.cpu.answer(machine.routine(routine), ...threads);
  const trap = machine.runToTrap();
  assertEquals(trap.entry?.code, 0xf200_0077n, "the new thread's code runs");
  assertEquals(machine.cpu.register("tpidr_el1"), threads[1], "current thread");
  assertEquals(trap.frame.register("pstate") & 0x3cfn, 0x3c5n, "interrupts stay masked");
  return trap;
}

function stackBytes(machine: BareMachine, { stackTop }: Thread): Uint8Array {
  const bytes = new Uint8Array(0x4000);
  for (let page = 0; page < 4; page++) {
    const address = stackTop - 0x4000n + BigInt(page * 4096);
    bytes.set(machine.memory.slice(machine.space.physical(address), 4096), page * 4096);
  }
  return bytes;
}

Deno.test("AArch64 switch_context, resumes the new thread and later the old one", () => {
  using machine = makeMachine();
  const other = blockedThread(machine);
  const old = { address: machine.thread, stackTop: machine.stackTop };
  const saved = setSaved(machine);
  const there = switchTo(machine, "switch_context", [old.address, other.address]);
  assertEquals(pick(there, other.saved), other.saved);
  assertEquals(there.frame.register("x0"), old.address, "tells the resumed code who ran before");
  assertEquals(there.frame.register("x30"), machine.kernelLabel("arrived"));
  const frame = machine.threadWord(old.address, "TH_KSP");
  assertEquals(frame, (saved.sp ?? 0n) - SWITCH_SIZE);
  for (const [name, offset] of SAVED) {
    assertEquals(machine.space.readU64(frame + offset), saved[name], name);
  }
  const resume = machine.space.readU64(frame + image.symbol("SWITCH_LR"));
  assertEquals(
    image.elf.symbolAt(resume)?.symbol.name,
    "startup_thread",
    "the caller of the routine",
  );
  machine.cpu.answer(machine.routine("switch_context"), other.address, old.address);
  assertEquals(finish(machine), other.address);
  for (const [name, value] of Object.entries(saved)) {
    assertEquals(machine.cpu.register(name), value, name);
  }
  assertEquals(machine.cpu.register("tpidr_el1"), old.address);
});

Deno.test("AArch64 switch_context, starts a thread that has never run", () => {
  using machine = makeMachine();
  const thread = freshThread(machine);
  const trap = switchTo(machine, "switch_context", [machine.thread, thread.address]);
  const start = { x0: thread.address, x29: 0n, x30: 0n, sp: thread.stackTop };
  assertEquals(pick(trap, start), start);
  assertEquals(machine.threadWord(thread.address, "TH_CONTINUATION"), 0n, "it is used up");
});

Deno.test("AArch64 switch_context, changes the address space and forgets old translations", () => {
  using machine = makeMachine();
  const address = 0x60_0000n;
  const root = machine.createRoot();
  const write = (physical: bigint, value: bigint) => machine.memory.writeU64(physical, value);
  write(machine.mapUser(address, { write: true, execute: false }), 0x1111n);
  const theirs = machine.frame();
  write(theirs, 0x2222n);
  const protection = { user: true, write: true, execute: false };
  machine.space.tables.map(root, address, { physical: theirs, protection });
  const other = blockedThread(machine, root);
  const buffer = machine.thread + 0xf00n; // the rest of the thread object's page
  const read = () => {
    assertEquals(machine.call("copyin", buffer, address, 8n), 0n);
    return machine.space.readU64(buffer);
  };
  assertEquals(read(), 0x1111n);
  switchTo(machine, "switch_context", [machine.thread, other.address]);
  assertEquals(machine.cpu.register("ttbr0_el1"), root);
  assertEquals(machine.cpu.translate(address), theirs);
  assertEquals(read(), 0x2222n);
  machine.cpu.answer(machine.routine("switch_context"), other.address, machine.thread);
  finish(machine);
  assertEquals(read(), 0x1111n);
});

Deno.test("AArch64 load_context, leaves the old stack as it is", () => {
  using machine = makeMachine();
  const other = blockedThread(machine);
  const old = { address: machine.thread, stackTop: machine.stackTop };
  const before = stackBytes(machine, old);
  const pointer = machine.threadWord(old.address, "TH_KSP");
  const trap = switchTo(machine, "load_context", [old.address, other.address]);
  assertEquals(pick(trap, other.saved), other.saved);
  assertEquals(trap.frame.register("x0"), old.address);
  assertEquals(stackBytes(machine, old), before);
  assertEquals(machine.threadWord(old.address, "TH_KSP"), pointer);
});

Deno.test("AArch64 stack_handoff, gives the stack away and runs the continuation on it", () => {
  using machine = makeMachine();
  const { address } = machine.createThread();
  machine.setThreadWord(address, "TH_STACK_BASE", 0n);
  machine.setThreadWord(address, "TH_STACK_TOP", 0n);
  machine.setThreadWord(address, "TH_CONTINUATION", machine.kernelLabel("arrived"));
  const base = machine.threadWord(machine.thread, "TH_STACK_BASE");
  const trap = switchTo(machine, "stack_handoff", [machine.thread, address]);
  const start = { x0: address, x29: 0n, x30: 0n, sp: machine.stackTop };
  assertEquals(pick(trap, start), start);
  const words = (thread: bigint) =>
    ["TH_STACK_BASE", "TH_STACK_TOP", "TH_CONTINUATION"].map((name) =>
      machine.threadWord(thread, name)
    );
  assertEquals(words(address), [base, machine.stackTop, 0n]);
  assertEquals(words(machine.thread), [0n, 0n, 0n]);
});

Deno.test("AArch64 call_continuation, empties the stack of the running thread", () => {
  using machine = makeMachine();
  machine.setThreadWord(machine.thread, "TH_CONTINUATION", machine.kernelLabel("arrived"));
  machine.cpu.sp -= 0x500n;
  assertNotEquals(machine.cpu.sp, machine.stackTop);
  machine.cpu.answer(machine.routine("call_continuation"), machine.thread);
  const trap = machine.runToTrap();
  const start = { x0: machine.thread, x29: 0n, x30: 0n, sp: machine.stackTop };
  assertEquals(pick(trap, start), start);
  assertEquals(machine.threadWord(machine.thread, "TH_CONTINUATION"), 0n);
});
