/**
 * Programs made of Linux's system calls.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import type { LinuxCallName } from "../../arch/linux_calls.ts";
import { archByName } from "../../arch/mod.ts";
import type { Random } from "../../util/random.ts";
import type { ModuleOptions } from "../machine_options.ts";
import { OWN_CALLS } from "../syscall/linux.ts";
import { DATA, DATA_END, ScriptProgram, SYS, type Value } from "./script_program.ts";

/** Linux's number of a call. */
export function linuxNumber(arch: ArchName, name: LinuxCallName): number {
  for (const [number, each] of archByName(arch).linuxCalls.names) {
    if (each === name) return number;
  }
  throw new Error(`No ${name} on ${arch}`);
}

/** A script that makes Linux's calls by name. */
export class LinuxScript extends ScriptProgram {
  readonly #arch: ArchName;

  /** An empty program. */
  constructor(arch: ArchName) {
    super(arch);
    this.#arch = arch;
  }

  /** Makes a call of Linux's. */
  linux(name: LinuxCallName, ...args: readonly Value[]): this {
    return this.call(linuxNumber(this.#arch, name), ...args);
  }

  /** Makes a call of the kernel's own. */
  own(call: number, ...args: readonly Value[]): this {
    return this.call(OWN_CALLS + call, ...args);
  }

  /** Ends the task. */
  override exit(code: Value): this {
    return this.linux("exit_group", code);
  }

  /** Writes a word, byte by byte. */
  word(address: bigint, value: bigint): this {
    for (let i = 0; i < 8; i++) {
      this.write(address + BigInt(i), Number(value >> BigInt(8 * i) & 0xffn));
    }
    return this;
  }

  /** Makes rt_sigprocmask, and ends the task with `code` unless it returns `expected`. */
  mask(how: number, set: bigint, old: bigint, expected: number, code: number): this {
    return this.linux("rt_sigprocmask", how, set, old, 8).expect(expected, code);
  }
}

/**
 * A module of Linux's ABI with a program of random calls of Linux's, in two threads.
 *
 * @param argument what a call is given
 */
export function linuxModule(
  arch: ArchName,
  options: { name: string; random: Random; argument: () => Value },
): ModuleOptions {
  const { name, random, argument } = options;
  const { names } = archByName(arch).linuxCalls;
  const numbers = [...names.keys(), linuxNumber(arch, "rt_sigprocmask"), 0, 0xfff, OWN_CALLS];
  const ends = [linuxNumber(arch, "exit"), linuxNumber(arch, "exit_group")];
  const program = new LinuxScript(arch).own(SYS.THREAD_CREATE, "thread", DATA_END, 0, 0);
  const steps = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const number = random.pick(numbers);
      if (ends.includes(number) && random.chance(0.9)) continue;
      const first = random.pick<Value>([0, 1, 2, argument()]);
      program.call(number, first, argument(), argument(), random.pick<Value>([8, argument()]));
      if (random.chance(0.1)) program.own(SYS.SLEEP, random.below(3000));
    }
  };
  steps(40);
  program.linux("exit", 0).label("thread").word(DATA, BigInt(random.next()));
  steps(40);
  return { commandLine: name, bytes: program.exit(0).build(), abi: "linux" };
}
