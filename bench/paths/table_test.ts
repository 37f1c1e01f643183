import { assertEquals } from "@std/assert";
import { cpuModel } from "./environment.ts";
import type { Measurement } from "./measure.ts";
import { renderTable } from "./table.ts";

const TRAP: Measurement = {
  arch: "x86_64",
  path: "trap",
  round: "system call and back",
  instructions: 1234567,
  medianNs: 999.5,
  p99Ns: 20_000.4,
  n: 500,
  rounds: 100,
};

Deno.test("renderTable, aligns columns and says what they mean", () => {
  const text = renderTable([
    TRAP,
    { ...TRAP, arch: "aarch64", instructions: 62 },
    { ...TRAP, path: "open and dispose", round: "a machine", instructions: 0, note: "new" },
    {
      ...TRAP,
      arch: "aarch64",
      path: "open and dispose",
      round: "a machine",
      instructions: 0,
      note: "old",
    },
  ], {
    deno: "2.0.0",
    v8: "14.0",
    libunicorn: "2.1.4",
    trapline: "0.1.0",
    host: "linux-x86_64",
    cpu: "Some CPU",
  });
  assertEquals(
    text,
    `\
architecture  path              guest instructions  host ns median  host ns p99    n  rounds
x86_64        trap                       1,234,567           1,000       20,000  500     100
aarch64       trap                              62           1,000       20,000  500     100
x86_64        open and dispose                   -           1,000       20,000  500     100
aarch64       open and dispose                   -           1,000       20,000  500     100

One round of
  trap              system call and back
  open and dispose  a machine; x86_64: new; aarch64: old

Guest instructions are exact and the same in every run. Host nanoseconds are what this host took to
emulate one round, here and now: they compare versions of this program, and are not the latency of any
hardware. n samples were taken; each is the mean of that many rounds.

Trapline 0.1.0, Deno 2.0.0, V8 14.0, libunicorn 2.1.4, linux-x86_64, Some CPU
`,
  );
});

Deno.test("cpuModel, finds the first model name", () => {
  assertEquals(
    cpuModel("processor\t: 0\nmodel name\t: A Processor @ 2GHz \nmodel name\t: Another\n"),
    "A Processor @ 2GHz",
  );
});

Deno.test("cpuModel, says so if there is none", () => {
  assertEquals(cpuModel("processor\t: 0\nBogoMIPS\t: 50.00\n"), "unknown");
  assertEquals(cpuModel(""), "unknown");
});
