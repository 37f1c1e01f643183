/**
 * A core file without a list of files, of a program with a dynamic linker's list.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import type { Machine } from "../../../elf/mod.ts";
import { elfImage } from "../../../elf/testing/elf_image.ts";
import { armStatus, note, status } from "./core_image.ts";

/** Where the program is loaded, and its list and the names in it. */
export const LINKED_BIAS = 0x4_0000_0000;
const DATA = LINKED_BIAS + 0x8000;
/** Where a library is loaded. */
export const LIBRARY_BIAS = 0x7f00_0000_0000;
const STACK = 0x7ffd_0000;
const ENTRY = 0x1000n;

/** The program: code at 0x1000, and its dynamic section. */
export function linkedProgram(machine: Machine = "x86_64"): Uint8Array {
  return elfImage({
    machine,
    entry: ENTRY,
    sections: [
      { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(64) },
      { name: ".dynamic", address: 0x8000, data: new Uint8Array(32) },
    ],
    segments: [
      { address: 0x1000, section: 1 },
      { address: 0x8000, section: 2, flags: 6 },
      { type: 2, address: 0x8000, section: 2, flags: 6 },
    ],
  });
}

/** Its core: names are `/bin/program`, `/lib/b.so` and, of the kernel's object, one without file. */
export function linkedCore(
  { machine = "x86_64", entry = ENTRY }: {
    readonly machine?: Machine;
    readonly entry?: bigint;
  } = {},
): Uint8Array {
  const data = new ImageBuilder();
  const at = (label: string) => () => BigInt(DATA + data.at(label));
  const link = (name: string, bias: number, next: string | undefined) => {
    data.label(`link ${name}`).u64(BigInt(bias)).u64(at(`name ${name}`)).u64(0n);
    if (next === undefined) data.u64(0n);
    else data.u64(at(`link ${next}`));
  };
  data.u64(21n).u64(at("debug")).u64(0n).u64(0n)
    .label("debug").u64(1n).u64(at("link ")).u64(0n);
  link("", LINKED_BIAS, "linux-vdso.so.1");
  link("linux-vdso.so.1", 0x7fff_0000, "/lib/b.so");
  link("/lib/b.so", LIBRARY_BIAS, undefined);
  for (const name of ["", "linux-vdso.so.1", "/lib/b.so"]) data.label(`name ${name}`).text(name);
  const stack = new ImageBuilder().u64(0n).u64(0n).text("/bin/program").build();
  const auxv = new ImageBuilder().u64(9n).u64(BigInt(LINKED_BIAS) + entry)
    .u64(31n).u64(BigInt(STACK + 16)).u64(0n).u64(0n).build();
  const pc = LINKED_BIAS + 0x1004;
  return elfImage({
    type: 4,
    machine,
    sections: [
      {
        name: "notes",
        data: Uint8Array.from([
          ...note(1, machine === "x86_64" ? status(pc, STACK) : armStatus(pc, STACK)),
          ...note(6, auxv),
        ]),
      },
      { name: "data", data: data.build() },
      { name: "stack", data: stack },
    ],
    segments: [
      { type: 4, address: 0, section: 1 },
      { address: DATA, section: 2, flags: 6 },
      { address: STACK, section: 3, flags: 6 },
    ],
  });
}
