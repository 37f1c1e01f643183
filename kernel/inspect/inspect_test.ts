// What a debugger sees beside memory: registers, tasks, output, and everything in a few lines.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import { backtrace } from "../../unwind/walk/mod.ts";
import { CONSOLE_KEPT } from "../console.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot/mod.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { programFrame, registersOf, taskMemory } from "../unwind/unwind_stack.ts";

const PC = { x86_64: "rip", aarch64: "pc" } as const;

/** Stops where a function of the only program is next. */
function stopped(arch: ArchName, program: string, name: string): Session {
  const session = new Session({ arch, programs: [program] });
  const found = parseElf(programFile(program.split(" ")[0] ?? "", arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  using _ = session.machine.addBreakpoint(found.value);
  assertEquals(session.machine.run(), { kind: "breakpoint", address: found.value });
  return session;
}

for (const arch of ARCH_NAMES) {
  const pc = PC[arch];

  Deno.test(`Machine.registers ${arch}, a program's are the CPU's while it runs`, () => {
    using session = stopped(arch, "threads", "main");
    const { machine } = session;
    const thread = machine.kernel.cpus[0]?.current.id ?? -1;
    const registers = machine.registers();
    assertEquals(Object.keys(registers), [...machine.kernel.arch.registerNames]);
    assertEquals(registers[pc], machine.cpu.pc);
    assertEquals(machine.registers({ thread }), registers);
  });

  Deno.test(`Machine.registers ${arch}, in the kernel a program's are where it will go on`, () => {
    using session = stopped(arch, "threads", "main");
    const { machine } = session;
    const thread = machine.kernel.cpus[0]?.current.id ?? -1;
    let before = machine.registers();
    const calls = session.of("syscall").length;
    while (session.of("syscall").length === calls) {
      if (machine.cpu.userMode) before = machine.registers();
      machine.run(1);
    }
    const saved = machine.registers({ thread });
    const size = arch === "aarch64" ? 4n : 2n;
    assertEquals(saved[pc], (before[pc] ?? 0n) + size, "behind the system call");
    assert(machine.registers()[pc] !== saved[pc]);
    const callee = arch === "aarch64" ? ["x19", "x29", "sp"] : ["rbx", "rbp", "rsp"];
    for (const name of callee) assertEquals(saved[name], before[name], name);
  });

  Deno.test(`Machine.registers ${arch}, a program's are whole while a trap saves them`, () => {
    using session = stopped(arch, "threads", "main");
    const { machine } = session;
    const { cpu, kernel } = machine;
    const thread = kernel.cpus[0]?.current;
    assert(thread !== undefined);
    machine.injectInterrupt(3);
    let saving: Record<string, bigint>[] = [];
    let [traps, checked] = [0, 0];
    for (let i = 0; i < 20_000 && traps < 12; i++) {
      machine.run(1);
      const isHere = kernel.cpus[0]?.current === thread && !cpu.userMode;
      const { pc: at } = cpu;
      if (isHere && kernel.arch.frameSavers.some(({ begin, end }) => at >= begin && at < end)) {
        saving.push(machine.registers({ thread: thread.id }));
      } else saving = [];
      const code = machine.readMemory(at, kernel.arch.maxInstructionSize);
      if (saving.length === 0 || kernel.arch.flow(code) !== "hypercall") continue;
      // The frame is whole now, and nobody has changed it yet.
      const frame = programFrame(kernel, thread);
      const whole = Object.fromEntries(
        kernel.arch.registerNames.map((name) => [name, frame.register(name)]),
      );
      for (const each of saving) assertEquals({ ...each }, whole, `before ${machine.now}`);
      checked += saving.length;
      traps++;
      saving = [];
    }
    assert(traps === 12 && checked > 12 * 15, `${traps} traps, ${checked} instructions`);
  });

  Deno.test(`Machine.setRegister ${arch}, the program goes on with what it was given`, () => {
    using session = stopped(arch, "threads", "main");
    const { machine } = session;
    const { kernel, cpu } = machine;
    const thread = kernel.cpus[0]?.current.id ?? -1;
    const name = kernel.arch.registerNames[7] ?? "";
    machine.setRegister(name, 0x1234n, { thread });
    assertEquals([machine.registers()[name], cpu.register(name)], [0x1234n, 0x1234n]);
    machine.injectInterrupt(2);
    machine.step();
    const saving = assertThrows(() => machine.setRegister(name, 1n, { thread }), KernelError);
    assertEquals(saving.message.endsWith("its registers are being saved"), true);
    while (kernel.arch.frameSavers.some(({ begin, end }) => cpu.pc >= begin && cpu.pc < end)) {
      machine.step();
    }
    assertEquals(machine.registers({ thread })[name], 0x1234n);
    machine.setRegister(name, 0x5678n, { thread });
    while (!cpu.userMode) machine.step();
    assertEquals(cpu.register(name), 0x5678n);
    const error = assertThrows(() => machine.setRegister("xyz", 0n), KernelError);
    assertEquals([error.kind, error.message.slice(0, 36)], [
      "misuse",
      'Cannot set register "xyz": expected ',
    ]);
  });

  Deno.test(`Machine.registers ${arch}, threads without a program have none`, () => {
    using session = stopped(arch, "threads", "main");
    const error = assertThrows(() => session.machine.registers({ thread: 2 }), KernelError);
    assertEquals([error.kind, error.message], [
      "misuse",
      "Cannot read the registers of thread 2 of gnumach: it has no program to run",
    ]);
  });

  Deno.test(`Machine.registers ${arch}, a kernel-mode task's program has its own`, async () => {
    const module = await unwindProgram(arch, { args: "throw 0", mode: "kernel" });
    using machine = new Machine({ arch: archByName(arch), modules: [module] });
    const main = parseElf(module.bytes).symbolNamed("main")?.value ?? 0n;
    using _ = machine.addBreakpoint(main);
    assertEquals(machine.run().kind, "breakpoint");
    const thread = machine.kernel.cpus[0]?.current.id ?? -1;
    assertEquals(machine.registers({ thread })[pc], main);
    const { programRegion } = machine.kernel.arch;
    for (let i = 0; i < 200; i++) {
      machine.run(10);
      if (machine.kernel.cpus[0]?.current.id !== thread) continue;
      const at = machine.registers({ thread })[pc] ?? 0n;
      assert(at >= programRegion, `thread at 0x${at.toString(16)} after ${machine.now}`);
    }
  });

  Deno.test(`Machine.tasks ${arch}, tell how tasks end and what they have mapped`, () => {
    using session = new Session({ arch, programs: ["spinner 5", "bad read-null"] });
    const { machine } = session;
    assertEquals(machine.tasks.map(({ id, name, mode }) => [id, name, mode]), [
      [0, "gnumach", "kernel"],
    ]);
    session.finish();
    const [, spinner, bad] = machine.tasks;
    assertEquals([spinner?.status, spinner?.mode], [{ kind: "exit", code: 0 }, "user"]);
    assertEquals(bad?.status?.kind, "killed");
    assertEquals(structuredClone(machine.tasks), machine.tasks);
    using running = stopped(arch, "threads", "main");
    const [, task] = running.machine.tasks;
    const { kernel } = running.machine;
    assertEquals(task?.residentPages, kernel.task(1).space?.residentCount);
    assertEquals(
      task?.mappings.map(({ begin, end }) => [begin, end]),
      kernel.task(1).space?.entries.map(({ begin, end }) => [begin, end]),
    );
    const { pc } = running.machine.cpu;
    const code = task?.mappings.find(({ begin, end }) => pc >= begin && pc < end);
    assert(code?.protection.endsWith("x") ?? arch === "x86_64");
  });

  Deno.test(`Machine.console ${arch}, has what the events say, by task and in order`, () => {
    using session = new Session({
      arch,
      programs: ["spinner 50", "threads", "spinner 60"],
      quantum: 300,
    });
    const { machine } = session;
    session.finish();
    assertEquals(machine.console.text(), session.console());
    assertEquals(machine.console.text("threads"), session.console("threads"));
    assertEquals(machine.console.text(3), "spinner: 60 turns\n");
    assertEquals(machine.console.text("gnumach"), "");
    assertEquals(machine.console.bytes(1), new TextEncoder().encode("spinner: 50 turns\n"));
  });

  Deno.test(`Machine.console ${arch}, goes back with the machine, and into files`, () => {
    using session = new Session({ arch, programs: ["module-hello"] });
    const { machine } = session;
    while (!machine.console.text().includes("module")) machine.run(100);
    const snapshot = machine.snapshot();
    const early = machine.console.text();
    session.finish();
    const whole = machine.console.text();
    machine.restore(snapshot);
    assertEquals(machine.console.text(), early);
    using other = Machine.from(decodeSnapshot(encodeSnapshot(snapshot)));
    assertEquals(other.console.text("module-hello"), early);
    other.run();
    assertEquals(other.console.text(), whole);
  });

  Deno.test(`Deno.inspect ${arch}, a machine and its parts are a few lines`, () => {
    using session = stopped(arch, "threads", "main");
    const { machine } = session;
    const { kernel } = machine;
    const thread = kernel.cpus[0]?.current;
    assert(thread !== undefined);
    const [first, cpu, ...tasks] = Deno.inspect(machine).split("\n");
    assertEquals(first, `Machine ${arch}, 16 MiB, policy rr, time ${machine.now}`);
    const at = `0x${machine.cpu.pc.toString(16)}`;
    assertEquals(cpu, `  CPU 0 at ${at} main in user mode, thread ${thread.id} of threads`);
    assertEquals(tasks[0], "  Task 0 gnumach: alive, 9 threads, in the kernel");
    assertEquals(
      tasks[1],
      `  Task 1 threads: alive, 1 thread, ${machine.tasks[1]?.residentPages} pages`,
    );
    assertEquals(Deno.inspect(kernel), `Kernel of\n${Deno.inspect(machine)}`);
    const dump = Deno.inspect(machine.cpu).split("\n");
    assert(dump[0]?.startsWith(`CPU ${arch} in user mode, interrupts on, `), dump[0]);
    assert(dump.length < 12 && dump.at(-1)?.includes(machine.cpu.pc.toString(16)), dump.at(-1));
    assert(
      Deno.inspect(thread).startsWith(`Thread ${thread.id} of threads: running, `),
      Deno.inspect(thread),
    );
    assertEquals(Deno.inspect(thread.task), `Task 1 threads: alive, threads ${thread.id}`);
    assert(Deno.inspect(kernel.cpus[0]).startsWith(`CPU 0: Thread ${thread.id} of threads`));
    assert(Deno.inspect(kernel.userFrame(thread)).startsWith("Trap frame at 0xffff"));
    assert(Deno.inspect(machine.registers()).startsWith("Registers\n  "));
    for (const thing of [kernel.thread(2), kernel.tasks, machine.console]) {
      assert(Deno.inspect(thing).split("\n").length < 10);
    }
  });

  Deno.test(`Deno.inspect ${arch}, a frame of a program's stack is a line`, () => {
    using session = stopped(arch, "module-hello", "append");
    const { kernel } = session.machine;
    const { current } = kernel.cpus[0] ?? {};
    assert(current !== undefined);
    // One instruction on the way into the kernel the trap frame has it all.
    session.machine.injectInterrupt(3);
    session.machine.run(150);
    const { frames } = backtrace({
      registers: registersOf(kernel, programFrame(kernel, current)),
      memory: taskMemory(kernel, current.task),
      modules: current.task.code.modules,
    });
    const [inner, outer] = frames.map((frame) => Deno.inspect(frame));
    const at = frames[0]?.pc.toString(16);
    assert(inner?.startsWith(`#0 0x${at} append+0x0 of module-hello, CFA 0x`), inner);
    assert(inner?.endsWith(", call frame by eh_frame"), inner);
    assert(outer?.includes(" say_started+0x"), outer);
    const registers = Deno.inspect(frames[0]?.registers);
    assert(
      registers.startsWith(`Registers ${arch}, `) &&
        registers.includes(frames[0]?.pc.toString(16) ?? "?"),
      registers,
    );
  });

  Deno.test(`Deno.inspect ${arch}, a machine that was disposed of can be shown`, () => {
    const session = stopped(arch, "threads", "main");
    session[Symbol.dispose]();
    const text = Deno.inspect([session.machine, session.machine.cpu]);
    assert(/dispose|closed/.test(text), text);
  });
}

Deno.test("Console, of very much output the last is kept", () => {
  using session = new Session({ arch: "x86_64", programs: ["threads"] });
  const { console } = session.machine.kernel;
  for (let i = 0; i < 40; i++) console.write(1, "x".repeat(99_999) + "\n");
  console.write(1, "the end \xe2\x82\xac\n");
  const text = session.machine.console.text();
  assert(text.endsWith("\nthe end €\n"));
  assert(text.length >= CONSOLE_KEPT && text.length < 2 * CONSOLE_KEPT, `${text.length}`);
});
