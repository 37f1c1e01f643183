import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { image as kernelAarch64 } from "../../guest/images/stubborn-kernel_aarch64.gen.ts";
import { image as kernelX86 } from "../../guest/images/stubborn-kernel_x86_64.gen.ts";
import { image as userAarch64 } from "../../guest/images/stubborn_aarch64.gen.ts";
import { image as userX86 } from "../../guest/images/stubborn_x86_64.gen.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { Random } from "../../util/random.ts";
import { leftToFull, sweep } from "../../util/testing/sweep.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { ScriptProgram, SYS } from "../testing/script_program.ts";

const IMAGES = {
  user: { aarch64: userAarch64, x86_64: userX86 },
  kernel: { aarch64: kernelAarch64, x86_64: kernelX86 },
} as const;
const BEGINNINGS = ["panic", "fault", "kill"] as const;
const WAYS = ["spin", "yield", "sleep", "wait", "map"] as const;
/** Runs for each beginning, way and mode, with other instants and policies. */
const RUNS = sweep({ quick: 2, full: 8 });
const LIMIT = 3_000_000;
const STUBBORN = 1n;

/** Asks for task 1 to be ended, so many times, each after a while. */
function killer(arch: ArchName, delays: readonly number[]): Uint8Array {
  const program = new ScriptProgram(arch);
  for (const delay of delays) program.call(SYS.SLEEP, delay).call(SYS.TASK_TERMINATE, STUBBORN);
  return program.exit(0).build();
}

/** Runs the program beside one that asks for its end; the events, and the machine when it halts. */
function run(
  arch: ArchName,
  how: { mode: "user" | "kernel"; args: string; delays: readonly number[]; random: Random },
): { machine: Machine; events: KernelEvent[]; audit: Audit } {
  const { mode, args, delays, random } = how;
  const events: KernelEvent[] = [];
  const machine = new Machine({
    arch: archByName(arch),
    memory: 8 * 2 ** 20,
    policy: random.pick(["rr", "priority"]),
    quantum: random.pick([300, 1_000, 10_000]),
    seed: random.below(1000),
    stackLimit: random.pick([2, 64]),
    modules: [
      { commandLine: `stubborn ${args}`, bytes: IMAGES[mode][arch].bytes(), mode },
      { commandLine: "killer", bytes: killer(arch, delays) },
    ],
    sinks: [{ write: (event) => void events.push(event) }],
  });
  const audit = new Audit(machine);
  machine.run(LIMIT);
  return { machine, events, audit };
}

for (const arch of ARCH_NAMES) {
  for (const mode of ["user", "kernel"] as const) {
    // The quick sweep has each mode on one architecture.
    const ignore = leftToFull((arch === "x86_64") === (mode === "user"));
    Deno.test(
      `killTask ${arch} ${mode}, a second request ends a task whose cleanups never return`,
      { ignore },
      () => {
        const random = new Random(7);
        let cleaning = 0;
        for (const beginning of BEGINNINGS) {
          for (const way of WAYS) {
            for (let i = 0; i < RUNS; i++) {
              const delays = [1_000 + random.below(30_000), 1 + random.below(30_000)];
              const args = `${beginning} ${way}`;
              const result = run(arch, { mode, args, delays, random });
              using machine = result.machine;
              const why = `${args} ${delays}`;
              assertEquals(machine.halted, "all tasks have ended", why);
              const { status } = machine.kernel.tasks[1] ?? {};
              assert(status?.kind === "killed", why);
              assertMatch(status.reason, /^terminated by killer$/, why);
              result.audit.check();
              StreamModel.check(result.events);
              const text = machine.kernel.console.read(1);
              if (text.includes("cleaning")) cleaning++;
            }
          }
        }
        assert(cleaning > BEGINNINGS.length * WAYS.length * RUNS / 2, `${cleaning} were cleaning`);
      },
    );

    Deno.test(`killTask ${arch} ${mode}, one request leaves a task to its cleanups`, () => {
      const random = new Random(8);
      const { machine } = run(arch, { mode, args: "kill spin", delays: [9_000], random });
      using _ = machine;
      assertEquals([machine.halted, machine.kernel.tasks[1]?.status], [null, null]);
    });
  }
}
