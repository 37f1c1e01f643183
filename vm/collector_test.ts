// The guest's VM, both architectures: programs end as they should, whatever the collector does.
import { assertEquals } from "@std/assert";
import { VM_FLAGS } from "./mod.ts";
import { churn } from "./testing/churn.ts";
import { runVm } from "./testing/run_vm.ts";

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`vm ${arch}, collects under all kinds of code, at seeded instants`, async () => {
    const settings = { seed: 2n, collectInterval: 2000, threads: 2, heapSize: 0x8000 };
    const { output, code, reason } = await runVm(arch, churn(9), settings);
    assertEquals({ output, code, reason }, { output: "", code: 5, reason: undefined });
  });

  Deno.test(`vm ${arch}, collects at every poll`, async () => {
    const settings = { flags: VM_FLAGS.collectAtPoll, heapSize: 0x4000 };
    const { output, code, reason } = await runVm(arch, churn(3), settings);
    assertEquals({ output, code, reason }, { output: "", code: 5, reason: undefined });
  });
}
