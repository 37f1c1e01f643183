/**
 * The EL0 cases as one piece of code and a state for each: what both sides are given.
 *
 * @module
 */
import { CODE, contentsOf, DATA_REGIONS, STACK_TOP } from "./el0_places.ts";
import { fpCases } from "./fp_cases.ts";
import { integerCases } from "./integer_cases.ts";
import { memoryCases } from "./memory_cases.ts";
import { type Snippet, startOf, type UserState } from "./snippet.ts";
import { systemCases } from "./system_cases.ts";
import { assemble } from "./toolchain.ts";

/** A case ready to run. */
export interface UserCase {
  /** Name. */
  readonly name: string;
  /** State to start from. */
  readonly start: UserState;
}

/** How a case ended, as Linux tells it. */
export interface UserOutcome {
  /** Signal number. */
  readonly signal: number;
  /** `si_code`. */
  readonly code: number;
  /** `si_addr`. */
  readonly address: bigint;
  /** Registers at that instant. */
  readonly state: UserState;
  /** Words of memory that have changed, by address. */
  readonly changes: ReadonlyMap<bigint, bigint>;
}

/** Memory before each case. */
export interface UserMemory {
  /** Page-aligned. */
  readonly address: bigint;
  /** What it holds; whole pages. */
  readonly contents: Uint8Array;
  /** Whether EL0 may write it. */
  readonly write: boolean;
  /** Whether EL0 may execute it. */
  readonly execute: boolean;
}

/** Code and cases. */
export interface UserProgram {
  /** Code first. */
  readonly memory: readonly UserMemory[];
  /** The cases. */
  readonly cases: readonly UserCase[];
}

/** What ends a case that nothing else has ended. */
const END = "brk #0xe0d";
/** Has the assembler take every extension: that the CPU does not is what some cases are about. */
const HEAD = ".arch armv8.6-a+sve+memtag+sm4+sha3+crypto+profile+rng+fp16fml\n";

/** Every snippet of every part. */
export function allSnippets(): Snippet[] {
  return [...integerCases(), ...fpCases(), ...memoryCases(), ...systemCases()];
}

/** Assembles snippets; those with the same code share it. */
export async function buildProgram(
  snippets: readonly Snippet[],
  directory: string,
): Promise<UserProgram> {
  const codes = [...new Set(snippets.map(({ code }) => code))];
  const names = new Set(snippets.map(({ name }) => name));
  if (names.size !== snippets.length) {
    throw new Error("Cannot tell cases apart: a name occurs twice");
  }
  const source = codes.map((code, i) => `case_${i}: ${code}; ${END}\n`).join("");
  const { bytes, labels } = await assemble(HEAD + source, directory);
  const code = new Uint8Array(Math.ceil(bytes.length / 4096) * 4096);
  code.set(bytes);
  const places = new Map(
    codes.map((text, i) => [text, CODE + BigInt(labels.get(`case_${i}`) ?? 0)]),
  );
  return {
    memory: [
      { address: CODE, contents: code, write: false, execute: true },
      ...DATA_REGIONS.map((region) => ({ ...region, contents: contentsOf(region) })),
    ],
    cases: snippets.map((snippet) => ({
      name: snippet.name,
      start: startOf(snippet, { pc: places.get(snippet.code) ?? 0n, sp: STACK_TOP }),
    })),
  };
}
