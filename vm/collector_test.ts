// The guest's VM, both architectures: programs end as they should, whatever the collector does.
import { assertEquals, assertMatch } from "@std/assert";
import { VM_FLAGS } from "./mod.ts";
import { ANCHORS } from "./testing/anchors_program.ts";
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

  Deno.test(`vm ${arch}, says where a stack is that makes no sense`, async () => {
    const settings = { collectInterval: 400, threads: 3, collections: 200 };
    const options = { policy: "priority" };
    const sound = await runVm(arch, ANCHORS, { ...settings, collections: 60 }, options);
    assertEquals(sound, { output: "", code: 0, reason: undefined });
    // A collection must begin between two instructions for the defect to matter: the first seed is
    // one that has been seen to do so.
    const flags = VM_FLAGS.swapAnchorStores;
    let ran = sound;
    for (let seed = arch === "x86_64" ? 6n : 2n; ran.code === 0; seed++) {
      ran = await runVm(arch, ANCHORS, { ...settings, seed, flags }, options);
    }
    assertEquals(ran.code, 103);
    assertMatch(ran.output, /^vm: a \w+ .*, thread [123], frame at pc [0-9a-f]+ sp [0-9a-f]+/);
  });
}
