import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import type { Walk } from "../../arch/page_tables.ts";
import { AddressSpace, type ResidentPage } from "./address_space.ts";
import { type KernelMemory, kernelMemory } from "../testing/memory.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { READ_WRITE, type VmProtection } from "./vm_map.ts";

const PAGE = 4096n;
const AT = 0x400000n;
const READ: VmProtection = { read: true, write: false, execute: false };
const READ_EXECUTE: VmProtection = { read: true, write: false, execute: true };
const NONE: VmProtection = { read: false, write: false, execute: false };

/** A space, how often the CPU was told to forget translations, and helpers to look at it. */
class Fixture {
  readonly memory: KernelMemory;
  readonly space: AddressSpace;
  readonly clean = new Set<ResidentPage>();
  invalidations = 0;
  readonly dropped: bigint[] = [];

  constructor(name: (typeof ARCH_NAMES)[number]) {
    this.memory = kernelMemory(name);
    const { arch, frames, space } = this.memory;
    this.space = AddressSpace.create({
      space,
      frames,
      end: arch.userEnd,
      sharedRoot: arch.sharedRoot,
      clean: this.clean,
      invalidate: () => this.invalidations++,
      dropCode: (frame) => void this.dropped.push(frame),
    });
    const whole = { begin: PAGE, end: arch.userEnd };
    this.space.enter({ ...whole, protection: READ_WRITE, object: { kind: "zero" } });
  }

  enter(address: bigint, protection: VmProtection, clean = false): bigint {
    const frame = this.memory.frames.allocate();
    this.space.enterPage(address, { frame, protection, clean });
    return frame;
  }

  walk(address: bigint): Walk {
    return this.memory.space.tables.walk(this.space.root, address);
  }

  /** What the tables allow, as `urwx`, or `-` for nothing. */
  allows(address: bigint): string {
    const walk = this.walk(address);
    if (walk.kind === "missing") return "-";
    const { user, write, execute } = walk.protection;
    return `${user ? "u" : ""}r${write ? "w" : ""}${execute ? "x" : ""}`;
  }
}

for (const arch of ARCH_NAMES) {
  Deno.test(`AddressSpace.enterPage ${arch}, maps the frame for user mode, without execution`, () => {
    const f = new Fixture(arch);
    const frame = f.enter(AT + 5n, READ_EXECUTE);
    const walk = f.walk(AT + 7n);
    assertEquals(walk.kind === "mapped" && walk.physical, frame + 7n);
    assertEquals([f.allows(AT), f.allows(AT + PAGE), f.allows(AT - 1n)], ["ur", "-", "-"]);
    assertEquals(f.space.page(AT + 4095n)?.frame, frame);
    assertEquals(f.space.residentCount, 1);
  });

  Deno.test(`AddressSpace.upgradePage ${arch}, makes a page executable once and for its protection`, () => {
    const f = new Fixture(arch);
    f.enter(AT, READ_EXECUTE);
    f.space.upgradePage(AT, { protection: READ_EXECUTE, execute: false });
    assertEquals(f.allows(AT), "ur");
    f.space.upgradePage(AT, { protection: READ_EXECUTE, execute: true });
    assertEquals(f.allows(AT), "urx");
    f.space.upgradePage(AT, { protection: READ_WRITE, execute: false });
    assertEquals(f.allows(AT), "urw");
    assertEquals(f.invalidations, 3);
    f.space.upgradePage(AT + PAGE, { protection: READ_WRITE, execute: false });
    assertEquals(f.allows(AT + PAGE), "-");
  });

  Deno.test(`AddressSpace.protect ${arch}, changes the resident pages of its range`, () => {
    const f = new Fixture(arch);
    for (const i of [0n, 1n, 2n]) f.enter(AT + i * PAGE, READ_WRITE);
    f.space.protect(AT + PAGE, { end: AT + 2n * PAGE, protection: READ });
    const all = () => [0n, 1n, 2n].map((i) => f.allows(AT + i * PAGE));
    assertEquals(all(), ["urw", "ur", "urw"]);
    f.space.protect(AT, { end: f.memory.arch.userEnd, protection: NONE });
    assertEquals(all(), ["-", "-", "-"]);
    assertEquals(f.space.residentCount, 3);
    assertEquals(f.invalidations, 2);
  });

  Deno.test(`AddressSpace.protect ${arch}, takes execution away for good`, () => {
    const f = new Fixture(arch);
    const frame = f.enter(AT, READ_EXECUTE);
    f.space.protect(AT, { end: AT + PAGE, protection: READ });
    assertEquals(f.dropped, [], "it has not been executable");
    f.space.upgradePage(AT, { protection: READ_EXECUTE, execute: true });
    f.space.protect(AT, { end: AT + PAGE, protection: READ });
    f.space.protect(AT, { end: AT + PAGE, protection: READ_EXECUTE });
    assertEquals(f.dropped, [frame]);
    assertEquals(f.allows(AT), "ur");
  });

  Deno.test(`AddressSpace.save ${arch}, is the same record until something changes`, () => {
    const f = new Fixture(arch);
    const { space } = f;
    const range = { begin: AT, end: AT + 4n * PAGE };
    const object = { kind: "zero" } as const;
    const changes = [
      () => void f.enter(AT, READ_EXECUTE),
      () => void f.enter(AT + PAGE, READ_WRITE),
      () => space.upgradePage(AT, { protection: READ_EXECUTE, execute: true }),
      () => void space.protect(AT, { end: AT + PAGE, protection: READ }),
      () => void space.protect(AT + PAGE, { end: AT + 2n * PAGE, protection: READ }),
      () => void space.remove(range.begin, range.end),
      () => void space.enter({ ...range, protection: READ_WRITE, object }),
      () => void f.enter(AT + 2n * PAGE, READ_WRITE),
      () => space.dropPage(AT + 2n * PAGE),
      () => space.destroy(),
    ];
    for (const change of changes) {
      const before = space.save();
      const copy = structuredClone(before);
      change();
      const after = space.save();
      assertNotEquals(after, before);
      assertEquals(before, copy);
      assertStrictEquals(space.save(), after);
    }
  });

  Deno.test(`AddressSpace.enterPage ${arch}, pages of files are clean until they may be written`, () => {
    const f = new Fixture(arch);
    f.enter(AT, READ, true);
    f.enter(AT + PAGE, READ_WRITE, true);
    f.enter(AT + 2n * PAGE, READ, false);
    f.enter(AT + 3n * PAGE, READ, true);
    f.enter(AT + 4n * PAGE, READ, true);
    f.enter(AT + 5n * PAGE, READ, true);
    const clean = () => [...f.clean].map(({ address }) => (address - AT) / PAGE);
    assertEquals(clean(), [0n, 3n, 4n, 5n]);
    f.space.upgradePage(AT + 3n * PAGE, { protection: READ_WRITE, execute: false });
    f.space.protect(AT + 4n * PAGE, { end: AT + 5n * PAGE, protection: READ_WRITE });
    assertEquals(clean(), [0n, 5n]);
    f.space.remove(AT, AT + PAGE);
    assertEquals(clean(), [5n]);
    f.space.destroy();
    assertEquals(clean(), []);
  });

  Deno.test(`AddressSpace.remove ${arch}, frees what is in its range and nothing else`, () => {
    const f = new Fixture(arch);
    const pages = [0n, 1n, 2n, 3n].map((i) => f.enter(AT + i * PAGE, READ_WRITE));
    const before = f.memory.frames.available;
    f.space.remove(AT + PAGE, AT + 3n * PAGE);
    assertEquals(pages.map((page) => f.memory.frames.isUsed(page)), [true, false, false, true]);
    assertEquals(f.memory.frames.available, before + 2);
    assertEquals([0n, 1n, 2n, 3n].map((i) => f.allows(AT + i * PAGE)), ["urw", "-", "-", "urw"]);
    f.space.remove(PAGE, f.memory.arch.userEnd);
    assertEquals([f.memory.frames.available, f.space.residentCount], [before + 4, 0]);
    assertEquals(f.invalidations, 2);
  });

  Deno.test(`AddressSpace.destroy ${arch}, gives back every page and every table`, () => {
    const memory = kernelMemory(arch);
    const before = memory.frames.available;
    const f = new Fixture(arch);
    const empty = f.memory.frames.available;
    assertEquals(empty, before - 1);
    // Far apart, so that every page needs tables of its own.
    for (const at of [AT, 1n << 30n, 1n << 39n, f.memory.arch.userEnd - PAGE]) {
      f.enter(at, READ_WRITE);
    }
    assertEquals(
      f.memory.frames.available,
      empty - 4 - (3 + 2 + 3 + 3),
    );
    f.space.destroy();
    assertEquals(f.memory.frames.available, before);
    assertEquals(f.space.entries, []);
  });

  Deno.test(`AddressSpace ${arch}, carries the kernel half exactly if the architecture's root does`, () => {
    const f = new Fixture(arch);
    const { image, sharedRoot } = f.memory.arch;
    assertEquals(f.walk(image.begin).kind, sharedRoot ? "mapped" : "missing");
  });
}
