// Defects of programs that are built for the test (`testing/defects.c`), each alone.
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { buildProgram } from "../../build/program.ts";
import { chooseClang, chooseLinker } from "../../build/tools.ts";
import { KernelError } from "../../kernel/errors.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { diagnose } from "./diagnose.ts";
import type { Finding } from "./finding.ts";
import type { DoctorOptions } from "./options.ts";
import { examine, told } from "./testing/patient.ts";
import { everySecond } from "../../util/testing/sweep.ts";

// Only those who build programs need the tools.
const ignore = !await Promise.all([chooseClang(15, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);
const SOURCE = new URL("testing/defects.c", import.meta.url).pathname;

const STACKS: DoctorOptions = {
  allocators: [{ name: "stack_allocate", size: 0 }],
  releasers: ["stack_release"],
};

/** What is said of a case: its kind, its instruction, and those to blame. */
interface Expected {
  readonly kind: Finding["kind"];
  readonly at: RegExp;
  readonly evidence: readonly RegExp[];
}

const CASES: Readonly<Record<string, Expected>> = {
  overflows: {
    kind: "overwritten-return",
    at: /^overflow: ret: returned by the overwritten address$/,
    evidence: [/^store: (mov|str): overwrote the return address$/],
  },
  asks: {
    kind: "overwritten-return",
    // A function that calls nobody keeps its return address in a register: the next one is hit.
    at: /^(ask|main): ret: returned by the overwritten address$/,
    evidence: [/: (syscall|svc): had the kernel overwrite the return address$/],
  },
  leaves: { kind: "bad-return", at: /^leave_too_much: ret: returned$/, evidence: [] },
  frames: {
    kind: "foreign-frame",
    at: /^resume_without_frame: (jmp|br): resumed the save point$/,
    evidence: [
      /^frames: (call|bl): called save\(\), which saved the context$/,
      /^resume_without_frame: mov: loaded the stack pointer$/,
    ],
  },
  overruns: {
    kind: "stack-overrun",
    at: /^deeper: (call|bl): grew beyond the stack$/,
    evidence: [/^overruns: (call|bl): allocated the stack$/],
  },
  releases: {
    kind: "freed-stack",
    at: /^release_own: (call|bl): freed the stack$/,
    evidence: [/^releases: (call|bl): allocated the stack$/],
  },
  shifts: {
    kind: "misaligned-resume",
    at: /^swap: ret: resumed the save point$/,
    evidence: [/^swap: mov: shifted the stack pointer$/],
  },
  threads: {
    kind: "shared-stack",
    at: /^work: .*: began on a stack that another thread runs on$/,
    evidence: [/^threads: (call|bl): allocated the stack$/],
  },
};

async function bytesFor(arch: ArchName): Promise<Uint8Array> {
  return (await buildProgram({
    arch,
    sources: [SOURCE],
    flags: ["-O1", "-fno-omit-frame-pointer"],
  }))
    .bytes;
}

// What is the same on each architecture the quick sweep has on one of them.
for (const arch of everySecond(ARCH_NAMES, 1)) {
  Deno.test({
    name: `diagnose ${arch}, return addresses, frames, threads and memory: each defect alone`,
    ignore,
    async fn() {
      const bytes = await bytesFor(arch);
      const examineCase = (name: string) =>
        diagnose({
          arch: archByName(arch),
          modules: [{ commandLine: `defects ${name}`, bytes }],
        }, { ...STACKS, instructions: 3_000_000 });
      for (const [name, { kind, at, evidence }] of Object.entries(CASES)) {
        const { findings } = await examineCase(name);
        assertEquals(findings.map((each) => each.kind), [kind], name);
        const [finding] = findings as [Finding];
        assert(at.test(told(finding.at)), `${name}: ${told(finding.at)}`);
        const found = finding.evidence.map(told);
        assertEquals(found.length, evidence.length, `${name}: ${found}`);
        evidence.forEach((each, i) => assert(each.test(found[i] ?? ""), `${name}: ${found[i]}`));
        assert(finding.walks.length > 0 && (finding.walks[0]?.frames.length ?? 0) > 0, name);
      }
      const { findings, switches } = await examineCase("sound");
      assertEquals([findings, switches], [[], 4]);
    },
  });
}

Deno.test("diagnose, options that are none are refused", async () => {
  const wrong: readonly DoctorOptions[] = [
    { allocators: [{ name: "a", size: 6 }] },
    { allocators: [{ name: "a", size: 0.5 }] },
    { releasers: [{ name: "a", address: -1 }] },
    { releasers: [{ name: "a", size: 9 }] },
    { switches: [""] },
  ];
  for (const options of wrong) {
    const error = await assertRejects(() => examine("x86_64", ["threads"], options), KernelError);
    assertEquals(error.kind, "misuse");
  }
});
