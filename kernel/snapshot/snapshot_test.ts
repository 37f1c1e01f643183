// What a snapshot is made of, when it can be taken, and files that are none.
import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { ARCHES } from "../../arch/mod.ts";
import { Random } from "../../util/random.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import type { MachineOptions } from "../machine_options.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { findDifference } from "../testing/truth.ts";
import { SnapshotError } from "./errors.ts";
import { decodeSnapshot, encodeSnapshot } from "./file.ts";
import type { Snapshot } from "./snapshot.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

function options(arch: ArchName, changes: Partial<MachineOptions> = {}): MachineOptions {
  const programs = ["threads", "mapfile"];
  const modules = programs.map((commandLine) => ({
    commandLine,
    bytes: programFile(commandLine, arch),
  }));
  return { arch: ARCHES[arch], modules, memory: 16 * 2 ** 20, quantum: 700, ...changes };
}

/** A machine in the middle of its programs. */
function started(arch: ArchName, changes: Partial<MachineOptions> = {}): Machine {
  const machine = new Machine(options(arch, changes));
  machine.run(25_000);
  return machine;
}

/** Where something lies in a value that is no plain data, or `null`. */
function findBehavior(value: unknown, path = "snapshot"): string | null {
  if (typeof value === "function" || typeof value === "symbol") return path;
  if (typeof value !== "object" || value === null) return null;
  if (value instanceof Uint8Array || value instanceof Uint32Array) return null;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return path;
  for (const [name, field] of Object.entries(value)) {
    const found = findBehavior(field, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function kindOf(action: () => unknown): string {
  return assertThrows(action, SnapshotError).kind;
}

Deno.test("findBehavior, finds closures, generators, class instances and accessors' owners", () => {
  const generator = (function* () {})();
  for (const bad of [() => 1, generator, new Map(), new Date(0), Symbol("s")]) {
    assertEquals(findBehavior({ a: [{ b: bad }] }), "snapshot.a.0.b");
  }
  assertEquals(findBehavior({ a: [1n, null, new Uint8Array(2)] }), null);
});

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.snapshot ${arch}, is plain data at every instant`, () => {
    using machine = new Machine(options(arch));
    for (let i = 0; i < 150 && machine.run(331).kind === "paused"; i++) {
      assertEquals(findBehavior(machine.snapshot()), null);
    }
  });

  Deno.test(`Machine.snapshot ${arch}, does not change when the machine goes on`, () => {
    using machine = started(arch);
    const snapshot = machine.snapshot();
    const before = encodeSnapshot(snapshot);
    machine.run(5_000);
    machine.restore(snapshot);
    machine.run(7_000);
    assertEquals(encodeSnapshot(snapshot), before);
  });

  Deno.test(`Machine.snapshot ${arch}, snapshots along a run share pages that have not changed`, () => {
    using machine = started(arch);
    const first = machine.snapshot();
    machine.run(50);
    const second = machine.snapshot();
    const shared = second.ram.pages.filter((page) => first.ram.pages.includes(page)).length;
    assert(second.ram.pages.length - shared < 10, `${shared} of ${second.ram.pages.length}`);
  });

  Deno.test(`Machine.snapshot ${arch}, a halted machine stays halted`, () => {
    using machine = new Machine(options(arch));
    const { kind } = machine.run();
    using other = Machine.from(decodeSnapshot(encodeSnapshot(machine.snapshot())));
    assertEquals([kind, other.run()], ["halted", machine.run()]);
    assertEquals(other.now, machine.now);
  });

  Deno.test(`Machine.snapshot ${arch}, is refused in sinks and callbacks, which harms nothing`, () => {
    const refused: string[] = [];
    const holder: { machine?: Machine; snapshot?: Snapshot } = {};
    const attempt = (machine: Machine): void => {
      for (const action of [() => machine.snapshot(), () => machine.restore(holder.snapshot!)]) {
        refused.push(kindOf(action));
      }
      refused.push(assertThrows(() => machine.run(1), KernelError).kind);
    };
    const sinks = [{
      write(): void {
        if (holder.machine !== undefined && refused.length < 6) attempt(holder.machine);
      },
    }];
    using machine = new Machine(options(arch, { sinks }));
    holder.snapshot = machine.snapshot();
    holder.machine = machine;
    machine.cpu.onException(() => {
      if (refused.length < 12) attempt(machine);
    });
    const result = machine.run();
    assertEquals(result.kind, "halted");
    assertEquals(refused, Array.from({ length: 4 }, () => ["moment", "moment", "misuse"]).flat());
    using undisturbed = new Machine(options(arch));
    assertEquals([result, machine.now], [undisturbed.run(), undisturbed.now]);
  });

  Deno.test(`Machine.restore ${arch}, breakpoints and sinks are the machine's and stay`, () => {
    let events = 0;
    using machine = new Machine(options(arch, { sinks: [{ write: () => void events++ }] }));
    machine.run(10_000);
    const snapshot = machine.snapshot();
    machine.run(20_000);
    const address = machine.cpu.pc;
    using _ = machine.addBreakpoint(address);
    machine.restore(snapshot);
    events = 0;
    assertEquals(machine.run(), { kind: "breakpoint", address });
    assertNotEquals(events, 0);
    // The instant of a breakpoint is one like any other, and is not stopped at twice.
    const there = machine.snapshot();
    machine.run(300);
    machine.restore(there);
    assertEquals([machine.cpu.pc, machine.run(1).kind], [address, "paused"]);
  });

  Deno.test(`Machine.restore ${arch}, refuses snapshots of machines that were built otherwise`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    using machine = started(arch);
    const snapshot = machine.snapshot();
    const before = machine.now;
    const others: Partial<MachineOptions>[] = [
      { memory: 18 * 2 ** 20 },
      { quantum: 701 },
      { seed: 1 },
      { policy: "priority" },
      { stackLimit: 3 },
      { ioLatency: 9 },
      { load: "demand" },
      { commandLine: "verbose" },
      { modules: [{ commandLine: "threads", bytes: programFile("threads", arch) }] },
    ];
    for (const changes of others) {
      using other = started(arch, changes);
      const error = assertThrows(() => machine.restore(other.snapshot()), SnapshotError);
      assertEquals(error.kind, "machine", JSON.stringify(Object.keys(changes)));
      assertMatch(error.message, /^Cannot restore a snapshot: its \w+ is .*, this machine's is /);
    }
    const { config } = snapshot;
    const image = { ...snapshot, config: { ...config, image: "0".repeat(64) } };
    assertEquals(kindOf(() => machine.restore(image)), "image");
    const [cpu] = snapshot.cpus;
    assert(cpu !== undefined);
    const state = { ...cpu.state, image: { ...cpu.state.image, library: "9.9.9" } };
    const foreign = { ...snapshot, cpus: [{ ...cpu, state }] };
    assertEquals(kindOf(() => machine.restore(foreign)), "library");
    assertEquals([machine.now, machine.run(1).kind], [before, "paused"]);
  });

  Deno.test(`Machine.restore ${arch}, a machine that is disposed of or has failed takes and gives none`, () => {
    const machine = started(arch);
    const snapshot = machine.snapshot();
    machine[Symbol.dispose]();
    assertEquals(kindOf(() => machine.snapshot()), "moment");
    assertEquals(kindOf(() => machine.restore(snapshot)), "moment");
  });

  Deno.test(`encodeSnapshot ${arch}, the same machine gives the same bytes, and they give it back`, () => {
    using machine = started(arch);
    const snapshot = machine.snapshot();
    const bytes = encodeSnapshot(snapshot);
    assert(bytes.length < 2 ** 20, `${bytes.length} bytes`);
    assertEquals(encodeSnapshot(machine.snapshot()), bytes);
    assertEquals(findDifference(decodeSnapshot(bytes), snapshot), null);
  });

  Deno.test(`decodeSnapshot ${arch}, every damage and truncation is a typed error`, () => {
    using machine = started(arch);
    const bytes = encodeSnapshot(machine.snapshot());
    const random = new Random(3);
    for (let i = 0; i < 60; i++) {
      const damaged = bytes.slice();
      const at = i < 52 ? i : random.below(bytes.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8));
      assertEquals(kindOf(() => decodeSnapshot(damaged)), "file", `byte ${at}`);
      const length = random.below(bytes.length);
      assertEquals(kindOf(() => decodeSnapshot(bytes.subarray(0, length))), "file");
    }
    assertEquals(kindOf(() => decodeSnapshot(new Uint8Array(0))), "file");
    assertEquals(kindOf(() => decodeSnapshot(programFile("threads", arch))), "file");
  });

  Deno.test(`decodeSnapshot ${arch}, a sound file of something else is refused by the field`, () => {
    using machine = started(arch);
    const snapshot = machine.snapshot();
    const cases: [RegExp, object][] = [
      [/snapshot\.cpus is no list/, { cpus: 1 }],
      [/snapshot\.config\.memory is no number/, { config: { ...snapshot.config, memory: "64" } }],
      [/snapshot\.kernel\.clock is no record/, { kernel: { ...snapshot.kernel, clock: null } }],
      [/snapshot\.kernel\.threads\[0\]\.id is no number/, {
        kernel: { ...snapshot.kernel, threads: [{}] },
      }],
      [/no contents number/, { ram: { ...snapshot.ram, pages: [new Uint8Array([1])] } }],
    ];
    for (const [message, changes] of cases) {
      const bytes = encodeSnapshot({ ...snapshot, ...changes } as Snapshot);
      const error = assertThrows(() => decodeSnapshot(bytes), SnapshotError);
      assertEquals(error.kind, "file");
      if (!("ram" in changes)) assertMatch(error.message, message);
    }
  });
}

/** Every buffer of a snapshot that was transferred in turn, each of a snapshot of its own. */
function* robbed(
  arch: ArchName,
): Generator<{ machine: Machine; snapshot: Snapshot; sound: Snapshot }> {
  const robberies: ((snapshot: Snapshot) => Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>)[] =
    [
      ({ ram }) => ram.frames,
      ({ ram }) => ram.pages[0]!,
      ({ ram }) => ram.pages.find((page) => page.every((byte) => byte === 0))!,
      ({ ram }) => ram.pages.at(-1)!,
      ({ cpus }) => cpus[0]!.state.image.state[0]!,
      ({ cpus }) => cpus[0]!.state.image.state.at(-1)!,
    ];
  for (const rob of robberies) {
    const machine = started(arch);
    const sound = decodeSnapshot(encodeSnapshot(machine.snapshot()));
    const snapshot = machine.snapshot();
    rob(snapshot).buffer.transfer();
    yield { machine, snapshot, sound };
  }
}

for (const arch of ARCH_NAMES) {
  Deno.test(
    `Machine.restore ${arch}, bytes that were transferred away are missed, and by nobody else`,
    { ignore: leftToFull(arch === "x86_64") },
    () => {
      for (const { machine, snapshot, sound } of robbed(arch)) {
        using _ = machine;
        for (
          const action of [
            () => machine.restore(snapshot),
            () => Machine.from(snapshot),
            () => encodeSnapshot(snapshot),
          ]
        ) assertEquals(kindOf(action), "file");
        machine.run(10_000);
        using other = started(arch);
        assertEquals(findDifference(other.snapshot(), sound), null);
        other.run(10_000);
        assertEquals(findDifference(other.snapshot(), machine.snapshot()), null);
        other.restore(sound);
        other.run(10_000);
        assertEquals(findDifference(other.snapshot(), machine.snapshot()), null);
      }
    },
  );
}

Deno.test("Machine, a module that was transferred away is no program", () => {
  const [module] = options("x86_64").modules;
  const bytes = module!.bytes.slice();
  bytes.buffer.transfer();
  const modules = [{ commandLine: "gone", bytes }];
  assertThrows(() => new Machine(options("x86_64", { modules })), KernelError, "ELF header");
});
