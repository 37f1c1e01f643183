/**
 * Measures, in a process of its own, what a thousand engines leave behind: `leak.ts ARCH` prints
 * the change of resident memory in MiB. Other tests in the same process would be measured too.
 *
 * @module
 */
import { Engine } from "../engine.ts";
import type { EngineArch } from "../errors.ts";

/** The guest's RAM, one for all: how soon the collector takes old ones is not what is measured. */
function makeRam(arch: EngineArch): Uint8Array<ArrayBuffer> {
  const ram = new Uint8Array(1 << 16);
  // hlt; wfi
  new DataView(ram.buffer).setUint32(0, arch === "x86_64" ? 0xf4 : 0xd503207f, true);
  return ram;
}

/** Opens, uses and disposes of engines. */
function useEngines(arch: EngineArch, ram: Uint8Array<ArrayBuffer>, count: number): void {
  for (let index = 0; index < count; index++) {
    using engine = Engine.open(arch);
    engine.mapRam(0n, ram);
    const { kind } = engine.run(5);
    if (kind !== "halt") throw new Error(`Engine ${index} ended with ${kind}`);
  }
}

if (import.meta.main) {
  const arch = Deno.args[0] === "x86_64" ? "x86_64" : "aarch64";
  const ram = makeRam(arch);
  useEngines(arch, ram, 200); // what is made once: compiled code, heap arenas
  const before = Deno.memoryUsage().rss;
  useEngines(arch, ram, 1000);
  console.log((Deno.memoryUsage().rss - before) / 2 ** 20);
}
