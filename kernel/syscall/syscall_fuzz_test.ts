// Random system calls with random arguments, from several threads of several tasks at once: the
// kernel answers all of them.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Audit } from "../testing/audit.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { linuxModule } from "../testing/linux_script.ts";
import {
  DATA,
  DATA_END,
  RESULT,
  ScriptProgram,
  SYS,
  TEXT,
  type Value,
} from "../testing/script_program.ts";
import { type Program, Session } from "../testing/session.ts";

const AT = 0x1000_0000n;
const UNWIND_RESUME = 33;

/** Numbers of all system calls and some of none; REBOOT is left out, it would end every run. */
const NUMBERS = [
  ...Array.from({ length: 31 }, (_, i) => i).filter((number) => number !== SYS.REBOOT),
  ...[32, UNWIND_RESUME, 34, 35, 1023, 1024],
  ...Array.from({ length: 19 }, (_, i) => SYS.FUTEX_WAIT + i),
];

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.between(0, from.length - 1)] as T;
}

/** Arguments that mean something, nearly mean something, or nothing at all. */
function argument(arch: ArchName, random: Random): Value {
  const { userEnd, image } = archByName(arch);
  const page = BigInt(random.between(0, 5)) * 4096n;
  return pick<Value>(random, [
    ...[0n, 1n, 2n, 3n, 4n, 7n, 8n, 16n, 64n, 100n, 4096n, 8192n],
    ...[DATA, DATA + 8n, DATA_END - 4n, DATA_END, TEXT, AT + page, AT + page, AT + page, page],
    ...[userEnd, userEnd - 8n, userEnd - 4096n, userEnd - 0x1000n, image.begin],
    ...[1n << 47n, 1n << 63n, (1n << 64n) - 1n, (1n << 64n) - 4096n, 1n << 52n, 1n << 32n],
    ...[RESULT, RESULT] as const,
    ...["thread", BigInt(random.between(0, 2 ** 31))],
  ]);
}

/**
 * A program of random calls, half of them by a second thread, with a few touches of memory between.
 */
function randomProgram(arch: ArchName, options: { random: Random; name: string }): Program {
  const { random, name } = options;
  const program = new ScriptProgram(arch)
    .call(SYS.VM_ALLOCATE, AT, 4n * 4096n)
    .call(SYS.THREAD_CREATE, "thread", DATA_END, 0, 0);
  const steps = (count: number) => {
    for (let i = 0; i < count; i++) {
      switch (random.between(0, 9)) {
        case 0:
          program.call(SYS.YIELD);
          break;
        case 1:
          program.call(SYS.SLEEP, random.between(0, 3000));
          break;
        case 2:
          // Mapped memory may be gone by now: then this is the end of the task.
          if (random.between(0, 3) === 0) program.write(AT + BigInt(random.between(0, 4)) * 4096n);
          break;
        case 3:
          program.call(SYS.MAP_FILE, AT + BigInt(random.between(4, 7)) * 4096n, 4096, 0, 7);
          break;
        default: {
          const args = Array.from({ length: 4 }, () => argument(arch, random));
          const number = pick(random, NUMBERS);
          // Ending is good, but not at once; resuming what is not being unwound is an end, too.
          const early = [SYS.EXIT, SYS.THREAD_EXIT, UNWIND_RESUME].includes(number);
          if (!early || random.between(0, 3) === 0) program.call(number, ...args);
        }
      }
    }
  };
  steps(40);
  program.call(SYS.THREAD_EXIT).label("thread");
  steps(40);
  const sections = random.between(0, 1) === 0 ? [] : [".gcc_except_table"];
  return { commandLine: name, bytes: program.exit(0).build({ sections }) };
}

function runSeed(arch: ArchName, seed: number): void {
  const random = new Random(seed);
  using session = new Session({
    arch,
    programs: [
      ...["a", "b", "c"].map((name) => randomProgram(arch, { random, name })),
      "threads",
      linuxModule(arch, { name: "linux", random, argument: () => argument(arch, random) }),
    ],
    quantum: pick(random, [250, 500, 5000]),
    // Policies that starve nobody; it is up to them whether the timer is periodic.
    policy: pick(random, ["rr", "priority", "mlfq", "stride", "lottery", "cfs", "eevdf", "linux"]),
    ...(random.between(0, 1) === 0 ? { timer: "one-shot" as const } : {}),
    load: pick(random, ["copyout", "demand"]),
    stackLimit: pick(random, [1, 2, 64]),
    ioLatency: pick(random, [1, 5000]),
    memory: pick(random, [8, 64]) * 1024 * 1024,
  });
  const audit = new Audit(session.machine);
  const result = session.machine.run(5_000_000);
  StreamModel.check(session.events);
  // A program may sleep for long, wait for one that does, or spin; whatever it does, it never stops
  // the kernel.
  if (result.kind === "halted") {
    assert(/^(all tasks have ended|Deadlock: )/.test(result.reason), result.reason);
    audit.check();
  }
  const end = session.ending("threads");
  // The random programs may well have hit upon its number.
  assert(/^(exit 0|killed: terminated by [abc])$/.test(end), `threads: ${end}, ${result.kind}`);
  assertEquals(session.machine.kernel.kernelTask.status, null);
}

for (const arch of ARCH_NAMES) {
  Deno.test(`System calls ${arch}, any of them with any arguments in any order leave the kernel well`, () => {
    for (let seed = 1; seed <= sweep({ quick: 10, full: 30 }); seed++) {
      try {
        runSeed(arch, seed);
      } catch (error) {
        throw new Error(`Seed ${seed}`, { cause: error });
      }
    }
  });
}
