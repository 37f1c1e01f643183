/**
 * User mode of x86-64: each case on the host's processor and under Trapline.
 *
 * @module
 */

import { Comparison } from "../differences.ts";
import type { CheckResult } from "../../tool.ts";
import { assemble, type Assembled } from "./assemble.ts";
import { makeCases } from "./cases.ts";
import { GuestProcessor } from "./guest.ts";
import { KNOWN } from "./known.ts";
import { bitSnippets } from "./listing/bits.ts";
import { controlSnippets } from "./listing/control.ts";
import { integerSnippets } from "./listing/integer.ts";
import { sseSnippets } from "./listing/sse.ts";
import { systemSnippets } from "./listing/system.ts";
import { x87Snippets } from "./listing/x87.ts";
import { hostFeatures, type NativeProcessor } from "./native.ts";
import { outcomesOf } from "./outcome.ts";
import { FEATURES, type Snippet } from "./snippet.ts";

const BREAKPOINT = 3;

/** The whole listing. */
export function listing(): Snippet[] {
  return [
    ...integerSnippets(),
    ...bitSnippets(),
    ...controlSnippets(),
    ...systemSnippets(),
    ...sseSnippets(),
    ...x87Snippets(),
  ];
}

/** The guest's features: what its own CPUID says. */
function guestFeatures(directory: string): ReadonlySet<string> {
  const leaves = [...new Set(Object.values(FEATURES).map(([leaf]) => leaf))];
  const snippets = leaves.map((leaf) => ({
    asm: "cpuid",
    group: "features",
    registers: { 0: BigInt(leaf), 1: 0n },
  }));
  const cases = makeCases(snippets, assembleAll(snippets, directory));
  using guest = new GuestProcessor(cases);
  const answers = new Map<number, readonly bigint[]>();
  for (const each of cases.cases) {
    const ended = guest.run(each);
    if (typeof ended === "string") throw new Error(`Cannot run CPUID: ${ended}`);
    if (ended.vector === BREAKPOINT) answers.set(Number(each.registers[0]), ended.registers);
  }
  const names = Object.entries(FEATURES).filter(([, [leaf, register, bit]]) =>
    (answers.get(leaf)![register]! >> BigInt(bit) & 1n) !== 0n
  );
  return new Set(names.map(([name]) => name));
}

function assembleAll(snippets: readonly Snippet[], directory: string): Assembled {
  return assemble(snippets.map(({ asm }) => asm), directory);
}

/**
 * Compares every case of the listing that both processors can show.
 *
 * @param options `native` runs cases on this host, `caveats` is the text of CAVEATS.md, `directory`
 *   takes files
 */
export function checkUserMode(
  { native, caveats, directory }: {
    native: NativeProcessor;
    caveats: string;
    directory: string;
  },
): CheckResult {
  const host = hostFeatures();
  const model = guestFeatures(directory);
  const all = listing();
  const snippets = all.filter(({ requires, forgedWith }) =>
    (requires === undefined || host.has(requires) && model.has(requires)) &&
    (forgedWith === undefined || !host.has(forgedWith))
  );
  const cases = makeCases(snippets, assembleAll(snippets, directory));
  const theirs = native.run(cases);
  using guest = new GuestProcessor(cases);
  const comparison = new Comparison({ known: KNOWN, caveats, limit: 20 });
  cases.cases.forEach((each, i) => {
    const ours = guest.run(each);
    if (typeof ours === "string") comparison.add(each.name, { end: ours }, {});
    else comparison.add(each.name, ...outcomesOf(each, ours, theirs[i]!));
  });
  const result = comparison.result("x86-64 user mode beside this processor");
  return {
    ...result,
    figures: `${snippets.length} of ${all.length} snippets, ${result.figures}`,
  };
}
