import { assertEquals, assertThrows } from "@std/assert";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";
import { parseElf } from "./elf_file.ts";
import { ElfError } from "./errors.ts";
import { buildIdOf, elfNotes, notesIn } from "./notes.ts";
import { elfImage } from "./testing/elf_image.ts";

function notes(data: Uint8Array, type = 4) {
  const file = parseElf(elfImage({
    sections: [{ name: "notes", data }],
    segments: [{ type, address: 0, section: 1 }],
  }));
  return [...elfNotes(file)];
}

const TWO = new ImageBuilder().u32(4).u32(5).u32(3).text("GNU").bytes(1, 2, 3, 4, 5).align(4)
  .u32(0).u32(0).u32(7).build();

Deno.test("elfNotes, gives owner, type and content of each note", () => {
  assertEquals(
    notes(TWO).map(({ owner, type, bytes }) => [owner, type, [...bytes]]),
    [["GNU", 3, [1, 2, 3, 4, 5]], ["", 7, []]],
  );
  assertEquals(notes(TWO, 1), []);
});

Deno.test("elfNotes, refuses a note that reaches beyond its segment", () => {
  for (const size of [20, 18]) {
    const error = assertThrows(() => notes(TWO.slice(0, size)), ElfError);
    assertEquals(error.kind, "note");
  }
});

Deno.test("elfNotes, refuses segments that overlap again and again", () => {
  const data = new Uint8Array(3000);
  const file = parseElf(elfImage({
    sections: [{ name: "notes", data }],
    segments: new Array(100).fill({ type: 4, address: 0, section: 1 }),
  }));
  assertEquals(assertThrows(() => [...elfNotes(file)], ElfError).kind, "note");
});

Deno.test("notesIn, gives the notes before one that is cut off", () => {
  const found: number[] = [];
  const error = assertThrows(() => {
    const bytes = Uint8Array.from([...TWO, ...TWO.subarray(0, 20)]);
    for (const note of notesIn(bytes, { name: "n", offset: 0x100, align: 4 })) {
      found.push(note.offset);
    }
  }, ElfError);
  assertEquals(found, [0x110, 0x124]);
  assertEquals([error.kind, error.offset], ["note", 0x100 + TWO.length]);
});

Deno.test("buildIdOf, finds the note in a section or, without sections, in a segment", () => {
  const data = new ImageBuilder().u32(4).u32(2).u32(1).text("GNU").bytes(9, 9).align(4)
    .u32(4).u32(3).u32(3).text("GNU").bytes(0x0a, 0xbc, 0xde).build();
  const build = (type: number) =>
    elfImage({
      sections: [{ name: ".notes", type, data }],
      segments: [{ type: 4, address: 0, section: 1 }],
    });
  assertEquals(buildIdOf(parseElf(build(7))), "0abcde");
  // The segments of a file of debug information are not there.
  assertEquals(buildIdOf(parseElf(build(1))), undefined);
  const stripped = build(1);
  stripped.fill(0, 40, 48);
  assertEquals(buildIdOf(parseElf(stripped)), "0abcde");
});
