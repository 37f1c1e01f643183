// Watchpoints on a whole machine: what is told, by whom, and that nothing else changes.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { parseElf } from "../../elf/mod.ts";
import { Random } from "../../util/random.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { DATA, ScriptProgram, SYS } from "../testing/script_program.ts";
import { BUDGET, Session, type SessionOptions } from "../testing/session.ts";
import type { WatchKind, WatchpointHit } from "./watchpoints.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

function session(
  arch: ArchName,
  program: string | ScriptProgram,
  options: Partial<SessionOptions> = {},
): Session {
  const programs = [
    typeof program === "string" ? program : { commandLine: "script", bytes: program.build() },
  ];
  return new Session({ arch, programs, ...options });
}

function symbol(arch: ArchName, program: string, name: string): bigint {
  const found = parseElf(programFile(program, arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  return found.value;
}

/** Runs to the end; all hits. */
function collect({ machine }: Session, see: (hit: WatchpointHit) => void = () => {}): string[] {
  const all: string[] = [];
  for (;;) {
    const result = machine.run(BUDGET);
    if (result.kind === "halted") return all;
    assert(result.kind === "watchpoint", result.kind);
    for (const hit of result.hits) {
      all.push(describe(hit));
      see(hit);
    }
  }
}

function describe({ access, address, size, before, value, by }: WatchpointHit): string {
  return `${by} ${access} ${address.toString(16)}+${size}: ${before.join(",")} > ${
    value.join(",")
  }`;
}

for (const arch of ARCH_NAMES) {
  /** Writes 7 to DATA + 3, reads it, writes neighbors, and the end of a page. */
  const touch = (): ScriptProgram =>
    new ScriptProgram(arch)
      .label("neighbors").write(DATA + 2n, 1).write(DATA + 4n, 2)
      .label("write").write(DATA + 3n, 7)
      .label("read").read(DATA + 3n)
      .label("words").recall(DATA).keep(DATA + 0xffdn)
      .exit(0);

  Deno.test(`Machine.addWatchpoint ${arch}, kinds, values, and no neighbor`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    const cases: [WatchKind, string[]][] = [
      ["write", ["instruction write 500003+1: 0 > 7"]],
      ["read", ["instruction read 500003+1: 7 > 7", "instruction read 500003+1: 7 > 7"]],
      ["access", [
        "instruction write 500003+1: 0 > 7",
        "instruction read 500003+1: 7 > 7",
        "instruction read 500003+1: 7 > 7",
      ]],
    ];
    for (const load of ["copyout", "demand"] as const) {
      for (const [kind, expected] of cases) {
        using watched = session(arch, touch(), { load });
        using _watchpoint = watched.machine.addWatchpoint(DATA + 3n, 1, kind);
        // Loading the program writes its data, where the kernel's copy routine does it.
        const hits = collect(watched).filter((hit) => !hit.endsWith("0 > 0"));
        assertEquals(hits, expected, `${kind} ${load}`);
      }
    }
  });

  Deno.test(`Machine.addWatchpoint ${arch}, stops behind the instruction and tells its address`, () => {
    const program = touch();
    using watched = session(arch, program, { load: "demand" });
    const { machine } = watched;
    using point = machine.addWatchpoint(DATA + 3n, 1, "write");
    const result = machine.run();
    assert(result.kind === "watchpoint");
    const [hit] = result.hits;
    assert(hit !== undefined && result.hits.length === 1);
    assertEquals(hit.watchpoint, point);
    assertEquals([point.id, point.address, point.size, point.kind, point.task], [
      1,
      DATA + 3n,
      1,
      "write",
      null,
    ]);
    assertEquals([hit.access, hit.address, hit.size, hit.by], [
      "write",
      DATA + 3n,
      1,
      "instruction",
    ]);
    assertEquals(hit.task, watched.task("script").id);
    assertEquals(machine.cpu.pc, program.addressOf("read"), "behind it");
    assert(hit.pc >= program.addressOf("write") && hit.pc < machine.cpu.pc, "at it");
    const { instructions } = machine.cpu;
    using stepped = session(arch, program, { load: "demand" });
    stepped.machine.run(instructions - 1);
    assertEquals(stepped.machine.cpu.pc, hit.pc);
    assertEquals(stepped.machine.run(1).kind, "paused");
    assertEquals(stepped.machine.cpu.pc, machine.cpu.pc);
  });

  Deno.test(`Machine.addWatchpoint ${arch}, across the end of a page, which comes in by a fault`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    for (let offset = 0xff0n; offset < 0x1010n; offset++) {
      using watched = session(arch, touch(), { load: "demand" });
      using _watchpoint = watched.machine.addWatchpoint(DATA + offset, 1, "write");
      const inside = offset >= 0xffdn && offset < 0x1005n;
      const hits = collect(watched);
      assertEquals(hits.length, inside ? 1 : 0, `offset ${offset}`);
      const byte = [0, 0, 1, 7, 2, 0, 0, 0][Number(offset - 0xffdn)];
      if (inside) assertEquals(hits[0]?.split(": ")[1], `0 > ${byte}`);
    }
  });

  Deno.test(`Machine.addWatchpoint ${arch}, one access that covers a larger range is one hit`, () => {
    using watched = session(arch, touch(), { load: "demand" });
    using _watchpoint = watched.machine.addWatchpoint(DATA + 0xff0n, 0x20, "write");
    assertEquals(collect(watched), [
      "instruction write 500ffd+8: 0,0,0,0,0,0,0,0 > 0,0,1,7,2,0,0,0",
    ]);
  });

  Deno.test(`Machine.addWatchpoint ${arch}, what the kernel copies in and out by instructions`, () => {
    const program = new ScriptProgram(arch).write(DATA, 0x41).write(DATA + 1n, 0x42)
      .label("print").call(SYS.PRINT, DATA, 2)
      .call(SYS.TASK_INFO, 1, DATA + 0x100n, 24).expect(0, 1)
      .exit(0);
    using watched = session(arch, program, { load: "demand" });
    const { machine } = watched;
    using _read = machine.addWatchpoint(DATA + 1n, 1, "read");
    using _write = machine.addWatchpoint(DATA + 0x100n, 64, "write");
    const seen: string[] = [];
    collect(watched, ({ pc, access, by }) => {
      seen.push(`${by} ${access} ${pc >= machine.kernel.arch.directMap ? "in the kernel" : ""}`);
    });
    assertEquals(watched.console("script"), "AB");
    assertEquals(watched.ending("script"), "exit 0");
    assertEquals(seen.filter((what) => what.includes("read")), ["instruction read in the kernel"]);
    assertEquals(new Set(seen.slice(1)), new Set(["instruction write in the kernel"]));
    assert(seen.length > 1);
  });

  Deno.test(`Machine.addWatchpoint ${arch}, every write to kernel memory with its true values`, () => {
    using watched = session(arch, "threads", { quantum: 500, load: "demand" });
    const { machine } = watched;
    const k = machine.kernel;
    while (machine.threads.filter(({ task }) => task === "threads").length < 3) machine.run(100);
    const threads = machine.threads.filter(({ task }) => task === "threads").slice(0, 2);
    const by = new Set<string>();
    const size = k.arch.image.constant("TH_SIZE") - k.arch.image.constant("TH_FP");
    const shadows = threads.map(({ address }) => {
      const length = Math.min(size, 4096 - Number(address & 0xfffn));
      const shadow = k.memory.slice(k.kernelSpace.physical(address), length).slice();
      machine.addWatchpoint(address, length, "write");
      return { address, shadow };
    });
    const check = (when: string) => {
      for (const { address, shadow } of shadows) {
        const now = k.memory.slice(k.kernelSpace.physical(address), shadow.length);
        assertEquals(shadow, now.slice(), when);
      }
    };
    let count = 0;
    for (let result = machine.run(); result.kind === "watchpoint"; result = machine.run()) {
      for (const hit of result.hits) {
        by.add(hit.by);
        const place = shadows.find(({ address }) => address === hit.watchpoint.address);
        assert(place !== undefined);
        const at = Number(hit.address - place.address);
        assertEquals(place.shadow.slice(at, at + hit.size), hit.before, "before");
        place.shadow.set(hit.value, at);
      }
      check(`hit ${++count}`);
    }
    check("at the end");
    assert(count > 100, String(count));
    const expected = arch === "x86_64"
      ? ["cpu", "instruction", "kernel"]
      : ["instruction", "kernel"];
    assertEquals([...by].sort(), expected);
  });

  Deno.test(`Machine.addWatchpoint ${arch}, streams and clocks are those without`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    for (const program of ["threads", "module-hello", "fpmix", "mapfile", "jobs", "unwind"]) {
      const options = { quantum: 700, load: "demand" as const };
      using plain = session(arch, program, options);
      plain.finish();
      using watched = session(arch, program, options);
      const { machine } = watched;
      const { segments } = parseElf(programFile(program, arch));
      const at = segments.find(({ flags, type }) => type === 1 && (flags & 2) !== 0) ?? segments[0];
      machine.addWatchpoint(at?.vaddr ?? 0n, 64, "access");
      machine.addWatchpoint(machine.kernel.arch.userEnd - 0x400n, 0x200, "write");
      let hits = 0;
      for (;;) {
        const result = machine.run(1 + hits % 5000);
        hits++;
        if (result.kind === "halted") break;
      }
      assert(hits > 3);
      assertEquals(watched.json, plain.json, program);
      assertEquals(machine.cpu.instructions, plain.machine.cpu.instructions);
    }
  });

  Deno.test(`Machine.addWatchpoint ${arch}, one task of two that have the same addresses`, () => {
    const bytes = touch().build();
    const programs = ["one", "two"].map((commandLine) => ({ commandLine, bytes }));
    const count = (task?: string): number => {
      using watched = new Session({ arch, programs, quantum: 300, load: "demand" });
      const { machine } = watched;
      using first = new Session({ arch, programs, quantum: 300, load: "demand" });
      first.finish();
      const id = task === undefined ? undefined : first.task(task).id;
      machine.addWatchpoint(DATA + 3n, 1, "write", id === undefined ? {} : { task: id });
      let hits = 0;
      collect(watched, (hit) => {
        if (id !== undefined) assertEquals(hit.task, id);
        hits++;
      });
      assertEquals(watched.json, first.json);
      return hits;
    };
    assertEquals([count("one"), count("two"), count()], [1, 1, 2]);
  });

  Deno.test(`Machine.addWatchpoint ${arch}, a breakpoint at the next instruction comes after it`, () => {
    const program = touch();
    const next = program.addressOf("read");
    using watched = session(arch, program, { load: "demand" });
    const { machine } = watched;
    using _breakpoint = machine.addBreakpoint(next);
    using watchpoint = machine.addWatchpoint(DATA + 3n, 1, "write");
    assertEquals(machine.run().kind, "watchpoint");
    const { instructions } = machine.cpu;
    assertEquals(machine.run(), { kind: "breakpoint", address: next });
    assertEquals(machine.cpu.instructions, instructions);
    watchpoint[Symbol.dispose]();
    watchpoint[Symbol.dispose]();
    assertEquals(machine.run().kind, "halted");
  });

  Deno.test(`Machine.addWatchpoint ${arch}, stays over a restore and hits again`, () => {
    using watched = session(arch, touch(), { load: "demand" });
    const { machine } = watched;
    machine.run(500);
    const snapshot = machine.snapshot();
    machine.addWatchpoint(DATA + 3n, 1, "write");
    const first = machine.run();
    assert(first.kind === "watchpoint");
    const clock = machine.cpu.instructions;
    machine.restore(snapshot);
    const second = machine.run();
    assert(second.kind === "watchpoint");
    assertEquals([second.hits.map(describe), machine.cpu.instructions], [
      first.hits.map(describe),
      clock,
    ]);
    using other = Machine.from(machine.snapshot());
    assertEquals(other.run().kind, "halted");
  });

  Deno.test(`Machine.addWatchpoint ${arch}, an exception's own frames are the processor's`, () => {
    if (arch !== "x86_64") return; // AArch64 saves no state in memory
    using watched = session(arch, "threads", { load: "demand" });
    const { machine } = watched;
    while (!machine.threads.some(({ task }) => task === "threads")) machine.run(100);
    const thread = machine.threads.find(({ task }) => task === "threads");
    assert(thread !== undefined);
    machine.addWatchpoint(thread.address, 0x200, "write");
    const seen = new Set<string>();
    collect(watched, ({ by }) => void seen.add(by));
    assert(seen.has("cpu"), [...seen].join());
  });

  Deno.test(`Machine.addWatchpoint ${arch}, an atomic addition reads and writes`, () => {
    const turns = symbol(arch, "threads", "turns");
    using watched = session(arch, "threads", { load: "demand" });
    using _watchpoint = watched.machine.addWatchpoint(turns, 4, "access");
    const values: number[] = [];
    collect(watched, ({ access, size, value, by }) => {
      assertEquals([size, by], [4, "instruction"]);
      if (access === "write") values.push(new DataView(value.buffer).getUint32(0, true));
    });
    assertEquals(values, Array.from({ length: 12 }, (_, i) => i + 1));
  });
}

Deno.test("Machine.addWatchpoint, refuses what is no range, kind or task", () => {
  using machine = session("aarch64", "threads").machine;
  const cases: [unknown, unknown, unknown, unknown, string][] = [
    [-1n, 1, "read", {}, "Cannot watch address -1: expected an unsigned 64-bit address"],
    [1n << 64n, 1, "read", {}, "Cannot watch address"],
    [5, 1, "read", {}, "Cannot watch address 5: expected"],
    [0n, 0, "read", {}, "Cannot watch 0 bytes: expected an integer from 1 to 1048576"],
    [0n, 1.5, "read", {}, "Cannot watch 1.5 bytes"],
    [0n, 2 ** 20 + 1, "read", {}, "Cannot watch 1048577 bytes"],
    [(1n << 64n) - 1n, 2, "read", {}, "Cannot watch 2 bytes at 0xffffffffffffffff: expected"],
    [(1n << 63n) - 1n, 2, "read", {}, "expected a range within one half of the address space"],
    [0n, 1, "execute", {}, 'Cannot watch for "execute": expected read, write, access'],
    [0n, 1, "read", { task: -1 }, "Cannot watch task -1: expected the number of a task"],
  ];
  for (const [address, size, kind, options, message] of cases) {
    const error = assertThrows(
      () =>
        machine.addWatchpoint(
          address as bigint,
          size as number,
          kind as WatchKind,
          options as { task: number },
        ),
      KernelError,
      message,
    );
    assertEquals(error.kind, "misuse");
  }
});

Deno.test("Machine.addWatchpoint, random ranges and tasks change no stream, whatever they hit", () => {
  const random = new Random(77);
  for (let round = 0; round < 5; round++) {
    const arch = random.pick(ARCH_NAMES);
    const programs = [random.pick(["threads", "sleeper", "bad"]), random.pick(["fpmix", "unwind"])];
    const options = {
      programs,
      quantum: random.between(300, 3000),
      seed: random.between(0, 1000),
      load: random.pick(["copyout", "demand"] as const),
    };
    using plain = new Session({ arch, ...options });
    plain.finish();
    using watched = new Session({ arch, ...options });
    const { machine } = watched;
    const { kernelSpace, arch: { userEnd } } = machine.kernel;
    const places = [
      0x400000n,
      userEnd - 0x1000n,
      kernelSpace.virtual(machine.kernel.memory.base),
      machine.threads[0]?.address ?? 0n,
    ];
    for (let i = 0; i < 4; i++) {
      const address = random.pick(places) + BigInt(random.between(0, 0xfff));
      const kind = random.pick(["read", "write", "access"] as const);
      const task = random.chance(0.5) ? { task: random.between(0, 3) } : {};
      machine.addWatchpoint(address, random.between(1, 300), kind, task);
    }
    for (let stops = 0;; stops++) {
      const result = machine.run(stops < 200 ? random.between(1, 3000) : BUDGET);
      if (result.kind === "halted") break;
    }
    assertEquals(watched.json === plain.json, true, `${arch} ${programs}`);
    assertEquals(machine.cpu.instructions, plain.machine.cpu.instructions);
  }
});
