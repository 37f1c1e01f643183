/**
 * Our stack switches beside the peers', all under our engine.
 *
 * @module
 */
import { aarch64, x86_64 } from "../../../arch/mod.ts";
import { environment } from "../../paths/environment.ts";
import { type Effort, FULL, measure, type Measurement } from "../../paths/measure.ts";
import { renderTable } from "../../paths/table.ts";
import { SWITCH_PATHS } from "../../switches/paths.ts";
import { type SwitchLoop, switchPath } from "../../switches/switch_path.ts";
import { buildPeerSwitches } from "./build.ts";

/** The peers' loops. */
const LOOPS: readonly SwitchLoop[] = [
  {
    name: "switch pair, corosensei",
    round: "to a coroutine and back by Coroutine::resume and Yielder::suspend, built without std",
    loop: "corosensei_pair",
  },
  {
    name: "switch pair, Boost",
    round: "there and back by jump_fcontext, which keeps floating-point control on x86-64 only",
    loop: "boost_pair",
    functions: ["jump_fcontext"],
  },
  {
    name: "spawn and drop, corosensei",
    round: "Coroutine::with_stack, resume of a body that returns at once, drop",
    loop: "corosensei_spawn",
  },
  {
    name: "spawn and drop, Boost",
    round: "make_fcontext, to it, and back for the last time",
    loop: "boost_spawn",
  },
];

/**
 * Builds the peers' program, measures it and ours, and returns the table.
 *
 * @param options `folder` is where to build; `at` hears what is being done
 * @throws {BuildError} if the peers cannot be built
 */
export async function compareSwitches(
  options: { folder: string; at: (what: string) => void; effort?: Effort },
): Promise<string> {
  const { folder, at, effort = FULL } = options;
  const measurements: Measurement[] = [];
  for (const arch of [x86_64, aarch64]) {
    at(`building the switches of corosensei and Boost.Context for ${arch.name}`);
    const program = await buildPeerSwitches(arch.name, folder);
    const peers = LOOPS.map((loop) => switchPath(loop, () => program));
    for (const path of [...SWITCH_PATHS, ...peers]) {
      at(`measuring ${arch.name}, ${path.name}`);
      measurements.push(measure(path, arch, { effort }));
    }
  }
  return renderTable(measurements, environment());
}
