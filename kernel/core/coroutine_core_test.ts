// Cores of coroutines three deep, at each instruction of the switches between them: our own reader
// finds every parent, on stacks above and below. gdb and elfutils do in `deno task oracle`.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { parseElf } from "../../elf/mod.ts";
import { readCore } from "../../debug/core/mod.ts";
import { walkInput } from "../../debug/target/mod.ts";
import { backtrace } from "../../unwind/walk/mod.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

const FORMS = { above: "function", below: "inline" } as const;

for (const arch of ARCH_NAMES) {
  for (const [order, form] of Object.entries(FORMS)) {
    Deno.test(`Machine.core ${arch}, coroutines with parents ${order}, at every instruction of a switch`, () => {
      const program = programFile("coronest", arch);
      const at = (name: string) => parseElf(program).symbolNamed(name)?.value ?? 0n;
      using session = new Session({
        arch,
        programs: [`coronest ${order} ${form}`],
        quantum: 1_000_000,
      });
      const { machine } = session;
      const { cpu, kernel } = machine;
      {
        using _ = machine.addBreakpoint(at("nest_root"));
        assertEquals(machine.run().kind, "breakpoint");
      }
      const thread = kernel.cpus[0]?.current;
      const within = form === "inline" ? /^coro_|^nest_inline/ : /^coro_/;
      const modules = kernel.task(1).code.modules;
      const seen = new Set<bigint>();
      const depths = new Set<number>();
      for (; thread?.state === "running"; machine.run(1)) {
        const { pc } = cpu;
        const name = modules.at(pc)?.nameOf(pc)?.name ?? "";
        if (!cpu.userMode || (seen.has(pc) && pc !== at("nest_deepest"))) continue;
        if (!within.test(name) && pc !== at("nest_deepest")) continue;
        seen.add(pc);
        const core = readCore(machine.core(), { open: () => program }).process;
        const { frames, error } = backtrace(walkInput(core));
        assertStrictEquals(error, undefined, `at ${name} after ${machine.now}`);
        const names = frames.map((frame) => frame.function?.name);
        assertStrictEquals(names.at(-1), "nest_root", `${names} after ${machine.now}`);
        assert(frames.every(({ certainty }) => certainty === "exact"), `${names}`);
        depths.add(names.filter((each) => each === "coro_init_trampoline").length);
        if (pc !== at("nest_deepest")) continue;
        // Each root is on a stack of its own, in order.
        const roots = frames.filter((_, i) => names[i] === "coro_init_trampoline")
          .map(({ registers }) => registers.sp ?? 0n);
        const sorted = roots.toSorted((a, b) => a < b ? -1 : 1);
        assertEquals(roots, order === "above" ? sorted : sorted.reverse());
        assertStrictEquals(roots.length, 3);
      }
      assertEquals([...depths].sort(), [0, 1, 2, 3]);
      assert(seen.size > 80, `${seen.size}`);
      session.finish();
      assertStrictEquals(machine.console.text(), "coronest: 30\n");
    });
  }
}
