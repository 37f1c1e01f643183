/**
 * The paths of the kernel for `deno bench`: one benchmark a path and architecture, grouped by path.
 * An iteration is one sample, which is several rounds of most paths. `deno task bench` has the time
 * of one round, and its exact guest instructions.
 *
 * @module
 */
import { aarch64, x86_64 } from "../arch/mod.ts";
import { OpenPath } from "./paths/measure.ts";
import { PATHS } from "./paths/mod.ts";

/** The path that is being measured: one at a time, for each has a machine. */
let open: { readonly name: string; readonly path: OpenPath } | undefined;

for (const path of PATHS) {
  for (const arch of [x86_64, aarch64]) {
    const name = `${path.name}, ${arch.name}`;
    Deno.bench({
      name,
      group: path.name,
      baseline: arch === x86_64,
      warmup: 10,
      fn(bench): void {
        if (open?.name !== name) {
          open?.path[Symbol.dispose]();
          open = { name, path: new OpenPath(path, arch) };
        }
        const run = open.path.prepare();
        bench.start();
        run.run();
        bench.end();
      },
    });
  }
}
