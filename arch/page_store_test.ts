import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Random } from "../util/random.ts";
import { ArchError } from "./errors.ts";
import { PageStore, type RamImage } from "./page_store.ts";
import { PAGE_SIZE, PhysicalMemory } from "./physical_memory.ts";

const COUNT = 64;

function makeStore(): { memory: PhysicalMemory; store: PageStore } {
  const memory = new PhysicalMemory(0x4000_0000n, COUNT * PAGE_SIZE);
  return { memory, store: new PageStore(memory) };
}

function page(memory: PhysicalMemory, frame: number): Uint8Array {
  return memory.bytes.subarray(frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
}

function frames(...indices: number[]): Uint32Array<ArrayBuffer> {
  return new Uint32Array(indices);
}

Deno.test("PageStore.capture, an image keeps what RAM held", () => {
  const { memory, store } = makeStore();
  page(memory, 3).fill(3);
  page(memory, 5).fill(5);
  const image = store.capture(frames(3, 5));
  page(memory, 3).fill(9);
  assertEquals(image.pages.map((bytes) => bytes[17]), [3, 5]);
  assertEquals([...store.differences(image, frames(3, 5))], [3]);
  assertEquals([...store.restore(image, frames(3, 5))], [3]);
  assertEquals([page(memory, 3)[4095], page(memory, 5)[0]], [3, 5]);
  assertEquals([...store.restore(image, frames(3, 5))], []);
});

Deno.test("PageStore.capture, pages that have not changed are those of the image before", () => {
  const { memory, store } = makeStore();
  for (const frame of [1, 2, 3]) page(memory, frame).fill(frame);
  const first = store.capture(frames(1, 2, 3));
  page(memory, 2)[4095] = 7;
  const second = store.capture(frames(0, 2, 3, 4), first);
  assertStrictEquals(second.pages[2], first.pages[2]);
  assert(second.pages[1] !== first.pages[1]);
  assertStrictEquals(second.pages[0], second.pages[3], "pages of zeros are one");
  assertEquals([first.pages[1]?.[4095], second.pages[1]?.[4095]], [2, 7]);
});

Deno.test("PageStore.restore, page frames an image has not in use hold zeros", () => {
  const { memory, store } = makeStore();
  page(memory, 1).fill(1);
  page(memory, 9).fill(9);
  const image = store.capture(frames(1));
  page(memory, 2).fill(2);
  page(memory, 1).fill(0);
  // 1 was freed, 2 and 3 are in use now; nothing is said of 9.
  assertEquals([...store.restore(image, frames(2, 3))], [1, 2]);
  assertEquals([1, 2, 3, 9].map((frame) => page(memory, frame)[100]), [1, 0, 0, 9]);
});

Deno.test("PageStore, a change of any single byte is seen", () => {
  const { memory, store } = makeStore();
  page(memory, 7).fill(0xff);
  const image = store.capture(frames(7));
  for (let at = 0; at < PAGE_SIZE; at++) {
    page(memory, 7)[at] = 0xfe;
    assertEquals([...store.restore(image, frames(7))], [7]);
  }
  assert(page(memory, 7).every((byte) => byte === 0xff));
});

Deno.test("PageStore, a thousand images along a run cost what changed between them", () => {
  const { memory, store } = makeStore();
  const random = new Random(11);
  const used = new Set<number>();
  const expected: { image: RamImage; bytes: Uint8Array }[] = [];
  let changes = 0;
  let image: RamImage | undefined;
  for (let step = 0; step < 1000; step++) {
    const frame = random.below(COUNT);
    if (used.has(frame) && random.chance(0.2)) {
      used.delete(frame);
      page(memory, frame).fill(0);
    } else {
      used.add(frame);
      const at = random.below(PAGE_SIZE);
      page(memory, frame)[at] = (page(memory, frame)[at] ?? 0) ^ random.between(1, 255);
      changes++;
    }
    image = store.capture(frames(...[...used].sort((left, right) => left - right)), image);
    expected.push({ image, bytes: memory.bytes.slice() });
  }
  const kept = new Set(expected.flatMap(({ image }) => image.pages));
  assert(kept.size <= changes + 1, `${kept.size} pages for ${changes} changes`);
  let now = image!;
  for (let turn = 0; turn < 200; turn++) {
    const { image, bytes } = random.pick(expected);
    const before = memory.bytes.slice();
    const changed = store.restore(image, now.frames);
    assertEquals(memory.bytes, bytes);
    const differing = Array.from({ length: COUNT }, (_, frame) => frame).filter((frame) => {
      const at = frame * PAGE_SIZE;
      return before.subarray(at, at + PAGE_SIZE).some((byte, index) => byte !== bytes[at + index]);
    });
    assertEquals([...changed], differing);
    now = image;
  }
});

Deno.test("PageStore.restore, an image of another process serves, a damaged one changes nothing", () => {
  const { memory, store } = makeStore();
  page(memory, 4).fill(4);
  const { frames: indices, pages } = store.capture(frames(4, 6));
  const copy: RamImage = { frames: indices.slice(), pages: pages.map((bytes) => bytes.slice()) };
  const other = makeStore();
  assertEquals([...other.store.restore(copy, frames(5))], [4]);
  assertEquals(other.memory.bytes, memory.bytes);
  const damaged: RamImage[] = [
    { frames: frames(4), pages: copy.pages },
    { frames: frames(4, 4), pages: copy.pages },
    { frames: frames(6, 4), pages: copy.pages },
    { frames: frames(4, COUNT), pages: copy.pages },
    { frames: frames(4, 6), pages: copy.pages.map((bytes) => bytes.slice(1)) },
  ];
  const before = other.memory.bytes.slice();
  for (const image of damaged) {
    assertThrows(() => other.store.restore(image, frames()), ArchError);
    assertEquals(other.memory.bytes, before);
  }
  assertThrows(() => other.store.capture(frames(COUNT)), ArchError);
  assertThrows(() => other.store.restore(copy, frames(2, 1)), ArchError);
  assertEquals(other.memory.bytes, before);
});
