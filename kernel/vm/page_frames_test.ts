import { assert, assertEquals, assertThrows } from "@std/assert";
import { PhysicalMemory } from "../../arch/physical_memory.ts";
import { Random } from "../../util/random.ts";
import { KernelError } from "../errors.ts";
import { PageFrames } from "./page_frames.ts";

const PAGE = 4096n;
const BASE = 0x4000_0000n;

function frames(count: number): PageFrames {
  return new PageFrames(new PhysicalMemory(BASE, count * 4096));
}

function frame(index: number): bigint {
  return BASE + BigInt(index) * PAGE;
}

function kindOf(action: () => unknown): string {
  return assertThrows(action, KernelError).kind;
}

Deno.test("PageFrames.allocate, hands out fresh frames from the lowest", () => {
  const f = frames(4);
  assertEquals([f.allocate(), f.allocate(), f.allocate()], [frame(0), frame(1), frame(2)]);
  assertEquals([f.total, f.available], [4, 1]);
});

Deno.test("PageFrames.allocate, is out of memory when all frames are in use", () => {
  const f = frames(2);
  f.allocate();
  f.allocate();
  for (const take of [() => f.allocate(), () => f.allocateHigh(), () => f.allocateContiguous(1)]) {
    assertEquals(kindOf(take), "memory");
  }
  f.free(frame(1));
  assertEquals(f.allocate(), frame(1));
});

Deno.test("PageFrames.free, refuses a frame that is not in use and says which", () => {
  const f = frames(4);
  const a = f.allocate();
  f.free(a);
  const error = assertThrows(() => f.free(a), KernelError);
  assertEquals([error.kind, error.address], ["misuse", a]);
  assertEquals(kindOf(() => f.free(frame(3))), "misuse");
  assertEquals(kindOf(() => f.free(a + 1n)), "misuse");
  assertEquals(f.available, 4);
});

Deno.test("PageFrames.free, refuses addresses outside RAM", () => {
  const f = frames(4);
  assertThrows(() => f.free(BASE - PAGE));
  assertThrows(() => f.free(frame(4)));
  assertEquals(f.available, 4);
});

Deno.test("PageFrames.reserve, takes every page its bytes touch out of circulation", () => {
  const f = frames(8);
  f.reserve(frame(2), 2 * 4096 + 1);
  assertEquals([1, 2, 3, 4, 5].map((i) => f.isUsed(frame(i))), [false, true, true, true, false]);
  assertEquals(f.available, 5);
  const all = Array.from({ length: 5 }, () => f.allocate());
  assertEquals(all, [0, 1, 5, 6, 7].map(frame));
});

Deno.test("PageFrames.reserve, a second time changes nothing", () => {
  const f = frames(8);
  f.reserve(frame(0), 4096);
  f.reserve(frame(0), 4096);
  assertEquals(f.available, 7);
});

Deno.test("PageFrames.allocateContiguous, finds the lowest run that is long enough", () => {
  const f = frames(10);
  f.reserve(frame(1), 4096);
  f.reserve(frame(4), 4096);
  assertEquals(f.allocateContiguous(2), frame(2));
  assertEquals(f.allocateContiguous(3), frame(5));
  assertEquals(kindOf(() => f.allocateContiguous(3)), "memory");
  assertEquals(f.available, 3);
  assertEquals([f.allocate(), f.allocate(), f.allocate()], [0, 8, 9].map(frame));
});

Deno.test("PageFrames.allocateHigh, takes the highest free frame", () => {
  const f = frames(4);
  assertEquals([f.allocateHigh(), f.allocateHigh()], [frame(3), frame(2)]);
  f.free(frame(3));
  assertEquals(f.allocateHigh(), frame(3));
  assertEquals(f.allocateHigh(), frame(1));
});

Deno.test("PageFrames watermarks, are 5, 6 and 10 percent of RAM", () => {
  const f = frames(1000);
  assertEquals([f.minimum, f.low, f.high], [50, 60, 100]);
});

Deno.test("PageFrames, never hands a frame out twice, whatever the order of calls", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const f = frames(40);
    const held: bigint[] = [];
    for (let step = 0; step < 400; step++) {
      const kind = random.between(0, 5);
      if (kind <= 2 && held.length > 0) {
        f.free(held.splice(random.between(0, held.length - 1), 1)[0] ?? 0n);
      } else if (f.available > 0) {
        const got = kind === 3
          ? f.allocateHigh()
          : kind === 4
          ? f.allocateContiguous(1)
          : f.allocate();
        assert(!held.includes(got), `seed ${seed}, step ${step}`);
        held.push(got);
      }
      assertEquals(f.available, 40 - held.length);
      assert(held.every((each) => f.isUsed(each)));
      const indices = held.map((each) => Number((each - BASE) / PAGE)).sort((x, y) => x - y);
      assertEquals([...f.used()], indices);
    }
  }
});

Deno.test("PageFrames.restore, the page frames in use are those of the record, in RAM of any size", () => {
  for (const total of [1, 255, 256, 257, 1000]) {
    const f = frames(total);
    for (let i = 0; i < total; i++) f.allocate();
    for (let i = 1; i < total; i += 2) f.free(frame(i));
    const [record, used] = [f.save(), f.used()];
    assertEquals(f.used(), Uint32Array.from({ length: Math.ceil(total / 2) }, (_, i) => 2 * i));
    const expected = Array.from({ length: Math.floor(total / 2) }, () => f.allocate());
    assertEquals([f.available, f.used().length], [0, total]);
    const other = frames(total);
    for (const each of [f, other]) {
      each.restore(record, used);
      assertEquals([each.available, each.used()], [Math.floor(total / 2), used]);
      assertEquals(expected.map(() => each.allocate()), expected);
      assertEquals(each.used().length, total);
    }
  }
});
