/**
 * The cross compiler and QEMU.
 *
 * @module
 */
import { parseElf } from "../../../../elf/mod.ts";
import { outputOf } from "../../tool.ts";

/** Debian's cross compiler. */
export const CROSS_GCC = "aarch64-linux-gnu-gcc";
/** Linux programs of AArch64 on other machines. */
export const QEMU_USER = "qemu-aarch64";
/** Whole machines of AArch64. */
export const QEMU_SYSTEM = "qemu-system-aarch64";

/** Seconds after which QEMU is taken to hang. */
const PATIENCE = 60;

/** Which of some commands are not installed. */
export function missingOf(commands: readonly string[]): string[] {
  return commands.filter((command) => outputOf(command, ["--version"]) === undefined);
}

/**
 * Standard output of a command.
 *
 * @throws {Error} If it fails, or goes on for a minute.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: { input?: Uint8Array } = {},
): Promise<Uint8Array> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(PATIENCE * 1000),
  }).spawn();
  const writer = child.stdin.getWriter();
  const [output] = await Promise.all([
    child.output(),
    writer.write(options.input ?? new Uint8Array()).then(() => writer.close()).catch(() => {}),
  ]);
  if (output.success) return output.stdout;
  const text = new TextDecoder().decode(output.stderr).slice(0, 2000);
  throw new Error(`Cannot run ${command}: exit code ${output.code}\n${text}`);
}

/** Assembled code: its bytes, and the offset of each label. */
export interface Assembled {
  readonly bytes: Uint8Array;
  readonly labels: ReadonlyMap<string, number>;
}

/** Assembles source text, which has one section, position-independent code. */
export async function assemble(source: string, directory: string): Promise<Assembled> {
  const path = `${directory}/code`;
  await Deno.writeTextFile(`${path}.S`, source);
  await run(CROSS_GCC, ["-c", "-o", `${path}.o`, `${path}.S`]);
  const elf = parseElf(await Deno.readFile(`${path}.o`), { name: "the assembled cases" });
  const bytes = elf.sectionDataByName(".text");
  if (bytes === undefined) throw new Error("Cannot read the assembled cases: no section .text");
  const labels = new Map(elf.symbols.all.map(({ name, value }) => [name, Number(value)]));
  return { bytes, labels };
}
