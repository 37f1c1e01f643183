import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { share } from "./share.ts";

Deno.test("share, equal data is the earlier one, of every kind", () => {
  for (
    const make of [
      () => null,
      () => undefined,
      () => 7n,
      () => "text",
      () => [],
      () => ({}),
      () => [1, [2n, [true]], { name: "x", list: [null] }],
      () => ({ a: undefined, b: new Uint8Array([1, 2]), c: new Uint32Array([3]) }),
    ]
  ) {
    const before: unknown = make();
    assertStrictEquals(share(make() as unknown, before), before);
  }
});

Deno.test("share, data that differs has in common what is equal, and neither is written to", () => {
  const make = (value: number) => ({ same: { list: [1n, 2n] }, other: [{ value }, { value: 5 }] });
  const [before, now] = [make(1), make(2)];
  const shared = share(now, before);
  assertEquals(shared, make(2));
  assertStrictEquals(shared.same, before.same);
  assertStrictEquals(shared.other[1], before.other[1]);
  assertEquals([before, now], [make(1), make(2)]);
});

Deno.test("share, what looks alike is not equal", () => {
  const values: unknown[] = [
    null,
    undefined,
    0,
    -0,
    0n,
    false,
    "",
    [],
    [undefined],
    [0],
    [0, 0],
    {},
    { a: undefined },
    { b: undefined },
    { a: undefined, b: 1 },
    { b: 1, c: undefined },
    { a: 0 },
    { a: [] },
    { a: {} },
    new Uint8Array(0),
    new Uint8Array(1),
    new Uint8Array(2),
    new Uint8Array([0, 1]),
    new Uint32Array(0),
    new Uint32Array(1),
    new Uint32Array(2),
  ];
  for (const now of values) {
    for (const before of values) {
      const shared = share(now, before);
      assertEquals(shared, now);
      assert(Object.is(shared, before) === Object.is(now, before));
    }
  }
});
