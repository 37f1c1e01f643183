import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { buildProgram } from "../build/mod.ts";
import { chooseClang, chooseLinker } from "../build/tools.ts";
import { parseElf } from "../elf/mod.ts";
import { withoutSectionHeaders } from "../elf/testing/bare_image.ts";
import { namedProgram } from "../guest/boot_modules.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { cliCommand, type Ran, runCli, runCommand } from "./testing/run_cli.ts";
import { everySecond } from "../util/testing/sweep.ts";

const canBuild = await Promise.all([chooseClang(14, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);

/** What the library's own heap is called. */
const HEAP = ["--allocator", "heap_allocate", "--releaser", "heap_release"];

function doctor(arch: string, ...args: readonly string[]): Promise<Ran> {
  return runCli("doctor", "--arch", arch, ...HEAP, ...args);
}

// What is the same on each architecture the quick sweep has on one of them.
for (const arch of everySecond(ARCH_NAMES, 0)) {
  const pointer = arch === "x86_64" ? "rsp" : "sp";

  Deno.test(`trapline doctor ${arch}, tells of the crash, the same each time`, async () => {
    const { code, text, stderr } = await doctor(arch, "green-crash");
    assertEquals([code, stderr], [1, ""]);
    assertMatch(text, /^misaligned-resume: /);
    assertMatch(
      text,
      new RegExp(`^    expected %${pointer} 0x[0-9a-f]+, found .*bytes too low$`, "m"),
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

  Deno.test(`trapline doctor ${arch}, a program that dies of something else is told of`, async () => {
    const { code, text } = await doctor(arch, "green", "deep");
    assertEquals(code, 0);
    assertMatch(text, /\nno findings, .*; all tasks have ended; the program's status is 139\n$/);
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

Deno.test("trapline doctor, a program without symbols is told of", async () => {
  const file = Deno.makeTempFileSync({ suffix: ".elf" });
  try {
    const bytes = await namedProgram("green-crash", "x86_64") ?? new Uint8Array();
    Deno.writeFileSync(file, withoutSectionHeaders(bytes));
    const { code, text, stderr } = await runCli("doctor", file);
    assertEquals(stderr, `trapline: ${file} has no symbols, without which little can be found\n`);
    assertEquals(code, text.includes("no findings, ") ? 0 : 1);
  } finally {
    Deno.removeSync(file);
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

Deno.test("trapline doctor, what it is documented to need is enough to show instructions", async () => {
  const allowed = ["--allow-ffi", "--allow-env", "--allow-read"];
  const args = ["doctor", "--arch", "x86_64", ...HEAP, "green-crash"];
  const { code, text, stderr } = await runCommand(await cliCommand(args, allowed));
  assertEquals([code, stderr], [1, ""]);
  assertMatch(text, /switch_context\+0x24: call rdx\n/);
});

/** The blocks of output that the documentation shows, each as its lines without indentation. */
function shown(): string[][] {
  const text = Deno.readTextFileSync(new URL("../docs/doctor.md", import.meta.url));
  return Array.from(
    text.matchAll(/^```text\n(.*?)^```$/gms),
    ([, block = ""]) => block.trimEnd().split("\n").map((line) => line.trim()),
  );
}

/** What is the kernel's, and not the program's, changes with the kernel. */
function withoutKernel(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line.replace(/[\d,]+(?= instructions)/, "N").replace(/(?<=thread )0x[0-9a-f]+/, "T")
  );
}

Deno.test("trapline doctor, what the documentation shows is what it prints", async () => {
  const { text } = await doctor("x86_64", "green-crash");
  const [head = [], walks = [], map = []] = shown();
  const printed = text.trimEnd().split("\n").map((line) => line.trim());
  assertEquals(withoutKernel(printed), withoutKernel([...head, ...walks, "", ...map]));
});

Deno.test({
  name: "trapline doctor, places of a program built with -g have the lines the documentation shows",
  ignore: !canBuild,
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "trapline-doctor-" });
    try {
      const file = `${folder}/crash.elf`;
      const { files, flags } = greenSources();
      const { bytes } = await buildProgram({ arch: "x86_64", sources: files, flags });
      Deno.writeFileSync(file, bytes);
      const { code, text } = await runCli("doctor", ...HEAP, file);
      assertEquals(code, 1);
      const places = (lines: readonly string[]) =>
        lines.flatMap((line) =>
          /(\w+)\+0x.* {2}at (?:.*\/)?(guest.*)$/.exec(line)?.slice(1, 3).join(" ") ?? []
        );
      const expected = places(shown()[3] ?? []);
      assert(expected.length > 4, "the documentation shows some");
      assertStringIncludes(places(text.split("\n")).join("\n"), expected.join("\n"));
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

/** The sources and flags of the documentation's build, from the root of the project. */
function greenSources(): { files: string[]; flags: string[] } {
  const root = new URL("..", import.meta.url).pathname;
  const folder = `${root}guest/green`;
  const files = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`)
    .filter((name) => /\.[cS]$/.test(name)).sort();
  return {
    files,
    flags: ["-g", "-O0", "-I", root, "-mgeneral-regs-only", "-DENTER_BY_CALL"],
  };
}
