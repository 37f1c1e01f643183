import { assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { ARCHES } from "../../arch/mod.ts";
import { image as aarch64 } from "../../guest/images/unwind-rust_aarch64.gen.ts";
import { image as x86_64 } from "../../guest/images/unwind-rust_x86_64.gen.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";

const IMAGES = { aarch64, x86_64 } as const;
const GUARDS = ["trouble", "level5", "level4", "level3", "level2", "level1"];

/** How the task ends for each cause if nobody catches. */
const REASONS: Readonly<Record<string, RegExp>> = {
  panic: /^panic at guest\/unwind-rust\/main\.rs:\d+: panicked at guest.*\nout of luck$/,
  index: /^panic at .*: panicked at guest.*\nindex out of bounds: the len is 3 but the index is 5$/,
  fault: /^read of 0x10: not mapped, at 0x[0-9a-f]+$/,
};

/** Runs the Rust program; returns its lines and how it ended. */
function run(arch: ArchName, args: string): { lines: string[]; ending: string } {
  let text = "";
  using machine = new Machine({
    arch: ARCHES[arch],
    modules: [{ commandLine: `unwind-rust ${args}`, bytes: IMAGES[arch].bytes() }],
    sinks: [{ write: (event) => void (event.type === "console" && (text += event.text)) }],
  });
  const audit = new Audit(machine);
  assertEquals(machine.run(20_000_000), { kind: "halted", reason: "all tasks have ended" });
  audit.check();
  const status = machine.kernel.tasks[1]?.status;
  const ending = status?.kind === "killed" ? status.reason : `exit ${status?.code}`;
  return { lines: text.split("\n").slice(0, -1), ending };
}

for (const arch of ARCH_NAMES) {
  for (const [cause, reason] of Object.entries(REASONS)) {
    Deno.test(`startUnwinding Rust ${arch} ${cause}, every value is dropped once, innermost first, whoever catches`, () => {
      for (let catcher = 0; catcher <= 5; catcher++) {
        const { lines, ending } = run(arch, `${cause} ${catcher}`);
        const expected = GUARDS.map((name) => `drop ${name}`);
        if (catcher === 0) {
          assertEquals(lines, expected);
          assertMatch(ending, reason);
          continue;
        }
        expected.splice(expected.indexOf(`drop level${catcher}`), 0, `caught at level${catcher}`);
        expected.push(`result ${100 * catcher + catcher - 1}, objects alive 0`);
        assertEquals(lines, expected);
        assertEquals(ending, "exit 0");
      }
    });
  }

  Deno.test(`startUnwinding Rust ${arch}, without a cause nothing is unwound`, () => {
    const { lines, ending } = run(arch, "none");
    assertEquals(lines, [
      ...GUARDS.map((name) => `drop ${name}`),
      "result 12, objects alive 0",
    ]);
    assertEquals(ending, "exit 0");
  });
}
