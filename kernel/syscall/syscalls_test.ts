// System calls as a program sees them: results, rounding, zero fill, and what reaches the console.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, DATA_END, RESULT, ScriptProgram, SYS, TEXT } from "../testing/script_program.ts";
import { Session, type SessionOptions } from "../testing/session.ts";

const AT = 0x1000_0000n;
const PAGE = 4096n;
const INVALID_ADDRESS = -1;
const NO_SPACE = -3;
const INVALID_ARGUMENT = -4;
const READ_WRITE = 3;

/** Runs one script to its end; returns how it ended and what it printed. */
function run(
  program: ScriptProgram,
  options: { arch: ArchName; pad?: number } & Partial<SessionOptions>,
): { ending: string; console: string } {
  const { pad = 0, ...rest } = options;
  const code = program.build();
  const bytes = new Uint8Array(Math.max(pad, code.length)).fill("f".charCodeAt(0));
  bytes.set(code);
  using session = new Session({ programs: [{ commandLine: "script", bytes }], ...rest });
  const audit = new Audit(session.machine);
  session.finish();
  audit.check();
  return { ending: session.ending("script"), console: session.console() };
}

for (const arch of ARCH_NAMES) {
  const script = () => new ScriptProgram(arch);

  Deno.test(`print ${arch}, writes bytes as they are, across pages and up to its limit`, () => {
    const program = script().call(SYS.VM_ALLOCATE, AT, 20n * PAGE);
    const bytes = [0, 10, 65, 0x80, 0xff];
    bytes.forEach((byte, i) => program.write(AT + PAGE - 2n + BigInt(i), byte));
    program.call(SYS.PRINT, AT + PAGE - 2n, bytes.length).expect(bytes.length, 1)
      .call(SYS.PRINT, AT, 0).expect(0, 2)
      .call(SYS.PRINT, 0, 0).expect(0, 3)
      .call(SYS.PRINT, AT + 8n * PAGE + 1n, 9999).expect(9999, 4)
      .call(SYS.PRINT, AT, 65537).expect(INVALID_ARGUMENT, 5)
      .exit(0);
    const { ending, console } = run(program, { arch });
    assertEquals(ending, "exit 0");
    assertEquals(console, String.fromCharCode(...bytes) + "\0".repeat(9999));
  });

  Deno.test(`print ${arch}, of a buffer whose end is not mapped prints what is there and fails`, () => {
    const program = script().call(SYS.VM_ALLOCATE, AT, PAGE).write(AT + PAGE - 1n, 90)
      .call(SYS.PRINT, AT + PAGE - 1n, 2).expect(INVALID_ADDRESS, 1)
      .call(SYS.PRINT, AT + PAGE - 1n, 1).expect(1, 2).exit(0);
    const { ending, console } = run(program, { arch });
    assertEquals([ending, console], ["exit 0", "Z"]);
  });

  Deno.test(`vm_allocate ${arch}, rounds, finds room, and refuses what is taken`, () => {
    const program = script()
      .call(SYS.VM_ALLOCATE, 0, 1).expect(AT, 1)
      .call(SYS.VM_ALLOCATE, 0, 2n * PAGE + 1n).expect(AT + PAGE, 2)
      .call(SYS.VM_ALLOCATE, AT + 8n * PAGE + 5n, PAGE).expect(AT + 8n * PAGE, 3)
      .call(SYS.VM_ALLOCATE, AT + 3n * PAGE, PAGE).expect(NO_SPACE, 4)
      .call(SYS.VM_ALLOCATE, TEXT, PAGE).expect(NO_SPACE, 5)
      .call(SYS.VM_ALLOCATE, 1, PAGE).expect(INVALID_ADDRESS, 6)
      .call(SYS.VM_ALLOCATE, 0, 0).expect(INVALID_ARGUMENT, 7)
      .write(AT + 3n * PAGE + 4095n).exit(0);
    assertEquals(run(program, { arch }).ending, "exit 0");
  });

  Deno.test(`vm_allocate ${arch}, memory that has been used before is zeros again`, () => {
    const program = script();
    for (let round = 0; round < 3; round++) {
      program.call(SYS.VM_ALLOCATE, AT, 8n * PAGE).expect(AT, 1);
      for (let i = 0n; i < 8n; i++) program.call(SYS.PRINT, AT + i * PAGE + 77n, 1);
      for (let i = 0n; i < 8n; i++) program.write(AT + i * PAGE + 77n, 66);
      program.call(SYS.VM_DEALLOCATE, AT, 8n * PAGE).expect(0, 2);
    }
    const { ending, console } = run(program.exit(0), { arch });
    assertEquals([ending, console], ["exit 0", "\0".repeat(24)]);
  });

  Deno.test(`vm_allocate ${arch}, a task does not see what another one has written`, () => {
    const writer = script().call(SYS.VM_ALLOCATE, AT, 100n * PAGE)
      .sweep("write", { begin: AT, count: 100 }).exit(0).build();
    const reader = script().call(SYS.TASK_WAIT, 1, DATA).call(SYS.SLEEP, 60_000)
      .call(SYS.VM_ALLOCATE, AT, 100n * PAGE);
    for (let i = 0n; i < 100n; i++) reader.call(SYS.PRINT, AT + i * PAGE, 1);
    using session = new Session({
      arch,
      memory: 8 * 1024 * 1024,
      programs: [
        { commandLine: "writer", bytes: writer },
        { commandLine: "reader", bytes: reader.exit(0).build() },
      ],
    });
    session.finish();
    assert(session.task("writer").reaped);
    assertEquals(session.console("reader"), "\0".repeat(100));
  });

  Deno.test(`vm_protect ${arch}, takes effect at once for resident and for untouched pages`, () => {
    const program = script()
      .call(SYS.VM_ALLOCATE, AT, 4n * PAGE).write(AT)
      .call(SYS.VM_PROTECT, AT, 2n * PAGE, 1).expect(0, 1)
      .call(SYS.TASK_INFO, 1, AT, 24).expect(INVALID_ADDRESS, 2)
      .call(SYS.TASK_INFO, 1, AT + PAGE, 24).expect(INVALID_ADDRESS, 3)
      .call(SYS.TASK_INFO, 1, AT + 2n * PAGE, 24).expect(0, 4)
      .call(SYS.VM_PROTECT, AT, 2n * PAGE, READ_WRITE).expect(0, 5)
      .call(SYS.TASK_INFO, 1, AT, 24).expect(0, 6)
      .call(SYS.VM_PROTECT, AT, PAGE, 0).expect(0, 7)
      .call(SYS.PRINT, AT, 1).expect(INVALID_ADDRESS, 8)
      .call(SYS.VM_PROTECT, AT + 3n * PAGE, 2n * PAGE, 1).expect(INVALID_ADDRESS, 9)
      .write(AT + 3n * PAGE)
      .call(SYS.VM_PROTECT, AT, PAGE, 8).expect(INVALID_ARGUMENT, 10)
      .exit(0);
    assertEquals(run(program, { arch }).ending, "exit 0");
  });

  Deno.test(`vm_deallocate ${arch}, leaves holes of whole pages and nothing else is touched`, () => {
    const program = script()
      .call(SYS.VM_ALLOCATE, AT, 4n * PAGE).sweep("write", { begin: AT, count: 4 })
      .call(SYS.VM_DEALLOCATE, AT + PAGE + 1n, 1).expect(0, 1)
      .call(SYS.PRINT, AT + PAGE, 1).expect(INVALID_ADDRESS, 2)
      .read(AT + PAGE - 1n).read(AT + 2n * PAGE)
      .call(SYS.VM_DEALLOCATE, AT + PAGE, PAGE).expect(0, 3)
      .call(SYS.VM_ALLOCATE, 0, PAGE).expect(AT + PAGE, 4)
      .read(AT + PAGE)
      .call(SYS.VM_DEALLOCATE, 0, 0).expect(INVALID_ARGUMENT, 5)
      .exit(0);
    assertEquals(run(program, { arch }).ending, "exit 0");
  });

  Deno.test(`vm_map_file ${arch}, shows the file, then zeros, and writes stay private`, () => {
    // Two pages and seven bytes behind the code.
    const pad = 0x5007;
    const program = script()
      .call(SYS.MAP_FILE, AT, 4n * PAGE, 0x4000, READ_WRITE).expect(AT, 1)
      .call(SYS.MAP_FILE, AT + 8n * PAGE, 4n * PAGE, 0x4000, 1).expect(AT + 8n * PAGE, 2)
      .write(AT + 1n, 88)
      .call(SYS.PRINT, AT, 3)
      .call(SYS.PRINT, AT + 8n * PAGE, 3)
      .call(SYS.PRINT, AT + PAGE + 5n, 4)
      .call(SYS.PRINT, AT + 2n * PAGE, 1)
      .call(SYS.MAP_FILE, 0, PAGE, 0x4001, 1).expect(INVALID_ARGUMENT, 3)
      .call(SYS.MAP_FILE, 0, PAGE, 0x6000, 1).expect(INVALID_ARGUMENT, 4)
      .exit(0);
    for (const load of ["copyout", "demand"] as const) {
      const { ending, console } = run(program, { arch, pad, load });
      assertEquals([ending, console], ["exit 0", "fXf" + "fff" + "ff\0\0" + "\0"]);
    }
  });

  Deno.test(`Program ${arch}, arguments that the stack cannot hold end the task with a reason`, () => {
    const bytes = script().exit(0).build();
    const commandLine = (size: number) => `script ${"x".repeat(size)}`;
    for (
      const [size, ending] of [[200_000, /^exit 0$/], [
        262_144,
        /^killed: cannot write its/,
      ]] as const
    ) {
      using session = new Session({
        arch,
        programs: [{ commandLine: commandLine(size), bytes }, "threads"],
      });
      session.finish();
      assertMatch(session.ending("script"), ending);
      assertEquals(session.ending("threads"), "exit 0");
    }
  });

  Deno.test(`Thread ${arch}, starts with nothing of another's in its registers`, () => {
    // The first thread leaves marks in every register a system call has; the second exits with what
    // it finds.
    const program = script()
      .call(SYS.NULL, ...Array.from({ length: 6 }, () => 0x1111))
      .call(SYS.THREAD_CREATE, "other", DATA_END, 7, 0)
      .call(SYS.SLEEP, 50_000).exit(99)
      .label("other").call(SYS.EXIT);
    assertEquals(run(program, { arch }).ending, "exit 7");
    const result = script()
      .call(SYS.THREAD_CREATE, "other", DATA_END, 7, 0).call(SYS.SLEEP, 50_000).exit(99)
      .label("other").exit(RESULT);
    assertEquals(run(result, { arch }).ending, "exit 0");
  });
}
