import { assertEquals, assertMatch } from "@std/assert";
import { DW_AT } from "../attributes.ts";
import { DW_FORM, DW_IDX } from "../constants.ts";
import { DW_TAG } from "../tags.ts";
import { type AttributeInit, die, type EntryInit, InfoImage } from "../testing/info_image.ts";

function named(tag: number, name: string, children?: readonly EntryInit[]): EntryInit {
  return die(tag, [[DW_AT.name, DW_FORM.string, name]], children, name);
}

const DECLARED: AttributeInit = [DW_AT.declaration, DW_FORM.flagPresent, []];

/** Two units of entries of all sorts. */
function program(): InfoImage {
  const image = new InfoImage();
  image.unit(die(DW_TAG.compileUnit, [[DW_AT.name, DW_FORM.string, "unit.c"]], [
    named(DW_TAG.namespace, "space", [
      die(
        DW_TAG.subprogram,
        [
          [DW_AT.name, DW_FORM.strp, "method"],
          [DW_AT.linkageName, DW_FORM.lineStrp, "_ZN5space6methodEv"],
          DECLARED,
        ],
        undefined,
        "declared method",
      ),
      named(DW_TAG.structureType, "Type", [
        named(DW_TAG.member, "field"),
        die(
          DW_TAG.variable,
          [[DW_AT.name, DW_FORM.string, "shared"], DECLARED],
          undefined,
          "declared",
        ),
      ]),
      die(DW_TAG.structureType, [[DW_AT.name, DW_FORM.string, "Opaque"], DECLARED]),
    ]),
    die(DW_TAG.subprogram, [
      [DW_AT.specification, DW_FORM.ref4, { to: "declared method" }],
    ], [
      named(DW_TAG.variable, "local"),
      named(DW_TAG.structureType, "Local"),
      named(DW_TAG.lexicalBlock, "block", [named(DW_TAG.subprogram, "nested")]),
    ], "method"),
    named(DW_TAG.variable, "global"),
    die(DW_TAG.variable, [[DW_AT.specification, DW_FORM.ref4, { to: "declared" }]], [], "shared"),
    named(DW_TAG.enumerationType, "Color", [named(DW_TAG.enumerator, "red")]),
  ]));
  image.unit(die(DW_TAG.compileUnit, [], [
    { ...named(DW_TAG.variable, "global"), label: "global 2" },
    named(DW_TAG.variable, "Größe"),
  ]));
  return image;
}

function found(image: InfoImage, name: string): number[] {
  return [...image.info().named(name)].map((entry) => entry.offset);
}

Deno.test("DebugInfo.named, finds what is not local by all its names, without an index", () => {
  const image = program();
  const at = (label: string) => image.section(".debug_info").at(label);
  for (const name of ["space", "method", "Type", "nested", "shared", "Color", "red", "Größe"]) {
    assertEquals(found(image, name), [at(name)], name);
  }
  assertEquals(found(image, "_ZN5space6methodEv"), [at("method")]);
  assertEquals(found(image, "global"), [at("global"), at("global 2")]);
  for (const name of ["local", "Local", "field", "Opaque", "unit.c", "glob", ""]) {
    assertEquals(found(image, name), [], name);
  }
});

/** The hash of the standard, for names of lower-case ASCII. */
function hash(name: string): number {
  let value = 5381;
  for (const byte of new TextEncoder().encode(name)) value = (value * 33 + byte) % 2 ** 32;
  return value;
}

/** Adds an index of the first unit, in which `global` has another name as well. */
function addIndex(image: InfoImage, buckets: number): void {
  const strings = image.section(".debug_str");
  const entries = [["alias", "global"], ["global", "global"], ["größe", "red"]] as const;
  const order = buckets === 0
    ? entries
    : entries.toSorted(([a], [b]) => hash(a) % buckets - hash(b) % buckets);
  const table = image.section(".debug_names");
  table.u32(() => table.at("end") - 4).u16(5).u16(0).u32(1).u32(0).u32(0).u32(buckets)
    .u32(order.length).u32(() => table.at("pool") - table.at("abbreviations")).u32(3)
    .bytes(0x61, 0x62, 0x63, 0);
  table.u32(0);
  for (let bucket = 0; bucket < buckets; bucket++) {
    table.u32(1 + order.findIndex(([name]) => hash(name) % buckets === bucket));
  }
  if (buckets > 0) { for (const [name] of order) table.u32(hash(name)); }
  for (const [name] of order) {
    table.u32(strings.size);
    strings.text(name);
  }
  for (const [name] of order) table.u32(() => table.at(name) - table.at("pool"));
  table.label("abbreviations").uleb(7).uleb(DW_TAG.variable).uleb(DW_IDX.dieOffset)
    .uleb(DW_FORM.ref4).uleb(DW_IDX.parent).uleb(DW_FORM.flagPresent).bytes(0, 0, 0).label("pool");
  for (const [name, entry] of order) {
    table.label(name).uleb(7).u32(image.section(".debug_info").at(entry)).bytes(0);
  }
  table.label("end");
}

Deno.test("DebugInfo.named, reads .debug_names, and the units that it leaves out", () => {
  for (const buckets of [0, 1, 2, 7]) {
    const image = program();
    addIndex(image, buckets);
    const at = (label: string) => image.section(".debug_info").at(label);
    assertEquals(found(image, "alias"), [at("global")]);
    assertEquals(found(image, "größe"), [at("red")]);
    assertEquals(found(image, "global"), [at("global"), at("global 2")]);
    assertEquals(found(image, "Größe"), [at("Größe")]);
    // The index is believed.
    assertEquals(found(image, "space"), []);
  }
});

Deno.test("DebugInfo.named, an index that is damaged is told of and done without", () => {
  const image = program();
  addIndex(image, 2);
  const bytes = image.build().get(".debug_names")!;
  const other = program();
  other.section(".debug_names").append(bytes).append([1, 2, 3]);
  const copy = other.build().get(".debug_names")!;
  copy[4] = 6;
  const damaged = program();
  damaged.section(".debug_names").append(copy);
  const info = damaged.info();
  assertEquals([...info.named("space")].length, 1);
  assertMatch(String(info.problems[0]), /^DwarfError: Name index's version is 6, expected 5 /);
  assertMatch(String(info.problems[1]), /^DecodeError: Cannot read 4 bytes, 3 are left /);
});
