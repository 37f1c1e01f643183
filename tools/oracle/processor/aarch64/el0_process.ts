/**
 * Runs the EL0 cases as a Linux process under QEMU; see `el0.c`.
 *
 * @module
 */
import type { UserOutcome, UserProgram } from "./el0_program.ts";
import { readState, STATE_SIZE, writeState } from "./snippet.ts";
import { CROSS_GCC, QEMU_USER, run } from "./toolchain.ts";

const SOURCE = new URL("el0.c", import.meta.url).pathname;
const READ = 1n;
const WRITE = 2n;
const EXECUTE = 4n;

/** How each case ends. */
export async function runProcess(
  program: UserProgram,
  directory: string,
): Promise<UserOutcome[]> {
  const binary = `${directory}/el0`;
  await run(CROSS_GCC, ["-O1", "-static", "-Wall", "-Wextra", "-Werror", "-o", binary, SOURCE]);
  const output = await run(QEMU_USER, ["-cpu", "cortex-a72", binary], { input: inputOf(program) });
  return outcomesOf(output, program.cases.length);
}

function inputOf({ memory, cases }: UserProgram): Uint8Array {
  const size = memory.reduce((sum, { contents }) => sum + 24 + contents.length, 16) +
    cases.length * STATE_SIZE;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const word = (value: bigint): void => {
    view.setBigUint64(at, value, true);
    at += 8;
  };
  word(BigInt(memory.length));
  for (const { address, contents, write, execute } of memory) {
    word(address);
    word(BigInt(contents.length));
    word(READ | (write ? WRITE : 0n) | (execute ? EXECUTE : 0n));
    bytes.set(contents, at);
    at += contents.length;
  }
  word(BigInt(cases.length));
  for (const { start } of cases) {
    writeState(new DataView(bytes.buffer, at, STATE_SIZE), start);
    at += STATE_SIZE;
  }
  return bytes;
}

function outcomesOf(output: Uint8Array, count: number): UserOutcome[] {
  const view = new DataView(output.buffer, output.byteOffset, output.length);
  let at = 0;
  const word = (): bigint => {
    at += 8;
    return view.getBigUint64(at - 8, true);
  };
  const outcomes = Array.from({ length: count }, () => {
    const [signal, code, address, changed] = [word(), word(), word(), word()];
    const state = readState(new DataView(view.buffer, view.byteOffset + at, STATE_SIZE));
    at += STATE_SIZE;
    const changes = new Map(Array.from({ length: Number(changed) }, () => [word(), word()]));
    return { signal: Number(signal), code: Number(code), address, state, changes };
  });
  if (at !== output.length) {
    throw new Error(`Cannot read outcomes: ${output.length - at} bytes left`);
  }
  return outcomes;
}
