import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { EMPTY, PairingHeaps } from "./pairing_heaps.ts";

Deno.test("PairingHeaps, 5,000 random operations agree with arrays that are sorted", () => {
  const random = new Random(3);
  const heaps = new PairingHeaps();
  const roots = [EMPTY, EMPTY, EMPTY];
  const model = new Map<number, { heap: number; key: number; tie: number }>();
  for (let tie = 0; tie < 5_000; tie++) {
    const item = random.below(60);
    const key = random.below(5) === 0 ? Infinity : random.between(-5, 5);
    const known = model.get(item);
    if (known === undefined) {
      const heap = random.below(roots.length);
      roots[heap] = heaps.insert(roots[heap]!, item, key, tie);
      model.set(item, { heap, key, tie });
    } else if (random.below(2) === 0) {
      roots[known.heap] = heaps.change(roots[known.heap]!, item, key);
      model.set(item, { ...known, key });
    } else {
      roots[known.heap] = heaps.remove(roots[known.heap]!, item);
      model.delete(item);
    }
    const sorted = [...model].sort(([, a], [, b]) =>
      a.key === b.key ? a.tie - b.tie : a.key - b.key
    );
    for (const [heap, root] of roots.entries()) {
      const expected = sorted.flatMap(([item, each]) => each.heap === heap ? [item] : []);
      assertEquals([root, ...heaps.list(root)], [expected[0] ?? EMPTY, ...expected]);
      if (root !== EMPTY) assertEquals([heaps.key(root), heaps.tie(root)], keysOf(root));
    }
  }
  function keysOf(item: number): unknown {
    const { key, tie } = model.get(item)!;
    return [key, tie];
  }
});
