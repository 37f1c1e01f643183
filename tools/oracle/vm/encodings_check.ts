/**
 * What the VM's macro assembler writes against what an assembler makes of the same
 * instructions, for every function of it, registers and operands of all sizes.
 *
 * @module
 */
import { archByName } from "../../../arch/mod.ts";
import { BuildError, buildProgram } from "../../../build/mod.ts";
import type { GuestArch } from "../../../guest/embedded.ts";
import { parseElf } from "../../../elf/mod.ts";
import { Machine } from "../../../kernel/mod.ts";
import { type CheckResult, Differences, outputOf } from "../tool.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What an assembler is told before it reads the instructions. */
const SYNTAX = { x86_64: ".intel_syntax noprefix\n", aarch64: "" } as const;

/** What the program says of one call: bytes in hexadecimal, and instructions. */
interface Encoding {
  readonly hex: string;
  readonly text: string;
}

/** Compares; undefined if there is no compiler. */
export async function checkEncodings(
  arch: GuestArch,
  directory: string,
): Promise<CheckResult | undefined> {
  const encodings = await encodingsOf(arch);
  if (encodings === undefined) return undefined;
  const assembled = assemble(arch, encodings.map(({ text }) => text), directory);
  if (assembled === undefined) return undefined;
  const differences = new Differences(20);
  for (const [i, { hex, text }] of encodings.entries()) {
    if (assembled[i] !== hex) differences.add(`${text}: ${hex}, assembled ${assembled[i]}`);
  }
  if (encodings.length < 2000) differences.add(`There are only ${encodings.length} encodings`);
  return {
    name: `encodings ${arch}`,
    figures: `${encodings.length} calls of the macro assembler`,
    differences: differences.texts,
  };
}

/** Builds the program, and runs it in a machine. */
async function encodingsOf(arch: GuestArch): Promise<Encoding[] | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    const flags = ["-O1", "-I", ROOT, "-mgeneral-regs-only"];
    ({ bytes } = await buildProgram({
      arch,
      sources: [`${ROOT}testdata/vm/encodings/${arch}.c`],
      flags,
    }));
  } catch (error) {
    if (error instanceof BuildError && error.kind === "tools") return undefined;
    throw error;
  }
  using machine = new Machine({
    arch: archByName(arch),
    modules: [{ commandLine: "encodings", bytes }],
  });
  machine.run(1_000_000_000);
  return machine.console.text().trimEnd().split("\n").map((line) => {
    const [hex = "", text = ""] = line.split("\t");
    return { hex, text };
  });
}

/** The bytes of each text, in hexadecimal; undefined if there is no assembler. */
function assemble(
  arch: GuestArch,
  texts: readonly string[],
  directory: string,
): string[] | undefined {
  const source = `${directory}/encodings-${arch}.s`;
  const object = `${directory}/encodings-${arch}.o`;
  const lines = texts.map((text, i) => `case${i}: .globl case${i}\n${text}\n`);
  Deno.writeTextFileSync(
    source,
    `${SYNTAX[arch]}${lines.join("")}case${texts.length}: .globl case${texts.length}\n`,
  );
  const args = [`--target=${arch}-none-elf`, "-c", "-o", object, source];
  if (outputOf("clang", args) === undefined) return undefined;
  const file = parseElf(Deno.readFileSync(object), { name: object });
  const text = file.sectionDataByName(".text")!;
  const at = (i: number): number => Number(file.symbolNamed(`case${i}`)!.value);
  return texts.map((_, i) => text.subarray(at(i), at(i + 1)).toHex());
}
