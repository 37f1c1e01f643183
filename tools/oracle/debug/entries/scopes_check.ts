/**
 * Functions and inlined functions of addresses all over a program's code, against
 * `llvm-symbolizer`: what split files and packages say with the addresses of their skeletons.
 *
 * @module
 */
import { toBigAddress } from "../../../../bytes/mod.ts";
import { type DebugInfo, DW_TAG } from "../../../../elf/dwarf/mod.ts";
import { type CheckResult, Differences, textOf } from "../../tool.ts";

/** Bytes between addresses that are looked up, if that is not too many of them. */
const STEP = 3;

/** Most addresses that are looked up. */
const MOST = 2000;

/** Some linkers have code that they have dropped at 0. */
const LEAST = 0x100;

/** Of a function with code of its own the symbolizer gives the name of the symbol. */
const INLINED = DW_TAG.inlinedSubroutine;

/**
 * Compares the chains of inlined functions of a program; undefined if LLVM's tool is missing or
 * cannot read what `dwz` has moved.
 */
export function checkScopes(path: string, info: DebugInfo): CheckResult | undefined {
  const { sections } = info;
  if (info.isSplit) return undefined;
  if (sections.has(".gnu_debugaltlink") || sections.has(".debug_sup")) return undefined;
  const ranges = info.units.flatMap((unit) => unit.signature === undefined ? unit.ranges : [])
    .filter(({ begin }) => begin >= LEAST);
  const bytes = ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);
  const step = Math.max(STEP, Math.ceil(bytes / MOST));
  const addresses: number[] = [];
  for (const { begin, end } of ranges) {
    for (let at = begin; at < end; at += step) addresses.push(at);
  }
  const texts = addresses.map((address) => `0x${toBigAddress(address).toString(16)}`);
  if (texts.length === 0) return undefined;
  const args = ["--functions=linkage", "--no-demangle", "-e", path, ...texts];
  const text = textOf("llvm-symbolizer", args);
  if (text === undefined) return undefined;
  const differences = new Differences();
  const answers = text.split("\n\n");
  for (const [i, address] of addresses.entries()) {
    const theirs = (answers[i] ?? "").split("\n").filter((_, line) => line % 2 === 0);
    const scopes = info.scopesAt(address).filter(({ tag }) =>
      tag === INLINED || tag === DW_TAG.subprogram
    ).reverse();
    const ours = scopes.map((scope) => scope.linkageName ?? scope.name ?? "??");
    // Where no function is it gives what symbol there is.
    if (ours.length === 0 && theirs.length === 1) continue;
    const same = ours.length === theirs.length &&
      ours.slice(0, -1).every((name, frame) => name === theirs[frame]);
    if (!same) differences.add(`${texts[i]}: ours ${ours.join()}, LLVM ${theirs.join()}`);
  }
  return {
    name: path,
    figures: `${addresses.length} addresses`,
    differences: differences.texts,
  };
}
