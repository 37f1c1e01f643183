import { assert, assertLess } from "@std/assert";

const SCRIPT = new URL("./testing/leak.ts", import.meta.url);

for (const arch of ["x86_64", "aarch64"]) {
  Deno.test(`Engine ${arch}, a thousand opened and disposed of leave resident memory where it was`, async () => {
    // The script imports nothing from a registry, so it needs no import map.
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-config", SCRIPT.href, arch],
    }).output();
    const text = new TextDecoder();
    assert(success, text.decode(stderr));
    const grown = Number(text.decode(stdout));
    console.log(`${arch}: resident memory changed by ${grown.toFixed(1)} MiB over 1000 engines`);
    assertLess(grown, 12); // an engine has about 3 MiB: five kept ones in a thousand would be seen
  });
}
