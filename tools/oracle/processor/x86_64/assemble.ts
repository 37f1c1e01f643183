/**
 * Snippets into machine code, by clang.
 *
 * @module
 */

import { parseElf } from "../../../../elf/mod.ts";
import { outputOf } from "../../tool.ts";
import { SLOT } from "./layout.ts";

/** Machine code in slots. */
export interface Assembled {
  /** All slots. */
  readonly bytes: Uint8Array;
  /** Bytes of the code in each slot. */
  readonly sizes: readonly number[];
}

/** Whether clang is installed. */
export function hasAssembler(): boolean {
  return outputOf("clang", ["--version"]) !== undefined;
}

/**
 * Assembles each text into a slot of its own, filled up with INT3.
 *
 * @throws {Error} When a text is no assembly, or does not leave room for an INT3.
 */
export function assemble(texts: readonly string[], directory: string): Assembled {
  const source = texts.map((text, i) => `begin${i}:\n${text}\nend${i}:\n.p2align 6, 0xcc\n`);
  const path = `${directory}/snippets`;
  Deno.writeTextFileSync(`${path}.s`, source.join(""));
  const args = ["--target=x86_64-linux-gnu", "-c", `${path}.s`, "-o", `${path}.o`];
  if (outputOf("clang", args) === undefined) {
    throw new Error(`Cannot assemble the snippets: see clang ${args.join(" ")}`);
  }
  const elf = parseElf(Deno.readFileSync(`${path}.o`), { name: "the snippets" });
  const text = elf.sectionDataByName(".text") ?? new Uint8Array(0);
  const labels = new Map(elf.symbols.all.map(({ name, value }) => [name, Number(value)]));
  const sizes = texts.map((text, i) => {
    const begin = labels.get(`begin${i}`) ?? NaN;
    const size = (labels.get(`end${i}`) ?? NaN) - begin;
    if (begin !== i * SLOT || !(size < SLOT)) {
      throw new Error(`Cannot place ${text}: ${size} bytes at ${begin}, for a slot of ${SLOT}`);
    }
    return size;
  });
  return { bytes: text, sizes };
}
