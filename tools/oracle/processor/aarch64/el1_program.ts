/**
 * The bare-metal cases as one image: what both machines are given.
 *
 * @module
 */
import { type ElfFile, parseElf } from "../../../../elf/mod.ts";
import { KERNEL_PAGE, SHARED_PAGE } from "./el1_places.ts";
import { CROSS_GCC, run } from "./toolchain.ts";

const DRIVER = new URL("el1.S", import.meta.url);
/** Where the image is linked. */
const ORIGIN = 0x4020_0000n;
/** From where the image runs to where its cases do. */
const CODE_OFFSET = 0x4000_0000n;
/** Bytes of a record, as `el1.S` has it. */
export const RECORD_SIZE = 384;
/** What ends a case that nothing else has ended. */
const END = "brk #0xe0d";

/** How a case runs: level and stack pointer. */
export interface Level {
  /** As the manual names it. */
  readonly name: "EL0" | "EL1t" | "EL1h";
  /** SPSR_EL1 to start with, with some flags set. */
  readonly spsr: bigint;
}

/** EL0, with nothing masked. */
export const EL0: Level = { name: "EL0", spsr: 0xa000_0000n };
/** EL1 on SP_EL0. */
export const EL1T: Level = { name: "EL1t", spsr: 0x6000_03c4n };
/** EL1 on SP_EL1. */
export const EL1H: Level = { name: "EL1h", spsr: 0x9000_03c5n };
/** All of them. */
export const LEVELS: readonly Level[] = [EL0, EL1T, EL1H];

/** A case. */
export interface KernelSnippet {
  /** What it is about; with the level, names are unique. */
  readonly name: string;
  /** Assembly of the case, its statements separated by semicolons. */
  readonly code: string;
  /** How it runs; by default in all ways. */
  readonly levels?: readonly Level[];
  /** Assembly that EL1 runs first; it may change x0 to x18. */
  readonly setup?: string;
  /** x1 to x3, where they are not zero. */
  readonly x?: readonly bigint[];
  /** Bits to be set in SPSR_EL1 besides. */
  readonly spsr?: bigint;
  /** Where to start instead of at the code. */
  readonly pc?: bigint;
  /** SP_EL0. */
  readonly spEl0?: bigint;
}

/** Sets or clears a bit of a control register. */
export function change(register: string, operation: "orr" | "bic", bit: number): string {
  return `mrs x0, ${register}; mov x1, #1; lsl x1, x1, #${bit}; ${operation} x0, x0, x1; ` +
    `msr ${register}, x0`;
}

/** The image with its cases. */
export interface KernelProgram {
  /** The image. */
  readonly elf: ElfFile;
  /** Its path. */
  readonly path: string;
  /** Names of the cases, in the order of their records. */
  readonly names: readonly string[];
  /** Address of a label. */
  readonly label: (name: string) => bigint;
}

/** Builds the image. */
export async function buildKernelProgram(
  snippets: readonly KernelSnippet[],
  directory: string,
): Promise<KernelProgram> {
  const parts = new Parts();
  const names: string[] = [];
  const table: string[] = [];
  for (const snippet of snippets) {
    for (const level of snippet.levels ?? LEVELS) {
      names.push(`${level.name}, ${snippet.name}`);
      table.push(rowOf(snippet, level, parts));
    }
  }
  if (new Set(names).size !== names.length) {
    throw new Error("Cannot tell cases apart: a name occurs twice");
  }
  const source = [
    await Deno.readTextFile(DRIVER),
    parts.text,
    `        .data\n        .balign 8\ncases:\n${table.join("")}cases_end:`,
    `        .bss\n        .balign 64\nrecords:\n        .skip ${names.length * RECORD_SIZE}`,
    "records_end:\n",
  ].join("\n");
  const path = `${directory}/el1`;
  await Deno.writeTextFile(`${path}.S`, source);
  await run(CROSS_GCC, [
    ...["-nostdlib", "-static", "-Wl,--build-id=none", "-Wl,-z,max-page-size=4096"],
    ...[`-Wl,-Ttext=0x${ORIGIN.toString(16)}`, "-o", `${path}.elf`, `${path}.S`],
  ]);
  const elf = parseElf(await Deno.readFile(`${path}.elf`), { name: "the bare-metal cases" });
  const label = (name: string): bigint => {
    const symbol = elf.symbolNamed(name);
    if (symbol === undefined) throw new Error(`Cannot find label ${name} of the bare-metal cases`);
    return symbol.value;
  };
  return { elf, path: `${path}.elf`, names, label };
}

/** Pieces of code, each once. */
class Parts {
  text = "        .text\n";
  readonly #labels = new Map<string, string>();

  /** Label of a piece that ends with an instruction of its own. */
  add(code: string, end: string): string {
    const all = `${code}; ${end}`;
    const known = this.#labels.get(all);
    if (known !== undefined) return known;
    const label = `case_${this.#labels.size}`;
    this.#labels.set(all, label);
    this.text += `${label}: ${all}\n`;
    return label;
  }
}

function rowOf(snippet: KernelSnippet, level: Level, parts: Parts): string {
  const { code, setup, x = [], spsr = 0n, pc, spEl0 = SHARED_PAGE + 0xe00n } = snippet;
  const label = parts.add(code, END);
  const words = [
    pc === undefined ? `${label} + ${CODE_OFFSET}` : `${pc}`,
    setup === undefined ? "0" : parts.add(setup, "ret"),
    level.spsr | spsr,
    ...[0, 1, 2].map((i) => x[i] ?? 0n),
    spEl0,
    KERNEL_PAGE + 0xe00n,
  ];
  return `        .quad ${words.join(", ")}\n`;
}
