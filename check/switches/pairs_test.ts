// Calls and returns of switches, as a processor predicts returns: by a stack of return addresses.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { parseElf } from "../../elf/mod.ts";
import { ARCH_NAMES, programFile } from "../../kernel/testing/programs.ts";
import { Session } from "../../kernel/testing/session.ts";
import { SwitchProgram } from "./program.ts";
import { step } from "./step.ts";

/** What a function has executed until it has returned. */
interface Flow {
  calls: number;
  returns: number;
  /** Returns to elsewhere than behind the last call that has not returned. */
  mispredicted: number;
}

function run(arch: ArchName, options: { args: string; name: string }): Flow {
  const { args, name } = options;
  using session = new Session({ arch, programs: [`switch-forms ${args}`] });
  const { machine } = session;
  const { cpu } = machine;
  const symbol = parseElf(programFile("switch-forms", arch)).symbolNamed(name);
  assert(symbol !== undefined, name);
  using _ = machine.addBreakpoint(symbol.value);
  assertEquals(machine.run().kind, "breakpoint");
  const program = new SwitchProgram(machine, []);
  const end = program.returnPlace();
  const flow: Flow = { calls: 0, returns: 0, mispredicted: 0 };
  const predicted = [end.pc];
  while (cpu.pc !== end.pc || cpu.sp !== end.sp) {
    const kind = program.flow();
    const { pc } = cpu;
    assertEquals(step(machine), null);
    // It has trapped and is yet to be executed.
    if (cpu.pc === pc) continue;
    if (kind === "call") {
      flow.calls++;
      predicted.push(program.returnPlace().pc);
    } else if (kind === "return") {
      flow.returns++;
      if (predicted.pop() !== cpu.pc) flow.mispredicted++;
    }
  }
  session.finish();
  assertEquals(session.ending("switch-forms"), "exit 0");
  return flow;
}

/** Resumes of the program, of which the last ends the coroutine. */
const RESUMES = 4;

for (const arch of ARCH_NAMES) {
  Deno.test(`coro_switch ${arch} inline, every return is to where the last call came from`, () => {
    const { calls, returns, mispredicted } = run(arch, {
      args: "pairs-inline",
      name: "pairs_inline",
    });
    // Beside the resumes: coro_init_stack and what it calls. The return of the function itself has
    // its call before the first instruction.
    assert(calls > RESUMES, `${calls} calls`);
    assertEquals(returns, calls + 1);
    assertEquals(mispredicted, 0);
  });

  Deno.test(`coro_switch ${arch} functions, there is a return for every call`, () => {
    const { calls, returns, mispredicted } = run(arch, {
      args: "pairs-functions",
      name: "pairs_functions",
    });
    assert(calls > 2 * RESUMES, `${calls} calls`);
    assertEquals(returns, calls + 1);
    // A function that yields was called on one stack, and the one that resumes returns on the other:
    // no prediction by a single stack can be right there.
    assertEquals(mispredicted > 0, true);
  });
}
