import { assertEquals } from "@std/assert";
import type { Import } from "./check_imports.ts";
import { sweptTests } from "./swept_tests.ts";

Deno.test("sweptTests, those that use the sweep by themselves and through what they share", () => {
  const imports = ([
    ["b/own_test.ts", "util/testing/sweep.ts"],
    ["a/testing/cases.ts", "util/testing/sweep.ts"],
    ["a/shared_test.ts", "a/testing/cases.ts"],
    ["a/other_test.ts", "a/code.ts"],
    ["util/sweep_test.ts", "@std/assert"],
  ] as const).map(([from, to]): Import => ({
    ...{ from, to, line: 1 },
    kind: to.startsWith("@") ? "package" : "file",
  }));
  assertEquals(sweptTests(imports), ["a/shared_test.ts", "b/own_test.ts"]);
});
