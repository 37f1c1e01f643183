import { assertEquals, assertLess } from "@std/assert";
import type { InputError } from "../../bytes/mod.ts";
import { HOSTILE_TABLES, hostileTable } from "../testing/hostile_tables.ts";
import { frameChunks } from "./frames.ts";

/** Bytes of each table: what took minutes at a megabyte took twenty seconds at this size. */
const SIZE = 600_000;

/** Bytes of the one whose text is six hundred times as long as it is. */
const WORDY_SIZE = 80_000;

/** Milliseconds a table of that size may take on a host with other things to do. */
const LIMIT = 5000;

/** What is wrong first with the tables that are not sound. */
const DAMAGE: Readonly<Record<string, string>> = {
  "long CIE of many FDEs, malformed": "instruction",
  "long CIE header of many FDEs": "range",
  "CIEs within each other": "cie-pointer",
  "malformed FDEs": "instruction",
};

for (const name of HOSTILE_TABLES) {
  Deno.test(`frameChunks, ${name}: costs what its size is worth`, () => {
    const wordy = name === "every register in every row";
    const bytes = hostileTable(name, wordy ? WORDY_SIZE : SIZE);
    const kinds = new Set<string>();
    const onDamage = (error: InputError) => kinds.add(error.kind);
    let most = 0;
    const before = performance.now();
    for (const chunk of frameChunks(bytes, name, { onDamage })) most = Math.max(most, chunk.length);
    assertLess(performance.now() - before, LIMIT);
    // Nothing waits for the end of a line that is longer than all others.
    assertLess(most, 2 ** 24);
    assertEquals([...kinds][0], DAMAGE[name]);
  });
}
