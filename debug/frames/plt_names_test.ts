import { assertEquals, assertStrictEquals } from "@std/assert";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { type ElfFile, parseElf, SHT } from "../../elf/mod.ts";
import { elfImage, type SectionInit } from "../../elf/testing/elf_image.ts";
import { PltNames } from "./plt_names.ts";

/** Bytes written in base 16. */
const hex = (text: string) =>
  Uint8Array.from(text.match(/[0-9a-f]{2}/g)!, (byte) => parseInt(byte, 16));

/** A file of these stubs; the words at 0x4000 and 0x4008 are of `puts` and `exit`. */
function fileOf(machine: "x86_64" | "aarch64", stubs: readonly SectionInit[]): ElfFile {
  const symbol = (name: number) => [...new Uint8Array(Uint32Array.of(name, 0x12).buffer)];
  const symbols = Uint8Array.of(
    ...new Uint8Array(24),
    ...symbol(1),
    ...new Uint8Array(16),
    ...symbol(6),
    ...new Uint8Array(16),
  );
  const relocations = new ImageBuilder();
  for (const [slot, index] of [[0x4000, 1], [0x4008, 2], [0x4010, 0]] as const) {
    relocations.u64(BigInt(slot)).u32(7).u32(index).u64(0n);
  }
  const strings = new TextEncoder().encode("\0puts\0exit\0");
  const sections = [
    { name: ".dynsym", type: SHT.dynsym, data: symbols, link: 2, entrySize: 24 },
    { name: ".dynstr", type: 3, data: strings },
    { name: ".rela.plt", type: SHT.rela, data: relocations.build(), link: 1, entrySize: 24 },
    ...stubs,
  ];
  return parseElf(elfImage({ machine, sections }), { name: "made" });
}

Deno.test("PltNames.at, names stubs of x86-64 by the word they jump through", () => {
  const names = new PltNames(fileOf("x86_64", [
    // endbr64; jmp *slot(%rip); nop: at 0x1000 puts, at 0x1010 exit, at 0x1020 none.
    {
      name: ".plt.sec",
      address: 0x1000,
      entrySize: 16,
      data: hex(
        "f30f1efa ff25f62f0000 660f1f440000 f30f1efa ff25ee2f0000 660f1f440000" +
          "f30f1efa ff25e62f0000 660f1f440000",
      ),
    },
    // jmp *slot(%rip); xchg %ax, %ax: at 0x1100 exit.
    { name: ".plt.got", address: 0x1100, entrySize: 8, data: hex("ff25022f0000 6690") },
  ]));
  assertEquals([0x1000n, 0x1004n, 0x100fn].map((at) => names.at(at)), Array(3).fill("puts@plt"));
  assertEquals([names.at(0x1010n), names.at(0x101an)], ["exit@plt", "exit@plt"]);
  assertStrictEquals(names.at(0x1024n), undefined);
  assertStrictEquals(names.at(0x1106n), "exit@plt");
  assertStrictEquals(names.at(0x1108n), undefined);
});

Deno.test("PltNames.at, names stubs of AArch64, with and without bti, at each instruction", () => {
  // adrp x16, 0x4000; ldr x17, [x16, #0 or #8]; add; br x17. Stubs with bti have two nops behind.
  const stub = (load: string) => `100000f0 ${load} 10020091 20021fd6`;
  const plain = `${stub("110240f9")}${stub("110640f9")}`;
  const guarded = `5f2403d5${stub("110240f9")}1f2003d5`;
  const names = new PltNames(fileOf("aarch64", [
    { name: ".plt", address: 0x1000, data: hex(plain) },
    { name: ".plt.sec", address: 0x1100, data: hex(guarded) },
  ]));
  const at = (begin: bigint, count: number) =>
    Array.from({ length: count }, (_, i) => names.at(begin + 4n * BigInt(i)));
  assertEquals(at(0x1000n, 4), Array(4).fill("puts@plt"));
  assertEquals(at(0x1010n, 4), Array(4).fill("exit@plt"));
  assertEquals(at(0x1100n, 5), Array(5).fill("puts@plt"));
});
