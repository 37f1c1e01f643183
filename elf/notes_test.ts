import { assertEquals, assertThrows } from "@std/assert";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";
import { parseElf } from "./elf_file.ts";
import { ElfError } from "./errors.ts";
import { elfNotes, notesIn } from "./notes.ts";
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
