import { assertEquals, assertLess } from "@std/assert";
import { Engine } from "./engine.ts";
import type { EngineArch } from "./errors.ts";

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
    assertEquals(engine.run(5).kind, "halt");
  }
}

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`Engine ${arch}, a thousand opened and disposed of leave resident memory where it was`, () => {
    const ram = makeRam(arch);
    useEngines(arch, ram, 200); // what is made once: compiled code, heap arenas
    const before = Deno.memoryUsage().rss;
    useEngines(arch, ram, 1000);
    const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
    console.log(`${arch}: resident memory changed by ${grown.toFixed(1)} MiB over 1000 engines`);
    assertLess(grown, 12); // an engine has about 3 MiB: five kept ones in a thousand would be seen
  });
}
