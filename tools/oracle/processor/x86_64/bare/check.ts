/**
 * A bare x86-64 machine: the same cases at CPL 0 and 3 under Trapline and under Bochs.
 *
 * @module
 */

import { Comparison, type Outcome } from "../../differences.ts";
import type { CheckResult } from "../../../tool.ts";
import { assemble } from "../assemble.ts";
import { type Case, makeCases } from "../cases.ts";
import { FEATURES, type Snippet } from "../snippet.ts";
import { REGISTERS } from "../outcome.ts";
import { type BareCase, type BareEnded, buildMemory } from "./image.ts";
import { KNOWN } from "./known.ts";
import { kernelSnippets, userSnippets } from "./listing.ts";
import { runBochs, runTrapline } from "./run.ts";

const BREAKPOINT = 3;
const DEBUG = 1;
const PAGE_FAULT = 14;
const FLAGS = 0x25_4fd5n;
const ALL = 0xffff_ffff_ffff_ffffn;
const IF = 0x200n;

/** Compares every case. */
export async function checkBare(
  { caveats, directory }: { caveats: string; directory: string },
): Promise<CheckResult> {
  const kernel = kernelSnippets();
  const user = userSnippets();
  const snippets = [...kernel, ...user].filter(({ requires }) =>
    requires === undefined || !(requires in FEATURES)
  );
  const texts = snippets.map(({ asm }) => asm);
  const all = makeCases(snippets, assemble(texts, directory));
  const kernelOnes = new Set<Snippet>(kernel);
  const cases = all.cases.filter(isTried).map((each): BareCase => ({
    ...each,
    name: `${kernelOnes.has(each.snippet) ? "CPL 0" : "CPL 3"} ${each.name}`,
    user: !kernelOnes.has(each.snippet),
    rflags: each.rflags & ~IF,
  }));
  const memory = buildMemory(cases, { regions: all.regions, directory });
  const theirs = await runBochs(memory, directory);
  const { ended: ours, broken } = runTrapline(memory);
  const comparison = new Comparison({ known: KNOWN, caveats, limit: 20 });
  for (const [i, each] of cases.entries()) {
    const [a, b] = [ours[i]!, theirs[i]!];
    if (broken !== undefined && a.rip === 0n) {
      comparison.add(each.name, { end: broken }, { end: "" });
      break;
    }
    comparison.add(each.name, outcomeOf(each, a), outcomeOf(each, b));
  }
  return comparison.result("x86-64 bare machine beside Bochs");
}

/** One set of values is enough, and one step. */
function isTried({ name }: Case): boolean {
  return /distinct/.test(name) || (/small/.test(name) && /step/.test(name));
}

function outcomeOf({ snippet, end }: BareCase, ended: BareEnded): Outcome {
  const { vector, error, rip, rflags, cs, ss, cr2, registers, state } = ended;
  const executed = vector === BREAKPOINT && rip === end + 1n || vector === DEBUG;
  const open = BigInt(executed ? snippet.undefined ?? 0 : 0);
  const outcome: Record<string, string> = {
    vector: `${vector}`,
    error: error.toString(16),
    rip: `${rip - end}`,
    flags: (rflags & FLAGS & ~open).toString(16),
    cs: cs.toString(16),
    ss: ss.toString(16),
    ...(vector === PAGE_FAULT ? { cr2: cr2.toString(16) } : {}),
  };
  registers.forEach((value, i) => {
    outcome[REGISTERS[i]!] = (value & (snippet.mask?.[i] ?? ALL)).toString(16);
  });
  for (const [name, value] of Object.entries(state)) outcome[name] = value.toString(16);
  return outcome;
}
