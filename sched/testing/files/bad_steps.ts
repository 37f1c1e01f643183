/**
 * Workload files that are wrong in a step.
 *
 * @module
 */
import type { BadFile } from "./bad_file.ts";
import { doing, lock, mutexes, run, unlock } from "./parts.ts";

/** Steps of each kind. */
export const BAD_STEPS: readonly BadFile[] = [
  { path: "$.threads[0].steps", file: doing(run), expected: "a list" },
  { path: "$.threads[0].steps[1]", file: doing([run, "run"]), expected: "a step" },
  { path: "$.threads[0].steps[0].type", file: doing([{ time: 3 }]), expected: '"run", "sleep"' },
  { path: "$.threads[0].steps[0].type", file: doing([{ type: "walk" }]), expected: '"run"' },
  { path: "$.threads[0].steps[0].time", file: doing([{ type: "run" }]), expected: "a value" },
  {
    path: "$.threads[0].steps[0].time",
    file: doing([{ type: "run", time: 0 }]),
    expected: "an integer from 1",
  },
  {
    path: "$.threads[0].steps[1].time",
    file: doing([run, { type: "sleep", time: -3 }]),
    expected: "an integer from 0",
  },
  {
    path: "$.threads[0].steps[0].time",
    file: doing([{ type: "io", time: "4" }]),
    expected: "an integer from 0",
  },
  {
    path: "$.threads[0].steps[0].time.most",
    file: doing([{ type: "run", time: { least: 5, most: 4 } }]),
    expected: "from 5",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].time.most",
    file: doing([{ type: "run", time: { least: 5, most: 2 ** 40 } }]),
    expected: "to 4294967300",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].time.least",
    file: doing([{ type: "run", time: { most: 4 } }]),
    expected: "a value",
  },
  {
    path: "$.threads[0].steps[0].time.median",
    file: doing([{ type: "run", time: { least: 1, most: 4, median: 2 } }]),
    expected: "one of least, most",
  },
  {
    path: "$.threads[0].steps[0].device",
    file: doing([{ type: "run", time: 4, device: "d" }], { devices: [{ name: "d" }] }),
    expected: "one of type, time",
  },
  {
    path: "$.threads[0].steps[0].device",
    file: doing([{ type: "io", time: 4, device: "e" }], { devices: [{ name: "d" }] }),
    expected: "the name of a device: there are d",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].to",
    file: doing([{ type: "yield", to: "b" }]),
    expected: "the name of a thread",
    beyondSchema: true,
  },
  { path: "$.threads[0].steps[0].to", file: doing([{ type: "yield", to: 1 }]), expected: "a name" },
  {
    path: "$.threads[0].steps[0].acquire",
    file: doing([{ type: "release", semaphore: "s", acquire: "t" }], {
      semaphores: [{ name: "s" }],
    }),
    expected: "the name of a semaphore: there are s",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([lock]),
    expected: "the name of a mutex: there is none",
    beyondSchema: true,
  },
  { path: "$.threads[0].steps[0].mutex", file: doing([{ type: "lock" }]), expected: "a value" },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([lock, run], { mutexes }),
    expected: "an unlock of it before the thread's steps end",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([unlock], { mutexes }),
    expected: "a mutex that the thread has locked",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[1].mutex",
    file: doing([lock, lock], { mutexes }),
    expected: "a mutex that the thread has not locked already",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].mutex",
    file: doing([{ type: "wait", condition: "c", mutex: "m" }], {
      mutexes,
      conditions: [{ name: "c" }],
    }),
    expected: "a mutex that the thread has locked",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps[0].mutex",
    file: doing([{ type: "repeat", times: 2, steps: [lock, run] }], { mutexes }),
    expected: "a mutex that the thread has not locked already",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps",
    file: doing([{ type: "repeat", times: 2, steps: [{ type: "yield" }] }]),
    expected: "something that takes time",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps",
    file: doing([{ type: "repeat", steps: [] }]),
    expected: "something that takes time",
  },
  {
    path: "$.threads[0].steps[0].times",
    file: doing([{ type: "repeat", times: 0, steps: [run] }]),
    expected: "from 1",
  },
  {
    path: `$.threads[0]${".steps[0]".repeat(17)}`,
    file: doing([
      Array.from({ length: 17 }).reduce((steps) => ({ type: "repeat", steps: [steps] }), run),
    ]),
    expected: "at most 16 repeats",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].thread",
    file: doing([{ type: "start", thread: "b" }]),
    expected: "the name of a thread",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].thread",
    file: doing([{ type: "start", thread: "a" }]),
    expected: `of arrival "started"`,
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].steps[1]",
    file: {
      threads: [{
        name: "a",
        steps: [{ type: "repeat", times: 2, steps: [run, { type: "start", thread: "b" }] }],
      }, { name: "b", arrival: "started", steps: [] }],
    },
    expected: "no start in a repeat",
    beyondSchema: true,
  },
  {
    path: "$.threads[0].steps[0].hint",
    file: doing([{ type: "signal", condition: "c", hint: "soon" }], {
      conditions: [{ name: "c" }],
    }),
    expected: '"none", "handoff", "sync"',
  },
  {
    path: "$.threads[0].steps[0].hint",
    file: doing([{ type: "run", time: 3, hint: "sync" }]),
    expected: "one of type, time",
  },
  {
    path: "$.threads[0].steps[0].label",
    file: doing([{ type: "mark", label: "" }]),
    expected: "a name",
  },
  {
    path: "$.threads[0].steps[0].parameters.nice",
    file: doing([{ type: "set", parameters: { nice: 99 } }]),
    expected: "from -20 to 19",
  },
  {
    path: "$.threads[0].steps[0].parameters.name",
    file: doing([{ type: "set", parameters: { name: "b" } }]),
    expected: "one of priority",
  },
];
