/**
 * A user program makes system calls; the kernel copies in and out, zeroes a page and switches to
 * another thread and back for each. An interrupt is raised at every single instruction of all that
 * in turn, from the exit to user mode to the last system call, and nothing may come out
 * differently.
 */
import { assert, assertEquals } from "@std/assert";
import type { BareMachine, Registers } from "../testing/harness.ts";
import type { GuestLabel } from "../guest_labels.ts";
import { describeExit } from "../testing/harness.ts";
import { DATA, Flag, fpPattern, makeMachine } from "./testing/conformance.ts";
import { PAGE_SIZE } from "../physical_memory.ts";
import { Vector } from "./exceptions.ts";
import { x86_64 } from "./mod.ts";

const { image } = x86_64;
const HC_TRAP = image.constant("HC_TRAP");
const HC_RESULT = image.constant("HC_RESULT");
const HC_CONTINUATION = image.constant("HC_CONTINUATION");
const CALLS = 2n;
const COPIED = 37;
const WORK = 11;

/** What the program and the kernel leave behind. */
interface Outcome {
  readonly registers: Registers;
  readonly fp: Uint8Array;
  readonly user: Uint8Array;
  readonly kernel: Uint8Array;
  /** Results of the routines, in order. */
  readonly results: readonly bigint[];
  /** Instructions from the exit to user mode on. */
  readonly instructions: number;
  /** Where interrupts were taken: the frame's PC. */
  readonly interrupted: readonly bigint[];
}

/** The machine, and what the program works on. */
class Scenario {
  readonly machine: BareMachine;
  readonly #user: bigint;
  readonly #buffer: bigint;
  readonly #other: bigint;
  readonly #otherTop: bigint;

  constructor() {
    this.machine = makeMachine();
    const { machine } = this;
    this.#user = machine.mapUser(DATA, { write: true, execute: false });
    this.#buffer = machine.space.virtual(machine.frame());
    const { address, stackTop } = machine.createThread();
    this.#other = address;
    this.#otherTop = stackTop;
  }

  /** Runs it all; `at` is the number of instructions after which line 0 is raised. */
  run(at: number | null): Outcome {
    const { machine } = this;
    const { cpu } = machine;
    machine.memory.slice(this.#user, PAGE_SIZE).forEach((_, i, page) => page[i] = i & 0xff);
    machine.memory.slice(machine.space.physical(this.#buffer), PAGE_SIZE).fill(0xee);
    machine.loadFp(fpPattern());
    machine.start({
      mode: "user",
      pc: machine.userLabel("calls"),
      registers: { rflags: Flag.ONE | Flag.IF | Flag.CF, rbx: CALLS },
    });
    const begin = cpu.instructions;
    const results: bigint[] = [];
    const interrupted: bigint[] = [];
    let steps: (() => void)[] = [];
    let raised = at === null;
    for (;;) {
      const done = cpu.instructions - begin;
      if (!raised && at !== null && done >= at) {
        cpu.raiseInterrupt(0);
        raised = true;
      }
      const exit = cpu.run(raised ? 100_000 : (at ?? 0) - done);
      if (exit.kind === "budget") continue;
      assert(exit.kind === "hypercall", describeExit(exit));
      if (cpu.hypercall() === HC_RESULT || cpu.hypercall() === HC_CONTINUATION) {
        results.push(cpu.hypercallWord(0));
        steps.shift()?.();
        continue;
      }
      assertEquals(cpu.hypercall(), HC_TRAP);
      const frame = x86_64.trapFrame(machine.space, cpu.hypercallWord(0), { cpu });
      const cause = frame.cause();
      if (cause.kind === "interrupt") {
        assertEquals(cause.line, 0);
        interrupted.push(frame.pc);
        machine.answerExit(frame);
        continue;
      }
      if (cause.kind === "error") {
        assertEquals(frame.register("vector"), BigInt(Vector.BP));
        const instructions = cpu.instructions - begin;
        const registers = Object.fromEntries(
          x86_64.registerNames.map((name) => [name, frame.register(name)]),
        );
        return {
          registers,
          fp: machine.saveFp(),
          user: machine.memory.slice(this.#user, PAGE_SIZE).slice(),
          kernel: machine.memory.slice(machine.space.physical(this.#buffer), PAGE_SIZE).slice(),
          results,
          instructions,
          interrupted,
        };
      }
      assertEquals(cause.kind, "syscall");
      steps = this.#steps(frame.syscallArgument(0));
      steps.push(() => {
        frame.setSyscallResult(BigInt(results.length) * 3n);
        machine.answerExit(frame);
      });
      steps.shift()?.();
    }
  }

  /** What the kernel has the guest do for a system call, one routine after the other. */
  #steps(argument: bigint): (() => void)[] {
    const { machine } = this;
    const { cpu, thread } = machine;
    const call = (name: GuestLabel, ...words: bigint[]) => () =>
      cpu.answer(machine.routine(name), ...words);
    const size = BigInt(COPIED);
    const buffer = this.#buffer;
    const other = this.#other;
    // The other thread starts at a continuation, which asks what to do as every continuation does.
    const prepare = () => {
      const frame = this.#otherTop - BigInt(x86_64.switchFrameSize);
      x86_64.writeSwitchFrame(machine.space, frame, { resume: machine.routine("thread_start") });
      machine.setThreadWord(other, "TH_KSP", frame);
      machine.setThreadWord(other, "TH_CONTINUATION", machine.routine("startup_thread"));
    };
    return [
      call("zero_page", buffer),
      call("copyin", buffer + 5n, DATA + 3n, size),
      call("copyout", DATA + 0x100n * argument, buffer, size),
      () => {
        prepare();
        call("switch_context", thread, other)();
      },
      call("switch_context", other, thread),
      call("copyin", buffer + 0x200n, DATA + 0x7n, BigInt(WORK)),
    ];
  }
}

Deno.test("x86-64 interrupt at every instruction of system calls, copies and switches, nothing changes", () => {
  const scenario = new Scenario();
  using machine = scenario.machine;
  const reference = scenario.run(null);
  assertEquals(reference.interrupted, []);
  const again = scenario.run(null);
  assertEquals(again, reference, "the scenario itself is deterministic");
  const seen = new Set<bigint>();
  let at = 0;
  for (;; at++) {
    const outcome = scenario.run(at);
    // raised behind the closing breakpoint, where the kernel stays
    if (machine.cpu.interruptPending) break;
    assertEquals(outcome.interrupted.length, 1, `one interrupt, raised after ${at} instructions`);
    seen.add(outcome.interrupted[0] ?? 0n);
    const { registers, fp, user, kernel, results } = outcome;
    assertEquals(
      { registers, fp, user, kernel, results },
      {
        registers: reference.registers,
        fp: reference.fp,
        user: reference.user,
        kernel: reference.kernel,
        results: reference.results,
      },
      `interrupt raised after ${at} instructions`,
    );
  }
  assert(at > 2000 && reference.instructions - at < 40, `swept ${at} instructions`);
  // Every instruction of the user loop, and the copies' and the zeroing's, has been interrupted.
  const user = [...seen].filter((pc) => pc < x86_64.userEnd);
  assertEquals(user.length, 7, "the loop of six instructions and the breakpoint");
  const text = (label: string, end: string) =>
    [...seen].filter((pc) => pc >= image.symbol(label) && pc < image.symbol(end)).length;
  assert(text("copy_bytes", "copy_end") >= 17, `${text("copy_bytes", "copy_end")} of copy_bytes`);
  assert(text("zero_page", "fp_load") >= 12, `${text("zero_page", "fp_load")} of zero_page`);
});
