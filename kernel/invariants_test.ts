// Whatever is run, and however: the event stream makes sense, nothing is lost, and the same seed
// gives the same stream.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { badCases } from "../guest/programs/cases.ts";
import { Random } from "../util/random.ts";
import { sweep } from "../util/testing/sweep.ts";
import { Audit } from "./testing/audit.ts";
import { StreamModel } from "./testing/invariants.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";
import { BUDGET, type Program, Session, type SessionOptions } from "./testing/session.ts";

const GOOD = [
  "threads",
  "fpmix",
  "sleeper",
  "mapfile",
  "spinner 3000",
  "jobs wait 1",
  "jobs kill 2",
  "handlers threads",
  "handlers faults",
];

function pick<T>(random: Random, from: readonly T[]): T {
  const found = from[random.between(0, from.length - 1)];
  if (found === undefined) throw new RangeError("Nothing to pick from");
  return found;
}

// Mixes are drawn from seeds; the quick sweep takes the first of those of the full one.

/** A random mix of programs and of ways to run them. */
function mix(arch: ArchName, random: Random): SessionOptions {
  const bad = badCases(arch).map(({ name }) => `bad ${name}`);
  const programs = Array.from(
    { length: random.between(1, 6) },
    () => random.between(0, 2) === 0 ? pick(random, bad) : pick(random, GOOD),
  );
  if (random.between(0, 2) === 0) {
    // Unwinds itself, or is unwound: by whom and how far is random, too.
    const cause = pick(random, ["panic", "throw", "fault", "kill", "spin", "syscall", "overflow"]);
    programs.push(`unwind ${cause} ${random.between(0, 5)}`);
  }
  return {
    arch,
    programs,
    // Policies that starve nobody.
    policy: pick(random, ["rr", "priority", "mlfq", "stride", "lottery", "cfs", "eevdf", "linux"]),
    timer: pick(random, ["periodic", "one-shot"]),
    quantum: pick(random, [250, 300, 777, 3000, 10_000]) + random.between(0, 40),
    seed: pick(random, [0, 1, random.between(2, 2 ** 31)]),
    load: pick(random, ["copyout", "demand"]),
    stackLimit: pick(random, [1, 2, 5, 64]),
    ioLatency: pick(random, [1, 500, 20_000]),
    memory: pick(random, [8, 16, 64]) * 1024 * 1024,
  };
}

/** Runs a mix and asserts everything that must hold; returns its stream. */
function runChecked(options: SessionOptions): string {
  using session = new Session(options);
  const { machine } = session;
  const audit = new Audit(machine);
  const result = machine.run(BUDGET);
  assert(result.kind === "halted", `not halted but ${result.kind}`);
  assert(/^(all tasks have ended|Deadlock: )/.test(result.reason), result.reason);
  audit.check();
  const { alive } = StreamModel.check(session.events);
  const k = machine.kernel;
  // Every thread that was created has exited or is alive.
  const living = k.threads.filter(({ state }) => state !== "dead");
  const idle = k.cpus.map((on) => on.idle);
  const addresses = [...idle, ...living.filter((thread) => !idle.includes(thread))].map((t) =>
    t.address
  );
  assertEquals([...alive.keys()].sort(), addresses.sort());
  // Every instruction was some thread's.
  for (const on of k.cpus) on.charge();
  const charged = k.threads.reduce((sum, { runTime }) => sum + runTime, 0);
  assertEquals(charged, machine.cpu.instructions);
  for (const task of k.tasks.slice(1)) {
    const exits = session.of("task-exit").filter(({ task: name }) => name === task.name).length;
    assert(task.status === null || exits > 0, `${task.name} ended in silence`);
  }
  return session.json;
}

function describe(options: SessionOptions): string {
  return JSON.stringify(options, (_key, value) => typeof value === "bigint" ? `${value}` : value);
}

for (const arch of ARCH_NAMES) {
  for (let first = 1; first <= 16; first += 15) {
    const last = first + sweep({ quick: 1, full: 14 });
    Deno.test(`Random mixes ${arch}, seeds ${first} to ${last} keep every rule of the stream`, () => {
      for (let seed = first; seed <= last; seed++) {
        const options = mix(arch, new Random(seed));
        try {
          runChecked(options);
        } catch (error) {
          throw new Error(`Seed ${seed}: ${describe(options)}`, { cause: error });
        }
      }
    });
  }

  Deno.test(`Random mixes ${arch}, the same mix gives the same stream to the byte`, () => {
    for (let seed = 101; seed <= sweep({ quick: 102, full: 105 }); seed++) {
      const options = mix(arch, new Random(seed));
      assertEquals(runChecked(options), runChecked(options));
    }
  });

  Deno.test(`Damaged programs ${arch}, whatever their bytes, harm nobody else`, () => {
    const names = ["threads", "module-hello", "fpmix", "mapfile"];
    for (let seed = 1; seed <= sweep({ quick: 4, full: 50 }); seed++) {
      const random = new Random(seed);
      const name = pick(random, names);
      const bytes = programFile(name, arch);
      // Behind the headers, which the loader checks; in code, data, tables and section headers
      // alike.
      for (let n = random.between(1, 40); n > 0; n--) {
        bytes[random.between(600, bytes.length - 1)] = random.between(0, 255);
      }
      const damaged: Program = { commandLine: `${name} x`, bytes };
      using session = new Session({ arch, programs: [damaged, "sleeper"] });
      const audit = new Audit(session.machine);
      const result = session.machine.run(2_500_000);
      // The damaged program may run for ever, or reboot before the other is done.
      const rebooted = result.kind === "halted" && result.reason === "reboot";
      if (!rebooted) assertEquals(session.ending("sleeper"), "exit 0", `seed ${seed}`);
      if (result.kind === "halted" && !rebooted) {
        assertEquals(result.reason, "all tasks have ended");
        audit.check();
      }
      StreamModel.check(session.events);
    }
  });
}
