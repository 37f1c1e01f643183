// Each defect of the green threads is found alone, with the instructions that are to blame, and
// nothing is found where there is none.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { GREEN_CASES } from "../../guest/green/cases.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import type { Finding } from "./finding.ts";
import { examine, GREEN_HEAP, told } from "./testing/patient.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

/** What is said of a defect, in short. */
interface Expected {
  readonly kind: Finding["kind"];
  readonly summary: RegExp;
  readonly at: string;
  readonly evidence: readonly string[];
  /** Innermost functions of each walk, up to the first that is not a switch. */
  readonly walks: readonly string[];
  readonly consequences: readonly string[];
}

/** The mnemonics by which the architectures call, return and jump to a register. */
const WORDS: Readonly<Record<ArchName, { call: string; ret: string; jump: string }>> = {
  x86_64: { call: "call", ret: "ret", jump: "jmp" },
  aarch64: { call: "bl", ret: "ret", jump: "br" },
};

function expectedOf(arch: ArchName): Readonly<Record<string, Expected>> {
  const { call, ret, jump } = WORDS[arch];
  const isX86 = arch === "x86_64";
  const RESUMED = `switch_context: ${jump}: resumed`;
  const TAIL = "spawn < gaia < entry_point";
  return {
    "green-crash": {
      kind: "misaligned-resume",
      summary: /^gaia's schedule\(\) is resumed with %r?sp (8|16) bytes too low$/,
      at: `switch_context: ${isX86 ? "call" : "br"}: resumed the save point`,
      evidence: [
        `schedule: ${call}: called set_context(), which saved the context`,
        "switch_context: mov: loaded the stack pointer",
        `switch_context: ${isX86 ? "call" : "stp"}: shifted the stack pointer`,
      ],
      walks: [`schedule < ${TAIL}`, "switch_context < schedule < spawn < mash < entry_point"],
      consequences: [`bad-return: schedule: ${ret}`, "fault"],
    },
    "green stale": {
      kind: "stale-save-point",
      summary: /^gaia is resumed in save_deeper\(\), which has left the frame/,
      at: `${RESUMED} the save point`,
      evidence: [
        `save_deeper: ${call}: called set_context(), which saved the context`,
        `save_deeper: ${ret}: left the frame`,
      ],
      walks: [
        `save_deeper < schedule < ${TAIL}`,
        "switch_context < schedule < spawn < mash < entry_point",
      ],
      consequences: [`bad-return: save_deeper: ${ret}`, "fault"],
    },
    "green freed": {
      kind: "freed-stack",
      summary: /^mash's stack was freed with a live context on it$/,
      at: `rm_unused_stack: ${call}: freed the stack`,
      evidence: [
        `allocate_stack: ${call}: allocated the stack`,
        `${RESUMED} the context on it`,
      ],
      walks: [
        "switch_context < schedule < spawn < mash < entry_point",
        "switch_context < leave < entry_point",
      ],
      consequences: [`overwritten-return: schedule: ${ret}`, "fault"],
    },
    "green unguarded": {
      kind: "unguarded-neighbors",
      summary: /^ortega's stack and mash's below it touch without a guard, and the upper one has/,
      at: `go_deep: ${call}: grew into the stack below`,
      evidence: [
        `allocate_stack: ${call}: allocated the stack`,
        `allocate_stack: ${call}: allocated the stack`,
        `go_deep: ${isX86 ? "mov" : "str"}: overwrote the return address`,
      ],
      walks: [
        "go_deep < overflow < ortega < entry_point",
        "switch_context < schedule < spawn < mash < entry_point",
      ],
      consequences: [`overwritten-return: schedule: ${ret}`, "fault"],
    },
    "green shared": {
      kind: "shared-stack",
      summary: /^mash's stack was left with a context on it, and entry_point\(\) was begun on the/,
      at: "switch_context: mov: began another context on the stack",
      evidence: [`${RESUMED} the context whose frames are overwritten`],
      walks: [
        "switch_context < schedule < spawn < mash < entry_point",
        "leave < entry_point",
      ],
      consequences: [`bad-return: schedule: ${ret}`, "fault"],
    },
  };
}

/** Functions of a walk, without those that appear again and what enters contexts. */
function functionsOf({ frames }: Finding["walks"][number]): string {
  const names = frames.map((frame) => frame.function)
    .filter((name, i, all) => name !== all[i - 1]);
  if (names.length > 1 && names.at(-1) === "switch_context") names.pop();
  return names.join(" < ");
}

for (const arch of ARCH_NAMES) {
  const expected = expectedOf(arch);
  for (const { commandLine, sound } of GREEN_CASES) {
    Deno.test(`diagnose ${arch}, ${commandLine}: ${sound ? "nothing" : "its defect alone"}`, async () => {
      const { findings, stacks } = await examine(arch, [commandLine], GREEN_HEAP);
      assert(stacks >= 3, `${stacks} stacks`);
      const wanted = expected[commandLine];
      assertEquals(findings.map(({ kind }) => kind), wanted === undefined ? [] : [wanted.kind]);
      const [finding] = findings;
      if (finding === undefined || wanted === undefined) return;
      assert(wanted.summary.test(finding.summary), finding.summary);
      assertEquals(told(finding.at), wanted.at);
      assertEquals(finding.evidence.map(told), wanted.evidence);
      assertEquals(finding.walks.map(functionsOf), wanted.walks);
      assertEquals(
        finding.consequences.map((each) =>
          each.kind === "fault" ? "fault" : `${each.kind}: ${each.function}: ${each.text}`
        ),
        wanted.consequences,
      );
    });
  }

  Deno.test(`diagnose ${arch}, without names of the heap each defect is found all the same`, {
    ignore: leftToFull(arch === "aarch64"),
  }, async () => {
    for (const [commandLine, { kind }] of Object.entries(expected)) {
      const { findings } = await examine(arch, [commandLine]);
      assertEquals(findings.map((each) => each.kind), [kind], commandLine);
    }
  });
}

Deno.test("diagnose x86_64, the crash by numbers: what was expected and what was found", async () => {
  const { findings: [finding] } = await examine("x86_64", ["green-crash"], GREEN_HEAP);
  assert(finding !== undefined);
  const { map, expected, found, consequences } = finding;
  const gaia = map.stacks.find(({ name }) => name === "gaia");
  assert(gaia !== undefined);
  // The distances of the log.
  assertEquals(gaia.bottom - (expected ?? 0n), 1776n);
  assertEquals(gaia.bottom - (found ?? 0n), 1784n);
  // Ortega's stack, which nobody has run on, touches Mash's.
  const mash = map.stacks.find(({ name }) => name === "mash");
  const ortega = map.stacks.find(({ name }) => name === "new");
  assertEquals(ortega?.top, mash?.bottom);
  assertEquals((mash?.top ?? 0n) - gaia.bottom, 4096n);
  const [bad, fault] = consequences;
  assert(bad?.found === fault?.address && gaia.bottom - (fault?.address ?? 0n) === 912n);
});
