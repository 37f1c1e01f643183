import { assert, assertEquals } from "@std/assert";
import type { GuestArch } from "../embedded.ts";
import { BAD_CASES, badCases, endsAs } from "./cases.ts";

/** Names in the tables of the program's sources, in order. */
function namesInSources(arch: GuestArch): string[] {
  const files = ["memory", "vm", "calls", "threads", `processor_${arch}`];
  return files.flatMap((file) => {
    const source = Deno.readTextFileSync(new URL(`bad/${file}.c`, import.meta.url));
    return [...source.matchAll(/^ {4}\{"([^"]+)", /gm)].map(([, name = ""]) => name);
  });
}

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`badCases ${arch}, describes every case of the program and no other`, () => {
    const described = badCases(arch).map(({ name }) => name);
    assertEquals([...described].sort(), namesInSources(arch).sort());
    assert(described.length >= 40, `only ${described.length}`);
  });
}

Deno.test("BAD_CASES, a name stands there once and belongs to some architecture", () => {
  const names = BAD_CASES.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
  for (const { name, expect } of BAD_CASES) assert(Object.keys(expect).length > 0, name);
});

Deno.test("endsAs, tells exits from kills", () => {
  assertEquals(endsAs({ exit: 7 }, { code: 7 }), true);
  assertEquals(endsAs({ exit: 7 }, { code: 8 }), false);
  assertEquals(endsAs({ exit: 7 }, { reason: "7" }), false);
  assertEquals(endsAs({ killed: /^divide/ }, { reason: "divide error" }), true);
  assertEquals(endsAs({ killed: /^divide/ }, { reason: "a divide error" }), false);
  assertEquals(endsAs({ killed: /./ }, { code: 0 }), false);
});
