import { assertEquals } from "@std/assert";
import { textTable } from "./text_table.ts";

const ROWS = [["", "rr", "edf"], ["misses", "12", "0"], ["é", "1", "—"]];

Deno.test("textTable, names flush left, numbers flush right", () => {
  assertEquals(textTable(ROWS), ["        rr  edf", "misses  12    0", "é        1    —"]);
});

Deno.test("textTable, columns that do not fit go below, one at least is in each block", () => {
  const blocks = ["        rr", "misses  12", "é        1", "", "        edf"];
  assertEquals(textTable(ROWS, 14).slice(0, 5), blocks);
  assertEquals(textTable(ROWS, 1).slice(0, 5), blocks);
  assertEquals(textTable(ROWS, 15), textTable(ROWS));
  assertEquals(textTable([]), []);
  assertEquals(textTable([["a"], ["bc"]]), ["a", "bc"]);
});
