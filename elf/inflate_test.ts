import { assertEquals, assertStrictEquals } from "@std/assert";
import { inflateZlib } from "./inflate.ts";

async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes.slice()]).stream()
    .pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Bytes that compress somewhat, with far and near repeats. */
function sample(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let i = 0; i < size; i++) {
    state = Math.imul(state, 1103515245) + 12345 | 0;
    bytes[i] = i > 300 && (state >>> 28) < 9 ? bytes[i - 1 - (state >>> 8) % 300]! : state >>> 16;
  }
  return bytes;
}

Deno.test("inflateZlib, undoes what the runtime deflates", async () => {
  for (const size of [0, 1, 5, 1000, 70_000]) {
    const bytes = sample(size);
    assertEquals(inflateZlib(await deflate(bytes), size), bytes, `${size}`);
  }
  const zeros = new Uint8Array(100_000);
  assertEquals(inflateZlib(await deflate(zeros), zeros.length), zeros);
});

Deno.test("inflateZlib, reads stored blocks", () => {
  const stored = [0x78, 0x01, 1, 3, 0, 0xfc, 0xff, 7, 8, 9, 0, 0, 0, 0];
  const output = inflateZlib(Uint8Array.from(stored), 3);
  assertEquals(output, Uint8Array.of(7, 8, 9));
});

Deno.test("inflateZlib, notices damage", async () => {
  const good = await deflate(sample(1000));
  assertStrictEquals(inflateZlib(good, 999), undefined);
  assertStrictEquals(inflateZlib(good.subarray(0, 100), 1000), undefined);
  assertStrictEquals(inflateZlib(Uint8Array.of(0x79, 0x9c), 0), undefined);
  // Block type 3 does not exist.
  assertStrictEquals(inflateZlib(Uint8Array.of(0x78, 1, 7), 0), undefined);
});
