/**
 * Records a transition into native code: a thread of the VM is executed instruction by instruction,
 * and after each of them its stack is walked as another thread would, from the anchor alone.
 *
 * @module
 */
import { disassemble } from "../../arch/mod.ts";
import { fromBigAddress } from "../../bytes/mod.ts";
import { machineTarget } from "../../debug/machine/mod.ts";
import type { TargetProcess, TargetThread } from "../../debug/target/mod.ts";
import type { ElfFile } from "../../elf/mod.ts";
import { KernelError } from "../../kernel/errors.ts";
import type { Machine } from "../../kernel/machine.ts";
import {
  backtrace,
  type CodeRegion,
  discoverCode,
  type Frame,
  managedFrame,
  readWord,
  RegisterSet,
  WalkError,
} from "../../unwind/walk/mod.ts";
import type { AnchorView, StepNote, Transition, TransitionStep } from "./transition.ts";

/** Most instructions from the stub's first to its return, the kernel's not counted. */
const LONGEST = 20_000;

/** Most bytes of an instruction. */
const INSTRUCTION = 15;

/** From the anchor to the word that says that a root scan is wanted (`guest/runtimes/vm/thread.h`). */
const SCAN = 16n;

/** Instructions that go somewhere else if something is so. */
const BRANCH = /^(?:j(?!mp)|cbn?z|tbn?z|b\.)/;

/** An instruction as it was executed. */
interface Executed {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly code: string;
  readonly depth: 0 | 1 | 2;
  readonly sp: bigint;
  readonly pc: bigint;
  readonly view: AnchorView;
  /** What the instruction has read of the word that says whether a scan goes on. */
  readonly scan: bigint | undefined;
}

/**
 * Records the call of a native method.
 *
 * @param machine stopped at the first instruction of the method's stub
 * @param file the VM's, for names of native functions
 * @throws {KernelError} of kind `misuse`, if the machine is not stopped there
 */
export async function recordTransition(machine: Machine, file: ElfFile): Promise<Transition> {
  return await new Recorder(machine, file).record();
}

class Recorder {
  readonly #machine: Machine;
  readonly #file: ElfFile;
  readonly #process: TargetProcess;
  readonly #thread: TargetThread;
  readonly #stub: CodeRegion;
  readonly #frames: readonly Frame[];
  readonly #anchor: bigint;

  constructor(machine: Machine, file: ElfFile) {
    this.#machine = machine;
    this.#file = file;
    const { current } = machine.kernel.cpus[0]!;
    const process = machineTarget(machine).processes.find(({ id }) => id === current.task.id);
    const thread = process?.threads.find(({ id }) => id === current.id);
    if (process === undefined || thread === undefined || !machine.cpu.userMode) throw elsewhere();
    discoverCode(process);
    this.#process = process;
    this.#thread = thread;
    const { frames } = backtrace(this.#input(thread.registers));
    const [offset] = process.modules.code.anchors;
    const stub = frames[0]?.code;
    const { threadPointer } = thread;
    if (
      stub?.kind.name !== "native-stub" || stub.method === 0n || offset === undefined ||
      threadPointer === undefined || frames[1] === undefined
    ) throw elsewhere();
    this.#stub = stub;
    this.#frames = frames;
    this.#anchor = threadPointer + BigInt(offset);
  }

  #input(registers: RegisterSet) {
    const { memory, modules } = this.#process;
    return { registers, memory, modules, threadPointer: this.#thread.threadPointer };
  }

  async record(): Promise<Transition> {
    const machine = this.#thread.registers.machine;
    const callers = await this.#callers();
    const executed = this.#execute(this.#frames[1]!.pc);
    const { arch } = this.#machine.kernel;
    // How code names the thread's storage: as core files name the register, but for the ending.
    const pointer = arch.core.threadPointer.replace("_base", ":");
    const steps: TransitionStep[] = [...callers];
    let tested: bigint | undefined;
    for (const [i, { bytes, scan, ...step }] of executed.entries()) {
      const [instruction] = await disassemble(bytes, {
        arch: arch.name,
        address: step.address,
        limit: 1,
      });
      const { text } = instruction!;
      const before = executed[i - 1] ?? callers.at(-1)!;
      const after = executed[i + 1];
      const notes: StepNote[] = [];
      if (step.depth === 1 && text.includes(pointer)) notes.push("thread");
      if (step.sp !== before.sp) notes.push("store-sp");
      if (step.pc !== before.pc) notes.push(step.pc === 0n ? "clear-pc" : "store-pc");
      if (after !== undefined && after.depth > step.depth) notes.push("call");
      if (after !== undefined && after.depth < step.depth) notes.push("return");
      if (step.depth === 1 && scan !== undefined) {
        notes.push("test-scan");
        tested = scan;
      } else if (tested !== undefined && BRANCH.test(text)) {
        notes.push(tested === 0n ? "go-on" : "wait");
        tested = undefined;
      }
      steps.push({ ...step, text, notes });
    }
    const caller = this.#frames.find(isMethod)!;
    const anchor = this.#anchor;
    const thread = this.#thread.id;
    return { machine, caller: nameOf(caller), native: this.#stub.name, thread, anchor, steps };
  }

  /** The calls that have led here: of the method, and of an adapter behind it. */
  async #callers(): Promise<TransitionStep[]> {
    const { arch } = this.#machine.kernel;
    const last = this.#frames.findIndex(isMethod);
    const steps: TransitionStep[] = [];
    for (const frame of this.#frames.slice(1, last + 1).reverse()) {
      const region = frame.code!;
      const bytes = this.#machine.readMemory(
        BigInt(region.begin),
        frame.pcAddress - region.begin,
      );
      const address = BigInt(region.begin);
      const call = (await disassemble(bytes, { arch: arch.name, address })).at(-1)!;
      const { sp, pc } = this.#words();
      const view = this.#view(sp, pc);
      const { text } = call;
      const place = { name: nameOf(frame), code: region.kind.name, depth: 0 } as const;
      steps.push({ address: call.address, text, ...place, sp, pc, view, notes: ["call"] });
    }
    return steps;
  }

  /** Executes the stub up to its return, and the instruction behind it. */
  #execute(end: bigint): Executed[] {
    const machine = this.#machine;
    const word = this.#anchor + SCAN;
    using _ = machine.addWatchpoint(word, 4, "read", { task: this.#process.id });
    const executed: Executed[] = [];
    for (let isOver = false; !isOver && executed.length < LONGEST;) {
      if (!this.#arrive()) {
        throw new KernelError("misuse", "Cannot follow a call that ends nowhere");
      }
      const address = machine.cpu.pc;
      isOver = address === end && executed.length > 0;
      const place = this.#placeOf(address);
      const bytes = this.#bytesAt(address);
      const result = machine.step();
      const { sp, pc } = this.#words();
      const scan = result.kind === "watchpoint"
        ? readWord(this.#process.memory, word)! & 0xffff_ffffn
        : undefined;
      const view = this.#view(sp, pc);
      executed.push({ address, bytes, ...place, sp, pc, view, scan });
    }
    return executed;
  }

  /** Has the thread be on the CPU in its program: others, and the kernel, may run in between. */
  #arrive(): boolean {
    const machine = this.#machine;
    for (let i = 0; i < 1000 * LONGEST && machine.halted === null; i++) {
      if (machine.cpu.userMode && machine.kernel.cpus[0]!.current.id === this.#thread.id) {
        return true;
      }
      machine.step();
    }
    return false;
  }

  #placeOf(address: bigint): Pick<Executed, "name" | "code" | "depth"> {
    const code = this.#process.modules.code.at(fromBigAddress(address));
    const caller = this.#frames[1]!;
    if (code === undefined) {
      const name = this.#file.symbolAt(address)?.symbol.name ?? "??";
      return { name, code: "native", depth: 2 };
    }
    const kind = code.kind.name;
    if (code.name === caller.code!.name) return { name: nameOf(caller), code: kind, depth: 0 };
    if (code.method !== this.#stub.method) return { name: code.name, code: kind, depth: 2 };
    return { name: code.name, code: kind, depth: kind === "native-stub" ? 1 : 0 };
  }

  #bytesAt(address: bigint): Uint8Array {
    const page = Number(0x1000n - address % 0x1000n);
    try {
      return this.#machine.readMemory(address, INSTRUCTION).slice();
    } catch (error) {
      if (page >= INSTRUCTION) throw error;
      return this.#machine.readMemory(address, page).slice();
    }
  }

  #words(): { sp: bigint; pc: bigint } {
    const { memory } = this.#process;
    return {
      sp: readWord(memory, this.#anchor) ?? 0n,
      pc: readWord(memory, this.#anchor + 8n) ?? 0n,
    };
  }

  /** A walk from the anchor, as another thread makes it: it knows no registers. */
  #view(sp: bigint, pc: bigint): AnchorView {
    if (pc === 0n) return { kind: "closed" };
    const { machine, numbers } = this.#thread.registers;
    const registers = RegisterSet.of(machine, [
      [numbers.stackPointer, sp],
      [numbers.programCounter, pc],
    ]);
    try {
      const { frames } = backtrace(this.#input(registers), { start: "return-address" });
      const seen = frames.map((frame) => ({
        name: nameOf(frame),
        code: frame.code?.kind.name ?? "native",
      }));
      const isTold = (code: string) => code !== "native" && code !== "adapter";
      return { kind: "frames", frames: seen.filter(({ code }) => isTold(code)) };
    } catch (error) {
      if (!(error instanceof WalkError)) throw error;
      return { kind: "error", message: error.message };
    }
  }
}

/** Whether a frame is of a method that executes bytecode. */
function isMethod(frame: Frame): boolean {
  return managedFrame(frame)?.bci !== undefined;
}

function nameOf(frame: Frame): string {
  const managed = managedFrame(frame);
  return managed?.bci === undefined ? frame.code?.name ?? "??" : managed.method?.name ?? "??";
}

function elsewhere(): KernelError {
  return new KernelError(
    "misuse",
    "Cannot record: no thread of the VM is in a native method's stub",
  );
}
