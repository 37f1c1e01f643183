import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadSegments } from "../elf/mod.ts";
import { ArchError } from "./errors.ts";
import { GuestImage } from "./guest_image.ts";
import { ARCHES } from "./mod.ts";
import { PhysicalMemory } from "./physical_memory.ts";
import { image as program } from "../guest/images/conformance_x86_64.gen.ts";

for (const { name, image, directMap, ramBase } of Object.values(ARCHES)) {
  Deno.test(`GuestImage on ${name}, begins and ends at pages, text first`, () => {
    for (const address of [image.begin, image.end, image.textEnd]) {
      assertEquals(address % 4096n, 0n);
    }
    assert(image.begin < image.textEnd && image.textEnd < image.end);
  });

  Deno.test(`GuestImage on ${name}, labels and constants by name, labels by address`, () => {
    const address = image.symbol("switch_context");
    assert(address > image.begin && address < image.textEnd);
    assertEquals(image.labelAt(address), "switch_context");
    assertEquals(image.labelAt(address + 1n), undefined);
    assertEquals(image.constant("HC_TRAP"), 1);
    const error = assertThrows(() => image.symbol("no_such_label"), ArchError);
    assertEquals(error.kind, "image");
    assert(error.message.endsWith("has no symbol no_such_label"), error.message);
  });

  Deno.test(`GuestImage on ${name}, load writes every segment where it belongs`, () => {
    const memory = new PhysicalMemory(ramBase, 8 * 1024 * 1024);
    image.load(memory, directMap);
    for (const segment of loadSegments(image.elf)) {
      const bytes = memory.slice(segment.vaddr - directMap, segment.fileSize);
      assertEquals(bytes, image.elf.segmentData(segment));
    }
  });

  Deno.test(`GuestImage on ${name}, RAM too small for it is refused`, () => {
    const memory = new PhysicalMemory(ramBase, 4096);
    const error = assertThrows(() => image.load(memory, directMap), ArchError);
    assertEquals(error.kind, "memory");
    assert(error.message.startsWith("Cannot load the kernel image at physical address 0x"));
  });
}

Deno.test("GuestImage, a program is no kernel image", () => {
  const error = assertThrows(() => new GuestImage(program.bytes(), "test"), ArchError);
  assertEquals(error.kind, "image");
  assertEquals(error.message, "Image test has no symbol kernel_begin");
});
