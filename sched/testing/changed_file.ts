/**
 * Workload files that may be wrong: right ones, changed at random.
 *
 * @module
 */
import type { Random } from "../../util/random.ts";

/** What is put in a place. */
const VALUES: readonly unknown[] = [
  ...[-1, 0, 1, 3, 64, 255, 256, 0.5, 2 ** 53, 1e300, "", "a", "m", "started", "run", "ceiling"],
  ...[null, true, [], {}, [0], [1, 0], { least: 1, most: 2 }, { least: 2, most: 1 }],
  ...[{ type: "yield" }, [{ type: "run", time: 1 }], { pattern: "periodic" }, { name: "z" }],
];

type Container = Record<string, unknown> | unknown[];

/** A copy of one of these files that is changed in one or two places. */
export function changedFile(random: Random, files: readonly unknown[]): unknown {
  const file: Record<string, unknown> = structuredClone(random.pick(files)) as never;
  for (let changes = random.below(5) === 0 ? 2 : 1; changes > 0; changes--) {
    const places: [Container, string][] = [];
    const gather = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        places.push([value as Container, key]);
        gather(inner);
      }
    };
    gather(file);
    if (places.length === 0) break;
    const [container, key] = random.pick(places);
    const fields = container as Record<string, unknown>;
    if (random.below(4) === 0 && !Array.isArray(container)) delete fields[key];
    else if (random.below(6) === 0 && !Array.isArray(container)) {
      fields[random.pick(["extra", "time", "times", "mutex", "count", "period", "ceiling"])] =
        structuredClone(random.pick(VALUES));
    } else fields[key] = structuredClone(random.pick(VALUES));
  }
  return file;
}
