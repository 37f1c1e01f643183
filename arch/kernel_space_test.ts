import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Arch } from "./arch.ts";
import { ArchError } from "./errors.ts";
import { KernelSpace } from "./kernel_space.ts";
import { ARCHES } from "./mod.ts";
import { PAGE_SIZE, PhysicalMemory } from "./physical_memory.ts";

const PAGE = BigInt(PAGE_SIZE);
const SIZE = 8 * 1024 * 1024;

function make(arch: Arch): KernelSpace {
  const memory = new PhysicalMemory(arch.ramBase, SIZE);
  arch.image.load(memory, arch.directMap);
  let next = arch.image.end - arch.directMap;
  return new KernelSpace(memory, {
    frames: { allocate: () => (next += PAGE) - PAGE, free: () => {} },
    format: arch.entryFormat,
    image: arch.image,
    directMap: arch.directMap,
    stackRegion: arch.stackRegion,
  });
}

for (const arch of Object.values(ARCHES)) {
  const { name, image, directMap } = arch;

  Deno.test(`KernelSpace on ${name}, the direct map is all of RAM, writable and never executable`, () => {
    const space = make(arch);
    const begin = space.virtual(space.memory.base);
    for (let offset = 0n; offset < BigInt(SIZE); offset += PAGE) {
      const address = begin + offset;
      const walk = space.tables.walk(space.root, address);
      assert(walk.kind === "mapped");
      assertEquals(walk.physical, space.memory.base + offset);
      assertEquals(walk.protection.user, false);
      const inImage = address >= image.begin && address < image.end;
      assertEquals(walk.protection.write, !inImage);
      assertEquals(walk.protection.execute, inImage && address < image.textEnd);
    }
    assertEquals(space.tables.walk(space.root, begin + BigInt(SIZE)).kind, "missing");
    assertEquals(space.tables.walk(space.root, begin - 1n).kind, "missing");
  });

  Deno.test(`KernelSpace on ${name}, reads and writes go to RAM, the image's included`, () => {
    const space = make(arch);
    const address = space.virtual(space.memory.base + 0x5000n);
    space.writeU64(address, 0x1234_5678_9abc_def0n);
    assertEquals(space.memory.readU64(space.memory.base + 0x5000n), 0x1234_5678_9abc_def0n);
    assertEquals(space.readU64(address), 0x1234_5678_9abc_def0n);
    assertEquals(space.offset(address, 8), 0x5000);
    assertEquals(space.physical(image.begin), image.begin - directMap);
  });

  Deno.test(`KernelSpace on ${name}, offset is the index in RAM, and refuses what RAM has not`, () => {
    const space = make(arch);
    const begin = space.virtual(space.memory.base);
    const end = begin + BigInt(SIZE);
    for (const index of [0, 8, 0x12_3458, SIZE - 8]) {
      assertEquals(space.offset(begin + BigInt(index), 8), index);
    }
    for (const address of [begin - 8n, end, end - 4n, begin + (1n << 32n), 0n, (1n << 64n) - 8n]) {
      assertThrows(() => space.offset(address, 8), ArchError);
    }
  });

  Deno.test(`KernelSpace on ${name}, writable says where the kernel may write`, () => {
    const space = make(arch);
    assertEquals(space.writable(image.begin - 8n), true);
    assertEquals(space.writable(image.begin - 7n), false);
    assertEquals(space.writable(image.begin), false);
    assertEquals(space.writable(image.end - 8n), false);
    assertEquals(space.writable(image.end), true);
    assertEquals(space.writable(arch.stackRegion), false);
    space.mapStackPage(arch.stackRegion, space.memory.base + 0x6000n);
    assertEquals(space.writable(arch.stackRegion + 0xff8n), true);
    assertEquals(space.writable(0x1000n), false);
  });

  Deno.test(`KernelSpace on ${name}, stack pages are where they were mapped`, () => {
    const space = make(arch);
    const address = arch.stackRegion + 5n * PAGE;
    const error = assertThrows(() => space.physical(address), ArchError);
    assertEquals([error.kind, error.address], ["translation", address]);
    space.mapStackPage(address, space.memory.base + 0x7000n);
    assertEquals(space.physical(address + 0x18n), space.memory.base + 0x7018n);
    space.writeU64(address + 0x18n, 42n);
    assertEquals(space.memory.readU64(space.memory.base + 0x7018n), 42n);
  });

  Deno.test(`KernelSpace on ${name}, the boot root has the kernel half and the image at its physical place`, () => {
    const space = make(arch);
    const root = space.createBootRoot();
    const physical = image.begin - directMap;
    const walk = space.tables.walk(root, physical);
    assert(walk.kind === "mapped");
    assertEquals(walk.physical, physical);
    assertEquals(walk.protection, { user: false, write: false, execute: true });
    assertEquals(space.tables.walk(root, physical - PAGE).kind, "missing");
    assertEquals(space.tables.walk(root, image.begin).kind, "mapped");
  });

  Deno.test(`KernelSpace on ${name}, RAM that is no whole number of blocks is refused`, () => {
    const memory = new PhysicalMemory(arch.ramBase, SIZE + PAGE_SIZE);
    const error = assertThrows(
      () =>
        new KernelSpace(memory, {
          frames: { allocate: () => arch.ramBase, free: () => {} },
          format: arch.entryFormat,
          image,
          directMap,
          stackRegion: arch.stackRegion,
        }),
      ArchError,
      `Cannot map ${SIZE + PAGE_SIZE} bytes of RAM: not a multiple of 2 MiB`,
    );
    assertEquals(error.kind, "misuse");
  });
}
