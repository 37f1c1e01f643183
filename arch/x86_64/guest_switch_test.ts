/**
 * `switch.S` on x86-64: context switches, stack handoff and continuations, run as the kernel runs
 * them.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine } from "../testing/harness.ts";
import type { GuestLabel } from "../guest_labels.ts";
import { describeExit } from "../testing/harness.ts";
import { makeMachine } from "./testing/conformance.ts";
import { hex, PAGE_SIZE } from "../physical_memory.ts";
import { x86_64 } from "./mod.ts";

const { image } = x86_64;
const HC_CONTINUATION = image.constant("HC_CONTINUATION");
const HC_RESULT = image.constant("HC_RESULT");
const CALLEE_SAVED = ["rbx", "rbp", "r12", "r13", "r14", "r15"];

function setSaved(machine: BareMachine, seed: bigint): void {
  CALLEE_SAVED.forEach((name, i) => machine.cpu.setRegister(name, seed + BigInt(i)));
}

function saved(machine: BareMachine): bigint[] {
  return CALLEE_SAVED.map((name) => machine.cpu.register(name));
}

function expectedSaved(seed: bigint): bigint[] {
  return CALLEE_SAVED.map((_, i) => seed + BigInt(i));
}

/** Answers the hypercall and runs to the next one. */
function runRoutine(machine: BareMachine, routine: GuestLabel, ...words: bigint[]): number {
  machine.cpu.answer(machine.routine(routine), ...words);
  const exit = machine.run();
  assert(exit.kind === "hypercall", describeExit(exit));
  assert(!machine.cpu.interruptsEnabled, "interrupts are masked in the kernel");
  return machine.cpu.hypercall();
}

/** Thread the per-CPU area names. */
function currentThread(machine: BareMachine): bigint {
  return machine.space.readU64(machine.cpu.register("gs_base") + image.symbol("CPU_THREAD"));
}

/** A thread that will start at `startup_thread`, on a stack of its own. */
function freshThread(machine: BareMachine): { address: bigint; stackTop: bigint } {
  const thread = machine.createThread();
  const frame = thread.stackTop - BigInt(x86_64.switchFrameSize);
  x86_64.writeSwitchFrame(machine.space, frame, { resume: machine.routine("thread_start") });
  machine.setThreadWord(thread.address, "TH_KSP", frame);
  machine.setThreadWord(thread.address, "TH_CONTINUATION", machine.routine("startup_thread"));
  return thread;
}

Deno.test("switch_context, there and back keeps every callee-saved register and the stack", () => {
  using machine = makeMachine();
  const { cpu, thread: first, space } = machine;
  const second = freshThread(machine);
  setSaved(machine, 0xaaaa_0000_0000n);
  const sp = cpu.sp;
  assertEquals(runRoutine(machine, "switch_context", first, second.address), HC_CONTINUATION);
  assertEquals(cpu.hypercallWord(0), machine.routine("startup_thread"));
  assertEquals(currentThread(machine), second.address);
  assertEquals(cpu.sp, second.stackTop);

  const ksp = machine.threadWord(first, "TH_KSP");
  const frame = [
    "SWITCH_RBX",
    "SWITCH_RBP",
    "SWITCH_R12",
    "SWITCH_R13",
    "SWITCH_R14",
    "SWITCH_R15",
  ]
    .map((name) => space.readU64(ksp + image.symbol(name)));
  assertEquals(frame, expectedSaved(0xaaaa_0000_0000n), "the switch frame");
  assertEquals(hex(ksp), hex(sp - BigInt(x86_64.switchFrameSize)), "TH_KSP");

  for (let round = 0n; round < 3n; round++) {
    setSaved(machine, 0xbbbb_0000_0000n + round);
    assertEquals(runRoutine(machine, "switch_context", second.address, first), HC_RESULT);
    assertEquals(currentThread(machine), first);
    assertEquals(saved(machine), expectedSaved(0xaaaa_0000_0000n + round));
    assertEquals(cpu.sp, sp);
    assertEquals(cpu.hypercallWord(0), second.address);

    setSaved(machine, 0xaaaa_0000_0001n + round);
    assertEquals(runRoutine(machine, "switch_context", first, second.address), HC_RESULT);
    assertEquals(saved(machine), expectedSaved(0xbbbb_0000_0000n + round));
    assertEquals(cpu.sp, second.stackTop);
  }
});

Deno.test("switch_context, loads the root of another address space and only of another", () => {
  using machine = makeMachine();
  const second = freshThread(machine);
  const root = machine.createRoot();
  machine.setThreadWord(second.address, "TH_ROOT", root);
  assertEquals(machine.cpu.register("cr3"), machine.root);
  runRoutine(machine, "switch_context", machine.thread, second.address);
  assertEquals(machine.cpu.register("cr3"), root);
  runRoutine(machine, "switch_context", second.address, machine.thread);
  assertEquals(machine.cpu.register("cr3"), machine.root);
  // The same code with an equal root is shorter by the write to CR3.
  const count = (to: bigint, from: bigint): number => {
    const before = machine.cpu.instructions;
    runRoutine(machine, "switch_context", from, to);
    return machine.cpu.instructions - before;
  };
  const other = count(second.address, machine.thread);
  machine.setThreadWord(machine.thread, "TH_ROOT", root);
  const same = count(machine.thread, second.address);
  assertEquals(other - same, 1);
});

Deno.test("load_context, writes nothing to the old thread or its stack", () => {
  using machine = makeMachine();
  const { cpu, space, thread } = machine;
  const second = freshThread(machine);
  setSaved(machine, 0xaaaa_0000_0000n);
  runRoutine(machine, "switch_context", thread, second.address);
  setSaved(machine, 0xbbbb_0000_0000n);
  const object = machine.memory.slice(space.physical(second.address), 256).slice();
  const stack = () =>
    machine.memory.slice(space.physical(second.stackTop - BigInt(PAGE_SIZE)), PAGE_SIZE).slice();
  const before = stack();
  assertEquals(runRoutine(machine, "load_context", second.address, thread), HC_RESULT);
  assertEquals(cpu.hypercallWord(0), second.address);
  assertEquals(saved(machine), expectedSaved(0xaaaa_0000_0000n));
  const after = stack();
  // The caller's call has pushed its return address; nothing else is new.
  assertEquals(after.subarray(0, PAGE_SIZE - 8), before.subarray(0, PAGE_SIZE - 8));
  assertEquals(machine.memory.slice(space.physical(second.address), 256), object);
});

Deno.test("stack_handoff, the new thread gets the stack and its continuation runs on it", () => {
  using machine = makeMachine();
  const { cpu, thread } = machine;
  const second = machine.createThread();
  const root = machine.createRoot();
  machine.setThreadWord(second.address, "TH_ROOT", root);
  machine.setThreadWord(second.address, "TH_STACK_BASE", 0n);
  machine.setThreadWord(second.address, "TH_STACK_TOP", 0n);
  machine.setThreadWord(second.address, "TH_CONTINUATION", machine.routine("startup_thread"));
  const base = machine.threadWord(thread, "TH_STACK_BASE");
  assertEquals(runRoutine(machine, "stack_handoff", thread, second.address), HC_CONTINUATION);
  assertEquals(cpu.hypercallWord(0), machine.routine("startup_thread"));
  assertEquals(currentThread(machine), second.address);
  assertEquals(cpu.register("cr3"), root);
  assertEquals(cpu.sp, machine.stackTop, "the stack is empty");
  assertEquals(machine.threadWord(second.address, "TH_STACK_BASE"), base);
  assertEquals(machine.threadWord(second.address, "TH_STACK_TOP"), machine.stackTop);
  assertEquals(machine.threadWord(thread, "TH_STACK_BASE"), 0n);
  assertEquals(machine.threadWord(thread, "TH_STACK_TOP"), 0n);
});

Deno.test("call_continuation, jumps to it once with the thread on an empty stack", () => {
  using machine = makeMachine();
  const { cpu, thread } = machine;
  const target = machine.routine("startup_thread");
  machine.setThreadWord(thread, "TH_CONTINUATION", target);
  setSaved(machine, 0xaaaa_0000_0000n);
  cpu.answer(machine.routine("call_continuation"), thread);
  machine.runTo(target);
  assertEquals(cpu.sp, machine.stackTop);
  assertEquals(cpu.register("rdi"), thread);
  assertEquals(cpu.register("rbp"), 0n, "frame pointers end here");
  assertEquals(machine.threadWord(thread, "TH_CONTINUATION"), 0n);
});
