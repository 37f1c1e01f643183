// A debugger at a machine, packet by packet, on both architectures.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ArchName } from "../../../arch/arch.ts";
import { parseElf } from "../../../elf/mod.ts";
import { History } from "../../../history/mod.ts";
import type { Machine } from "../../../kernel/machine.ts";
import { ARCH_NAMES, programFile } from "../../../kernel/testing/programs.ts";
import { unwindProgram } from "../../../guest/boot_modules.ts";
import { Session as Boot } from "../../../kernel/testing/session.ts";
import { escapeBinary, hexText, latin1, readTargetXml, registersOf } from "../../protocol/mod.ts";
import { sweep } from "../../../util/testing/sweep.ts";
import { KERNEL_PROCESS } from "../names.ts";
import { REGISTER_LAYOUTS } from "../registers/mod.ts";
import { digitsOf, field, TestDebugger, wordOf } from "../testing/debugger.ts";

const KERNEL = KERNEL_PROCESS.toString(16);
const CPU = `p${KERNEL}.1`;

function symbol(arch: ArchName, program: string, name: string): string {
  const found = parseElf(programFile(program, arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  return found.value.toString(16);
}

/** Number of a register, as packets have it. */
function register(arch: ArchName, name: "pc" | "sp" | "vector" | "argument"): string {
  const names = {
    x86_64: { pc: "rip", sp: "rsp", vector: "xmm3", argument: "rdi" },
    aarch64: { pc: "pc", sp: "sp", vector: "v3", argument: "x0" },
  } as const;
  const at = REGISTER_LAYOUTS[arch].fields.findIndex((each) => each.name === names[arch][name]);
  return at.toString(16);
}

async function pcOf(client: TestDebugger, arch: ArchName): Promise<bigint> {
  return wordOf(await client.ask(`p${register(arch, "pc")}`));
}

/** A machine with a debugger who has seen its first task begin. */
async function begun(
  arch: ArchName,
  programs: readonly string[],
): Promise<{ client: TestDebugger; machine: Machine; thread: string } & AsyncDisposable> {
  const boot = new Boot({ arch, programs: [...programs] });
  const client = await TestDebugger.start(boot.machine);
  const reply = await client.untilTask();
  const thread = field(reply, "thread") ?? "";
  await client.ask(`Hg${thread}`);
  return {
    client,
    machine: boot.machine,
    thread,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      boot[Symbol.dispose]();
    },
  };
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Session ${arch}, begins at the kernel, and tells of a task as fork and exec`, async () => {
    using boot = new Boot({ arch, programs: ["threads"] });
    await using client = await TestDebugger.start(boot.machine);
    assertStringIncludes(await client.ask("?"), `thread:${CPU};`);
    assertEquals(await client.ask("qfThreadInfo"), `m${CPU},p${KERNEL}.3e8`);
    const fork = await client.ask("vCont;c");
    assertStringIncludes(fork, `thread:${CPU};`);
    const child = field(fork, "fork") ?? "";
    assert(/^p1\.[0-9a-f]+$/.test(child), fork);
    const exec = await client.ask("vCont;c");
    assertEquals(field(exec, "exec"), hexText("/tasks/1/threads"));
    assertEquals(field(exec, "thread"), child);
    // Not an instruction of it has been executed.
    const { entry } = parseElf(programFile("threads", arch));
    assertEquals([await pcOf(client, arch), boot.machine.cpu.pc], [entry, entry]);
    assert((await client.ask("qfThreadInfo")).startsWith(`m${child},${CPU}`));
    const threads = await client.ask("qXfer:threads:read::0,4000");
    assertStringIncludes(threads, `id="${child}" core="0" name="threads"`);
    assertStringIncludes(threads, `id="${CPU}" core="0" name="CPU 0"`);
    assertEquals(await client.ask("qAttached:1"), "1");
    assertEquals(await client.ask("qC"), `QC${child}`);
    // Whoever leaves the choice means the one that has stopped, whatever was selected meanwhile.
    for (const any of ["p0.0", "0"]) {
      assertEquals([await client.ask(`Hg${CPU}`), await client.ask("qC")], ["OK", `QC${CPU}`]);
      assertEquals([await client.ask(`Hg${any}`), await client.ask("qC")], ["OK", `QC${child}`]);
    }
  });

  Deno.test(`Session ${arch}, registers are those of the description, and can be written`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client, machine } = at;
    const xml = await client.ask("qXfer:features:read:target.xml:0,4000");
    const described = registersOf(await readTargetXml(() => Promise.resolve(xml.slice(1))));
    const { fields, general } = REGISTER_LAYOUTS[arch];
    assertEquals(
      described.map(({ name, size }) => [name, size]),
      fields.map((each) => [
        each.name,
        each.size,
      ]),
    );
    const all = await client.ask("g");
    assertEquals(all.length, 2 * fields.slice(0, general).reduce((sum, { size }) => sum + size, 0));
    for (const { number, offset, size } of described.slice(0, general)) {
      const one = await client.ask(`p${number.toString(16)}`);
      assertEquals(one, all.slice(2 * offset, 2 * (offset + size)));
    }
    const { sp } = machine.cpu;
    assertEquals(await client.ask(`p${register(arch, "sp")}`), digitsOf(sp));
    const argument = register(arch, "argument");
    assertEquals(await client.ask(`P${argument}=${digitsOf(0x1234_5678_9abcn)}`), "OK");
    assertEquals(machine.cpu.register(arch === "x86_64" ? "rdi" : "x0"), 0x1234_5678_9abcn);
    const vector = register(arch, "vector");
    const value = "00112233445566778899aabbccddeeff";
    assertEquals(await client.ask(`P${vector}=${value}`), "OK");
    assertEquals(await client.ask(`p${vector}`), value);
    // All at once, and back again: nothing is lost on the way.
    const changed = await client.ask("g");
    assertEquals(await client.ask(`G${all}`), "OK");
    assertEquals(await client.ask("g"), all);
    assertEquals(await client.ask(`G${changed}`), "OK");
    assertEquals(await client.ask("g"), changed);
    assert((await client.ask(`P${argument}=00`)).startsWith("E."));
    assert((await client.ask("p7fff")).startsWith("E."));
    assert((await client.ask("G00")).startsWith("E."));
    const system = (fields.length - 1).toString(16);
    assertStringIncludes(await client.ask(`P${system}=${digitsOf(0n)}`), "E.Cannot write register");
  });

  Deno.test(`Session ${arch}, a system register may be put back as it was told, and stays as it is`, async () => {
    using boot = new Boot({ arch, programs: ["threads"] });
    await using client = await TestDebugger.start(boot.machine);
    const root = REGISTER_LAYOUTS[arch].fields
      .findIndex(({ name }) => name === { x86_64: "cr3", aarch64: "ttbr0_el1" }[arch]).toString(16);
    const before = await client.ask(`p${root}`);
    await client.untilTask();
    const now = await client.ask(`p${root}`);
    assert(now !== before);
    assertEquals(await client.ask(`P${root}=${before}`), "OK");
    assertEquals(await client.ask(`p${root}`), now);
    assertStringIncludes(await client.ask(`P${root}=${digitsOf(0x123n)}`), "E.Cannot write");
  });

  Deno.test(`Session ${arch}, a thread at its first instruction has no step back, and stays`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client, machine, thread } = at;
    const { pc } = machine.cpu;
    const { position } = client.history;
    assertEquals(await client.ask(`Hc${thread}`), "OK");
    const reply = await client.ask("bs");
    assertEquals([field(reply, "replaylog"), field(reply, "thread")], ["begin", thread]);
    assertEquals([machine.cpu.pc, client.history.position], [pc, position]);
    // It goes on as ever.
    assertEquals(field(await client.ask("vCont;s"), "thread"), thread);
    assertEquals(field(await client.ask("bs"), "thread"), thread);
    assertEquals(machine.cpu.pc, pc);
  });

  Deno.test(`Session ${arch}, memory is a process's own, and code is as it was with breakpoints`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client, machine } = at;
    const main = symbol(arch, "threads", "main");
    const code = await client.ask(`m${main},8`);
    assertEquals(code, machine.readMemory(BigInt(`0x${main}`), 8, { task: 1 }).toHex());
    assertEquals(await client.ask(`Z0,${main},1`), "OK");
    assertEquals(await client.ask(`m${main},8`), code);
    const { image, userEnd } = machine.kernel.arch;
    const kernel = image.label("exit_to_user").toString(16);
    const stack = (userEnd - 16n).toString(16);
    assertEquals(await client.ask(`m${kernel},8`), "E0e");
    assertEquals(await client.ask("m0,8"), "E0e");
    assertEquals(await client.ask(`M${stack},4:01020304`), "OK");
    assertEquals(await client.ask(`m${stack},40`).then((reply) => reply.length), 2 * 16);
    assertEquals(await client.ask(`m${stack},4`), "01020304");
    const data = escapeBinary(Uint8Array.of(0x23, 0x24, 0x7d, 0x2a)).payload;
    assertEquals(await client.ask(`X${stack},4:${latin1(data)}`), "OK");
    assertEquals(await client.ask(`m${stack},4`), "23247d2a");
    assertEquals(await client.ask(`X${stack},0:`), "OK");
    const found = await client.ask(`qSearch:memory:${(userEnd - 4096n).toString(16)};1000;$}`
      .replace("$}", latin1(escapeBinary(Uint8Array.of(0x24, 0x7d)).payload)));
    assertEquals(found, `1,${(userEnd - 15n).toString(16)}`);
    // CRC-32/MPEG-2 of "123456789" is 0376e6e7.
    assertEquals(await client.ask(`M${stack},9:${hexText("123456789")}`), "OK");
    assertEquals(await client.ask(`qCRC:${stack},9`), "C376e6e7");
    assertEquals(await client.ask(`Hg${CPU}`), "OK");
    const { begin } = image.range("exit_to_user");
    assertEquals(await client.ask(`m${kernel},8`), machine.readMemory(begin, 8).toHex());
    // The CPU is in the task: what it sees below is the task's.
    assertEquals(await client.ask(`m${main},8`), code);
    assertEquals(await client.ask("m7fffffffffff0000,8"), "E0e");
  });

  Deno.test(`Session ${arch}, a breakpoint hits in its own address space alone`, async () => {
    await using at = await begun(arch, ["spinner 5000", "spinner 6000"]);
    const { client } = at;
    const second = await client.untilTask();
    const other = field(second, "thread") ?? "";
    assert(other.startsWith("p2."), second);
    const main = symbol(arch, "spinner", "main");
    assertEquals(await client.ask(`Hg${other}`), "OK");
    assertEquals(await client.ask(`Z0,${main},1`), "OK");
    const hit = await client.ask("vCont;c");
    assertStringIncludes(hit, "swbreak:;");
    assertEquals(field(hit, "thread"), other);
    assertEquals(await client.ask(`z0,${main},1`), "OK");
    // The kernel's process has its own: an address of programs is any task's there.
    assertEquals(await client.ask(`Hg${CPU}`), "OK");
    const kernel = at.machine.kernel.arch.image.label("exit_to_user").toString(16);
    assertEquals(await client.ask(`Z1,${kernel},1`), "OK");
    const inKernel = await client.ask("vCont;c");
    assertStringIncludes(inKernel, "hwbreak:;");
    assertEquals(field(inKernel, "thread"), CPU);
    assertEquals(await client.ask(`z1,${kernel},1`), "OK");
    const ends = [await client.ask("vCont;c"), await client.ask("vCont;c")];
    assertEquals(ends.sort(), ["W00;process:1", "W00;process:2"]);
    assertEquals(client.output, "spinner: 5000 turns\nspinner: 6000 turns\n");
    assertStringIncludes(await client.ask("vCont;c"), "replaylog:end;");
    assertEquals(await client.ask("vCont;c"), `W00;process:${KERNEL}`);
    assertEquals(await client.ask("?"), "W00");
  });

  Deno.test(`Session ${arch}, steps a thread's program over calls, faults and others' turns`, async () => {
    const options = { programs: ["spinner 4000", "spinner 5000"], quantum: 500 };
    const steps = sweep({
      quick: { forward: 90, backward: 15 },
      full: { forward: 290, backward: 60 },
    });
    // What thread 9 of task 1 executes, by a machine that nobody debugs.
    const expected: bigint[] = [];
    {
      using reference = new Boot({ arch, ...options });
      const { machine } = reference;
      const { cpu, kernel } = machine;
      let before: bigint | null = null;
      while (expected.length < steps.forward + 10 && machine.halted === null) {
        const runs = cpu.userMode && kernel.cpus[0]?.current.task.id === 1;
        // An instruction that was not executed is met again.
        if (runs && cpu.pc !== before) expected.push(cpu.pc);
        if (runs) before = cpu.pc;
        machine.step();
        // One that loops to itself does not occur in it.
      }
    }
    using boot = new Boot({ arch, ...options });
    await using client = await TestDebugger.start(boot.machine);
    const thread = field(await client.untilTask(), "thread") ?? "";
    // Somebody else's beginning in between is not told as a step.
    const seen = [boot.machine.cpu.pc];
    while (seen.length < steps.forward) {
      const reply = await client.ask(`vCont;s:${thread};c`);
      if (reply.includes("fork:") || reply.includes("exec:")) continue;
      assertEquals(field(reply, "thread"), thread, reply);
      const pc = REGISTER_LAYOUTS[arch].fields.findIndex(({ name }) =>
        name === REGISTER_LAYOUTS[arch].pc
      );
      seen.push(wordOf(field(reply, pc.toString(16)) ?? ""));
    }
    assertEquals(seen, expected.slice(0, seen.length));
    // And back.
    const back = seen.slice(-steps.backward).reverse();
    assertEquals(await client.ask(`Hc${thread}`), "OK");
    for (const pc of back.slice(1)) {
      let reply = await client.ask("bs");
      // The other task has not begun yet.
      if (reply.startsWith("W")) reply = await client.ask("bs");
      assertEquals(field(reply, "thread"), thread, reply);
      assertEquals(boot.machine.cpu.pc, pc);
    }
  });

  Deno.test(`Session ${arch}, steps a range at once`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client, machine, thread } = at;
    const main = symbol(arch, "threads", "main");
    await client.ask(`Z0,${main},1`);
    assertStringIncludes(await client.ask("vCont;c"), "swbreak");
    await client.ask(`z0,${main},1`);
    const begin = machine.cpu.pc;
    const reply = await client.ask(`vCont;r${main},${(begin + 12n).toString(16)}:${thread}`);
    assertEquals(field(reply, "thread"), thread);
    const { pc } = machine.cpu;
    assert(pc >= begin + 12n || pc < begin, `0x${pc.toString(16)}`);
  });

  Deno.test(`Session ${arch}, steps the CPU through a switch of threads, and back`, async () => {
    using boot = new Boot({ arch, programs: ["threads"] });
    const { machine } = boot;
    await using client = await TestDebugger.start(machine);
    const { begin: switching } = machine.kernel.arch.image.range("switch_context");
    await client.ask(`Z0,${switching.toString(16)},1`);
    const hit = await client.ask("vCont;c");
    assertEquals([field(hit, "thread"), machine.cpu.pc], [CPU, switching]);
    await client.ask(`z0,${switching.toString(16)},1`);
    await client.ask(`Hc${CPU}`);
    const from = machine.kernel.cpus[0]?.current.id;
    const places: [bigint, bigint][] = [];
    for (let i = 0; i < 40; i++) {
      places.push([machine.cpu.pc, machine.cpu.sp]);
      assertEquals(field(await client.ask(`vCont;s:${CPU}`), "thread"), CPU);
    }
    assert(new Set(places.map(([, sp]) => sp >> 12n)).size > 1, "on two stacks");
    for (const place of places.toReversed()) {
      await client.ask("bs");
      assertEquals([machine.cpu.pc, machine.cpu.sp], place);
    }
    assertEquals(machine.kernel.cpus[0]?.current.id, from);
  });

  Deno.test(`Session ${arch}, who wrote this: watchpoints, forward and backward`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client, machine } = at;
    const { value, size } = parseElf(programFile("threads", arch)).symbolNamed("turns")!;
    const range = `${value.toString(16)},${Number(size).toString(16)}`;
    assertEquals(await client.ask(`Z2,${range}`), "OK");
    const writes: { now: number; address: string | undefined }[] = [];
    let writer = "";
    for (let i = 0; i < 3; i++) {
      const reply = await client.ask("vCont;c");
      assertStringIncludes(reply, "watch:");
      writer = field(reply, "thread") ?? "";
      writes.push({ now: machine.cpu.instructions, address: field(reply, "watch") });
    }
    // Of AArch64 gdb takes the watchpoint away and goes over the access, which has been made.
    const { now: made } = writes[2]!;
    assertEquals(await client.ask(`z2,${range}`), "OK");
    for (const steps of REGISTER_LAYOUTS[arch].watchesBefore ? [0, 1] : [1, 2]) {
      assertEquals(field(await client.ask(`vCont;s:${writer}`), "thread"), writer);
      assertEquals(machine.cpu.instructions, made + steps);
    }
    assertEquals(await client.ask(`Z2,${range}`), "OK");
    assert(writes.every(({ address }) => BigInt(`0x${address}`) >= value));
    for (const { now, address } of writes.toReversed()) {
      const reply = await client.ask("bc");
      // Backward it stops before the access; of AArch64 gdb goes back over that itself.
      const before = REGISTER_LAYOUTS[arch].watchesBefore ? now : now - 1;
      assertEquals([field(reply, "watch"), machine.cpu.instructions], [address, before]);
      if (before === now) await client.ask("bs");
    }
    assertEquals(await client.ask(`z2,${range}`), "OK");
    assertStringIncludes(await client.ask("bc"), "replaylog:begin;");
    assertEquals(machine.cpu.instructions, 0);
    assertEquals(await client.ask("vCont;c"), "W00;process:1", "it has not begun yet");
    assert((await client.ask("Z2,0,0")).startsWith("E."));
    assert((await client.ask("Z3,ffffffffffffffff,8")).startsWith("E."));
  });

  Deno.test(`Session ${arch}, a fault stops its program before the kernel sees it`, async () => {
    await using at = await begun(arch, ["bad read-null"]);
    const { client, machine, thread } = at;
    const fault = await client.ask("vCont;c");
    assertEquals([fault.slice(0, 3), field(fault, "thread")], ["T0b", thread]);
    assert(machine.cpu.userMode);
    assertEquals(await pcOf(client, arch), machine.cpu.pc);
    const info = await client.ask("qXfer:siginfo:read::0,80");
    // si_signo 11, si_code 1 (nothing is mapped), si_addr 0.
    const expected = Uint8Array.from({ length: 128 }, (_, at) => at === 0 ? 11 : at === 8 ? 1 : 0);
    assertEquals(info, `l${latin1(expected)}`);
    assertEquals(machine.tasks[1]?.status, null);
    const end = await client.ask("vCont;C0b");
    assertEquals(end, "X0b;process:1");
    assertEquals(machine.tasks[1]?.status?.kind, "killed");
  });

  Deno.test(`Session ${arch}, a fault that is mended in the past never was`, async () => {
    await using at = await begun(arch, ["bad read-null"]);
    const { client, machine, thread } = at;
    await client.ask("vCont;c");
    // Any address it may read instead of 0: whatever register it reads by.
    const { userEnd } = machine.kernel.arch;
    const code = machine.readMemory(machine.cpu.pc, 4, { task: 1 });
    assert(code.length === 4);
    for (const [number, { name }] of REGISTER_LAYOUTS[arch].fields.entries()) {
      if (!/^(r[abcd]x|r[sd]i|x[0-9])$/.test(name)) continue;
      if (wordOf(await client.ask(`p${number.toString(16)}`)) !== 0n) continue;
      const value = digitsOf(userEnd - 64n);
      assertEquals(await client.ask(`P${number.toString(16)}=${value}`), "OK");
    }
    await client.ask(`vCont;s:${thread}`);
    assertStringIncludes(client.output, "what had come after this instant is forgotten");
    const end = await client.ask("vCont;c");
    assert(end.startsWith("W"), end);
  });

  Deno.test(`Session ${arch}, files are the machine's own`, async () => {
    await using at = await begun(arch, ["threads"]);
    const { client } = at;
    const name = (await client.ask("qXfer:exec-file:read:1:0,100")).slice(1);
    assertEquals(name, "/tasks/1/threads");
    assertEquals(
      (await client.ask(`qXfer:exec-file:read:${KERNEL}:0,100`)).slice(1),
      "/boot/kernel",
    );
    assertEquals(await client.ask("vFile:setfs:0"), "F0");
    assertEquals(await client.ask(`vFile:open:${hexText(name)},0,0`), "F3");
    const part = await client.ask("vFile:pread:3,4,1");
    assertEquals(part, "F3;ELF".replace("F3", "F4") + "\x02");
    assertStringIncludes(await client.ask("vFile:fstat:3"), "F40;");
    assertEquals(await client.ask("vFile:close:3"), "F0");
    assertEquals(await client.ask("vFile:close:3"), "F-1,9");
    for (
      const path of ["/etc/passwd", "/tasks/1/../../etc/passwd", "/tasks/9/x", "deno.json", ""]
    ) {
      assertEquals(await client.ask(`vFile:open:${hexText(path)},0,0`), "F-1,2", path);
    }
    assertEquals(await client.ask(`vFile:open:${hexText("/proc/1/maps")},0,0`), "F3");
    const map = await client.ask("vFile:pread:3,1000,0");
    assertMatch(
      map,
      /;400000-[0-9a-f]+ r-[x-]p 00000000 00:00 0\n[^]*(\n[0-9a-f]+-[0-9a-f]+ rw-p )/,
    );
    for (const path of ["/proc/0/maps", "/proc/9/maps", "/proc/self/maps", "/proc/1/mem"]) {
      assertEquals(await client.ask(`vFile:open:${hexText(path)},0,0`), "F-1,2", path);
    }
    assertEquals(await client.ask("vFile:close:3"), "F0");
    assertEquals(await client.ask(`vFile:open:${hexText(name)},201,1b6`), "F-1,1e");
    assertEquals(await client.ask(`vFile:readlink:${hexText(name)}`), "F-1,16");
    const exe = await client.ask(`vFile:readlink:${hexText("/proc/1/exe")}`);
    assertEquals(exe, `F${name.length.toString(16)};${name}`);
    assertEquals(await client.ask(`vFile:readlink:${hexText("/proc/9/exe")}`), "F-1,16");
    assertEquals(await client.ask(`vFile:open:${hexText("/proc/1/cmdline")},0,0`), "F3");
    assertEquals(await client.ask("vFile:pread:3,100,0"), "F8;threads\0");
    assertEquals(await client.ask("vFile:unlink:2f"), "F-1,1e");
    assertStringIncludes(await client.ask("qXfer:memory-map:read::0,4000"), 'type="ram"');
    assert((await client.ask("qXfer:auxv:read::0,400")).startsWith("l"));
    await client.ask(`Hg${CPU}`);
    assertEquals(await client.ask("qXfer:auxv:read::0,400"), "E02");
  });

  Deno.test(`Session ${arch}, an endless program is interrupted, detached from and attached to`, async () => {
    using boot = new Boot({ arch, programs: ["spinner 100000000"] });
    await using client = await TestDebugger.start(boot.machine, { runsDetached: true });
    const thread = field(await client.untilTask(), "thread") ?? "";
    const running = client.ask("vCont;c");
    await new Promise((resolve) => setTimeout(resolve, 30));
    await client.interrupt();
    const stop = await running;
    assertEquals(stop.slice(0, 3), "T02");
    assert([thread, CPU].includes(field(stop, "thread") ?? ""), stop);
    // A way back that does not end either is left where it is, and the way forward is not lost.
    const end = boot.machine.cpu.instructions;
    const searching = client.ask("bc");
    await new Promise((resolve) => setTimeout(resolve, 15));
    await client.interrupt();
    assert(/^T02|replaylog:begin/.test(await searching));
    assert(boot.machine.cpu.instructions < end);
    let reply = await client.ask("vCont;c");
    while (!reply.includes("replaylog:end")) reply = await client.ask("vCont;c");
    assertEquals(boot.machine.cpu.instructions, end);
    assertEquals(await client.ask("D;1"), "OK");
    assertEquals(await client.ask(`D;${KERNEL}`), "OK");
    assertEquals([await client.ask("?"), await client.ask("qfThreadInfo")], ["W00", "l"]);
    const before = boot.machine.now;
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert((await client.ask("vAttach;7")).startsWith("E.There is no process 7"));
    const attached = await client.ask("vAttach;1");
    assertEquals([attached.slice(0, 3), field(attached, "thread")], ["T00", thread]);
    assert(boot.machine.now > before, "it has run meanwhile");
    assertEquals(await client.ask("vAttach;1"), "E.Process 1 is attached to already");
    const { now } = boot.machine;
    await new Promise((resolve) => setTimeout(resolve, 10));
    assertEquals(boot.machine.now, now, "it stands still");
    assertStringIncludes(
      await client.ask("vKill;1"),
      "E.Cannot kill process 1: only its kernel can",
    );
    assertEquals(await client.ask(`vAttach;${KERNEL}`).then((reply) => reply.slice(0, 3)), "T00");
    assertEquals(await client.ask(`vKill;${KERNEL}`), "OK");
    assertEquals(await client.done, "killed");
  });
}

Deno.test("Session, registers on a stack that a debugger has lost are told as not known", async () => {
  await using at = await begun("x86_64", ["threads"]);
  const { client, machine, thread } = at;
  const { kernel } = machine;
  machine.injectInterrupt(3);
  const isSaving = () =>
    kernel.arch.frameSavers.some(({ begin, end }) =>
      machine.cpu.pc >= begin && machine.cpu.pc < end
    );
  for (let i = 0; i < 1000 && !isSaving(); i++) await client.ask(`vCont;s:${CPU}`);
  assert(isSaving());
  const pc = `p${register("x86_64", "pc")}`;
  assertMatch(await client.ask(`Hg${thread}`), /^OK$/);
  assertMatch(await client.ask(pc), /^[0-9a-f]{16}$/);
  await client.ask(`Hg${CPU}`);
  assertEquals(await client.ask(`P${register("x86_64", "sp")}=f0ffffffffffff7f`), "OK");
  await client.ask(`Hg${thread}`);
  assertEquals(await client.ask(pc), "xxxxxxxxxxxxxxxx");
  assertMatch(await client.ask(`P${register("x86_64", "argument")}=0000000000000000`), /^E\./);
  const process = thread.slice(1).split(".")[0];
  assertEquals(await client.ask(`D;${process}`), "OK");
  assertStringIncludes(await client.ask(`vAttach;${process}`), `thread:${thread}`);
});

Deno.test("Session, a task in kernel mode is a process of its own, in the kernel's space", async () => {
  const module = await unwindProgram("x86_64", { args: "throw 2", mode: "kernel" });
  using boot = new Boot({ arch: "x86_64", programs: [module, "threads"] });
  const { machine } = boot;
  await using client = await TestDebugger.start(machine);
  const begun = await client.untilTask();
  const thread = field(begun, "thread") ?? "";
  const elf = parseElf(module.bytes);
  assertEquals([machine.cpu.pc, machine.cpu.userMode], [elf.entry, false]);
  assert(thread.startsWith("p1."), begun);
  await client.ask(`Hg${thread}`);
  const main = elf.symbolNamed("main")?.value ?? 0n;
  assertEquals(await client.ask(`Z0,${main.toString(16)},1`), "OK");
  let reply = await client.ask("vCont;c");
  while (reply.includes("fork:") || reply.includes("exec:")) reply = await client.ask("vCont;c");
  assertEquals([field(reply, "thread"), machine.cpu.pc], [thread, main]);
  // Its steps go over what the kernel does for it.
  for (let i = 0; i < 100; i++) {
    reply = await client.ask(`vCont;s:${thread}`);
    if (reply.includes("fork:") || reply.includes("exec:")) continue;
    assertEquals(field(reply, "thread"), thread);
    const { begin, end } = machine.kernel.arch.image;
    assert(machine.cpu.pc < begin || machine.cpu.pc >= end, machine.cpu.pc.toString(16));
  }
  assertEquals((await client.ask(`m${main.toString(16)},4`)).length, 8);
});

Deno.test("Session, an exception that nobody catches is SIGABRT, a killed task SIGKILL", async () => {
  for (const arch of ARCH_NAMES) {
    for (
      const [args, end] of [["throw 0", "X06"], ["kill 0", "X09"], ["throw 2", "W00"]] as const
    ) {
      using boot = new Boot({
        arch,
        programs: [await unwindProgram(arch, { args, mode: "user" })],
      });
      await using client = await TestDebugger.start(boot.machine);
      const thread = field(await client.untilTask(), "thread") ?? "";
      if (end === "X06") {
        // Where it is thrown, before anything is cleaned up; it is not told again.
        const stop = await client.ask("vCont;c");
        assertEquals([stop.slice(0, 3), field(stop, "thread")], ["T06", thread]);
        assertEquals(boot.machine.tasks[1]?.status, null);
        assert(boot.machine.cpu.userMode);
        assert(!client.output.includes("drop"), client.output);
        assert((await client.ask("qXfer:siginfo:read::0,80")).startsWith("l\x06\0"));
      }
      if (end === "X09") {
        // A function has returned to a debugger's breakpoint: that is nothing it dies of.
        await client.ask(`Hg${thread}`);
        const { pc, sp } = boot.machine.cpu;
        const back = sp - 64n;
        const number = register(arch, "pc");
        await client.ask(`Z0,${back.toString(16)},1`);
        await client.ask(`P${number}=${digitsOf(back)}`);
        assertStringIncludes(await client.ask("vCont;c"), "swbreak:;");
        await client.ask(`z0,${back.toString(16)},1`);
        assertEquals(await client.ask(`P${number}=${digitsOf(pc)}`), "OK");
      }
      assertEquals(await client.ask("vCont;c"), `${end};process:1`, args);
    }
  }
});

Deno.test("Session, a function that a debugger calls comes back to a breakpoint on the stack", async () => {
  await using at = await begun("x86_64", ["threads"]);
  const { client, machine, thread } = at;
  const main = symbol("x86_64", "threads", "main");
  await client.ask(`Z0,${main},1`);
  await client.ask("vCont;c");
  await client.ask(`z0,${main},1`);
  const before = await client.ask("g");
  // As gdb does it: a return address on the stack, at which there is a breakpoint.
  const { sp } = machine.cpu;
  const back = sp - 64n;
  const pc = register("x86_64", "pc");
  await client.ask(`M${(sp - 136n).toString(16)},8:${digitsOf(back)}`);
  await client.ask(`P${register("x86_64", "sp")}=${digitsOf(sp - 136n)}`);
  await client.ask(`P${pc}=${digitsOf(BigInt(`0x${symbol("x86_64", "threads", "tls_create")}`))}`);
  await client.ask(`Z0,${back.toString(16)},1`);
  const reply = await client.ask("vCont;c");
  assertStringIncludes(reply, "swbreak:;");
  assertEquals([field(reply, "thread"), machine.cpu.pc], [thread, back]);
  assertEquals(machine.cpu.sp, sp - 128n);
  await client.ask(`z0,${back.toString(16)},1`);
  // All that there is, system registers too, as far as they are as they were.
  assertEquals(await client.ask(`G${before}`), "OK");
  const system = (REGISTER_LAYOUTS.x86_64.fields.length - 1).toString(16);
  assertEquals(await client.ask(`P${system}=${await client.ask(`p${system}`)}`), "OK");
  assertEquals(await client.ask("vCont;c"), "W00;process:1");
  assertStringIncludes(client.output, "threads: all done");
});

Deno.test("Session, is as the machine would be that nobody looks at", async () => {
  using alone = new Boot({ arch: "x86_64", programs: ["threads", "bad read-null"] });
  alone.finish();
  using boot = new Boot({ arch: "x86_64", programs: ["threads", "bad read-null"] });
  await using client = await TestDebugger.start(boot.machine);
  for (let i = 0; i < 400; i++) await client.ask(i % 40 === 39 ? "bs" : "vCont;s");
  for (let reply = ""; !reply.startsWith(`W00;process:${KERNEL}`);) {
    reply = await client.ask("vCont;c");
    assert(!reply.startsWith("E"), reply);
  }
  assertEquals(boot.json, alone.json);
});

Deno.test("Session, answers what it does not know, and what is malformed", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["threads"] });
  await using client = new TestDebugger(boot.machine);
  assertStringIncludes(await client.ask("qSupported:multiprocess+"), "ReverseContinue+");
  await client.raw(new TextEncoder().encode("$?#00"));
  assertEquals(await client.hear(), "nack");
  assertEquals(await client.ask("QStartNoAckMode"), "OK");
  for (const unknown of ["vMustReplyEmpty", "qNothing:1", "A", "Qx", "v", "i", "vCont"]) {
    const reply = await client.ask(unknown);
    assert(reply === "" || unknown === "vCont", `${unknown}: ${reply}`);
  }
  const bad = [
    ...["vCont;x", "vCont;s:zz", "vCont;r1", "m", "mzz,1", "m1", "M1,2", "M0,4:00", "X0,4", "p"],
    ...["pzz", "P0", "Pzz=00", "G0", "Hx1", "Hg", "Hgpzz.1", "T99", "Z0,1", "Z0,x,1", "D;zz"],
    ...["QNonStop:1", "QNonStop", "vAttach;zz", "vKill;zz", "qXfer:features:read:x:0,1", "qRcmd,z"],
    ...["qXfer:features:read:target.xml:0", "qCRC:0,ffffffffff", "qThreadExtraInfo,77", "c10"],
    ...["qCRC:x", "QPassSignals:zz", "vFile:open:zz,0,0", "s10", "vFile:pread:x"],
  ];
  for (const packet of bad) {
    const reply = await client.ask(packet);
    assert(/^E([0-9a-f]{2}$|\.)/.test(reply), `${packet}: ${reply}`);
  }
  assertStringIncludes(await client.ask("QNonStop:1"), "E.A machine stops as a whole");
  assertEquals(await client.ask("QNonStop:0"), "OK");
  // Much too long, and then one that is not.
  await client.raw(new TextEncoder().encode(`$${"m".repeat(100_000)}#00`));
  assertEquals(await client.ask("qC"), `QC${CPU}`);
});

Deno.test("Session, a debugger of one process sees the CPU, whatever runs on it", async () => {
  using boot = new Boot({ arch: "aarch64", programs: ["threads"] });
  const features = "qSupported:multiprocess+;fork-events+;vfork-events+";
  await using client = await TestDebugger.start(boot.machine, { features });
  assertEquals(await client.ask("qC"), "QC1");
  await client.ask("Hg0");
  const main = symbol("aarch64", "threads", "main");
  assertEquals(await client.ask(`Z0,${main},4`), "OK");
  const reply = await client.ask("c");
  assertEquals(field(reply, "thread"), "1", "the CPU's own breakpoint is every task's");
  assertMatch(await client.ask("qfThreadInfo"), /^m1,3e8,/);
  // lldb says that it knows processes, and takes a step of another thread for that thread's end.
  const step = await client.ask("vCont;s:0001");
  assertEquals([step.slice(0, 3), field(step, "thread")], ["T05", "1"]);
  const end = "start:8000000000000000;size:8000000000000000;permissions:rwx;";
  assertEquals(await client.ask("qMemoryRegionInfo:ffff000040200000"), end);
  const gap = "start:1000000000000;size:7fff000000000000;";
  assertEquals(await client.ask("qMemoryRegionInfo:1000000000000"), gap);
  assertEquals(await client.ask(`z0,${main},4`), "OK");
  assertEquals(await client.ask("c"), "W00", "the machine is what it debugs");
});

Deno.test("Session, monitor tells, and goes to any instant", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["threads"] });
  await using client = await TestDebugger.start(boot.machine);
  await client.untilTask();
  const { instructions } = boot.machine.cpu;
  assertStringIncludes(await client.monitor("when"), `${instructions}`);
  assertStringIncludes(await client.monitor("tasks"), "threads");
  assertStringIncludes(await client.monitor("nonsense"), "is no command");
  assertStringIncludes(await client.monitor("goto 100"), "flush register-cache");
  assertEquals(boot.machine.cpu.instructions, 100);
  assertStringIncludes(await client.ask("?"), `thread:${CPU};`);
  assertStringIncludes(await client.monitor("goto 1000000000"), "history is from 0 to ");
});

Deno.test("Session, begins at a machine that has a past, and knows it", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["threads"] });
  const history = new History(boot.machine);
  history.run(20_000);
  await using client = await TestDebugger.start(history);
  assert((await client.ask("qfThreadInfo")).includes("p1.9"));
  assertStringIncludes(await client.ask("bc"), "replaylog:begin");
  assertEquals(boot.machine.cpu.instructions, 0);
});

Deno.test("Session, a kernel whose program counter is no address panics, and that is told", async () => {
  for (const arch of ARCH_NAMES) {
    using boot = new Boot({ arch, programs: ["threads"] });
    await using client = await TestDebugger.start(boot.machine);
    const { elf } = boot.machine.kernel.arch.image;
    const begin = elf.symbolNamed("switch_context")!.value;
    assertEquals(await client.ask(`Hg${CPU}`), "OK");
    await client.ask(`Z1,${begin.toString(16)},4`);
    await client.ask("vCont;c");
    assertEquals(await pcOf(client, arch), begin);
    // In neither half.
    const nowhere = digitsOf(0x5555_0000_0000_0000n);
    assertEquals(await client.ask(`P${register(arch, "pc")}=${nowhere}`), "OK");
    assertMatch(await client.ask("vCont;c"), /^T05.*replaylog:end|^X06/);
    assertMatch(boot.machine.halted ?? "", /at 0x5555000000000000/);
  }
});

Deno.test("Session, a machine that can go nowhere any more is told of, and the session goes on", async () => {
  using boot = new Boot({ arch: "x86_64", programs: ["threads"] });
  await using client = await TestDebugger.start(boot.machine);
  await client.ask("vCont;s");
  boot.machine[Symbol.dispose]();
  assertStringIncludes(await client.monitor("goto begin"), "was disposed of");
  assertStringIncludes(await client.monitor("help"), "goto");
});
