// The unwind table of the switch of the green threads.
import { assert, assertEquals } from "@std/assert";
import { backtrace, moduleFromElf, ModuleList, RegisterSet } from "../unwind/walk/mod.ts";
import { elfOf, endOf, OWN } from "./testing/green_program.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session } from "./testing/session.ts";
import { taskMemory } from "./unwind/unwind_stack.ts";

/** Names of the stack frames, innermost first; whether the walk came to the end of the stack. */
function walk(session: Session, modules: ModuleList): { names: string[]; whole: boolean } {
  const { machine } = session;
  const { frames, end, error } = backtrace({
    registers: RegisterSet.named(machine.kernel.arch.elfMachine, machine.registers()),
    memory: taskMemory(machine.kernel, session.task("green")),
    modules,
  });
  const names = frames.map((frame) =>
    modules.at(frame.lookupAddress)?.nameOf(frame.lookupAddress)?.name ?? "?"
  );
  return { names, whole: error === undefined && (end ?? "").startsWith("return-address-") };
}

const MAIN = ["spawn_from_main", "main", "_start"];
const FRESH = ["entry_point"];

function scheduled(thread: string): string[] {
  return ["schedule", "spawn", thread, "entry_point"];
}

/** The stacks of each switch of the sound program: from which to which. */
const SWITCHES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [MAIN, FRESH],
  [scheduled("gaia"), FRESH],
  [scheduled("mash"), scheduled("gaia")],
  [["leave", "entry_point"], FRESH],
  [["leave", "entry_point"], scheduled("mash")],
  [["leave", "entry_point"], MAIN],
];

for (const arch of ARCH_NAMES) {
  Deno.test(`Green threads ${arch}, at each instruction of the switch a walk finds one stack whole`, () => {
    using session = new Session({ arch, programs: ["green"] });
    const { machine } = session;
    const elf = elfOf("green", arch);
    const modules = new ModuleList([moduleFromElf(elf)]);
    const begin = elf.symbolNamed("switch_context")?.value ?? 0n;
    const end = endOf(elf, "switch_context", OWN[arch].jump);
    for (const [from, to] of SWITCHES) {
      {
        using _stop = machine.addBreakpoint(begin);
        assertEquals(machine.run().kind, "breakpoint");
      }
      // The caller's stack up to some instruction, the other's from there on.
      let switched = false;
      for (;;) {
        const { names, whole } = walk(session, modules);
        switched ||= names.slice(1).join() === to.join();
        assertEquals(names, ["switch_context", ...(switched ? to : from)]);
        assert(whole, names.join());
        if (machine.cpu.pc === end) break;
        machine.run(1);
      }
      assert(switched);
    }
    session.finish();
    assertEquals(session.ending("green"), "exit 0");
  });
}
