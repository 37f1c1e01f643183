import { assertEquals, assertThrows } from "@std/assert";
import { ArchError } from "./errors.ts";
import { GUEST_LABELS, type GuestLabel } from "./guest_labels.ts";
import { ARCHES } from "./mod.ts";

/**
 * Labels the image lacks because the other architecture enters or leaves the kernel in another way.
 */
const MISSING: Readonly<Record<string, readonly GuestLabel[]>> = {
  x86_64: ["exit_to_el1t", "trap_from_el1h", "trap_from_el1t", "trap_from_kernel"],
  aarch64: ["exit_to_user_sysret", "syscall_entry", "trap_entry"],
};

/** Where code begins: the linker script's, not the code's. */
const LINKER_SYMBOLS = ["kernel_begin"];

Deno.test("GUEST_LABELS, names no label twice", () => {
  assertEquals(new Set(GUEST_LABELS).size, GUEST_LABELS.length);
});

for (const { name, image } of Object.values(ARCHES)) {
  const inText = (address: bigint) => address >= image.begin && address < image.textEnd;
  const missing = MISSING[name] ?? [];

  Deno.test(`GUEST_LABELS on ${name}, are the global symbols of its code, no more and no fewer`, () => {
    const globals = image.elf.symbols.all
      .filter(({ value, binding }) => binding === 1 && inText(value))
      .map(({ name }) => name)
      .filter((name) => !LINKER_SYMBOLS.includes(name));
    const expected = GUEST_LABELS.filter((label) => !missing.includes(label));
    assertEquals(globals.toSorted(), expected.toSorted());
  });

  Deno.test(`GuestImage.label on ${name}, the address of every label it has, and no other`, () => {
    for (const label of GUEST_LABELS) {
      if (missing.includes(label)) {
        const error = assertThrows(() => image.label(label), ArchError);
        assertEquals(error.kind, "image");
      } else assertEquals(image.label(label), image.elf.symbolNamed(label)?.value);
    }
  });
}
