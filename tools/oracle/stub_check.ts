/**
 * Stubs of procedure linkage tables as linkers make them, of machines that are not stepped here:
 * from each of their instructions the walk must find the caller.
 *
 * @module
 */
import {
  backtrace,
  memoryOf,
  moduleFromElf,
  ModuleList,
  RegisterSet,
} from "../../unwind/walk/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

/** How a shared object with stubs is made. */
export interface StubRecipe {
  /** Name for the report. */
  readonly name: string;
  /** Options of `aarch64-linux-gnu-gcc`, which compiles and, without LLD, links. */
  readonly options: readonly string[];
  /** Options of LLD, if it links. */
  readonly lld?: readonly string[];
}

/** AArch64, by both linkers, with BTI and PAC or without. */
export const STUB_RECIPES: readonly StubRecipe[] = [
  { name: "AArch64, GNU ld", options: [] },
  { name: "AArch64, GNU ld with BTI", options: ["-Wl,-z,force-bti"] },
  { name: "AArch64, GNU ld with BTI and PAC", options: ["-Wl,-z,force-bti", "-Wl,-z,pac-plt"] },
  { name: "AArch64, LLD", options: [], lld: [] },
  { name: "AArch64, LLD with BTI", options: [], lld: ["-z", "force-bti"] },
  { name: "AArch64, LLD with PAC", options: [], lld: ["-z", "pac-plt"] },
  { name: "AArch64, LLD with BTI and PAC", options: [], lld: ["-z", "force-bti", "-z", "pac-plt"] },
];

/** Calls of two functions that are elsewhere. */
const SOURCE = `
int first(int), second(int);
int caller(int n) { return first(n) + second(n) + 1; }
`;

const SP = 31;
const LINK = 30;
const PC = 32;
const STACK = 0x7fff_0000n;

/** `stp x16, x30, [sp, #-16]!` and the branches that leave a stub. */
const STP = 0xa9bf7bf0;
const BRANCHES = [0xd61f0200, 0xd61f0220];
const NOP = 0xd503201f;

/** Compares; undefined if the tools are not installed. */
export function checkStubs(recipe: StubRecipe, directory: string): CheckResult | undefined {
  const path = link(recipe, directory);
  if (path === undefined) return undefined;
  const file = parseElf(Deno.readFileSync(path), { name: recipe.name });
  const modules = new ModuleList([moduleFromElf(file)]);
  const caller = file.symbolNamed("caller");
  const plt = file.section(".plt");
  const differences = new Differences();
  if (caller === undefined || plt === undefined) {
    return { name: recipe.name, figures: "no stubs", differences: ["No stubs were made"] };
  }
  const code = file.sectionData(plt);
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  // The first instruction of the caller, as if a call had ended there.
  const back = caller.value + 4n;
  let checked = 0;
  let pushed = 0n;
  for (let at = 0; at < code.length; at += 4) {
    const word = view.getUint32(at, true);
    if (word === NOP) continue;
    const pc = plt.address + BigInt(at);
    const stack = new Uint8Array(Number(pushed) + 64);
    const { frames } = backtrace({
      registers: RegisterSet.of("aarch64", [[PC, pc], [SP, STACK - pushed], [LINK, back]]),
      memory: memoryOf([{ start: STACK - pushed, bytes: stack }]),
      modules,
    });
    checked++;
    const [stub, next] = frames;
    const isRight = stub?.source === "plt" && stub.cfa === STACK && next?.pc === back &&
      next.function?.name === "caller";
    if (!isRight) {
      differences.add(`0x${pc.toString(16)}: ${stub?.source}, then ${next?.pc.toString(16)}`);
    }
    if (word === STP) pushed = 16n;
    if (BRANCHES.includes(word)) pushed = 0n;
  }
  if (checked < 12) differences.add(`Only ${checked} instructions of stubs were found`);
  return {
    name: recipe.name,
    figures: `${checked} instructions of stubs`,
    differences: differences.texts,
  };
}

/** Path of the shared object. */
function link(recipe: StubRecipe, directory: string): string | undefined {
  const { name, options, lld } = recipe;
  const base = `${directory}/stubs ${name}`;
  const source = `${base}.c`;
  Deno.writeTextFileSync(source, SOURCE);
  const compile = (args: readonly string[]) =>
    outputOf("aarch64-linux-gnu-gcc", ["-O1", "-fPIC", "-nostdlib", ...args]) !== undefined;
  if (lld === undefined) {
    const made = compile(["-shared", ...options, source, "-o", `${base}.so`]);
    return made ? `${base}.so` : undefined;
  }
  if (!compile(["-c", source, "-o", `${base}.o`])) return undefined;
  const args = ["-shared", "-z", "lazy", ...lld, `${base}.o`, "-o", `${base}.so`];
  return outputOf("ld.lld", args) === undefined ? undefined : `${base}.so`;
}
