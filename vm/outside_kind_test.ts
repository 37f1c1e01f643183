// Code of a real run that a kind from outside walks: another compiler's, for all that the walker knows.
import { assert, assertEquals } from "@std/assert";
import {
  atCfa,
  backtrace,
  callingConvention,
  type CodeKind,
  CodeRegion,
  managedFrame,
} from "../unwind/walk/mod.ts";
import { vmOf } from "./lockstep/vm_task.ts";
import { StackWatcher } from "./lockstep/watcher.ts";
import { chainProgram } from "./testing/chain_program.ts";
import { machineWith } from "./testing/followed.ts";
import { runTo } from "./testing/run_vm.ts";

/** Frame pointer and return address. */
const REGISTERS = { x86_64: [6, 16], aarch64: [29, 30] } as const;

Deno.test("CodeRegistry.replace, has a kind from outside walk code among the VM's own kinds", async () => {
  const program = chainProgram({
    depth: 8,
    kinds: ["jit", "interpreter", "native", "jit", "optimized", "jit"],
    natives: ["blind"],
    last: ["  invoke brk"],
  });
  for (const arch of ["x86_64", "aarch64"] as const) {
    using machine = await machineWith(arch, program);
    const watcher = new StackWatcher(machine, vmOf(machine));
    runTo(machine, "vm_native_here");
    assertEquals(watcher.discover(), []);
    const { input } = watcher;
    const { modules } = input;
    const walk = () => backtrace(input, { framePointer: false });
    const before = walk();
    assertEquals(before.error, undefined);

    const [fp, ra] = REGISTERS[arch];
    const foreign: CodeKind = {
      name: "foreign",
      convention: (machine) => callingConvention("native", machine),
      read: () => undefined,
      // Where it calls, and there all of its frames are.
      row: () => ({ base: fp, offset: 16, saved: [[fp, -16], [ra, -8]], returnAddress: ra }),
      plan: (region) => ({
        method: { name: region.name.toUpperCase(), id: 0, address: 0n },
        bci: undefined,
        variables: [
          {
            name: "n",
            role: "parameter",
            index: 0,
            type: "int",
            absence: undefined,
            place: atCfa(0),
          },
          {
            name: "box",
            role: "parameter",
            index: 1,
            type: "ref",
            absence: undefined,
            place: atCfa(8),
          },
        ],
      }),
    };
    modules.code.addKind(foreign);
    const units = [...modules.code.units].filter(({ regions }) =>
      regions.some(({ kind }) => kind.name === "jit")
    );
    modules.code.replace(
      units,
      units.map((unit) => ({
        ...unit,
        name: unit.name,
        modules: unit.modules,
        regions: unit.regions.map((region) => {
          if (region.kind.name !== "jit") return region;
          const { name, begin, end } = region;
          return new CodeRegion({ kind: foreign, name, begin, end, data: undefined });
        }),
      })),
    );
    const after = walk();
    assertEquals(after.error, undefined);
    assertEquals(
      after.frames.map(({ pc, cfa }) => [pc, cfa]),
      before.frames.map(({ pc, cfa }) => [pc, cfa]),
    );
    let count = 0;
    after.frames.forEach((frame, i) => {
      if (frame.code?.kind !== foreign) return;
      count++;
      const [own, theirs] = [frame, before.frames[i]!].map((each) => managedFrame(each)!);
      const values = (of: typeof own) => of!.variables.slice(0, 1).map(({ value }) => value);
      assertEquals(values(own), values(theirs));
      assertEquals(own!.method!.name, theirs!.method!.name.toUpperCase());
    });
    assert(count >= 3, `${count}`);
  }
});
