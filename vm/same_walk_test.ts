// The same stack of all kinds of code, walked in a running machine, in a snapshot, in a core file and
// behind a wire: the same frames with the same values, byte for byte.
import { assert, assertEquals } from "@std/assert";
import { readCore } from "../debug/core/mod.ts";
import { machineTarget, snapshotTarget } from "../debug/machine/mod.ts";
import { threadText } from "../debug/report/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { openRemote } from "../gdb/remote/mod.ts";
import { serveGdb } from "../gdb/server/mod.ts";
import { moduleFromElf } from "../unwind/walk/mod.ts";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { DEMONSTRATION, HERE } from "./demonstration.ts";
import { vmOf } from "./lockstep/vm_task.ts";
import { vmImage } from "../guest/boot_modules.ts";
import { machineWith } from "./testing/followed.ts";
import { randomProgram } from "./testing/random_program.ts";
import { vmMachine } from "./testing/run_vm.ts";
import { framesOfProcess, stacks, stacksText } from "./testing/stacks_text.ts";

/** A machine that is stopped in the innermost native function. */
async function stopped(arch: "x86_64" | "aarch64") {
  const { machine } = await vmMachine(arch, DEMONSTRATION);
  machine.addBreakpoint(parseElf(await vmImage(arch)).symbolNamed(HERE)!.value);
  assertEquals(machine.run(10_000_000).kind, "breakpoint");
  return machine;
}

Deno.test("FrameReader, shows frames of every kind with methods, positions and values", async () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    using machine = await stopped(arch);
    using target = machineTarget(machine);
    const thread = (await stacks(target)).find(({ frames }) => frames.length > 5)!;
    const text = threadText(thread).replaceAll(/0x[0-9a-f]{6,}/g, "0x")
      .replaceAll(/ from \w+( file 0x)?/g, "");
    assertEquals(
      text.slice(text.indexOf("#0")),
      `#0  0x in vm_native_here ()
#1  0x in brk () (native-stub)
#2  0x in brk@jit>opt () (adapter)
#3  0x in callback (n=7) (jit, bytecode 10)
        node = 0x
#4  0x in callback@opt>jit () (adapter)
#5  0x in vm_enter () (native-stub)
#6  0x in vm_blind ()
#7  0x in blind (method=4, argument=7) (native-stub)
#8  0x in blind@int>opt () (adapter)
#9  0x in interpreted (list=<dead>, n=7) (interpreter, bytecode 16)
        extra = -5
        stack0 = -5
#10 0x in interpreted@jit>int () (adapter)
#11 0x in baseline (list=<dead>, n=7) (jit, bytecode 13)
        total = 100
        stack0 = 100
#12 0x in baseline@opt>jit () (adapter)
#13 0x in optimized (list=0x, n=<optimized out>) (optimized, bytecode 4)
#14 0x in optimized@int>opt () (adapter)
#15 0x in main (index=0) (interpreter, bytecode 7)
#16 0x in main@opt>int () (adapter)
#17 0x in vm_enter () (native-stub)
#18 0x in run ()
`,
    );
    assertEquals(thread.frames.map(({ certainty }) => certainty), thread.frames.map(() => "exact"));
  }
});

Deno.test("FrameReader, shows the same of a machine, a snapshot, a core file and over the wire", async () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    using machine = await stopped(arch);
    using live = machineTarget(machine);
    const expected = await stacksText(live);
    using snapshot = snapshotTarget(machine.snapshot());
    assertEquals(await stacksText(snapshot), expected);
    const [task] = machine.kernel.tasks.filter(({ module }) => module !== null);
    const core = readCore(machine.core({ task: task!.id }), { open: () => task!.module!.bytes });
    assertEquals(await stacksText(core), expected);
    await using server = serveGdb(machine);
    {
      using remote = await openRemote(`127.0.0.1:${server.address.port}`);
      assertEquals(await stacksText(remote), expected);
    }
    // Looking at it has changed nothing that the kernel unwinds by.
    assertEquals(task!.code.modules.code.isEmpty, true);
  }
});

Deno.test("FrameReader, shows the same wherever threads of a random program are stopped", async () => {
  const random = new Random(5);
  const seen = { instants: 0, running: 0 };
  for (let seed = 1; seen.instants < sweep({ quick: 4, full: 200 }); seed++) {
    const arch = random.pick(["x86_64", "aarch64"] as const);
    const { program } = randomProgram(seed, {
      natives: ["collect", "move", "tier", "sleep", "yield"],
      steps: [1000, 5000],
      rounds: 10,
    });
    const settings = { threads: 2, jitAt: 2, optimizeAt: 4, collectInterval: 5000 };
    using machine = await machineWith(arch, program, settings, { quantum: 700, seed });
    const { task, file } = vmOf(machine);
    using entered = machine.addBreakpoint(file.symbolNamed("vm_enter")!.value);
    machine.run();
    entered[Symbol.dispose]();
    for (let i = 0; i < 4; i++) {
      if (machine.run(1 + random.below(40_000)).kind !== "paused") break;
      seen.instants++;
      using live = machineTarget(machine);
      const expected = await stacksText(live);
      using snapshot = snapshotTarget(machine.snapshot());
      assertEquals(await stacksText(snapshot), expected);
      const core = readCore(machine.core({ task: task.id }), { open: () => task.module!.bytes });
      assertEquals(await stacksText(core), expected);
      await using server = serveGdb(machine);
      {
        using remote = await openRemote(`127.0.0.1:${server.address.port}`);
        assertEquals(await stacksText(remote), expected);
      }
      const { current } = machine.kernel.cpus[0]!;
      if (!machine.cpu.userMode || current.task !== task) continue;
      // A core of the whole machine has what the CPU sees.
      seen.running++;
      const whole = readCore(machine.core({ task: 0 }));
      const { process } = whole;
      process.modules.add(moduleFromElf(file));
      const [cpu] = await framesOfProcess(whole, process, [process.threads[0]!]);
      const own = JSON.parse(expected).find(({ id }: { id: number }) => id === current.id);
      assertEquals(cpu, own.frames);
    }
  }
  assert(seen.running > 0);
});
