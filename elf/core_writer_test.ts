import { assertEquals, assertStrictEquals } from "@std/assert";
import { type CoreSegment, encodeCore } from "./core_writer.ts";
import { loadSegments, parseElf } from "./elf_file.ts";
import { elfNotes } from "./notes.ts";

Deno.test("encodeCore, writes notes and segments that are read back", () => {
  const notes = [
    { owner: "CORE", type: 1, bytes: new Uint8Array([1, 2, 3]) },
    { owner: "LINUX", type: 0x401, bytes: new Uint8Array(8).fill(7) },
    { owner: "CORE", type: 6, bytes: new Uint8Array() },
  ];
  const segments: CoreSegment[] = [
    { address: 0x1000n, size: 0x1000n, flags: 5, contents: [new Uint8Array(4096).fill(1)] },
    { address: 0x2000n, size: 1n << 40n, flags: 0, contents: [] },
    {
      address: 0x7fff_ffff_e000n,
      size: 0x1000n,
      flags: 6,
      contents: [new Uint8Array(100).fill(2), new Uint8Array(28).fill(3)],
    },
  ];
  for (const machine of ["x86_64", "aarch64"] as const) {
    const bytes = encodeCore({ machine, notes, segments });
    const file = parseElf(bytes);
    assertEquals([file.type, file.machine], ["core", machine]);
    const found = [...elfNotes(file)].map(({ owner, type, bytes }) => ({ owner, type, bytes }));
    assertEquals(found, notes);
    const loaded = loadSegments(file).map((each) => ({
      address: each.vaddr,
      size: each.memSize,
      flags: each.flags,
      contents: [...file.segmentData(each)],
    }));
    const wanted = segments.map(({ contents, ...rest }) => ({
      ...rest,
      contents: contents.flatMap((piece) => [...piece]),
    }));
    assertEquals(loaded, wanted);
    for (const { offset } of loadSegments(file)) assertStrictEquals(offset % 4096, 0);
    assertEquals(encodeCore({ machine, notes, segments }), bytes);
  }
});

Deno.test("encodeCore, keeps the number of very many segments in a section header", () => {
  for (const count of [0xfffd, 0xfffe, 70_000]) {
    const segments = Array.from({ length: count }, (_, i): CoreSegment => ({
      address: BigInt(i) << 12n,
      size: 4096n,
      flags: 4,
      contents: i === count - 1 ? [new Uint8Array([9])] : [],
    }));
    const file = parseElf(encodeCore({ machine: "aarch64", notes: [], segments }));
    const loaded = loadSegments(file);
    assertStrictEquals(loaded.length, count);
    assertEquals([...file.segmentData(loaded[count - 1]!)], [9]);
  }
});
