import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { InputError } from "../../../bytes/mod.ts";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_LLE, DW_RLE } from "../constants.ts";
import type { Entry } from "../info/entry.ts";
import { DW_TAG } from "../tags.ts";
import { die, InfoImage, type UnitInit, type ValueInit } from "../testing/info_image.ts";

/** A unit at 0x1000 with a list; addresses 0x8000, 0x9000 and a dropped one have indexes. */
function unitWith(
  attribute: number,
  [form, value]: readonly [number, ValueInit],
  build: (image: InfoImage) => void,
  init: UnitInit & { readonly isSplit?: boolean } = {},
): Entry {
  const image = new InfoImage();
  image.section(".debug_addr").append(new Uint8Array(8)).u64(0x8000n).u64(0x9000n).u64(-1n);
  build(image);
  image.unit(
    die(DW_TAG.compileUnit, [
      [DW_AT.lowPc, DW_FORM.addr, 0x1000],
      [DW_AT.addrBase, DW_FORM.secOffset, 8],
      [attribute, form, value],
    ]),
    init,
  );
  return image.info({ isSplit: init.isSplit ?? false }).units[0]!.root;
}

function pair(image: ImageBuilder, begin: number | bigint, end: number | bigint): ImageBuilder {
  return image.u64(BigInt(begin)).u64(BigInt(end));
}

const hex = (address: number) => address.toString(16);

Deno.test("Entry.ranges, every kind of entry of .debug_rnglists, by offset and by index", () => {
  const build = (image: InfoImage) => {
    const list = image.section(".debug_rnglists");
    list.append(new Uint8Array(12)).u32(8).u32(9); // two lists, the first of which is empty
    list.bytes(DW_RLE.endOfList);
    list.bytes(DW_RLE.offsetPair).uleb(0x10).uleb(0x20);
    list.bytes(DW_RLE.offsetPair).uleb(0x20).uleb(0x20); // empty
    list.bytes(DW_RLE.baseAddressx).uleb(1);
    list.bytes(DW_RLE.offsetPair).uleb(1).uleb(2);
    list.bytes(DW_RLE.baseAddressx).uleb(2);
    list.bytes(DW_RLE.offsetPair).uleb(1).uleb(2); // of code that has been dropped
    list.bytes(DW_RLE.baseAddress).u64(0xffff_ffff_0000_0000n);
    list.bytes(DW_RLE.offsetPair).uleb(0).uleb(0x100);
    list.bytes(DW_RLE.startxEndx).uleb(0).uleb(1);
    list.bytes(DW_RLE.startxLength).uleb(0).uleb(4);
    list.bytes(DW_RLE.startxLength).uleb(2).uleb(4); // dropped
    pair(list.bytes(DW_RLE.startEnd), 0x10, 0x18);
    list.bytes(DW_RLE.startLength).u64(0x20n).uleb(8);
    list.bytes(DW_RLE.endOfList).bytes(0xff);
  };
  for (const value of [[DW_FORM.secOffset, 21], [DW_FORM.rnglistx, 1]] as const) {
    const root = unitWith(DW_AT.ranges, value, build);
    assertEquals(root.ranges().map(({ begin, end }) => `${hex(begin)} ${hex(end)}`), [
      "1010 1020",
      "9001 9002",
      "-100000000 -ffffff00",
      "8000 9000",
      "8000 8004",
      "10 18",
      "20 28",
    ]);
    assertEquals([0x1010, 0x101f, 0x1020, 0x8001, -0xffffff01].map((at) => root.contains(at)), [
      true,
      true,
      false,
      true,
      true,
    ]);
  }
  assertEquals(unitWith(DW_AT.ranges, [DW_FORM.rnglistx, 0], build).ranges(), []);
});

Deno.test("Entry.ranges, pairs of .debug_ranges, with bases", () => {
  const build = (image: InfoImage) => {
    const list = image.section(".debug_ranges");
    pair(list, 0x10, 0x20);
    pair(list, 0x20, 0x20);
    pair(list, 2n ** 64n - 1n, 0x5000);
    pair(list, 0, 8);
    pair(list, 0, 0);
    pair(list, 1, 2);
  };
  for (const [version, form] of [[4, DW_FORM.secOffset], [3, DW_FORM.data4]] as const) {
    const root = unitWith(DW_AT.ranges, [form, 0], build, { version });
    assertEquals(root.ranges(), [{ begin: 0x1010, end: 0x1020 }, { begin: 0x5000, end: 0x5008 }]);
  }
});

/** Expression in force at each address. */
function at(root: Entry, addresses: readonly number[]): (number | undefined)[] {
  return addresses.map((address) => root.location(DW_AT.location, address)?.[0]);
}

Deno.test("Entry.location, every kind of entry of .debug_loclists", () => {
  const build = (image: InfoImage) => {
    const list = image.section(".debug_loclists");
    list.append(new Uint8Array(12)).u32(4);
    list.bytes(DW_LLE.gnuViewPair).uleb(1).uleb(2);
    list.bytes(DW_LLE.offsetPair).uleb(0x10).uleb(0x20).uleb(1).bytes(1);
    list.bytes(DW_LLE.offsetPair).uleb(0x18).uleb(0x18).uleb(1).bytes(99);
    list.bytes(DW_LLE.baseAddressx).uleb(1);
    list.bytes(DW_LLE.offsetPair).uleb(1).uleb(2).uleb(1).bytes(2);
    list.bytes(DW_LLE.baseAddressx).uleb(2);
    list.bytes(DW_LLE.offsetPair).uleb(1).uleb(2).uleb(1).bytes(99);
    list.bytes(DW_LLE.baseAddress).u64(0x7000n);
    list.bytes(DW_LLE.offsetPair).uleb(1).uleb(2).uleb(1).bytes(3);
    list.bytes(DW_LLE.startxEndx).uleb(0).uleb(1).uleb(1).bytes(4);
    list.bytes(DW_LLE.startxLength).uleb(0).uleb(4).uleb(1).bytes(5);
    pair(list.bytes(DW_LLE.startEnd), 0x20, 0x28).uleb(1).bytes(6);
    list.bytes(DW_LLE.startLength).u64(0x30n).uleb(8).uleb(1).bytes(7);
    list.bytes(DW_LLE.defaultLocation).uleb(1).bytes(8);
    list.bytes(DW_LLE.endOfList);
  };
  for (const value of [[DW_FORM.secOffset, 16], [DW_FORM.loclistx, 0]] as const) {
    const root = unitWith(DW_AT.location, value, build);
    const addresses = [0x1010, 0x101f, 0x1020, 0x9001, 0x7001, 0x8000, 0x8fff, 0x27, 0x30, 0];
    assertEquals(at(root, addresses), [1, 1, 8, 2, 3, 4, 4, 6, 7, 8]);
    assertEquals([...root.locations(DW_AT.location)].length, 8);
  }
});

Deno.test("Entry.location, lists before DWARF 5, and one expression for all addresses", () => {
  const build = (image: InfoImage) => {
    const list = image.section(".debug_loc");
    pair(list, 0x10, 0x20).u16(1).bytes(1);
    pair(list, 2n ** 64n - 1n, 0x5000);
    pair(list, 0x10, 0x20).u16(2).bytes(2, 2);
    pair(list, 0, 0);
  };
  for (const [version, form] of [[4, DW_FORM.secOffset], [2, DW_FORM.data4]] as const) {
    const root = unitWith(DW_AT.location, [form, 0], build, { version });
    assertEquals(at(root, [0x100f, 0x1010, 0x1020, 0x501f]), [undefined, 1, undefined, 2]);
    assertEquals(root.has(DW_AT.location), true);
  }
  for (const form of [DW_FORM.exprloc, DW_FORM.block1]) {
    const root = unitWith(DW_AT.location, [form, [7]], () => {});
    assertEquals(at(root, [0, 0x1000]), [7, 7]);
  }
  assertEquals(at(unitWith(DW_AT.name, [DW_FORM.data1, 0], () => {}), [0]), [undefined]);
});

Deno.test("Entry.location, GNU's lists in split files before DWARF 5", () => {
  const build = (image: InfoImage) => {
    const list = image.section(".debug_loc");
    list.bytes(DW_LLE.startxEndx).uleb(0).uleb(1).u16(1).bytes(1);
    list.bytes(DW_LLE.baseAddressx).uleb(1);
    list.bytes(DW_LLE.offsetPair).u32(0x10).u32(0x20).u16(1).bytes(2);
    list.bytes(DW_LLE.startxLength).uleb(1).u32(8).u16(1).bytes(3);
    list.bytes(DW_LLE.endOfList);
  };
  const init = { version: 4, isSplit: true };
  const root = unitWith(DW_AT.location, [DW_FORM.secOffset, 0], build, init);
  assertEquals(at(root, [0x8000, 0x9010, 0x9000, 0x9020]), [1, 2, 3, undefined]);
});

Deno.test("Entry, lists that are damaged are errors that say where", () => {
  const fails = (
    value: readonly [number, ValueInit],
    build: (list: ImageBuilder) => void,
    version = 5,
  ) => {
    const section = version >= 5 ? ".debug_rnglists" : ".debug_ranges";
    const root = unitWith(DW_AT.ranges, value, (image) => build(image.section(section)), {
      version,
    });
    return assertThrows(() => root.ranges(), InputError).message;
  };
  const offset = [DW_FORM.secOffset, 0] as const;
  assertMatch(
    fails(offset, (list) => list.bytes(9)),
    /^List entry's kind is 9, expected at most 7 \(\.debug_rnglists\+0x0\)$/,
  );
  assertMatch(fails(offset, (list) => list.bytes(DW_RLE.startLength)), /Cannot read 4 bytes/);
  assertMatch(fails([DW_FORM.secOffset, 99], (list) => list.bytes(0)), /\.debug_rnglists\+0x63/);
  assertMatch(fails([DW_FORM.rnglistx, 9], (list) => list.bytes(0)), /\.debug_rnglists/);
  assertMatch(
    fails(offset, (list) => pair(list, 1, 2), 4),
    /^Cannot read 4 bytes, 0 are left \(\.debug_ranges\+0x10\)$/,
  );
  assertMatch(
    fails(offset, (list) => list.bytes(DW_RLE.startxEndx).uleb(7).uleb(0)),
    /\.debug_addr/,
  );
});
