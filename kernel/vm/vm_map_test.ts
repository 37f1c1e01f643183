import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { KernReturn } from "../errors.ts";
import {
  ENTRY_LIMIT,
  pageCeil,
  pageFloor,
  READ_WRITE,
  VmMap,
  type VmObject,
  type VmProtection,
} from "./vm_map.ts";

const PAGE = 4096n;
const END = 1n << 47n;
const ZERO: VmObject = { kind: "zero" };
const READ: VmProtection = { read: true, write: false, execute: false };
const FILE: VmObject = { kind: "file", file: 0x8000n, size: 0x10000, offset: 0x2000 };

/** Enters pages `begin` to `end`, exclusive. */
function enter(
  map: VmMap,
  pages: [bigint, bigint],
  options: { protection?: VmProtection; object?: VmObject } = {},
): number {
  const { protection = READ_WRITE, object = ZERO } = options;
  return map.enter({ begin: pages[0] * PAGE, end: pages[1] * PAGE, protection, object });
}

/** The entries as page numbers. */
function ranges(map: VmMap): [bigint, bigint][] {
  return map.entries.map(({ begin, end }) => [begin / PAGE, end / PAGE]);
}

Deno.test("pageFloor and pageCeil, round to pages", () => {
  assertEquals([0n, 1n, 4095n, 4096n].map(pageFloor), [0n, 0n, 0n, 4096n]);
  assertEquals([0n, 1n, 4095n, 4096n].map(pageCeil), [0n, 4096n, 4096n, 4096n]);
});

Deno.test("VmMap.enter, keeps entries in address order", () => {
  const map = new VmMap(END);
  for (const at of [5n, 1n, 9n, 3n]) assertEquals(enter(map, [at, at + 1n]), KernReturn.SUCCESS);
  assertEquals(ranges(map), [[1n, 2n], [3n, 4n], [5n, 6n], [9n, 10n]]);
});

Deno.test("VmMap.enter, refuses every kind of overlap and allows neighbors", () => {
  const map = new VmMap(END);
  enter(map, [10n, 20n]);
  for (const pages of [[10n, 20n], [9n, 11n], [19n, 21n], [12n, 13n], [5n, 30n]] as const) {
    assertEquals(enter(map, [...pages]), KernReturn.NO_SPACE, pages.join());
  }
  assertEquals(enter(map, [9n, 10n]), KernReturn.SUCCESS);
  assertEquals(enter(map, [20n, 21n]), KernReturn.SUCCESS);
  assertEquals(ranges(map), [[9n, 10n], [10n, 20n], [20n, 21n]]);
});

Deno.test("VmMap.enter, refuses empty, backward and unaligned ranges", () => {
  const map = new VmMap(END);
  const refused = (begin: bigint, end: bigint) =>
    assertEquals(
      map.enter({ begin, end, protection: READ, object: ZERO }),
      KernReturn.INVALID_ARGUMENT,
    );
  refused(PAGE, PAGE);
  refused(2n * PAGE, PAGE);
  refused(PAGE + 1n, 3n * PAGE);
  refused(PAGE, 3n * PAGE - 1n);
  assertEquals(map.entries, []);
});

Deno.test("VmMap.enter, refuses the first page and what is outside", () => {
  const map = new VmMap(END);
  assertEquals(enter(map, [0n, 1n]), KernReturn.INVALID_ADDRESS);
  assertEquals(enter(map, [END / PAGE, END / PAGE + 1n]), KernReturn.INVALID_ADDRESS);
  assertEquals(enter(map, [END / PAGE - 1n, END / PAGE + 1n]), KernReturn.INVALID_ADDRESS);
  assertEquals(enter(map, [-1n, 5n]), KernReturn.INVALID_ADDRESS);
  assertEquals(enter(map, [1n, 2n]), KernReturn.SUCCESS);
  assertEquals(enter(map, [END / PAGE - 1n, END / PAGE]), KernReturn.SUCCESS);
});

Deno.test("VmMap.lookup, finds the entry of every byte and nothing between", () => {
  const map = new VmMap(END);
  enter(map, [2n, 4n]);
  enter(map, [4n, 5n], { protection: READ });
  enter(map, [8n, 9n]);
  const begin = (address: bigint) => map.lookup(address)?.begin;
  assertEquals(begin(2n * PAGE - 1n), undefined);
  assertEquals(begin(2n * PAGE), 2n * PAGE);
  assertEquals(begin(4n * PAGE - 1n), 2n * PAGE);
  assertEquals(begin(4n * PAGE), 4n * PAGE);
  assertEquals(begin(5n * PAGE), undefined);
  assertEquals(begin(9n * PAGE - 1n), 8n * PAGE);
  assertEquals(begin(9n * PAGE), undefined);
  assertEquals(new VmMap(END).lookup(0n), undefined);
});

Deno.test("VmMap.inside, holds up to the end and for sizes that would wrap", () => {
  const map = new VmMap(END);
  assertEquals(map.inside(0n, END), true);
  assertEquals(map.inside(1n, END), false);
  assertEquals(map.inside(END, 0n), true);
  assertEquals(map.inside(END - 1n, 1n), true);
  assertEquals(map.inside(PAGE, (1n << 64n) - PAGE), false);
  assertEquals(map.inside((1n << 64n) - 1n, 2n), false);
  assertEquals(map.inside(-1n, 2n), false);
  assertEquals(map.inside(5n, -1n), false);
});

Deno.test("VmMap.findSpace, takes the first hole that is large enough", () => {
  const map = new VmMap(16n * PAGE);
  enter(map, [2n, 4n]);
  enter(map, [6n, 8n]);
  const find = (hint: bigint, pages: bigint) => {
    const found = map.findSpace(hint * PAGE, pages * PAGE);
    return found === undefined ? undefined : found / PAGE;
  };
  assertEquals(find(0n, 1n), 1n);
  assertEquals(find(0n, 2n), 4n);
  assertEquals(find(0n, 3n), 8n);
  assertEquals(find(3n, 1n), 4n);
  assertEquals(find(5n, 2n), 8n);
  assertEquals(find(0n, 8n), 8n);
  assertEquals(find(0n, 9n), undefined);
  assertEquals(find(15n, 1n), 15n);
  assertEquals(find(16n, 1n), undefined);
});

Deno.test("VmMap.remove, cuts entries at both ends and moves file offsets along", () => {
  const map = new VmMap(END);
  enter(map, [2n, 10n], { object: FILE });
  assertEquals(map.remove(4n * PAGE, 7n * PAGE), KernReturn.SUCCESS);
  assertEquals(ranges(map), [[2n, 4n], [7n, 10n]]);
  assertEquals(map.lookup(2n * PAGE)?.object, FILE);
  assertEquals(map.lookup(7n * PAGE)?.object, { ...FILE, offset: 0x2000 + 5 * 4096 });
  assertEquals(map.remove(0n, END), KernReturn.SUCCESS);
  assertEquals(map.entries, []);
  assertEquals(map.remove(0n, END), KernReturn.SUCCESS);
});

Deno.test("VmMap.protect, changes exactly its range", () => {
  const map = new VmMap(END);
  enter(map, [2n, 6n], { object: FILE });
  enter(map, [6n, 8n]);
  assertEquals(map.protect(4n * PAGE, 7n * PAGE, READ), KernReturn.SUCCESS);
  assertEquals(ranges(map), [[2n, 4n], [4n, 6n], [6n, 7n], [7n, 8n]]);
  const writable = [2n, 3n, 4n, 5n, 6n, 7n].map((at) => map.lookup(at * PAGE)?.protection.write);
  assertEquals(writable, [true, true, false, false, false, true]);
  assertEquals(map.lookup(4n * PAGE)?.object, { ...FILE, offset: 0x2000 + 2 * 4096 });
});

Deno.test("VmMap.protect, changes nothing if a page is missing", () => {
  const map = new VmMap(END);
  enter(map, [2n, 4n]);
  enter(map, [5n, 6n]);
  const before = structuredClone(map.entries);
  for (const [begin, end] of [[2n, 6n], [1n, 3n], [5n, 7n], [10n, 11n]] as const) {
    assertEquals(map.protect(begin * PAGE, end * PAGE, READ), KernReturn.INVALID_ADDRESS);
  }
  assertEquals(map.entries, before);
});

Deno.test("VmMap, a full map refuses whatever would need one entry more and nothing else", () => {
  const map = new VmMap(END);
  for (let i = 0n; i < BigInt(ENTRY_LIMIT); i++) {
    assertEquals(enter(map, [2n + 5n * i, 5n + 5n * i]), KernReturn.SUCCESS);
  }
  const before = structuredClone(map.entries);
  assertEquals(enter(map, [1n, 2n]), KernReturn.RESOURCE_SHORTAGE);
  assertEquals(map.remove(3n * PAGE, 4n * PAGE), KernReturn.RESOURCE_SHORTAGE);
  assertEquals(map.protect(2n * PAGE, 3n * PAGE, READ), KernReturn.RESOURCE_SHORTAGE);
  assertEquals(map.entries, before);
  // Neither shortening an entry, nor cutting two, nor changing whole ones needs more.
  assertEquals(map.remove(2n * PAGE, 3n * PAGE), KernReturn.SUCCESS);
  assertEquals(map.remove(9n * PAGE, 13n * PAGE), KernReturn.SUCCESS);
  assertEquals(map.protect(17n * PAGE, 20n * PAGE, READ), KernReturn.SUCCESS);
  assertEquals(map.entries.length, ENTRY_LIMIT);
  assertEquals(map.remove(17n * PAGE, 20n * PAGE), KernReturn.SUCCESS);
  assertEquals(enter(map, [1n, 2n]), KernReturn.SUCCESS);
});

/** What a page is, for the model. */
type PageModel = { protection: VmProtection; object: VmObject } | undefined;

function protectionFrom(bits: number): VmProtection {
  return { read: (bits & 1) !== 0, write: (bits & 2) !== 0, execute: (bits & 4) !== 0 };
}

/** The object a page of an entry shows: files by the page's own offset. */
function objectAt(map: VmMap, page: number): PageModel {
  const address = BigInt(page) * PAGE;
  const entry = map.lookup(address);
  if (entry === undefined) return undefined;
  const { protection, object } = entry;
  if (object.kind === "zero") return { protection, object };
  return {
    protection,
    object: { ...object, offset: object.offset + Number(address - entry.begin) },
  };
}

Deno.test("VmMap, behaves as an array of pages would", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const PAGES = 48;
    const random = new Random(seed);
    const map = new VmMap(BigInt(PAGES) * PAGE);
    const model: PageModel[] = new Array(PAGES).fill(undefined);
    for (let step = 0; step < 300; step++) {
      const first = random.between(1, PAGES - 1);
      const last = random.between(first + 1, Math.min(PAGES, first + 12));
      const [begin, end] = [BigInt(first) * PAGE, BigInt(last) * PAGE];
      const pages = model.slice(first, last);
      const protection = protectionFrom(random.between(0, 7));
      switch (random.between(0, 3)) {
        case 0: {
          const object = random.between(0, 1) === 0
            ? ZERO
            : { ...FILE, offset: random.between(0, 9) * 4096 };
          const free = pages.every((page) => page === undefined);
          const kr = map.enter({ begin, end, protection, object });
          assertEquals(kr, free ? KernReturn.SUCCESS : KernReturn.NO_SPACE);
          for (let i = first; free && i < last; i++) {
            model[i] = {
              protection,
              object: object.kind === "zero"
                ? object
                : { ...object, offset: object.offset + (i - first) * 4096 },
            };
          }
          break;
        }
        case 1:
          assertEquals(map.remove(begin, end), KernReturn.SUCCESS);
          model.fill(undefined, first, last);
          break;
        case 2: {
          const whole = pages.every((page) => page !== undefined);
          const kr = map.protect(begin, end, protection);
          assertEquals(kr, whole ? KernReturn.SUCCESS : KernReturn.INVALID_ADDRESS);
          for (let i = first; whole && i < last; i++) {
            const page = model[i];
            if (page !== undefined) model[i] = { ...page, protection };
          }
          break;
        }
        case 3: {
          const size = last - first;
          let expected: bigint | undefined;
          for (let at = first; at + size <= PAGES && expected === undefined; at++) {
            const free = model.slice(at, at + size).every((page) => page === undefined);
            if (free) expected = BigInt(at) * PAGE;
          }
          assertEquals(map.findSpace(begin, BigInt(size) * PAGE), expected);
        }
      }
      for (let i = 0; i < PAGES; i++) {
        assertEquals(objectAt(map, i), model[i], `seed ${seed}, page ${i} after step ${step}`);
      }
      const ends = map.entries.map(({ end }) => end);
      assertEquals(map.entries.slice(1).every(({ begin }, i) => begin >= (ends[i] ?? 0n)), true);
    }
  }
});
