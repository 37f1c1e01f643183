import { assertEquals, assertThrows } from "@std/assert";
import { FULL, QUICK } from "./paths/measure.ts";
import { PATHS } from "./paths/mod.ts";
import { readRequest } from "./report.ts";

Deno.test("readRequest, measures everything by default", () => {
  const { arches, paths, effort, json } = readRequest([]);
  assertEquals(arches.map(({ name }) => name), ["x86_64", "aarch64"]);
  assertEquals(paths, PATHS);
  assertEquals(effort, FULL);
  assertEquals(json, false);
});

Deno.test("readRequest, takes its options", () => {
  const { arches, paths, effort, json } = readRequest([
    ...["--json", "--quick", "--arch", "aarch64", "--path", "copy"],
  ]);
  assertEquals(arches.map(({ name }) => name), ["aarch64"]);
  assertEquals(paths.map(({ name }) => name), ["copyin", "copyout"]);
  assertEquals(effort, QUICK);
  assertEquals(json, true);
});

Deno.test("readRequest, refuses what it does not know", () => {
  assertThrows(() => readRequest(["--fast"]), Error, 'Cannot use "--fast"');
  assertThrows(() => readRequest(["trap"]), Error, 'Cannot use "trap"');
  assertThrows(() => readRequest(["--arch", "mips"]), Error, 'Cannot use architecture "mips"');
  assertThrows(() => readRequest(["--path", "nothing"]), Error, 'Cannot measure "nothing"');
});
