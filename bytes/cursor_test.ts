import { assertEquals, assertThrows } from "@std/assert";
import { Cursor } from "./cursor.ts";
import { DecodeError } from "./errors.ts";
import { sleb, uleb } from "./testing/image_builder.ts";

function cursor(...bytes: number[]): Cursor {
  return new Cursor(Uint8Array.from(bytes), "test");
}

Deno.test("Cursor, reads fixed-size numbers", () => {
  assertEquals(cursor(0xfe).u8(), 0xfe);
  assertEquals(cursor(1, 0x80).u16(), 0x8001);
  assertEquals(cursor(1, 0, 0, 0x80).u32(), 0x80000001);
  assertEquals(cursor(0xff, 0xff, 0xff, 0xff).i32(), -1);
  const upper = cursor(0, 0x10, 0, 0, 0, 0x80, 0xff, 0xff);
  assertEquals(upper.address64(), -0x7ffffffff000);
  upper.at = 0;
  assertEquals(upper.bigU64(), 0xffff800000001000n);
});

Deno.test("Cursor.view, gives bytes without a copy and goes behind them", () => {
  const whole = cursor(1, 2, 3, 4);
  whole.skip(1);
  const view = whole.view(2);
  assertEquals([[...view], whole.u8()], [[2, 3], 4]);
  whole.bytes[1] = 9;
  assertEquals(view[0], 9);
});

Deno.test("Cursor, reads LEB128 of every size", () => {
  const values = [0, 1, 63, 64, 127, 128, 129, 16383, 16384, 2 ** 32, 2 ** 53 - 1];
  for (const value of values) {
    assertEquals(cursor(...uleb(value)).uleb(), value);
    assertEquals(cursor(...sleb(value)).sleb(), value);
    // Adding zero makes the negative zero a plain one.
    assertEquals(cursor(...sleb(-value)).sleb(), 0 - value);
    assertEquals(cursor(...uleb(value)).bigUleb(), BigInt(value));
  }
});

Deno.test("Cursor, reads padded LEB128", () => {
  assertEquals(cursor(0x82, 0x80, 0x80, 0x00).uleb(), 2);
  assertEquals(cursor(0xfe, 0xff, 0xff, 0x7f).sleb(), -2);
  const long = [...new Array<number>(9).fill(0xff), 0x7f];
  assertEquals(cursor(...long).sleb(), -1);
  assertEquals(cursor(...long).bigSleb(), 0xffffffffffffffffn);
});

Deno.test("Cursor, rejects numbers that do not fit", () => {
  const kind = (action: () => unknown) => assertThrows(action, DecodeError).kind;
  assertEquals(kind(() => cursor(...uleb(2n ** 53n)).uleb()), "range");
  assertEquals(kind(() => cursor(...sleb(-(2n ** 60n))).sleb()), "range");
  assertEquals(kind(() => cursor(1, 2, 3, 4, 5, 6, 7, 8).address64()), "range");
  const long = new Array<number>(11).fill(0x80);
  assertEquals(kind(() => cursor(...long).uleb()), "leb128");
  assertEquals(kind(() => cursor(...long).bigSleb()), "leb128");
});

Deno.test("Cursor, stops at its end and says where", () => {
  const reads: ((c: Cursor) => unknown)[] = [
    (c) => c.u8(),
    (c) => c.u16(),
    (c) => c.u32(),
    (c) => c.address64(),
    (c) => c.uleb(),
    (c) => c.sleb(),
    (c) => c.text(),
    (c) => c.skip(1),
    (c) => c.view(1),
  ];
  for (const read of reads) {
    const empty = cursor(0x80, 0x80);
    empty.seek(1, 1);
    const error = assertThrows(() => read(empty), DecodeError);
    assertEquals([error.kind, error.source, error.offset], [
      "truncated",
      "test",
      1,
    ]);
  }
  assertThrows(() => cursor(1).seek(0, 2), DecodeError);
  assertThrows(() => cursor(1).skip(-1), DecodeError);
});

Deno.test("Cursor, reads text up to its NUL", () => {
  const bytes = cursor(0x7a, 0x52, 0, 9);
  assertEquals([bytes.text(), bytes.at], ["zR", 3]);
});
