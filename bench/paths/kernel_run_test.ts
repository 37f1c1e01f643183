import { assertThrows } from "@std/assert";
import { x86_64 } from "../../arch/mod.ts";
import { benchModule } from "./guest.ts";
import { kernelPath, type KernelScenario } from "./kernel_run.ts";
import { PathError } from "./path.ts";

const NULL: KernelScenario = {
  name: "null",
  round: "a system call",
  modules: (arch) => [benchModule(arch, "null")],
  events: { exception: 1, syscall: 1, "exception-return": 1 },
  marker: "syscall",
  rounds: 5,
};

function refuses(scenario: Partial<KernelScenario>, why: string): void {
  const path = kernelPath({ ...NULL, ...scenario });
  assertThrows(() => path.open(x86_64)[Symbol.dispose](), PathError, why);
}

Deno.test("kernelPath, refuses a path on which something else happens", () => {
  refuses(
    { events: { exception: 1, syscall: 1 } },
    "64 exception-return events in 64 rounds, not 0",
  );
});

Deno.test("kernelPath, refuses a path on which something does not happen", () => {
  const events = { ...NULL.events, "context-switch": 1 };
  refuses({ events }, "0 context-switch events in 64 rounds, not 64");
});

Deno.test("kernelPath, refuses a path that never comes to its marker", () => {
  refuses({ marker: "fp-switch", patience: 100_000 }, "it takes too long");
});

Deno.test("kernelPath, refuses a program that does not know its path", () => {
  refuses({ modules: (arch) => [benchModule(arch, "nowhere")] }, "all tasks have ended");
});

Deno.test("kernelPath, refuses rounds of different lengths", () => {
  // Two programs in turn: what happens is the same, but not how soon.
  refuses({
    modules: (arch) => [benchModule(arch, "yield"), benchModule(arch, "yield-slowly")],
    events: { exception: 1, syscall: 1, "exception-return": 1, "stack-handoff": 1 },
    marker: "stack-handoff",
  }, "a round took");
});
