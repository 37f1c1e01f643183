import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { groupTests, namesTests, testFiles, writeTestGroups } from "./test_groups.ts";

const ROOT = new URL("../", import.meta.url);

Deno.test("groupTests, each file in one group, neighbors apart, no group empty", () => {
  assertEquals(groupTests(["a", "b", "c", "d", "e"], 2), [["a", "c", "e"], ["b", "d"]]);
  assertEquals(groupTests(["a", "b"], 24), [["a"], ["b"]]);
  assertEquals(groupTests([]), []);
});

Deno.test("testFiles, all tests of the project and nothing else", () => {
  const found = testFiles(ROOT).map(({ href }) => href.slice(ROOT.href.length));
  assert(found.includes("tools/test_groups_test.ts"));
  assert(found.includes("kernel/machine_test.ts"));
  assertEquals(found.filter((name) => !/^[^.].*_test\.ts$/.test(name)), []);
  assertStrictEquals(new Set(found).size, found.length);
});

Deno.test("namesTests, files and folders, but no values of options", () => {
  assert(namesTests(["--filter", "boot", "tools"]));
  assert(namesTests(["tools/*_test.ts"]));
  assert(!namesTests(["--filter", "boot", "--junit-path=report.xml"]));
  assert(!namesTests([]));
});

Deno.test("writeTestGroups, modules that import every test once", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const text = writeTestGroups(ROOT, folder).map((name) => Deno.readTextFileSync(name)).join("");
    const imported = Array.from(text.matchAll(/^import "(.*)";$/gm), ([, href]) => href);
    assertEquals(imported.toSorted(), testFiles(ROOT).map(({ href }) => href));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
