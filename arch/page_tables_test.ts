import { assert, assertEquals, assertThrows } from "@std/assert";
import { entryFormat as armFormat } from "./aarch64/mmu.ts";
import { ArchError } from "./errors.ts";
import { BLOCK_SIZE, type EntryFormat, type PageFrameSource, PageTables } from "./page_tables.ts";
import { PAGE_SIZE, PhysicalMemory } from "./physical_memory.ts";
import { entryFormat as x86Format } from "./x86_64/mmu.ts";

const FORMATS: readonly [string, EntryFormat][] = [["x86_64", x86Format], ["aarch64", armFormat]];
const PAGE = BigInt(PAGE_SIZE);
const BLOCK = BigInt(BLOCK_SIZE);
const BASE = 0x4000_0000n;

/** Hands out frames from the lowest up and remembers which are out. */
class Frames implements PageFrameSource {
  readonly out = new Set<bigint>();
  #next = BASE;

  allocate(): bigint {
    const frame = this.#next;
    this.#next += PAGE;
    this.out.add(frame);
    return frame;
  }

  free(frame: bigint): void {
    assert(this.out.delete(frame), "a frame is freed once");
  }
}

function make(format: EntryFormat): { tables: PageTables; frames: Frames; memory: PhysicalMemory } {
  const memory = new PhysicalMemory(BASE, 64 * PAGE_SIZE);
  const frames = new Frames();
  return { tables: new PageTables(memory, { frames, format }), frames, memory };
}

const PROTECTIONS = [
  { user: false, write: false, execute: false },
  { user: false, write: true, execute: false },
  { user: false, write: false, execute: true },
  { user: true, write: false, execute: true },
  { user: true, write: true, execute: false },
];

for (const [name, format] of FORMATS) {
  Deno.test(`PageTables on ${name}, map and walk give back place and protection`, () => {
    const { tables } = make(format);
    const root = tables.createTable();
    PROTECTIONS.forEach((protection, i) => {
      const address = 0x7f12_3456_7000n + BigInt(i) * PAGE;
      const physical = 0x1_2345_6000n + BigInt(i) * PAGE;
      tables.map(root, address, { physical, protection });
      const walk = tables.walk(root, address + 0x123n);
      assert(walk.kind === "mapped");
      assertEquals(walk.physical, physical + 0x123n);
      assertEquals(walk.protection, protection);
      assertEquals(walk.level, 3);
    });
  });

  Deno.test(`PageTables on ${name}, an address that is not mapped ends at the right level`, () => {
    const { tables } = make(format);
    const root = tables.createTable();
    const address = 0x4000_0000n;
    const protection = { user: true, write: true, execute: false };
    tables.map(root, address, { physical: BASE, protection });
    const level = (at: bigint): number | null => {
      const walk = tables.walk(root, at);
      return walk.kind === "missing" ? walk.level : null;
    };
    assertEquals(level(address), null);
    assertEquals(level(address + PAGE), 3);
    assertEquals(level(address + BLOCK), 2);
    assertEquals(level(address + (1n << 30n)), 1);
    assertEquals(level(address + (1n << 39n)), 0);
    assertEquals(level(0xffff_8000_0000_0000n), 0);
  });

  Deno.test(`PageTables on ${name}, the upper half is indexed by bits 47 to 39 alone`, () => {
    const { tables } = make(format);
    const root = tables.createTable();
    const protection = { user: false, write: true, execute: false };
    tables.map(root, 0xffff_8040_0000_1000n, { physical: BASE, protection });
    const walk = tables.walk(root, 0xffff_8040_0000_1abcn);
    assert(walk.kind === "mapped");
    assertEquals(walk.physical, BASE + 0xabcn);
  });

  Deno.test(`PageTables on ${name}, blocks of 2 MiB`, () => {
    const { tables } = make(format);
    const root = tables.createTable();
    const protection = { user: false, write: true, execute: false };
    tables.mapBlock(root, 4n * BLOCK, { physical: 512n * BLOCK, protection });
    const walk = tables.walk(root, 5n * BLOCK - 1n);
    assert(walk.kind === "mapped");
    assertEquals([walk.level, walk.physical], [2, 513n * BLOCK - 1n]);
    assertEquals(walk.protection, protection);
    const error = assertThrows(
      () => tables.map(root, 4n * BLOCK + PAGE, { physical: BASE, protection }),
      ArchError,
      "inside a block",
    );
    assertEquals(error.kind, "misuse");
  });

  Deno.test(`PageTables on ${name}, addresses that are not aligned are refused`, () => {
    const { tables, frames } = make(format);
    const root = tables.createTable();
    const protection = { user: true, write: true, execute: false };
    for (const address of [1n, 0x40_0800n]) {
      assertThrows(
        () => tables.map(root, address, { physical: BASE, protection }),
        ArchError,
        "not a multiple of 4096",
      );
    }
    assertThrows(
      () => tables.mapBlock(root, PAGE, { physical: 0n, protection }),
      ArchError,
      "not a multiple of 2097152",
    );
    assertEquals(frames.out.size, 1, "only the root was made");
  });

  Deno.test(`PageTables on ${name}, unmap tells what was there`, () => {
    const { tables } = make(format);
    const root = tables.createTable();
    const protection = { user: true, write: true, execute: false };
    tables.map(root, 0x40_0000n, { physical: BASE + PAGE, protection });
    assertEquals(tables.unmap(root, 0x40_0123n), BASE + PAGE);
    assertEquals(tables.unmap(root, 0x40_0123n), undefined);
    assertEquals(tables.walk(root, 0x40_0000n).kind, "missing");
  });

  Deno.test(`PageTables on ${name}, mapping again replaces`, () => {
    const { tables, frames } = make(format);
    const root = tables.createTable();
    const first = { user: true, write: true, execute: false };
    const second = { user: true, write: false, execute: true };
    tables.map(root, 0x40_0000n, { physical: BASE, protection: first });
    const count = frames.out.size;
    tables.map(root, 0x40_0000n, { physical: BASE + PAGE, protection: second });
    const walk = tables.walk(root, 0x40_0000n);
    assert(walk.kind === "mapped");
    assertEquals([walk.physical, walk.protection], [BASE + PAGE, second]);
    assertEquals(frames.out.size, count, "no table more");
  });

  Deno.test(`PageTables on ${name}, roots share the upper half by its first-level tables`, () => {
    const { tables } = make(format);
    const kernel = tables.createTable();
    const user = tables.createTable();
    const region = 0xffff_8040_0000_0000n;
    tables.reserve(kernel, region);
    tables.shareUpperHalf(kernel, user);
    const protection = { user: false, write: true, execute: false };
    tables.map(kernel, region + 0x5000n, { physical: BASE, protection });
    assertEquals(tables.walk(user, region + 0x5000n).kind, "mapped", "mapped later, seen here");
    tables.map(user, 0x40_0000n, { physical: BASE, protection });
    assertEquals(tables.walk(kernel, 0x40_0000n).kind, "missing", "the lower half is its own");
  });

  Deno.test(`PageTables on ${name}, destroying frees every table once and nothing else`, () => {
    const { tables, frames } = make(format);
    const protection = { user: true, write: true, execute: false };
    const kernel = tables.createTable();
    tables.reserve(kernel, 0xffff_8040_0000_0000n);
    const before = new Set(frames.out);
    const user = tables.createTable();
    tables.shareUpperHalf(kernel, user);
    for (const address of [0x40_0000n, 0x7fff_0000_0000n, 0x4000_0000n]) {
      tables.map(user, address, { physical: 0x9000_0000n, protection });
    }
    tables.mapBlock(user, 0x8000_0000n, { physical: 0x8000_0000n, protection });
    tables.destroyLowerHalf(user);
    assertEquals(frames.out, before);
    tables.destroy(kernel);
    assertEquals(frames.out.size, 0);
  });

  Deno.test(`PageTables on ${name}, tables are zeroed whatever the frame held`, () => {
    const { tables, memory } = make(format);
    memory.bytes.fill(0xff);
    const root = tables.createTable();
    assertEquals(tables.walk(root, 0n).kind, "missing");
    assert(memory.slice(root, PAGE_SIZE).every((byte) => byte === 0));
  });
}

Deno.test("PageTables.walk, finds nothing where a table has no RAM", () => {
  for (const [name, format] of FORMATS) {
    const { tables, memory } = make(format);
    const root = tables.createTable();
    tables.map(root, 0n, { physical: BASE, protection: PROTECTIONS[0]! });
    // As a debugger or a stray store may leave it: the entry is present, its table is nowhere.
    memory.writeU64(root, memory.readU64(root) | 0x6463_0000_0000n);
    assertEquals(tables.walk(root, 0n).kind, "missing", name);
    assertEquals(tables.unmap(root, 0n), undefined, name);
    assertEquals(tables.walk(0n, 0n).kind, "missing", name);
  }
});
