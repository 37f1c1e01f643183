// A thousand snapshots along a run cost what has changed between them.
import { assertEquals, assertLess } from "@std/assert";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import type { Snapshot } from "./mod.ts";

const WORD = 8;
const KIB = 1024;

/** Bytes of what values hold that `seen` does not, without what the host adds to each object. */
function newBytes(value: unknown, seen: Set<unknown>): number {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) return value.byteLength;
  const parts = Object.values(value);
  return parts.reduce<number>((sum, part) => sum + WORD + newBytes(part, seen), 0);
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.snapshot ${arch}, a thousand along a run cost what changed between them`, () => {
    using session = new Session({ arch, programs: ["module-hello"] });
    const { machine } = session;
    const seen = new Set<unknown>();
    const snapshots: Snapshot[] = [];
    const costs: number[] = [];
    for (let i = 0; i < 1000; i++) {
      assertEquals(machine.run(50).kind, "paused");
      const snapshot = machine.snapshot();
      snapshots.push(snapshot);
      costs.push(newBytes(snapshot, seen));
    }
    const [, ...later] = costs;
    const mean = later.reduce((sum, cost) => sum + cost, 0) / later.length;
    assertLess(mean, 6 * KIB);
    assertLess(400 * KIB, newBytes(snapshots.at(-1), new Set()));
  });
}
