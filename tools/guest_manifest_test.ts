import { assert, assertEquals } from "@std/assert";
import { guestSources } from "./guest_sources.ts";
import type { EmbeddedImage } from "../guest/embedded.ts";
import { type GuestBuild, MANIFEST } from "../guest/manifest.ts";

const ROOT = new URL("../", import.meta.url);
// e_machine of the ELF header (ELF-64 Object File Format, figure 3; EM_X86_64 and EM_AARCH64).
const MACHINE = { x86_64: 62, aarch64: 183 };

async function read(build: GuestBuild): Promise<EmbeddedImage> {
  const { image }: { image: EmbeddedImage } = await import(new URL(build.output, ROOT).href);
  return image;
}

for (const build of MANIFEST) {
  Deno.test(`${build.output}, image and sources agree (else: deno task build:guest)`, async () => {
    const { files, hash } = await guestSources(build, ROOT);
    const image = await read(build);
    assertEquals(image.sources, files);
    assertEquals(image.sourceHash, hash);
  });

  Deno.test(`${build.output}, an ELF64 executable for the entry's machine`, async () => {
    const image = await read(build);
    const bytes = image.bytes();
    const view = new DataView(bytes.buffer);
    assertEquals([...bytes.subarray(0, 5)], [0x7f, 0x45, 0x4c, 0x46, 2]);
    assertEquals(view.getUint16(16, true), 2, "ET_EXEC");
    assertEquals(view.getUint16(18, true), MACHINE[build.arch]);
    assertEquals([image.name, image.arch, image.kind], [build.name, build.arch, build.kind]);
  });
}

Deno.test("guest/images, every generated module is in the manifest", () => {
  const outputs = new Set(MANIFEST.map((build) => build.output));
  assertEquals(outputs.size, MANIFEST.length, "two entries write the same module");
  for (const folder of ["guest/images/", "arch/x86_64/guest/", "arch/aarch64/guest/"]) {
    for (const name of list(folder)) {
      assert(
        !name.endsWith(".gen.ts") || outputs.has(folder + name),
        `left over: ${folder}${name}`,
      );
    }
  }
});

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(new URL(folder, ROOT))].map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
