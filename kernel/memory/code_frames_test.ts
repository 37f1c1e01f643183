// Code that is written, executed, and written again: no page frame keeps translations of old code.
import { assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import type { Kernel } from "../kernel.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { ScriptProgram, SYS } from "../testing/script_program.ts";
import { Session } from "../testing/session.ts";
import { pageFloor } from "../vm/vm_map.ts";
import { writeKernel } from "./kernel_memory.ts";

const AT = 0x1000_0000n;
const PAGE = 4096n;
/**
 * Not where a page is written first: that place of it would be looked at even if the others were
 * not.
 */
const CODE = AT + 0x800n;
const READ_WRITE = 3;
const READ_EXECUTE = 5;
const ALL = 7;

/**
 * Writes code that gives `value`, with the page writable, and executes it with another protection;
 * ends the task if it is not so.
 */
function execute(
  program: ScriptProgram,
  code: { value: number; id: number; protection?: number },
): void {
  const { value, id, protection = READ_EXECUTE } = code;
  const next = `after ${id}`;
  program.call(SYS.VM_PROTECT, AT, PAGE, READ_WRITE).write(AT).writeCode(CODE, { value, next })
    .call(SYS.VM_PROTECT, AT, PAGE, protection).branch(CODE).label(next).expect(value, id);
}

function endings(arch: ArchName, programs: readonly ScriptProgram[]): string[] {
  using session = new Session({
    arch,
    programs: programs.map((program, i) => ({ commandLine: `script${i}`, bytes: program.build() })),
  });
  const audit = new Audit(session.machine);
  session.finish();
  audit.check();
  return programs.map((_, i) => session.ending(`script${i}`));
}

/**
 * A program that executes one piece of code again and again until it gives 6, and the frame it is
 * in.
 */
function startLoop(arch: ArchName): { session: Session; kernel: Kernel; code: bigint } {
  const program = new ScriptProgram(arch).call(SYS.VM_ALLOCATE, AT, PAGE);
  program.writeCode(CODE, { value: 5, next: "after" })
    .call(SYS.VM_PROTECT, AT, PAGE, READ_EXECUTE)
    .label("again").branch(CODE).label("after").jumpIf(6, "done").jump("again")
    .label("done").exit(0);
  const session = new Session({
    arch,
    programs: [{ commandLine: "script", bytes: program.build() }],
  });
  const { kernel } = session.machine;
  const page = () => kernel.tasks.find(({ name }) => name === "script")?.space?.page(AT);
  while (page()?.executable !== true) session.machine.run(2_000);
  session.machine.run(1_000);
  const code = (page()?.frame ?? 0n) + (CODE - AT);
  return { session, kernel, code };
}

/** The bytes that make the constant of the loop's code 6 instead of 5. */
function constant(kernel: Kernel): { offset: bigint; bytes: Uint8Array } {
  return kernel.arch.name === "x86_64"
    ? { offset: 2n, bytes: new Uint8Array([6]) } // movabs $6, %rbx
    : { offset: 0n, bytes: new Uint8Array([0xd3, 0x00, 0x80, 0xd2]) }; // movz x19, #6
}

for (const arch of ARCH_NAMES) {
  Deno.test(`vm_protect ${arch}, code that is written anew is what runs`, () => {
    const program = new ScriptProgram(arch).call(SYS.VM_ALLOCATE, AT, PAGE);
    for (let id = 1; id <= 6; id++) execute(program, { value: id + 10, id });
    assertEquals(endings(arch, [program.exit(0)]), ["exit 0"]);
  });

  Deno.test(`vm_protect ${arch}, code that is written while it is executable is what runs`, () => {
    const program = new ScriptProgram(arch).call(SYS.VM_ALLOCATE, AT, PAGE);
    execute(program, { value: 11, id: 1, protection: ALL });
    for (let id = 2; id <= 6; id++) {
      const next = `after ${id}`;
      program.write(AT).writeCode(CODE, { value: id + 10, next }).branch(CODE).label(next)
        .expect(id + 10, id);
    }
    assertEquals(endings(arch, [program.exit(0)]), ["exit 0"]);
  });

  Deno.test(`vm_deallocate ${arch}, a page frame that is code again has no old code`, () => {
    const program = new ScriptProgram(arch);
    for (let id = 1; id <= 24; id++) {
      program.call(SYS.VM_ALLOCATE, AT, PAGE).expect(AT, 100);
      execute(program, { value: id + 10, id });
      program.call(SYS.VM_DEALLOCATE, AT, PAGE).expect(0, 101);
    }
    assertEquals(endings(arch, [program.exit(0)]), ["exit 0"]);
  });

  Deno.test(`Task ${arch}, code of a task that has ended is not another's`, () => {
    const programs = Array.from({ length: 4 }, (_, i) => {
      const program = new ScriptProgram(arch).call(SYS.SLEEP, 20_000 * i);
      program.call(SYS.VM_ALLOCATE, AT, PAGE);
      execute(program, { value: i + 10, id: 1 });
      return program.exit(0);
    });
    assertEquals(endings(arch, programs), programs.map(() => "exit 0"));
  });

  Deno.test(`writeKernel ${arch}, what it writes to code is what runs`, () => {
    const { session, kernel, code } = startLoop(arch);
    using _session = session;
    assertEquals(session.ending("script"), "alive");
    const { offset, bytes } = constant(kernel);
    writeKernel(kernel, kernel.kernelSpace.virtual(code + offset), bytes);
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
  });

  Deno.test(`PageFrames.free ${arch}, a page frame given back has no code when it is used again`, () => {
    const { session, kernel, code } = startLoop(arch);
    using _session = session;
    // As if TypeScript had loaded another program into a freed page frame; the old mapping shows
    // it.
    const frame = pageFloor(code);
    const before = kernel.memory.slice(frame, Number(PAGE)).slice();
    kernel.pageFrames.free(frame);
    assertEquals(kernel.pageFrames.allocate(), frame);
    kernel.memory.slice(frame, Number(PAGE)).set(before);
    const { offset, bytes } = constant(kernel);
    kernel.memory.slice(code + offset, bytes.length).set(bytes);
    session.finish();
    assertEquals(session.ending("script"), "exit 0");
  });
}
