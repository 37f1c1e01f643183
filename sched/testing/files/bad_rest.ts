/**
 * Workload files that are wrong in what is shared, the machine, or the unit.
 *
 * @module
 */
import type { BadFile } from "./bad_file.ts";
import { lock, mutexes, unlock } from "./parts.ts";

/** What is no thread. */
export const BAD_REST: readonly BadFile[] = [
  // What is shared.
  {
    path: "$.mutexes[1].name",
    file: { threads: [], mutexes: [...mutexes, ...mutexes] },
    expected: "a name that no other mutex has",
    beyondSchema: true,
  },
  {
    path: "$.mutexes[0].protocol",
    file: { threads: [], mutexes: [{ name: "m", protocol: "donate" }] },
    expected: '"none", "inherit", "ceiling"',
  },
  {
    path: "$.mutexes[0].ceiling",
    file: { threads: [], mutexes: [{ name: "m", ceiling: 3 }] },
    expected: 'none with protocol "none"',
  },
  {
    path: "$.mutexes[0].ceiling",
    file: { threads: [], mutexes: [{ name: "m", protocol: "ceiling", ceiling: 300 }] },
    expected: "from 0 to 255",
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: {
      threads: [{ name: "a", priority: 9, steps: [lock, unlock] }],
      mutexes: [{ name: "m", protocol: "ceiling", ceiling: 8 }],
    },
    expected: "a mutex whose ceiling is at least the thread's priority, 9",
    beyondSchema: true,
  },
  {
    path: "$.semaphores[0].count",
    file: { threads: [], semaphores: [{ name: "s", count: -1 }] },
    expected: "from 0",
  },
  {
    path: "$.devices[0].speed",
    file: { threads: [], devices: [{ name: "d", speed: 1 }] },
    expected: "one of name",
  },
  { path: "$.conditions", file: { threads: [], conditions: 3 }, expected: "a list" },
  // The rest of a file.
  {
    path: "$.simulation.cpus",
    file: { threads: [], simulation: { cpus: 65 } },
    expected: "from 1 to 64",
  },
  {
    path: "$.simulation.policy",
    file: { threads: [], simulation: { policy: "rr" } },
    expected: "one of cpus",
  },
  { path: "$.unit.name", file: { threads: [], unit: {} }, expected: "a value" },
  {
    path: "$.unit.length",
    file: { threads: [], unit: { name: "ms", length: 0 } },
    expected: "from 1",
  },
  { path: "$.description", file: { threads: [], description: 3 }, expected: "text" },
];
