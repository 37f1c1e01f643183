// Linux's system calls, by Linux's numbers, of tasks that ask for them.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { ENCODERS } from "../../arch/testing/assembler.ts";
import { KernelError } from "../errors.ts";
import { Machine } from "../machine.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot/mod.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { linuxNumber, LinuxScript } from "../testing/linux_script.ts";
import { DATA, DATA_END, type ScriptProgram, SYS, TEXT } from "../testing/script_program.ts";
import { Session } from "../testing/session.ts";

const ALL = (1n << 64n) - 1n;
const [EPERM, EBADF, EFAULT, EINVAL, ENOSYS] = [-1, -9, -14, -22, -38];
const [BLOCK, UNBLOCK, SETMASK] = [0, 1, 2];
/** Of signals 1, 9, 10, 19 and 64: those that cannot be blocked are 9 and 19. */
const ASKED = 1n | 1n << 8n | 1n << 9n | 1n << 18n | 1n << 63n;
const BLOCKED = 1n | 1n << 9n | 1n << 63n;
const SET = DATA;
const OLD = DATA + 8n;

/** What a system call may change. */
const CHANGED = { x86_64: ["rax", "rcx", "r11", "rip"], aarch64: ["x0", "pc"] } as const;

/** RF, which is over with any instruction. */
const RESUME_FLAG = 1n << 16n;

function boot(arch: ArchName, bytes: Uint8Array, options: { seed?: number } = {}): Session {
  return new Session({
    arch,
    programs: [{ commandLine: "script", bytes, abi: "linux" }],
    ...options,
  });
}

/** Runs until a thread sleeps. */
function runUntilAsleep(machine: Machine): void {
  for (let i = 0; i < 10_000; i++) {
    if (machine.kernel.threads.some(({ wait }) => wait?.kind === "time")) return;
    machine.run(100);
  }
  throw new Error("Nobody sleeps");
}

function ending(arch: ArchName, script: ScriptProgram): string {
  using session = boot(arch, script.build());
  session.finish();
  return session.ending("script");
}

for (const arch of ARCH_NAMES) {
  Deno.test(`rt_sigprocmask ${arch}, blocks, unblocks and sets, and gives the mask before`, () => {
    const script = new LinuxScript(arch)
      .word(SET, ASKED).word(OLD, ALL)
      .mask(BLOCK, 0n, OLD, 0, 1).recall(OLD).expect(0, 2)
      .mask(BLOCK, SET, 0n, 0, 3).mask(77, 0n, OLD, 0, 4).recall(OLD).expect(BLOCKED, 5)
      .word(SET, 1n).mask(UNBLOCK, SET, OLD, 0, 6).recall(OLD).expect(BLOCKED, 7)
      .mask(BLOCK, 0n, OLD, 0, 8).recall(OLD).expect(BLOCKED & ~1n, 9)
      .word(SET, 6n).mask(SETMASK, SET, SET, 0, 10).recall(SET).expect(BLOCKED & ~1n, 11)
      .mask(BLOCK, 0n, OLD, 0, 12).recall(OLD).expect(6, 13)
      .exit(0);
    assertEquals(ending(arch, script), "exit 0");
  });

  Deno.test(`rt_sigprocmask ${arch}, refuses sizes, ways and addresses as Linux does`, () => {
    const script = new LinuxScript(arch)
      .word(SET, 6n)
      .linux("rt_sigprocmask", BLOCK, SET, 0, 16).expect(EINVAL, 1)
      .linux("rt_sigprocmask", BLOCK, 0, 0, 0).expect(EINVAL, 2)
      .mask(3, SET, OLD, EINVAL, 3).mask(-1, SET, OLD, EINVAL, 4)
      .mask(BLOCK, 0x10n, OLD, EFAULT, 5).mask(BLOCK, 1n << 63n, OLD, EFAULT, 6)
      .mask(BLOCK, 0n, OLD, 0, 7).recall(OLD).expect(0, 8)
      // The mask has changed when the old one cannot be written.
      .mask(BLOCK, SET, TEXT, EFAULT, 9)
      .mask(BLOCK, 0n, OLD, 0, 10).recall(OLD).expect(6, 11)
      // Of the way, only 32 bits count.
      .linux("rt_sigprocmask", 1n << 32n | 1n, SET, 0, 8).expect(0, 12)
      .mask(BLOCK, 0n, OLD, 0, 13).recall(OLD).expect(0, 14)
      .exit(0);
    assertEquals(ending(arch, script), "exit 0");
  });

  Deno.test(`rt_sigprocmask ${arch}, each thread has a mask, which a new thread inherits`, () => {
    const script = new LinuxScript(arch)
      .word(SET, 6n).mask(BLOCK, SET, 0n, 0, 1)
      .own(SYS.THREAD_CREATE, "thread", DATA_END, 0, 0)
      // It has changed its own by then.
      .own(SYS.SLEEP, 20_000)
      .mask(BLOCK, 0n, OLD, 0, 2).recall(OLD).expect(6, 3)
      .recall(DATA + 16n).expect(6, 4)
      .recall(DATA + 24n).expect(7, 5)
      .exit(0)
      .label("thread")
      .mask(BLOCK, 0n, DATA + 16n, 0, 6)
      .word(DATA + 32n, 1n).mask(BLOCK, DATA + 32n, 0n, 0, 7)
      .mask(BLOCK, 0n, DATA + 24n, 0, 8)
      .linux("exit", 9);
    assertEquals(ending(arch, script), "exit 0");
  });

  Deno.test(`rt_sigprocmask ${arch}, the mask is in snapshots and in their files`, () => {
    const script = new LinuxScript(arch)
      .word(SET, ASKED).mask(BLOCK, SET, 0n, 0, 1).own(SYS.SLEEP, 50_000)
      .mask(BLOCK, 0n, OLD, 0, 2).recall(OLD).expect(BLOCKED, 3).exit(0);
    using session = boot(arch, script.build());
    const { machine } = session;
    runUntilAsleep(machine);
    const snapshot = machine.snapshot();
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
    using other = Machine.from(decodeSnapshot(encodeSnapshot(snapshot)));
    other.run(10_000_000);
    assertEquals(other.kernel.tasks[1]?.status, { kind: "exit", code: 0 });
    assertEquals(other.now, machine.now);
  });

  Deno.test(`write ${arch}, prints to descriptors 1 and 2, by pieces, and refuses the rest`, () => {
    const script = new LinuxScript(arch)
      .word(DATA, 0x0a_6f_6c_6c_65_48n)
      .linux("write", 1, DATA, 6).expect(6, 1)
      .linux("write", 1n << 32n | 2n, DATA, 1).expect(1, 2)
      .linux("write", 1, DATA, 0).expect(0, 3)
      .linux("write", 0, DATA, 6).expect(EBADF, 4)
      .linux("write", 3, DATA, 6).expect(EBADF, 5)
      .linux("write", -1, DATA, 6).expect(EBADF, 6)
      .linux("write", 1, 0x10n, 6).expect(EFAULT, 7)
      .linux("write", 1, -8n, 16).expect(EFAULT, 8)
      // As far as there is something to write.
      .linux("write", 1, DATA, 1n << 40n).expect(0x2000, 9)
      .exit(0);
    using session = boot(arch, script.build());
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
    const text = "Hello\n";
    assertEquals(session.console(), `${text}H${text}${"\0".repeat(0x2000 - text.length)}`);
  });

  Deno.test(`exit ${arch}, ends the thread, and with the last one the task; exit_group the task`, () => {
    const last = new LinuxScript(arch).linux("exit", 0x1_07);
    assertEquals(ending(arch, last), "exit 7");
    const first = new LinuxScript(arch)
      .own(SYS.THREAD_CREATE, "thread", DATA_END, 0, 0).linux("exit", 3)
      .label("thread").own(SYS.SLEEP, 20_000).linux("exit", 4);
    assertEquals(ending(arch, first), "exit 4");
    const group = new LinuxScript(arch)
      .own(SYS.THREAD_CREATE, "thread", DATA_END, 0, 0).own(SYS.SLEEP, 1 << 20).exit(5)
      .label("thread").linux("exit_group", -2);
    assertEquals(ending(arch, group), "exit 254");
  });

  Deno.test(`Linux's calls ${arch}, a number that is not known is ENOSYS and told`, () => {
    const unknown = [0, 2, 13, 500, 0xffff, 0xffff_ffff];
    const script = new LinuxScript(arch);
    unknown.forEach((each, i) => script.call(each, 10, 20, 30).expect(ENOSYS, 1 + i));
    // Bits above the 32 of a number are not looked at.
    using session = boot(
      arch,
      script.call(0x1_0000_0000 + linuxNumber(arch, "write"), 1, DATA, 1).expect(1, 50)
        .exit(0).build(),
    );
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
    const told = session.of("syscall").filter(({ name }) => name === "linux_unknown");
    assertEquals(told.map(({ number }) => number), unknown);
    assertEquals(told[0]?.args.slice(0, 3), [10n, 20n, 30n]);
    assertEquals(told[0]?.args.length, 6);
  });

  Deno.test(`Linux's calls ${arch}, change no register but those that Linux changes`, () => {
    const script = new LinuxScript(arch).word(SET, 6n)
      .call(linuxNumber(arch, "rt_sigprocmask"), BLOCK, SET, OLD, 8).label("after").exit(0);
    using session = boot(arch, script.build());
    const { machine } = session;
    const encoder = ENCODERS[arch];
    // The script moves the result behind the instruction.
    const back = script.addressOf("after") - BigInt(encoder.move(0, 1).length);
    const at = back - BigInt(encoder.systemCall().length);
    const points = [at, back].map((address) => machine.addBreakpoint(address));
    assertEquals(machine.run(1_000_000).kind, "breakpoint");
    const free = machine.kernel.arch.registerNames.filter((name) =>
      name !== "pstate" && machine.cpu.register(name) === 0n
    );
    free.forEach((name, i) => machine.cpu.setRegister(name, 0x1234_5678_9abc_0000n + BigInt(i)));
    const before = machine.registers();
    assertEquals(machine.run(1_000_000).kind, "breakpoint");
    const after = machine.registers();
    points.forEach((point) => point[Symbol.dispose]());
    assert(free.length > 5);
    const changed = Object.keys(after).filter((name) => {
      const bits = (after[name] ?? 0n) ^ (before[name] ?? 0n);
      return (name === "rflags" ? bits & ~RESUME_FLAG : bits) !== 0n;
    });
    assertEquals(new Set(changed), new Set(CHANGED[arch]));
  });

  Deno.test(`Linux's ABI ${arch}, a program finds random bytes that depend on the seed alone`, () => {
    const words = (seed: number): bigint[] => {
      // The last bytes of the stack are what AT_RANDOM points at.
      const { userEnd } = archByName(arch);
      const script = new LinuxScript(arch)
        .recall(userEnd - 16n).keep(DATA).recall(userEnd - 8n).keep(DATA + 8n)
        .own(SYS.SLEEP, 1_000).exit(0);
      using session = boot(arch, script.build(), { seed });
      const { machine } = session;
      runUntilAsleep(machine);
      const bytes = machine.readMemory(DATA, 16, { task: 1 });
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
    };
    const [first, again, other] = [words(0), words(0), words(1)];
    assertEquals(first, again);
    assert(first.every((word, i) => word !== 0n && word !== other[i]));
    assert(first[0] !== first[1]);
  });

  Deno.test(`Linux's ABI ${arch}, is refused where it cannot be`, () => {
    const bytes = new LinuxScript(arch).exit(0).build();
    const machine = (options: object) => () => {
      using machine = new Machine({
        arch: archByName(arch),
        modules: [{ commandLine: "script", bytes, ...options }],
      });
      machine.run(1);
    };
    const kernel = assertThrows(machine({ abi: "linux", mode: "kernel" }), KernelError);
    assertEquals(kernel.message, 'Cannot use abi "linux" for script: it runs in kernel mode');
    const other = assertThrows(machine({ abi: "posix" }), KernelError);
    assertEquals(other.message, 'Cannot use abi "posix" for script: expected trapline or linux');
  });
}

Deno.test("arch_prctl x86_64, sets and gives the bases of FS and GS", () => {
  const end = archByName("x86_64").userEnd;
  const script = new LinuxScript("x86_64")
    .linux("arch_prctl", 0x1002, 0x1234).expect(0, 1)
    .linux("arch_prctl", 0x1001, 0x5678).expect(0, 2)
    .linux("arch_prctl", 0x1003, DATA).expect(0, 3).recall(DATA).expect(0x1234, 4)
    .linux("arch_prctl", 0x1004, DATA).expect(0, 5).recall(DATA).expect(0x5678, 6)
    .linux("arch_prctl", 0x1002, end).expect(EPERM, 7)
    .linux("arch_prctl", 0x1003, 0x10n).expect(EFAULT, 8)
    .linux("arch_prctl", 0x3001, 0).expect(EINVAL, 9)
    .exit(0);
  assertEquals(ending("x86_64", script), "exit 0");
});
