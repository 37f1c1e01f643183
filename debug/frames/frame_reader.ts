/**
 * Reads the stacks of a process.
 *
 * @module
 */
import type { InputError } from "../../bytes/mod.ts";
import { FrameIterator, type Module } from "../../unwind/walk/mod.ts";
import { DebugFiles } from "../files/mod.ts";
import { type TargetProcess, type TargetThread, walkInput } from "../target/mod.ts";
import { ModuleCode } from "./module_code.ts";
import { TailCalls } from "./tail_calls.ts";
import { type FrameOptions, StackFrames } from "./stack_frames.ts";

/** Reads stacks of one process. Keep it: what it has read of files serves all of them. */
export class FrameReader {
  /** The process. */
  readonly process: TargetProcess;
  readonly #files: DebugFiles;
  readonly #code: Map<Module | undefined, ModuleCode> = new Map();
  readonly #tailCalls: TailCalls;

  /** A reader of that process's stacks. `files` finds the files with debug information. */
  constructor(process: TargetProcess, files: DebugFiles = new DebugFiles()) {
    this.process = process;
    this.#files = files;
    const { modules } = process;
    this.#tailCalls = new TailCalls({ modules, codeOf: (module) => this.codeOf(module) });
  }

  /**
   * Inflates packed symbol tables (`.gnu_debugdata`) of modules, which takes a library that works
   * asynchronously. Without this call their functions have no names. What is damaged is told of in
   * `problems`.
   */
  async prepare(modules: Iterable<Module> = this.process.modules.modules): Promise<void> {
    for (const module of modules) {
      const code = this.codeOf(module);
      try {
        await code.files?.prepare();
      } catch (error) {
        code.attempt(() => {
          throw error;
        });
      }
    }
  }

  /** The frames of a thread's stack. */
  frames(thread: TargetThread, options: FrameOptions = {}): StackFrames {
    const { process } = this;
    const walk = () =>
      new FrameIterator(walkInput(process, thread), {
        ...process.walk,
        maxFrames: options.limit ?? 4096,
      });
    const codeOf = (module: Module | undefined) => this.codeOf(module);
    return new StackFrames({ codeOf, tailCalls: this.#tailCalls, thread, walk, options });
  }

  /** What is known of the code of a module, or of code that is of none. */
  codeOf(module: Module | undefined): ModuleCode {
    let code = this.#code.get(module);
    if (code === undefined) this.#code.set(module, code = new ModuleCode(module, this.#files));
    return code;
  }

  /** What of the files was damaged so far, and is left out. */
  get problems(): readonly InputError[] {
    return [...this.#code.values()].flatMap((code) => code.problems);
  }
}
