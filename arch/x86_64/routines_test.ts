/**
 * The guest kernel's routines on x86-64, run as the kernel runs them: switches, continuations, copies, floating point.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine } from "../conformance/harness.ts";
import { describeExit } from "../conformance/harness.ts";
import { DATA, fpPattern, makeMachine } from "../conformance/x86_64.ts";
import { hex, PAGE_SIZE } from "../physical_memory.ts";
import { Vector } from "./exceptions.ts";
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
function runRoutine(machine: BareMachine, routine: string, ...words: bigint[]): number {
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

for (const routine of ["switch_context", "switch_context_fp"]) {
  Deno.test(`${routine}, there and back keeps every callee-saved register and the stack`, () => {
    using machine = makeMachine();
    const { cpu, thread: first, space } = machine;
    const second = freshThread(machine);
    setSaved(machine, 0xaaaa_0000_0000n);
    const sp = cpu.sp;
    assertEquals(runRoutine(machine, routine, first, second.address), HC_CONTINUATION);
    assertEquals(cpu.hypercallWord(0), machine.routine("startup_thread"));
    assertEquals(currentThread(machine), second.address);
    assertEquals(cpu.sp, second.stackTop);

    const ksp = machine.threadWord(first, "TH_KSP");
    const frame = [
      "SWITCH_RBX",
      "SWITCH_FP",
      "SWITCH_R12",
      "SWITCH_R13",
      "SWITCH_R14",
      "SWITCH_R15",
    ]
      .map((name) => space.readU64(ksp + image.symbol(name)));
    assertEquals(frame, expectedSaved(0xaaaa_0000_0000n), "the switch frame");
    if (routine === "switch_context") {
      assertEquals(hex(ksp), hex(sp - BigInt(x86_64.switchFrameSize)), "TH_KSP");
    }

    for (let round = 0n; round < 3n; round++) {
      setSaved(machine, 0xbbbb_0000_0000n + round);
      assertEquals(runRoutine(machine, routine, second.address, first), HC_RESULT);
      assertEquals(currentThread(machine), first);
      assertEquals(saved(machine), expectedSaved(0xaaaa_0000_0000n + round));
      assertEquals(cpu.sp, sp);
      if (routine === "switch_context") assertEquals(cpu.hypercallWord(0), second.address);

      setSaved(machine, 0xaaaa_0000_0001n + round);
      assertEquals(runRoutine(machine, routine, first, second.address), HC_RESULT);
      assertEquals(saved(machine), expectedSaved(0xbbbb_0000_0000n + round));
      assertEquals(cpu.sp, second.stackTop);
    }
  });
}

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

Deno.test("switch_context_fp, MXCSR and the x87 control word belong to the thread", () => {
  using machine = makeMachine();
  const second = freshThread(machine);
  const load = (mxcsr: number, control: number): void => {
    const area = fpPattern();
    const view = new DataView(area.buffer);
    view.setUint16(0, control, true);
    view.setUint32(24, mxcsr, true);
    machine.loadFp(area);
  };
  const control = (): [number, number] => {
    const view = new DataView(machine.saveFp().buffer);
    return [view.getUint32(24, true), view.getUint16(0, true)];
  };
  load(0x9fc0, 0x027f);
  runRoutine(machine, "switch_context_fp", machine.thread, second.address);
  load(0x1f80, 0x037f);
  runRoutine(machine, "switch_context_fp", second.address, machine.thread);
  assertEquals(control(), [0x9fc0, 0x027f]);
  runRoutine(machine, "switch_context_fp", machine.thread, second.address);
  assertEquals(control(), [0x1f80, 0x037f]);
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

/** Runs a copy; `onFault` gets each fault's frame and answers whether the page is there now. */
function copy(
  machine: BareMachine,
  options: { routine: string; words: bigint[]; onFault: (address: bigint) => boolean },
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

Deno.test("fp_save, fp_load and fp_swap, the whole state goes round", () => {
  using machine = makeMachine();
  const { space, memory } = machine;
  const other = machine.createThread().address;
  const area = (thread: bigint) =>
    memory.slice(space.physical(thread + image.symbol("TH_FP")), 512);
  const first = fpPattern();
  const second = first.map((byte, i) => i >= 160 && i < 416 ? byte ^ 0x5a : byte);
  machine.loadFp(first);
  const saved = machine.saveFp();
  assertEquals(saved.subarray(160, 416), first.subarray(160, 416), "SSE registers");
  assertEquals(saved.subarray(32, 42), first.subarray(32, 42), "ST0");
  assertEquals(saved.subarray(0, 5), first.subarray(0, 5), "x87 control, status and tags");
  assertEquals(saved.subarray(24, 28), first.subarray(24, 28), "MXCSR");

  area(other).set(second);
  area(machine.thread).fill(0);
  machine.call("fp_swap", machine.thread, other);
  assertEquals(area(machine.thread), saved, "the old owner's state is saved");
  assertEquals(machine.saveFp().subarray(160, 416), second.subarray(160, 416));
  machine.call("fp_save", other);
  assertEquals(area(other).subarray(160, 416), second.subarray(160, 416));
});
