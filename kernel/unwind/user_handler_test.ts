// Walks of a program that is in its exception handler.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { STATE } from "../../arch/exception_state.ts";
import { machineRegisters } from "../../unwind/cfi/mod.ts";
import { type Frame, FrameIterator, RegisterSet } from "../../unwind/walk/mod.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { Machine } from "../machine.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot/mod.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import type { Thread } from "../thread/thread.ts";
import { taskMemory } from "./unwind_stack.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

/** The stack frames of a thread whose registers a function tells by name. */
function walk(machine: Machine, thread: Thread, register: (name: string) => bigint): Frame[] {
  const { kernel } = machine;
  const registers = new RegisterSet(kernel.arch.elfMachine);
  const { names } = machineRegisters(kernel.arch.elfMachine);
  const { programCounter, stackPointer } = registers.numbers;
  for (const [number, name] of names.entries()) {
    if (name !== undefined && kernel.arch.registerNames.includes(name)) {
      registers.set(number, register(name));
    }
  }
  registers.set(programCounter, register("pc"));
  registers.set(stackPointer, register("sp"));
  const { modules } = thread.task.code;
  const memory = taskMemory(kernel, thread.task);
  return [...new FrameIterator({ registers, memory, modules }, { maxFrames: 100 })];
}

/** Registers of the record that a thread's handler was given. */
function recorded(machine: Machine, state: Uint8Array): (name: string) => bigint {
  const { registers } = machine.kernel.arch.exceptionState;
  const view = new DataView(state.buffer, state.byteOffset);
  return (name) => {
    const at = name === "pc"
      ? STATE.pc
      : name === "sp"
      ? STATE.sp
      : STATE.registers + 8 * registers.indexOf(name);
    return at < STATE.pc ? 0n : view.getBigUint64(at, true);
  };
}

const shown = (frames: readonly Frame[]) =>
  frames.map(({ pc, cfa, function: named, certainty, source }) =>
    `${pc.toString(16)} ${named?.name} ${cfa?.toString(16)} ${certainty} ${source}`
  );

function inHandler(machine: Machine): Thread | null {
  const { kernel, cpu } = machine;
  if (!cpu.userMode) return null;
  const thread = kernel.cpus[0]?.current;
  const handling = thread?.handling ?? null;
  if (thread === undefined || handling === null) return null;
  return cpu.sp >= handling.bottom && cpu.sp <= handling.top ? thread : null;
}

function session(arch: ArchName): Session {
  return new Session({ arch, programs: ["handlers threads"], quantum: 300, seed: 5 });
}

/** What each case of `handlers-cxx` prints, and how it ends. */
const UNWOUND: readonly (readonly [name: string, lines: readonly string[], ending: RegExp])[] = [
  ["throws", [
    ...["thrower", "handler", "read", "outer", "caught"],
    ...["thrower", "handler", "read", "outer", "caught", "main"],
  ], /^exit 0$/],
  ["nests", [
    ...["thrower", "handler", "caught in handler", "read", "outer", "main"],
  ], /^killed: read of 0x8: not mapped, at 0x[0-9a-f]+$/],
  ["declines", ["handler", "read", "outer", "main"], /^killed: read of 0x8: not mapped, at/],
  // The stack frames of a handler that has failed are not unwound.
  [
    "faults",
    ["read", "outer", "main"],
    /^killed: read of 0x8: .*; its handler failed: read of 0x18: not mapped, at 0x[0-9a-f]+$/,
  ],
  ["spins", ["spinning", "handler", "read", "outer", "main"], /^killed: terminated by jobs$/],
];

for (const arch of ARCH_NAMES) {
  for (const [name, lines, ending] of UNWOUND) {
    Deno.test(`raiseUserException ${arch}, C++ whose handler ${name} is unwound through it`, () => {
      const programs = [`handlers-cxx ${name}`, ...(name === "spins" ? ["jobs kill 1"] : [])];
      using s = new Session({ arch, programs });
      const audit = new Audit(s.machine);
      assertEquals(s.finish().reason, "all tasks have ended");
      assertEquals(s.console("handlers-cxx").trimEnd().split("\n"), [...lines]);
      assertMatch(s.ending("handlers-cxx"), ending);
      audit.check();
    });
  }

  Deno.test(`raiseUserException ${arch}, walks go through a handler at each of its instructions`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    using s = session(arch);
    const { machine } = s;
    const functions = new Set<string | undefined>();
    let checked = 0;
    while (checked < 3000 && machine.halted === null) {
      machine.run(1);
      const thread = inHandler(machine);
      if (thread?.handling === null || thread?.handling === undefined) continue;
      const { cpu } = machine;
      const live = walk(
        machine,
        thread,
        (name) => name === "pc" ? cpu.pc : name === "sp" ? cpu.sp : cpu.register(name),
      );
      const { state, top } = thread.handling;
      // What the handler has made of the record so far.
      const now = machine.readMemory(top - BigInt(state.length), state.length);
      const outer = walk(machine, thread, recorded(machine, now));
      const entry = live.findIndex((frame) => frame.function?.name === "exception_entry");
      assertEquals(shown(live.slice(entry + 1)), shown(outer), shown(live).join("\n"));
      assertEquals(live[entry + 1]?.interrupted, true);
      if (recorded(machine, now)("pc") !== recorded(machine, state)("pc")) continue;
      assert(live.every(({ certainty }) => certainty === "exact"), shown(live).join("\n"));
      assertEquals(live[entry + 1]?.function?.name, "load_word");
      functions.add(live[0]?.function?.name);
      checked++;
    }
    assertEquals([...functions].sort(), ["count_turns", "exception_entry"]);
  });

  Deno.test(`Machine ${arch}, a snapshot in a handler goes on the same in another machine`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    using s = session(arch);
    const { machine } = s;
    let stops = 0;
    for (let i = 0; i < 20_000 && stops < 5; i++) {
      machine.run(37);
      if (inHandler(machine) === null) continue;
      stops++;
      const file = encodeSnapshot(machine.snapshot());
      using other = Machine.from(decodeSnapshot(file));
      const audit = new Audit(other);
      assertEquals(encodeSnapshot(other.snapshot()), file);
      assertEquals(other.run(20_000_000), { kind: "halted", reason: "all tasks have ended" });
      assertEquals(other.kernel.task(1).status, { kind: "exit", code: 0 });
      audit.check();
    }
    assert(stops === 5, `${stops} stops in a handler`);
  });

  Deno.test(
    `coro_setup_trap_trampoline ${arch}, a walk from a coroutine that trapped reaches the first function at each instruction`,
    { ignore: leftToFull(arch === "aarch64") },
    () => {
      using s = new Session({ arch, programs: ["coroutines nested"] });
      const { machine } = s;
      const { cpu, kernel } = machine;
      const until = (type: KernelEvent["type"]) => {
        while (s.of(type).length === 0 && machine.halted === null) machine.run(200);
      };
      until("handler-entry");
      const seen = new Set<string | undefined>();
      let ending = 0;
      for (let checked = 0; checked < 20_000 && machine.halted === null;) {
        machine.run(1);
        const thread = kernel.cpus[0]?.current;
        if (!cpu.userMode || thread === undefined || cpu.pc >= kernel.arch.userEnd) continue;
        const handling = inHandler(machine)?.handling;
        if (handling !== undefined && handling !== null) {
          // Half of the registers in the record may be those that it is to go on with.
          const { state, top } = handling;
          const now = machine.readMemory(top - BigInt(state.length), state.length);
          if (recorded(machine, now)("pc") !== recorded(machine, state)("pc")) continue;
        }
        const frames = walk(
          machine,
          thread,
          (name) => name === "pc" ? cpu.pc : name === "sp" ? cpu.sp : cpu.register(name),
        );
        checked++;
        const names = frames.map((frame) => frame.function?.name);
        const sure = frames.every(({ certainty }) => certainty === "exact");
        assert(sure && names.at(-1) === "_start", shown(frames).join("\n"));
        const at = names.indexOf("end_trapped");
        // Its last instructions are on the parent's stack.
        const isOnParent = names[at + 1] === "coro_switch_and_link";
        if (at >= 0 && !isOnParent) {
          const outer = ["coro_init_trampoline", "coro_switch_and_link", "coro_run"];
          assertEquals(names.slice(at + 1, at + 4), outer);
          ending++;
        }
        seen.add(names[0]);
      }
      for (const name of ["exception_entry", "handle", "end_trapped", "count_drop", "coro_run"]) {
        assert(seen.has(name), `${name} of ${[...seen].join()}`);
      }
      assert(ending > 100, `${ending} instructions at the base of a stack`);
    },
  );
}
