import { assertEquals, assertThrows } from "@std/assert";
import { LsdaError } from "../errors.ts";
import { type Action, Lsda } from "./lsda.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

const START = 0x1000;
const AT = 0x20000;

function lsda(image: ImageBuilder): Lsda {
  return new Lsda({ bytes: image.build(), address: AT }, {
    address: AT,
    functionStart: START,
  });
}

/**
 * Call sites given as LEB128 bytes, actions as bytes, types as 32-bit pc-relative indirect
 * pointers.
 */
function table(
  sites: readonly (readonly number[])[],
  actions: readonly number[] = [],
  types: readonly number[] = [],
  filters: readonly number[] = [],
): Lsda {
  const image = new ImageBuilder();
  const encoding = types.length === 0 && filters.length === 0 ? 0xff : 0x9b;
  image.bytes(0xff, encoding);
  if (encoding !== 0xff) {
    image.number(1, () => image.at("types") - image.at("after"));
    image.label("after");
  }
  image.bytes(1).uleb(sites.flat().length).bytes(...sites.flat());
  image.bytes(...actions).align(4);
  for (const type of [...types].reverse()) image.u32(type);
  return lsda(image.label("types").bytes(...filters));
}

function kinds(actions: Iterable<Action>): string[] {
  return [...actions].map((each) =>
    each.kind === "cleanup"
      ? "cleanup"
      : each.kind === "catch"
      ? `catch ${each.filter} ${each.type?.address}`
      : `filter ${each.filter} ${each.types.map((type) => type?.address)}`
  );
}

Deno.test("Lsda, reads call sites in LEB128", () => {
  const [first, second] = table([[0, 4, 0x20, 0], [8, 0x10, 0, 0]]).callSites();
  assertEquals(first, {
    begin: 0x1000n,
    end: 0x1004n,
    landingPad: 0x1020n,
    action: 0,
  });
  assertEquals(second?.landingPad, undefined);
});

Deno.test("Lsda, reads call sites in every fixed width", () => {
  for (const [encoding, width] of [[2, 2], [3, 4], [4, 8], [0x0b, 4]] as const) {
    const image = new ImageBuilder().bytes(0xff, 0xff, encoding);
    image.uleb(3 * width + 1);
    for (const value of [0x10, 0x20, 0x80]) image.number(width, value);
    const [site] = lsda(image.bytes(5)).callSites();
    assertEquals(
      [site?.begin, site?.end, site?.landingPad, site?.action],
      [0x1010n, 0x1030n, 0x1080n, 5],
      `${encoding}`,
    );
  }
});

Deno.test("Lsda, takes landing pads from a base of their own", () => {
  // The base is 0x5000, written relative to its own place.
  const image = new ImageBuilder().bytes(0x1b).u32(0x5000 - (AT + 1));
  const table = lsda(image.bytes(0xff, 1, 4, 0, 4, 0x20, 0));
  assertEquals(table.landingPadBase, 0x5000);
  assertEquals([...table.callSites()][0]?.landingPad, 0x5020n);
});

Deno.test("Lsda.callSiteAt, falls back only when asked", () => {
  const sites = table([[0x10, 4, 0x40, 0], [0x20, 8, 0x50, 0]]);
  const pad = (address: bigint, between?: "none" | "previous") =>
    sites.callSiteAt(address, between && { between })?.landingPad;
  assertEquals(pad(0x1010n), 0x1040n);
  assertEquals(pad(0x1013n), 0x1040n);
  assertEquals(pad(0x1014n), undefined);
  assertEquals(pad(0x1014n, "none"), undefined);
  assertEquals(pad(0x1014n, "previous"), 0x1040n);
  assertEquals(pad(0x1027n), 0x1050n);
  assertEquals(pad(0x1030n, "previous"), 0x1050n);
  assertEquals(pad(0x100fn, "previous"), undefined);
});

Deno.test("Lsda.actions, tells cleanups, handlers and filters apart", () => {
  const none = table([[0, 4, 0, 0], [4, 4, 0x20, 0]]);
  const [quiet, cleanup] = none.callSites();
  assertEquals(kinds(none.actions(quiet!)), []);
  assertEquals(kinds(none.actions(cleanup!)), ["cleanup"]);
  // Records: 1: catch 1, end. 3: catch 2, then 1. 5: filter -1, then 3. 7: cleanup, end.
  const rich = table(
    [[0, 4, 0x20, 5], [4, 4, 0x20, 7]],
    [1, 0, 2, 0x7d, 0x7f, 0x7d, 0, 0],
    [0, 0x40],
    [2, 1, 0],
  );
  const second = AT + 24 + 0x40;
  const [chain, last] = rich.callSites();
  assertEquals(kinds(rich.actions(chain!)), [
    `filter -1 ${second},`,
    `catch 2 ${second}`,
    "catch 1 undefined",
  ]);
  assertEquals(kinds(rich.actions(last!)), ["cleanup"]);
});

Deno.test("Lsda.actions, ends a chain that leads back", () => {
  const circle = table([[0, 4, 0x20, 1]], [1, 0x7f], [0]);
  const [site] = circle.callSites();
  const error = assertThrows(() => [...circle.actions(site!)], LsdaError);
  assertEquals(error.kind, "action");
});

Deno.test("Lsda, names what is wrong", () => {
  const kind = (action: () => unknown) => assertThrows(action, LsdaError).kind;
  const bytes = (...all: number[]) => lsda(new ImageBuilder().bytes(...all));
  assertEquals(kind(() => bytes(0xff, 0x9b, 50, 1, 0)), "length");
  assertEquals(kind(() => bytes(0xff, 0xff, 1, 50)), "length");
  assertEquals(kind(() => bytes(0xff, 0xff, 7, 0)), "encoding");
  const noTypes = table([[0, 4, 0x20, 1]], [1, 0]);
  const [site] = noTypes.callSites();
  assertEquals(kind(() => [...noTypes.actions(site!)]), "type");
  assertEquals(kind(() => noTypes.filterTypes(-1)), "type");
  const far = table([[0, 4, 0x20, 100]]);
  const [farSite] = far.callSites();
  assertEquals(kind(() => [...far.actions(farSite!)]), "action");
});
