import { assertEquals, assertThrows } from "@std/assert";
import { readParameters } from "./parameters.ts";
import { UsageError } from "./usage_error.ts";

Deno.test("readParameters, reads names and numbers, each once", () => {
  assertEquals(readParameters(""), {});
  assertEquals(readParameters("priority=40,nice=-3,period=5000"), {
    priority: 40,
    nice: -3,
    period: 5000,
  });
});

Deno.test("readParameters, names the part it cannot read", () => {
  for (const part of ["prio=4", "priority", "priority=", "priority=4x", "priority=0x4", ""]) {
    const error = assertThrows(() => readParameters(`nice=1,${part}`), UsageError);
    assertEquals(error.message.includes(`"${part}"`), true, error.message);
  }
  assertThrows(() => readParameters("nice=1,nice=2"), UsageError, "nice twice");
});
