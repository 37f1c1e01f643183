import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { BAD_FILES, GOOD_FILES } from "../testing/workload_files.ts";
import { readWorkload } from "./read_workload.ts";

Deno.test("readWorkload, takes files that are right, and returns what they say", () => {
  for (const file of GOOD_FILES) {
    const { workload, simulation, unit } = readWorkload(JSON.stringify(file));
    const given = file as Record<string, unknown>;
    assertEquals(workload.threads as unknown, given.threads);
    assertEquals([simulation, unit] as unknown[], [given.simulation ?? {}, given.unit ?? null]);
    assertEquals(readWorkload(file).workload, workload);
  }
});

for (const { path, file, expected } of BAD_FILES) {
  Deno.test(`readWorkload, refuses at ${path} what is not ${expected}`, () => {
    const error = assertThrows(() => readWorkload(JSON.stringify(file)), SchedError);
    assertEquals([error.kind, error.path], ["invalid-workload", path], error.message);
    assert(error.expected?.includes(expected), error.message);
    assert(error.message.includes(path) && error.message.includes(expected), error.message);
  });
}

Deno.test("readWorkload, says line and column of a text that is no JSON", () => {
  const error = assertThrows(() => readWorkload('{"threads": [\n  {"name": a}]}'), SchedError);
  assertEquals([error.kind, error.path], ["invalid-workload", "line 2, column 12"]);
  assertEquals(
    error.message,
    'Cannot read the workload: line 2, column 12 has "a", expected a value',
  );
});

Deno.test("readWorkload, says what was found", () => {
  const error = assertThrows(
    () => readWorkload({ threads: [{ name: "a", steps: [{ type: "run", time: -4 }] }] }),
    SchedError,
  );
  assertEquals(
    error.message,
    "Cannot use the workload: $.threads[0].steps[0].time is -4, expected an integer from 1 to " +
      "9007199254740991, or a record of least and most",
  );
  assertEquals(error.value, -4);
});

Deno.test("readWorkload, takes no value that JSON has not, and no text where it should be a file", () => {
  for (const value of [undefined, null, 3, NaN, [], new Date(), "3", "null"]) {
    const error = assertThrows(() => readWorkload(value), SchedError);
    assertEquals([error.kind, error.path], [
      "invalid-workload",
      value instanceof Date ? "$.threads" : "$",
    ]);
  }
});
