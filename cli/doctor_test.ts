import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseElf } from "../elf/mod.ts";
import { namedProgram } from "../guest/boot_modules.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { type Ran, runCli } from "./testing/run_cli.ts";

/** What the library's own heap is called. */
const HEAP = ["--allocator", "heap_allocate", "--releaser", "heap_release"];

function doctor(arch: string, ...args: readonly string[]): Promise<Ran> {
  return runCli("doctor", "--arch", arch, ...HEAP, ...args);
}

for (const arch of ARCH_NAMES) {
  const pointer = arch === "x86_64" ? "rsp" : "sp";

  Deno.test(`trapline doctor ${arch}, tells of the crash, the same each time`, async () => {
    const { code, text, stderr } = await doctor(arch, "green-crash");
    assertEquals([code, stderr], [1, ""]);
    assertMatch(text, /^misaligned-resume: /);
    assertMatch(
      text,
      new RegExp(`^    expected ${pointer} 0x[0-9a-f]+, found .*bytes too low$`, "m"),
    );
    for (const line of ["gaia's stack top", "gaia's stack bottom", "mash's stack top"]) {
      assertMatch(text, new RegExp(`^0x[0-9a-f]+: ${line}$`, "m"));
    }
    assertMatch(text, /\n1 finding, \d+ stacks, \d+ switches, [\d,]+ instructions; .*\n$/);
    assertEquals((await doctor(arch, "green-crash")).text, text);
  });

  Deno.test(`trapline doctor ${arch}, a sound program ends with 0 and its map`, async () => {
    const { code, text, stderr } = await doctor(arch, "green");
    assertEquals([code, stderr], [0, ""]);
    assertMatch(text, /^task green\n\n-- text\n/);
    assertMatch(text, /\nno findings, \d+ stacks, /);
  });

  Deno.test(`trapline doctor ${arch}, arguments reach the program`, async () => {
    const { code, text } = await doctor(arch, "green", "stale");
    assertEquals(code, 1);
    assertMatch(text, /^stale-save-point: /);
  });
}

Deno.test("trapline doctor, JSON is one document, a drawing goes into its file", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-doctor-" });
  try {
    const svg = `${folder}/map.svg`;
    const { code, text } = await doctor("x86_64", "--json", "--svg", svg, "green-crash");
    const report = JSON.parse(text);
    assertEquals([code, report.findings.map(({ kind }: { kind: string }) => kind)], [1, [
      "misaligned-resume",
    ]]);
    const drawing = Deno.readTextFileSync(svg);
    assertStringIncludes(drawing, report.findings[0].summary.replaceAll('"', "&quot;"));
    assertMatch(drawing, /^<svg [^]*<\/svg>\n$/);
    const nowhere = await doctor("x86_64", "--svg", `${folder}/no/map.svg`, "green-crash");
    assertEquals(nowhere.code, 1);
    assertMatch(nowhere.stderr, /^trapline: No such file or directory.*\n$/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("trapline doctor, takes the architecture from the file, and stops where it is told", async () => {
  const file = Deno.makeTempFileSync({ suffix: ".elf" });
  try {
    for (const arch of ARCH_NAMES) {
      Deno.writeFileSync(file, await namedProgram("green", arch) ?? new Uint8Array());
      assertEquals(parseElf(Deno.readFileSync(file)).machine, arch);
      const { code, text } = await runCli("doctor", "--limit", "1000", file);
      assertEquals(code, 0);
      assert(text.endsWith("; stopped before the program's end\n"), text);
    }
  } finally {
    Deno.removeSync(file);
  }
});
