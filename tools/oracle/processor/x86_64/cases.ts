/**
 * Cases: each snippet at each kind of place, with several sets of values, straight on and by a
 * single step.
 *
 * @module
 */

import { FP_IMAGES } from "./fp_images.ts";
import type { Assembled } from "./assemble.ts";
import {
  CODE,
  dataRegions,
  EDGES,
  operandPlaces,
  PAGE,
  Protection,
  type Region,
  SLOT,
  STACK_POINTER,
} from "./layout.ts";
import { ALL_STATUS, type Snippet } from "./snippet.ts";

/** Registers to begin with, and what is compared at the end. */
export interface Case {
  /** Snippet, place, state and values. */
  readonly name: string;
  readonly snippet: Snippet;
  /** First instruction. */
  readonly rip: bigint;
  /** RIP if the case comes to its end. */
  readonly end: bigint;
  readonly rflags: bigint;
  /** Registers by number. */
  readonly registers: readonly bigint[];
  /** State of floating point, by name. */
  readonly fp: string;
}

/** Cases, and the memory they run in. */
export interface Cases {
  readonly regions: readonly Region[];
  readonly cases: readonly Case[];
}

const RSP = 4;
const FIXED_FLAGS = 0x202; // bit 1, IF
const TF = 0x100;

/** Sets of values for the registers that hold no address. */
const VALUES: readonly { name: string; flags: number; value: (index: number) => bigint }[] = [
  { name: "distinct", flags: 0, value: (i) => 0xa5f0_0f5a_8123_4567n + BigInt(i) * 0x1357_9bdfn },
  { name: "small", flags: ALL_STATUS, value: (i) => BigInt(i * 5 + 3) },
  {
    name: "extreme",
    flags: 1,
    value: (i) =>
      [0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0n, 0x7fff_ffff_8000_0000n][i % 4]!,
  },
  {
    name: "alternating",
    flags: 0x850,
    value: (i) => i % 2 ? 0xaaaa_5555_80ff_7f80n : 0x5a5an << 8n,
  },
];

const CODE_PROTECTION = Protection.READ | Protection.EXECUTE;

/** Instructions that are also tried across the end of a page. */
const EDGE_TEXTS = new Set([
  "pushq $0x12345",
  "ud2",
  "movq %rax, %cr3",
  "int $0x81",
  "lock addl %eax, (%rdi)",
  "addq $-7, %rcx",
  "leaq 0x123(%rax,%rcx,4), %rdx",
  "rep movsb",
  "jmp 1f; nop; 1: nop",
  "pushq %rax; popfq; nop; nop",
  "fldt (%rdi)",
  "movaps (%rdi), %xmm0",
  ".byte 0xf0, 0x1, 0xc8",
]);
const AFTER = [
  ["absent", 0],
  ["not executable", Protection.READ | Protection.WRITE],
  ["executable", CODE_PROTECTION],
] as const;

/** All cases of a listing. */
export function makeCases(snippets: readonly Snippet[], { bytes, sizes }: Assembled): Cases {
  const cases: Case[] = [];
  snippets.forEach((snippet, i) => {
    const rip = BigInt(CODE + i * SLOT);
    const end = rip + BigInt(sizes[i]!);
    addPlaces(cases, { snippet, rip, end });
  });
  const code = new Uint8Array(Math.ceil(bytes.length / PAGE) * PAGE).fill(0xcc);
  code.set(bytes);
  const regions = [{ address: CODE, protection: CODE_PROTECTION, bytes: code }, ...dataRegions()];
  addEdges(snippets, { bytes, sizes }, { cases, regions });
  return { cases, regions };
}

type Placed = Pick<Case, "snippet" | "rip" | "end">;

function addPlaces(cases: Case[], placed: Placed): void {
  const { operand, flags = 0, fp = ["plain"] } = placed.snippet;
  const places = operand === undefined
    ? [{ name: "", registers: {} }]
    : operandPlaces(operand, (flags & 0x400) !== 0);
  for (const place of places) {
    // What faults does so whatever the values are.
    const plain = ["", "mapped", "from mapped", "to mapped"].includes(place.name);
    const values = plain ? VALUES : VALUES.slice(0, 1);
    for (const state of fp) {
      for (const set of fp.length > 1 ? values.slice(0, 2) : values) {
        add(cases, placed, { place, fp: state, set, step: false });
      }
      add(cases, placed, { place, fp: state, set: VALUES[1]!, step: true });
    }
  }
}

function add(
  cases: Case[],
  { snippet, rip, end }: Placed,
  options: {
    place: { name: string; registers: Readonly<Record<number, bigint>> };
    fp: string;
    set: (typeof VALUES)[number];
    step: boolean;
  },
): void {
  const { place, fp, set, step } = options;
  const registers = Array.from({ length: 16 }, (_, i) =>
    BigInt.asUintN(
      64,
      snippet.registers?.[i] ?? place.registers[i] ?? (i === RSP ? STACK_POINTER : set.value(i)),
    ));
  const rflags = BigInt(FIXED_FLAGS | set.flags | (snippet.flags ?? 0) | (step ? TF : 0));
  const parts = [place.name, fp === "plain" ? "" : fp, set.name, step ? "step" : ""];
  const given = Object.entries(snippet.registers ?? {}).map(([i, value]) => ` r${i}=${hex(value)}`);
  const down = (snippet.flags ?? 0) & 0x400 ? " down" : "";
  const name = `${snippet.group}: ${snippet.asm}${given.join("")}${down} | ${
    parts.filter((part) => part !== "").join(" | ")
  }`;
  cases.push({ name, snippet, rip, end, rflags, registers, fp });
}

/** Puts snippets where their last byte, or all but the first, is in the next page. */
function addEdges(
  snippets: readonly Snippet[],
  { bytes, sizes }: Assembled,
  { cases, regions }: { cases: Case[]; regions: Region[] },
): void {
  let address = EDGES;
  const seen = new Set<string>();
  snippets.forEach((snippet, i) => {
    if (!EDGE_TEXTS.has(snippet.asm) || seen.has(snippet.asm)) return;
    seen.add(snippet.asm);
    const size = sizes[i]!;
    const code = bytes.subarray(i * SLOT, i * SLOT + size);
    for (const [name, protection] of AFTER) {
      for (const before of new Set([1, size - 1, size])) {
        if (before < 1) continue;
        const pages = new Uint8Array(2 * PAGE).fill(0xcc);
        pages.set(code, PAGE - before);
        const first = { address, protection: CODE_PROTECTION, bytes: pages.slice(0, PAGE) };
        regions.push(first);
        if (protection !== 0) {
          regions.push({ address: address + PAGE, protection, bytes: pages.slice(PAGE) });
        }
        const rip = BigInt(address + PAGE - before);
        const place = {
          name: `${before} of ${size} bytes before ${name}`,
          registers: { 7: 0x3000_0100n, 6: 0x3000_0200n },
        };
        const placed = { snippet, rip, end: rip + BigInt(size) };
        for (const step of [false, true]) {
          add(cases, placed, { place, fp: snippet.fp?.[0] ?? "plain", set: VALUES[1]!, step });
        }
        address += 3 * PAGE;
      }
    }
  });
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

/** The image of a case's state of floating point. */
export function fpImage({ fp }: Case): Uint8Array {
  const image = FP_IMAGES[fp];
  if (image === undefined) throw new Error(`Cannot find floating-point state ${fp}: no such name`);
  return image;
}
