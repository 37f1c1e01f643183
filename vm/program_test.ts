// The VM's file with a program: its last segment is the program.
import { assertEquals, assertThrows } from "@std/assert";
import { ElfError, parseElf } from "../elf/mod.ts";
import { elfImage, symbolTable } from "../elf/testing/elf_image.ts";
import { assemble, encodeProgram, withProgram } from "./mod.ts";

function image(symbol: string): Uint8Array {
  const { symbols, strings } = symbolTable([{ name: symbol, value: 0x402010, section: 2 }]);
  return elfImage({
    type: 2,
    sections: [
      { name: ".text", address: 0x401000, data: new Uint8Array(5000).fill(0x90) },
      { name: ".vm_program", address: 0x402010, data: new Uint8Array(8) },
      { name: ".symtab", type: 2, flags: 0, data: symbols, link: 4, entrySize: 24 },
      { name: ".strtab", type: 3, flags: 0, data: strings },
    ],
    segments: [
      { address: 0x401000, section: 1 },
      { address: 0x402010, section: 2, flags: 6 },
    ],
  });
}

Deno.test("withProgram, gives the last segment the program's bytes and nothing else", () => {
  const program = encodeProgram(assemble("method main()\nreturn\nend"));
  const before = parseElf(image("vm_program"));
  const after = parseElf(withProgram(image("vm_program"), program));
  const [first, last] = after.segments;
  assertEquals(first, before.segments[0]);
  const { offset, fileSize, memSize, vaddr } = last!;
  assertEquals([fileSize, memSize, vaddr], [program.length, BigInt(program.length), 0x402010n]);
  assertEquals(after.slice(offset, fileSize, "program"), program);
  assertEquals(offset % 16, 0);
  // Section and segment are the same bytes, or debuggers say that one of them is damaged.
  assertEquals(after.sectionData(after.section(".vm_program")!), program);
  assertEquals(after.section(".text"), before.section(".text"));
});

Deno.test("withProgram, refuses a file that is not the VM's", () => {
  const error = assertThrows(() => withProgram(image("main"), new Uint8Array(8)), ElfError);
  assertEquals([error.kind, error.message.includes("vm_program")], ["symbol", true]);
});
