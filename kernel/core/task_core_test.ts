// Core files of tasks, read back by our own reader: the same threads, registers, stack frames and
// memory as the machine has. What gdb and elfutils read is compared by `deno task oracle`.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { elfNotes, loadSegments, parseElf } from "../../elf/mod.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import { SIGNAL } from "../../trace/signals.ts";
import { type CoreProcess, readCore } from "../../debug/core/mod.ts";
import { walkInput } from "../../debug/target/mod.ts";
import { backtrace, type Frame } from "../../unwind/walk/mod.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { ScriptProgram, SYS } from "../testing/script_program.ts";
import { taskMemory } from "../unwind/unwind_stack.ts";
import { fpStateOf } from "./fp_state.ts";

const NT_FPREGSET = 2;
const NT_SIGINFO = 0x53494749;

/** A core of the only program, as our reader has it. */
function read(session: Session, name: string, arch: ArchName): CoreProcess {
  const bytes = session.machine.core({ task: 1 });
  const open = (path: string) => path === name ? programFile(name, arch) : undefined;
  return readCore(bytes, { open }).process;
}

function shown(frames: readonly Frame[]) {
  return frames.map(({ pc, cfa, certainty, function: named }) => [pc, cfa, certainty, named]);
}

/** Runs to where a function of the program is next. */
function runTo(session: Session, arch: ArchName, program: string, name: string): void {
  const found = parseElf(programFile(program, arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  using _ = session.machine.addBreakpoint(found.value);
  assertEquals(session.machine.run(), { kind: "breakpoint", address: found.value });
}

/** Content of the first note of a type. */
function noteOf(core: Uint8Array, type: number): Uint8Array | undefined {
  return [...elfNotes(parseElf(core))].find((note) => note.type === type)?.bytes;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.core ${arch}, has every thread's registers and stack frames`, () => {
    using session = new Session({ arch, programs: ["threads"], quantum: 700 });
    const { machine } = session;
    const { kernel: k } = machine;
    runTo(session, arch, "threads", "work");
    let most = 0;
    for (let instant = 0; instant < 40; instant++) {
      machine.run(311);
      if (machine.tasks[1]?.status !== null) break;
      const core = read(session, "threads", arch);
      const alive = k.threadsOf(k.task(1)).filter((each) =>
        each.userReady && each.state !== "dead"
      );
      most = Math.max(most, alive.length);
      assertEquals(
        core.threads.map(({ id }) => id).toSorted((a, b) => a - b),
        alive.map(({ id }) => id),
      );
      const running = alive.find(({ state }) => state === "running");
      assertStrictEquals(core.threads[0]?.id, (running ?? alive[0])?.id);
      assertEquals(core.missing, []);
      for (const { id, registers, signal } of core.threads) {
        assertStrictEquals(signal, 0);
        const wanted = machine.registers({ thread: id });
        for (const [name, value] of Object.entries(wanted)) {
          const number = name === "pc" || name === "rip"
            ? registers.numbers.programCounter
            : registers.numbers.names.indexOf(name);
          if (number >= 0) assertStrictEquals(registers.get(number), value, `${name} of ${id}`);
        }
        const walk = (memory: CoreProcess["memory"], modules: CoreProcess["modules"]) =>
          shown(backtrace({ registers, memory, modules }).frames);
        const task = k.task(1);
        const frames = walk(core.memory, core.modules);
        assertEquals(frames, walk(taskMemory(k, task), task.code.modules));
        assert(frames.length > 0);
      }
    }
    assertStrictEquals(most, 5);
  });

  Deno.test(`Machine.core ${arch}, is the same bytes, and of snapshots too`, () => {
    using session = new Session({ arch, programs: ["tls"] });
    session.machine.run(30_000);
    const core = session.machine.core({ task: "tls" });
    assertEquals(session.machine.core({ task: "tls" }), core);
    using again = Machine.from(session.machine.snapshot());
    assertEquals(again.core({ task: "tls" }), core);
  });

  Deno.test(`Machine.core ${arch}, has the memory that is there, and names the rest`, () => {
    using session = new Session({ arch, programs: ["threads"], load: "demand" });
    const { machine } = session;
    runTo(session, arch, "threads", "_start");
    const file = parseElf(machine.core({ file: "/somewhere/threads" }));
    const [task] = machine.tasks.slice(1);
    const spans = loadSegments(file).map(({ vaddr, memSize }) => [vaddr, vaddr + memSize]);
    // Segments cover what is mapped, in order and without gaps.
    let at = 0;
    for (const { begin, end } of task?.mappings ?? []) {
      let from = begin;
      for (; from < end; at++) {
        assertStrictEquals(spans[at]?.[0], from);
        from = spans[at]?.[1] ?? 0n;
      }
      assertStrictEquals(from, end);
    }
    assertStrictEquals(at, spans.length);
    const resident = machine.kernel.task(1).space?.pages;
    const absent: bigint[] = [];
    let pages = 0;
    for (const segment of loadSegments(file)) {
      const bytes = file.segmentData(segment);
      for (let i = 0; i < bytes.length; i += 4096) {
        const page = segment.vaddr + BigInt(i);
        pages++;
        if (resident?.has(page) !== true) absent.push(page);
      }
      assert(bytes.length === 0 || BigInt(bytes.length) === segment.memSize);
      assertEquals(bytes, machine.readMemory(segment.vaddr, bytes.length, { task: 1 }));
    }
    // What has the file's header, and the last page of its code, in which zeros follow.
    const code = task?.mappings.find(({ protection }) => protection === "r-x");
    assertEquals(
      absent,
      [0x400000n, (code?.end ?? 0n) - 4096n].filter((page) => !resident?.has(page)),
    );
    assert(absent.length > 0 && pages > absent.length, `${absent} ${pages}`);
    const { process: { modules } } = readCore(file.bytes, {
      open: (path) => path === "/somewhere/threads" ? programFile("threads", arch) : undefined,
    });
    assertEquals(modules.modules.map(({ name, bias }) => [name, bias]), [
      ["/somewhere/threads", 0],
    ]);
  });

  Deno.test(`Machine.core ${arch}, has every thread's floating-point registers at any instruction`, () => {
    using session = new Session({ arch, programs: ["fpmix"], quantum: 900 });
    const { machine } = session;
    const { kernel: k } = machine;
    let switches = 0;
    let steps = 0;
    using _ = machine.addBreakpoint(k.arch.image.symbol("fp_swap"));
    const states = () =>
      new Map(
        k.threadsOf(k.task(1)).map((each) => [each.id, k.arch.core.fpState(fpStateOf(k, each))]),
      );
    while (switches < 4) {
      assertEquals(machine.run().kind, "breakpoint");
      const owner = k.cpus[0]?.fpOwner;
      assert(owner?.task.id === 1);
      const before = states();
      // Nobody's state changes on the way to user mode.
      while (!machine.cpu.userMode) {
        machine.run(1);
        assertEquals(states(), before, `after ${machine.now}`);
        steps++;
      }
      assert(k.cpus[0]?.fpOwner !== owner);
      // What the guest itself has saved is what was read from the CPU.
      const { fp } = k.layout;
      const { fpSize } = k.arch.core;
      const saved = machine.readMemory(owner.address + BigInt(fp), fpSize);
      assertEquals(k.arch.core.fpState(saved), before.get(owner.id));
      assert(saved.subarray(0, 128).some((byte) => byte !== 0));
      switches++;
    }
    assert(steps > 4 * (arch === "aarch64" ? 70 : 25), `${steps}`);
    const note = noteOf(machine.core(), NT_FPREGSET);
    assertStrictEquals(note?.length, arch === "aarch64" ? 528 : 512);
  });

  Deno.test(`Machine.core ${arch}, a thread pointer is the thread's own`, () => {
    using session = new Session({ arch, programs: ["tls"], quantum: 500 });
    const { machine } = session;
    const { kernel: k } = machine;
    const seen = new Map<number, bigint>();
    let together = 0;
    while (machine.run(199).kind === "paused") {
      const able = k.tasks[1]?.status === null && k.threadsOf(k.task(1)).some((t) => t.userReady);
      if (!able) continue;
      const set = pointers(machine.core({ task: 1 }), arch).filter(({ pointer }) => pointer !== 0n);
      assertStrictEquals(new Set(set.map(({ pointer }) => pointer)).size, set.length);
      together = Math.max(together, set.length);
      for (const { id, pointer } of set) {
        assertStrictEquals(seen.get(id) ?? pointer, pointer, `thread ${id} at ${machine.now}`);
        seen.set(id, pointer);
      }
    }
    assertEquals([together, seen.size], [4, 7]);
  });

  Deno.test(`Machine.core ${arch}, in a sink says what a program dies of`, () => {
    const cases = [
      ["read-null", SIGNAL.SEGV, 1, 0n],
      ["write-text", SIGNAL.SEGV, 2, null],
      ["undefined", SIGNAL.ILL, 1, null],
      ["breakpoint", SIGNAL.TRAP, 1, null],
    ] as const;
    for (const [args, signal, code, address] of cases) {
      using session = new Session({ arch, programs: [`bad ${args}`] });
      const { machine } = session;
      let core: Uint8Array | undefined;
      machine.kernel.events.connect([{
        write(event) {
          if (event.type === "task-exit") core = machine.core({ task: 1 });
        },
      }]);
      session.finish();
      assert(core !== undefined);
      const [thread] = readCore(core).process.threads;
      assertStrictEquals(thread?.signal, signal, args);
      const info = noteOf(core, NT_SIGINFO);
      assert(info !== undefined, args);
      const view = new DataView(info.buffer, info.byteOffset);
      assertEquals([view.getInt32(0, true), view.getInt32(8, true)], [signal, code], args);
      const wanted = address ?? (args === "write-text" ? null : thread?.registers.pc);
      if (wanted !== null) assertStrictEquals(view.getBigUint64(16, true), wanted, args);
    }
  });

  Deno.test(`Machine.core ${arch}, at the beginning of an unwinding says what began it`, async () => {
    const cases = { fault: SIGNAL.SEGV, panic: SIGNAL.ABRT, throw: SIGNAL.ABRT, kill: SIGNAL.KILL };
    for (const [args, signal] of Object.entries(cases)) {
      const cores: Uint8Array[] = [];
      const module = await unwindProgram(arch, { args: `${args} 0`, mode: "user" });
      using machine = new Machine({
        arch: archByName(arch),
        modules: [module],
        sinks: [{
          write(event) {
            if (event.type === "panic") cores.push(machine.core({ task: 1, file: "it" }));
          },
        }],
      });
      machine.run();
      const core = readCore(cores[0]!, { open: () => module.bytes }).process;
      assertStrictEquals(core.threads[0]?.signal, signal, args);
      assertStrictEquals(noteOf(cores[0]!, NT_SIGINFO) !== undefined, args === "fault");
      const names = backtrace(walkInput(core)).frames.map((frame) => frame.function?.name);
      assert(names.includes("main"), names.join());
    }
  });

  Deno.test(`Machine.core ${arch}, tasks without one are refused`, () => {
    using session = new Session({ arch, programs: ["spinner 5", "sleeper"] });
    const { machine } = session;
    const message = (task: number | string) => {
      const error = assertThrows(() => machine.core({ task }), KernelError);
      assertStrictEquals(error.kind, "misuse");
      return error.message;
    };
    assert(message("nobody").startsWith('Cannot find task "nobody"'));
    while (machine.kernel.tasks[1]?.reaped !== true) machine.run(100);
    assert(/^Cannot write a core of task 1 spinner: it has ended/.test(message(1)), message(1));
  });

  Deno.test(`Machine.core ${arch}, of very much that is mapped is small`, () => {
    const program = new ScriptProgram(arch).call(SYS.VM_ALLOCATE, 0, 1n << 36n).call(SYS.YIELD)
      .exit(0);
    using session = new Session({
      arch,
      programs: [{ commandLine: "big", bytes: program.build() }],
    });
    const { machine } = session;
    while (!session.events.some((each) => each.type === "syscall" && each.name === "yield")) {
      machine.run(100);
    }
    const core = machine.core({ task: 1 });
    assert(core.length < 100_000, `${core.length}`);
    const sizes = loadSegments(parseElf(core)).map(({ memSize }) => memSize);
    assert(sizes.includes(1n << 36n), sizes.join());
  });
}

/** The thread pointers in a core file, by thread. */
function pointers(core: Uint8Array, arch: ArchName): { id: number; pointer: bigint }[] {
  const found: { id: number; pointer: bigint }[] = [];
  for (const { type, bytes } of elfNotes(parseElf(core))) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (type === 1) {
      const pointer = arch === "x86_64" ? view.getBigUint64(112 + 8 * 21, true) : 0n;
      found.push({ id: view.getInt32(32, true), pointer });
    } else if (type === 0x401) {
      const last = found.pop();
      found.push({ id: last?.id ?? 0, pointer: view.getBigUint64(0, true) });
    }
  }
  return found;
}
