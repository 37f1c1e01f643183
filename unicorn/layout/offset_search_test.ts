import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CalibrationError, OffsetSearch } from "./offset_search.ts";

Deno.test("OffsetSearch, narrows down to the field of its width", () => {
  const view = new DataView(new ArrayBuffer(32));
  view.setBigUint64(8, 0x1_0000_0005n, true);
  view.setUint32(20, 5, true);
  assertEquals(new OffsetSearch(view, { name: "x", width: 8 }).keep(0x1_0000_0005n).only(), 8);
  const search = new OffsetSearch(view, { name: "x", width: 4 }).keep(5n);
  assertEquals(search.count, 2);
  view.setUint32(20, 6, true);
  assertEquals(search.keep(6n).only(), 20);
  assertEquals(new OffsetSearch(view, { name: "x", width: 1 }).keep(6n).only(), 20);
});

Deno.test("OffsetSearch.only, refuses none and several, by name", () => {
  const view = new DataView(new ArrayBuffer(16));
  const several = new OffsetSearch(view, { name: "the field", width: 4 }).keep(0n);
  const message = assertThrows(() => several.only(), CalibrationError).message;
  assertStringIncludes(message, "the field: 0, 4, 8, 12");
  const none = several.keep(1n);
  assertStringIncludes(assertThrows(() => none.only(), CalibrationError).message, "none");
});
