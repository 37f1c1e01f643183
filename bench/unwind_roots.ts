/**
 * Finding the references on a stack of 1,000 methods of all kinds with ten live references each, in
 * the guest's VM: by the walk from outside, and by the VM's own collector.
 *
 * @module
 */
import { archByName } from "../arch/mod.ts";
import { machineTarget } from "../debug/machine/mod.ts";
import { type TargetProcess, walkInput } from "../debug/target/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { vmImage } from "../guest/boot_modules.ts";
import { Machine } from "../kernel/mod.ts";
import { backtrace, discoverCode, FrameIterator, stackRoots } from "../unwind/walk/mod.ts";
import { assemble, encodeProgram, withProgram } from "../vm/mod.ts";

/** Methods on the stack. */
const DEPTH = 1000;
/** Live references in each: a parameter and locals. */
const REFERENCES = 10;

/** What was measured on a machine. */
export interface RootsFigure {
  /** Its architecture. */
  readonly machine: "x86_64" | "aarch64";
  /** Frames of the walk: methods, adapters and stubs. */
  readonly frames: number;
  /** References that it has found. */
  readonly roots: number;
  /** Microseconds of a walk that finds all references and where they are. */
  readonly ours: number;
  /** Microseconds of the same walk without looking at values. */
  readonly walk: number;
  /** What the VM's collector says of its own scan, which copies what it finds, too. */
  readonly guest: {
    /** Frames, and references in them and in its lists of handles. */
    readonly frames: number;
    readonly roots: number;
    /** Instructions that it took. */
    readonly instructions: number;
    /** Microseconds that the emulator took for them. */
    readonly time: number;
  };
}

/** Measures on both machines; of so many walks the fastest counts. */
export async function measureRoots(rounds = 60): Promise<RootsFigure[]> {
  const figures: RootsFigure[] = [];
  for (const machine of ["x86_64", "aarch64"] as const) {
    figures.push(await measure(machine, rounds));
  }
  return figures;
}

async function measure(arch: "x86_64" | "aarch64", rounds: number): Promise<RootsFigure> {
  const program = encodeProgram(assemble(text()), { heapSize: 1 << 20 });
  const bytes = withProgram(await vmImage(arch), program);
  const file = parseElf(bytes, { name: "vm" });
  const address = (name: string): bigint => file.symbolNamed(name)!.value;
  // A quantum that nothing else comes into.
  const modules = [{ commandLine: "vm", bytes }];
  using machine = new Machine({ arch: archByName(arch), modules, quantum: 10_000_000 });
  const until = (place: bigint) => {
    using _ = machine.addBreakpoint(place);
    if (machine.run().kind !== "breakpoint") throw new Error("The VM does not get there");
  };
  until(address("vm_root_scan"));
  const scanning = programOf(machine);
  const [, caller] = backtrace(walkInput(scanning), scanning.walk).frames;
  const began = performance.now();
  until(caller!.pc);
  const guestTime = (performance.now() - began) * 1000;
  until(address("vm_native_here"));
  const statistics = new BigUint64Array(
    machine.readMemory(address("vm_statistics"), 12 * 8).slice().buffer,
  );
  const process = programOf(machine);
  discoverCode(process);
  const input = walkInput(process);
  const options = { ...process.walk, maxFrames: 10 * DEPTH };
  const { frames } = backtrace(input, options);
  return {
    machine: arch,
    frames: frames.length,
    roots: [...stackRoots(frames)].length,
    ours: best(rounds, () => {
      let found = 0;
      for (const { value } of stackRoots(new FrameIterator(input, options))) {
        found += Number(value > 0n);
      }
      return found;
    }),
    walk: best(rounds, () => {
      let found = 0;
      for (const { cfaAddress } of new FrameIterator(input, options)) {
        found += Number(cfaAddress > 0);
      }
      return found;
    }),
    guest: {
      frames: Number(statistics[2]),
      roots: Number(statistics[3]),
      instructions: Number(statistics[7]),
      time: guestTime,
    },
  };
}

function programOf(machine: Machine): TargetProcess {
  return machineTarget(machine).processes.find(({ id }) => id === 1)!;
}

/** Microseconds of the fastest of many. */
function best(rounds: number, action: () => number): number {
  let time = Infinity;
  for (let round = 0; round < rounds; round++) {
    const before = performance.now();
    if (action() < DEPTH) throw new Error("The walk does not find the methods");
    time = Math.min(time, performance.now() - before);
  }
  return time * 1000;
}

/** Methods of all kinds that call each other, and have the roots scanned at the bottom. */
function text(): string {
  const kinds = ["optimized", "jit", "interpreter"];
  const locals = Array.from({ length: REFERENCES - 1 }, (_, i) => `r${i}`);
  const method = (kind: string, i: number) => `
method ${kind}(int n, ref given): int ${kind}
  local ${locals.join(" ")}
${locals.map((name) => `  new Box\n  store ${name}`).join("\n")}
  load n
  iconst 1
  if_lt bottom
  load n
  iconst 1
  sub
  load r0
  invoke ${kinds[(i + 1) % kinds.length]}
  goto end
bottom:
  invoke collect
  invoke brk
  iconst 0
end:
  load given
${locals.map((name) => `  load ${name}\n  same\n  pop\n  load ${name}`).join("\n")}
  pop
  return_value
end`;
  return `class Box refs 0 ints 1
${kinds.map(method).join("\n")}
method main(int index): int interpreter
  iconst ${DEPTH - 1}
  new Box
  invoke ${kinds[0]}
  return_value
end`;
}
