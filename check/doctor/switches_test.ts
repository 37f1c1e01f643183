// Switches of other styles than the green threads' (`testing/switches.c`), sound and with a defect.
import { assert, assertEquals } from "@std/assert";
import { archByName } from "../../arch/mod.ts";
import { buildProgram } from "../../build/program.ts";
import { chooseClang, chooseLinker } from "../../build/tools.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { everyNth } from "../../util/testing/sweep.ts";
import { diagnose } from "./diagnose.ts";
import type { Finding } from "./finding.ts";
import { told } from "./testing/patient.ts";

const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);
const SOURCE = new URL("testing/switches.c", import.meta.url).pathname;

/** How often the sound programs go to another stack. */
const SWITCHES: Readonly<Record<string, number>> = { sound: 44, abandoned: 12 };
const STYLES = ["return", "frame", "exchange", "offset", "buffers"];

/** What is said of a defect: its kind, its instruction, and those to blame, in any style. */
const CASES: Readonly<
  Record<string, { kind: Finding["kind"]; at: RegExp; evidence: readonly RegExp[] }>
> = {
  stale: {
    kind: "stale-save-point",
    at: /^(by_\w+|restore): (ret|jmp|br): resumed the (context|save point)$/,
    evidence: [
      /: left the stack with the context on it$|: called save\(\), which saved the context$/,
      /: went on with it$|^by_buffers: ret: left the frame$/,
    ],
  },
  freed: {
    kind: "freed-stack",
    at: /^main: (syscall|svc): freed the stack$/,
    evidence: [
      /^main: (syscall|svc): allocated the stack$/,
      /: (loaded the stack pointer of|resumed) the context on it$/,
    ],
  },
  shared: {
    kind: "shared-stack",
    at: /: (loaded the stack pointer|began another context on the stack)$/,
    evidence: [],
  },
  overrun: {
    kind: "unguarded-neighbors",
    at: /^too_deep: (call|bl): grew into the stack below$/,
    evidence: [/: resumed the context whose frames are overwritten$/],
  },
  spoiled: {
    kind: "overwritten-return",
    at: /^by_\w+: ret: returned by the overwritten address$/,
    evidence: [/^spoil: (mov|str): overwrote the return address$/],
  },
};

/** The same program without its section headers, and so without symbols. */
function nameless(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const header = new DataView(copy.buffer);
  header.setBigUint64(0x28, 0n, true); // e_shoff
  header.setUint32(0x3c, 0, true); // e_shnum, e_shstrndx
  return copy;
}

/** What is not seen: a jump to an address in memory is not a return; `leave` itself may fault. */
function isUnseen(arch: string, style: string, name: string): boolean {
  if (name === "spoiled") return style === "exchange" || style === "buffers";
  return name === "freed" && style === "frame" && arch === "x86_64";
}

for (const arch of ARCH_NAMES) {
  Deno.test({
    name: `diagnose ${arch}, switches of every style: sound, and each defect alone`,
    ignore,
    async fn() {
      const flags = ["-O1", "-fno-omit-frame-pointer"];
      const { bytes } = await buildProgram({ arch, sources: [SOURCE], flags });
      const examine = (style: string, name: string) =>
        diagnose({
          arch: archByName(arch),
          modules: [{ commandLine: `switches ${style} ${name}`, bytes }],
        }, { instructions: 3_000_000 });
      for (const name of ["stale", "spoiled"]) {
        const { findings } = await diagnose({
          arch: archByName(arch),
          modules: [{ commandLine: `switches return ${name}`, bytes: nameless(bytes) }],
        }, { instructions: 3_000_000 });
        assertEquals(findings.map(({ kind }) => kind), [CASES[name]?.kind]);
        const [{ summary, map }] = findings as [Finding];
        const texts = [summary, ...map.points.map(({ text }) => text)];
        assertEquals(texts.filter((each) => /(^| )\(\)|(^| )'s/.test(each)), [], name);
      }
      // The quick sweep has every fourth style on each architecture.
      for (const style of everyNth(STYLES, 4, ARCH_NAMES.indexOf(arch))) {
        for (const name of ["sound", "abandoned"]) {
          const { findings, switches } = await examine(style, name);
          assertEquals(findings.map(({ summary }) => summary), [], `${style} ${name}`);
          assertEquals(switches, SWITCHES[name], style);
        }
        for (const [name, { kind, at, evidence }] of Object.entries(CASES)) {
          if (isUnseen(arch, style, name)) continue;
          const { findings } = await examine(style, name);
          const what = `${style} ${name}: ${findings.map((each) => told(each.at))}`;
          assertEquals(findings.map((each) => each.kind), [kind], what);
          const [finding] = findings as [Finding];
          assert(at.test(told(finding.at)), what);
          const found = finding.evidence.map(told);
          evidence.forEach((each, i) => assert(each.test(found[i] ?? ""), `${what}; ${found[i]}`));
        }
      }
    },
  });
}
