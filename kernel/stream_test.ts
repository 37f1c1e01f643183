// However a machine is run and looked at, its events are the same.
import { assert, assertEquals } from "@std/assert";
import { ARCHES } from "../arch/mod.ts";
import type { ArchName } from "../arch/arch.ts";
import { badCases } from "../guest/programs/cases.ts";
import type { KernelEvent } from "../trace/events.ts";
import { formatJsonLine } from "../trace/json_lines.ts";
import { Random } from "../util/random.ts";
import { everySecond, sweep } from "../util/testing/sweep.ts";
import { Machine } from "./machine.ts";
import type { MachineOptions } from "./machine_options.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";
import { randomMachine } from "./testing/truth.ts";

/** Instructions of a run at most. */
const LONGEST = sweep({ quick: 12_000, full: 120_000 });
/** Mixes of programs, beside each program by itself. */
const MIXES = sweep({ quick: 2, full: 12 });
/** Policies, quanta and seeds that each program is run with. */
const SETTINGS = sweep({ quick: 1, full: 2 });
const MEMORY = 8 * 2 ** 20;

const PROGRAMS = [
  ...["module-hello", "threads", "fpmix", "sleeper", "mapfile", "spinner 3000"],
  "handlers threads",
  ...["unwind panic 0", "unwind throw 3", "unwind kill 0", "unwind spin 0", "unwind overflow 2"],
];

/** A machine in the course of a run that ends at {@linkcode LONGEST} instructions. */
interface Course {
  readonly machine: Machine;
  readonly random: Random;
  /** Addresses that are executed in this run. */
  readonly executed: readonly bigint[];
  /** Runs so many instructions at most, and no further than the end. */
  run(instructions: number): void;
  /** Whether the end is reached. */
  readonly over: boolean;
}

/** Ways to run a machine to its end that must not show. */
const WAYS: Readonly<Record<string, (course: Course) => void>> = {
  "in pieces": (course) => {
    while (!course.over) course.run(1 + course.random.below(700));
  },
  "instruction by instruction": (course) => {
    while (!course.over) course.run(1);
  },
  "with a breakpoint at everything": (course) => {
    for (const address of course.executed) course.machine.addBreakpoint(address);
    while (!course.over) course.run(LONGEST);
  },
  "with breakpoints that come and go": (course) => {
    const { machine, random, executed } = course;
    let points: Disposable[] = [];
    while (!course.over) {
      if (random.chance(0.4)) {
        for (const point of points) point[Symbol.dispose]();
        points = [];
      }
      points.push(machine.addBreakpoint(random.pick(executed)));
      course.run(1 + random.below(2_000));
    }
  },
  "with breakpoints that come and go where exceptions are entered": (course) => {
    const { machine: { cpu }, random, executed } = course;
    let points: Disposable[] = [];
    cpu.onException(() => {
      // Some stay for long, so that code is translated with them that is not mapped when they go.
      if (points.length < 4 || random.chance(0.6)) {
        points.push(cpu.addBreakpoint(random.chance(0.2) ? cpu.pc : random.pick(executed)));
        return;
      }
      for (const point of points) point[Symbol.dispose]();
      points = [];
    });
    while (!course.over) course.run(LONGEST);
  },
  "with watchpoints that come and go": (course) => {
    const { machine, random, executed } = course;
    const kinds = ["read", "write", "access"] as const;
    while (!course.over) {
      const near = random.chance(0.5) ? machine.cpu.sp : random.pick(executed);
      const address = BigInt.asUintN(64, near & ~7n) - 64n;
      using _ = address < 0n
        ? machine.addBreakpoint(0n)
        : machine.addWatchpoint(address, random.pick([1, 8, 128]), random.pick(kinds));
      course.run(1 + random.below(2_000));
    }
  },
  "with everything looked at": (course) => {
    const { machine, random } = course;
    const { cpu, kernel } = machine;
    const look = (): void => {
      for (const name of kernel.arch.registerNames) cpu.register(name);
      cpu.translate(cpu.pc);
      assert(machine.threads.length >= 0 && machine.now >= 0);
    };
    cpu.onException(look);
    while (!course.over) {
      course.run(1 + random.below(3_000));
      look();
      machine.snapshot();
      cpu.flushTranslations();
      cpu.flushCode(kernel.arch.ramBase, kernel.memory.size);
    }
  },
  "with restores of where it is": (course) => {
    const { machine, random } = course;
    while (!course.over) {
      course.run(1 + random.below(3_000));
      machine.restore(machine.snapshot());
    }
  },
};

/** Runs a machine in one way; the lines of its stream. */
function stream(
  options: MachineOptions,
  how: { seed: number; executed: readonly bigint[]; way: (course: Course) => void },
): string[] {
  const lines: string[] = [];
  const write = (event: KernelEvent): void => void lines.push(formatJsonLine(event));
  using machine = new Machine({ ...options, memory: MEMORY, sinks: [{ write }] });
  const { cpu } = machine;
  how.way({
    machine,
    random: new Random(how.seed),
    executed: how.executed,
    run: (instructions) => {
      machine.run(Math.min(instructions, LONGEST - cpu.instructions));
    },
    get over() {
      return machine.halted !== null || cpu.instructions >= LONGEST;
    },
  });
  return lines;
}

/** Compares all ways with a run that is let alone. */
function check(options: MachineOptions, seed: number): void {
  const plain = stream(options, {
    seed,
    executed: [],
    way: (course) => {
      while (!course.over) course.run(LONGEST);
    },
  });
  const found = new Set<bigint>();
  const pieces = (course: Course): void => {
    while (!course.over) {
      course.run(1 + course.random.below(300));
      found.add(course.machine.cpu.pc);
    }
  };
  assertEquals(stream(options, { seed, executed: [], way: pieces }), plain);
  const executed = [...found];
  for (const [name, way] of Object.entries(WAYS)) {
    const lines = stream(options, { seed, executed, way });
    const at = plain.findIndex((line, index) => line !== lines[index]);
    const what = options.modules.map(({ commandLine }) => commandLine).join(", ");
    assertEquals(lines.slice(at, at + 3), plain.slice(at, at + 3), `${what}, ${name}: line ${at}`);
    assertEquals(lines.length, plain.length, `${what}, ${name}`);
  }
}

/** A program by itself, with one that looks after it, and random settings. */
function alone(arch: ArchName, commandLine: string, random: Random): MachineOptions {
  const name = commandLine.split(" ")[0] ?? "";
  return {
    ...randomMachine(arch, random),
    arch: ARCHES[arch],
    modules: [
      { commandLine, bytes: programFile(name, arch) },
      { commandLine: "jobs wait 1", bytes: programFile("jobs", arch) },
    ],
  };
}

for (const arch of ARCH_NAMES) {
  const programs = [...PROGRAMS, `bad ${badCases(arch)[0]?.name}`];
  // The quick sweep has each program on one architecture.
  for (const commandLine of everySecond(programs, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`Machine ${arch} ${commandLine}, the events are the same however it is run and watched`, () => {
      const random = new Random(11);
      for (let i = 0; i < SETTINGS; i++) check(alone(arch, commandLine, random), i);
    });
  }

  Deno.test(`Machine ${arch}, the events of mixes are the same however they are run and watched`, () => {
    const random = new Random(12);
    for (let i = 0; i < MIXES; i++) check(randomMachine(arch, random), i);
  });
}
