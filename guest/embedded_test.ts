import { assertEquals, assertThrows } from "@std/assert";
import { embed, type EmbeddedFields } from "./embedded.ts";

const FIELDS: EmbeddedFields = {
  name: "program",
  arch: "x86_64",
  kind: "program",
  sourceHash: "00",
  sources: ["a.c"],
  toolchain: "clang 14.0.6, LLD 14.0.6",
  size: 4,
  base64: "\nf0VM\nRg==\n",
};

Deno.test("embed, bytes decode over line ends", () => {
  assertEquals(embed(FIELDS).bytes(), new Uint8Array([0x7f, 0x45, 0x4c, 0x46]));
});

Deno.test("embed, each caller has bytes of its own", () => {
  const image = embed(FIELDS);
  image.bytes().fill(0);
  assertEquals(image.bytes()[0], 0x7f);
});

Deno.test("embed, text of another size is refused", () => {
  const image = embed({ ...FIELDS, size: 5 });
  const error = assertThrows(() => image.bytes(), RangeError);
  assertEquals(
    error.message,
    "Cannot decode image program for x86_64: expected 5 bytes, got 4",
  );
});
