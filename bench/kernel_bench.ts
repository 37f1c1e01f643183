/**
 * The paths of the kernel for `deno bench -P`: one benchmark a path and architecture, grouped by
 * path, in which an iteration is one round: one switch, one system call, one fault.
 * `deno task bench` has the exact guest instructions, too.
 *
 * Deno times fast benchmarks in groups of ten thousand iterations and slow ones each by itself.
 * What takes microseconds is run many rounds at once and handed out one an iteration, so that its
 * way into the guest and out of it is shared as in the guest itself; what takes longer, or uses up
 * memory that must be had anew, is one round a time.
 *
 * @module
 */
import type { Arch } from "../arch/arch.ts";
import { aarch64, x86_64 } from "../arch/mod.ts";
import { OpenPath } from "./paths/measure.ts";
import { LONG_PATHS, PATHS } from "./paths/mod.ts";
import type { Path } from "./paths/path.ts";

/** The long path that is being measured: one at a time, for each has a machine. */
let open: { readonly name: string; readonly path: OpenPath } | undefined;

/** One round an iteration, between explicit timers. */
function single(path: Path, arch: Arch, name: string): (bench: Deno.BenchContext) => void {
  return (bench) => {
    if (open?.name !== name) {
      // Timed, but only while warming up: it tells Deno that this is no fast benchmark.
      bench.start();
      open?.path[Symbol.dispose]();
      open = { name, path: new OpenPath(path, arch, { rounds: 1 }) };
      bench.end();
      return;
    }
    const run = open.path.prepare();
    bench.start();
    run.run();
    bench.end();
  };
}

/** Rounds by the sample, one an iteration. */
function shared(path: Path, arch: Arch): () => void {
  // Opened before anything is timed, or Deno would take the benchmark for a slow one.
  const opened = new OpenPath(path, arch);
  let rounds = 0;
  return () => {
    if (rounds === 0) {
      const run = opened.prepare();
      run.run();
      rounds = run.rounds;
    }
    rounds--;
  };
}

for (const path of PATHS) {
  for (const arch of [x86_64, aarch64]) {
    const name = `${path.name}, ${arch.name}`;
    Deno.bench({
      name,
      group: path.name,
      baseline: arch === x86_64,
      fn: LONG_PATHS.has(path.name) ? single(path, arch, name) : shared(path, arch),
    });
  }
}
