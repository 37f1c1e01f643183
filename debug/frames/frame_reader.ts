/**
 * Reads the stacks of a process.
 *
 * @module
 */
import { type InputError, toBigAddress } from "../../bytes/mod.ts";
import type { Entry } from "../../elf/dwarf/mod.ts";
import { discoverCode, FrameIterator, type Module } from "../../unwind/walk/mod.ts";
import { DebugFiles } from "../files/mod.ts";
import { type TargetProcess, type TargetThread, walkInput } from "../target/mod.ts";
import { TypeReader } from "../values/mod.ts";
import { symbolName } from "./function_name.ts";
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
  #types: TypeReader | undefined;
  #codeProblems: readonly InputError[] = [];

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
    for (const module of modules) await this.codeOf(module).files?.prepare();
  }

  /**
   * The frames of a thread's stack. Code that the program has generated and published is looked for
   * first (`discoverCode`).
   */
  frames(thread: TargetThread, options: FrameOptions = {}): StackFrames {
    const { process } = this;
    const walk = () => {
      this.#codeProblems = discoverCode(process).problems;
      return new FrameIterator(walkInput(process, thread), {
        ...process.walk,
        maxFrames: options.limit ?? 4096,
      });
    };
    const codeOf = (module: Module | undefined) => this.codeOf(module);
    const { memory } = process;
    return new StackFrames({ codeOf, tailCalls: this.#tailCalls, thread, memory, walk, options });
  }

  /** What is known of the code of a module, or of code that is of none. */
  codeOf(module: Module | undefined): ModuleCode {
    let code = this.#code.get(module);
    if (code === undefined) this.#code.set(module, code = new ModuleCode(module, this.#files));
    return code;
  }

  /** Reads types of variables. */
  get types(): TypeReader {
    return this.#types ??= new TypeReader(
      (name) => this.#named(name),
      (symbol) => this.#tailCalls.functionNamed(symbol),
    );
  }

  /** What gdb writes behind an address, `main+4`; undefined if no symbol has it. */
  nameOf(address: bigint, what: "code" | "data" | "vtable"): string | undefined {
    const module = this.process.modules.at(address);
    const file = module?.file;
    if (module === undefined || file === undefined) return undefined;
    const code = this.codeOf(module);
    return code.attempt(() => {
      // What was stripped off the file names more.
      for (const each of code.files?.symbolFiles ?? [file]) {
        const found = each.symbolAt(address - toBigAddress(code.bias));
        const isObject = found?.symbol.type === "object";
        if (found === undefined || (what === "code") === isObject) continue;
        const name = symbolName(found.symbol.name);
        return found.offset === 0n ? name : `${name}+${found.offset}`;
      }
      return undefined;
    });
  }

  /** Entries of that name in all modules that have been looked at, as far as they are asked for. */
  *#named(name: string): Generator<Entry> {
    for (const { files } of [...this.#code.values()]) yield* files?.info?.named(name) ?? [];
  }

  /** What of the files, and of code that the program publishes, was damaged so far. */
  get problems(): readonly InputError[] {
    const problems = [...this.#code.values()].flatMap((code) => code.problems);
    return [...problems, ...this.#codeProblems];
  }
}
