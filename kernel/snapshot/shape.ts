/**
 * What kinds of values a snapshot file must have where. Its hash tells damage; this tells a file
 * that some other program has written.
 *
 * @module
 */

import type { Plain } from "../../util/plain.ts";
import { SnapshotError } from "./errors.ts";

/**
 * A kind of value: a primitive by its `typeof`, an array of bytes or words, a list, a record, or
 * one of several.
 */
type Shape =
  | "number"
  | "bigint"
  | "string"
  | "boolean"
  | "any"
  | "null"
  | "bytes"
  | "words"
  | { readonly list: Shape }
  | { readonly either: readonly Shape[] }
  | { readonly fields: Readonly<Record<string, Shape>> };

const list = (shape: Shape): Shape => ({ list: shape });
const fields = (shapes: Readonly<Record<string, Shape>>): Shape => ({ fields: shapes });
const orNull = (shape: Shape): Shape => ({ either: ["null", shape] });

const RANGE = fields({ begin: "bigint", end: "bigint" });
const ENTRY = fields({
  begin: "bigint",
  end: "bigint",
  protection: fields({}),
  object: fields({}),
});
const CONTINUATION = fields({ name: "string" });
const QUEUE = fields({ threads: list("number"), signalled: "boolean" });
const UNWIND = fields({
  object: "bigint",
  reason: "string",
  progress: fields({ phase: "string" }),
});

const PARAMETERS = fields({
  priority: "number",
  nice: "number",
  weight: "number",
  period: "number",
  deadline: "number",
  budget: "number",
  affinity: orNull(list("number")),
});

const JOBS = fields({
  first: "number",
  period: "number",
  job: "number",
  done: "number",
  undecided: "number",
  missed: "number",
  overruns: "number",
});

const MODULE = fields({
  commandLine: "string",
  mode: "string",
  abi: "string",
  parameters: PARAMETERS,
  physical: "bigint",
  size: "number",
  hash: "string",
});

const CONFIG = fields({
  arch: "string",
  cpuModel: "string",
  image: "string",
  memory: "number",
  policy: "string",
  ownPolicy: "boolean",
  quantum: "number",
  seed: "number",
  timer: "string",
  stackLimit: "number",
  ioLatency: "number",
  boot: fields({ commandLine: "string", load: "string" }),
  modules: list(MODULE),
});

const CPU = fields({
  state: fields({
    image: fields({
      arch: "string",
      model: "string",
      library: "string",
      layout: "string",
      instructions: "number",
      state: list("bytes"),
    }),
    pending: "number",
    resumeAt: orNull("bigint"),
    entries: "number",
    enteredAt: "number",
    own: fields({}),
  }),
  kernel: fields({
    current: "number",
    idle: "number",
    fpOwner: orNull("number"),
    registersOf: orNull("number"),
    charged: "number",
    sliceEnd: "number",
    sliceStale: "boolean",
    fresh: "boolean",
    decision: orNull("number"),
  }),
});

const TASK = fields({
  id: "number",
  name: "string",
  module: orNull("number"),
  threads: list("number"),
  waiters: list("number"),
  locks: list("number"),
  programPages: list("bigint"),
  suspendCount: "number",
  loaded: "boolean",
  status: orNull(fields({ kind: "string" })),
  ending: orNull(fields({ kind: "string" })),
  emergencyStack: orNull(RANGE),
  reaped: "boolean",
});

const STACK = { bottom: "bigint", top: "bigint" } as const;
const HANDLER = fields({ entry: "bigint", argument: "bigint", ...STACK });
const TRAP = { code: "bigint", syndrome: "bigint", address: "bigint" } as const;

const THREAD = fields({
  id: "number",
  address: "bigint",
  task: "number",
  parameters: PARAMETERS,
  jobs: orNull(JOBS),
  state: "string",
  cpu: orNull("number"),
  stack: orNull("number"),
  label: orNull("string"),
  resume: orNull(CONTINUATION),
  waitResult: "string",
  wait: orNull(fields({ kind: "string" })),
  calls: list(CONTINUATION),
  traps: list("bigint"),
  asts: list("string"),
  preempted: "boolean",
  bounce: orNull("bigint"),
  unwinds: fields({ active: list(UNWIND), caught: list(UNWIND) }),
  userReady: "boolean",
  stackReserve: orNull("bigint"),
  killReason: orNull("string"),
  signalMask: "bigint",
  runTime: "number",
  handler: orNull(HANDLER),
  handling: orNull(fields({
    exception: fields({ ...TRAP, status: "number", reason: "string" }),
    state: "bytes",
    ...STACK,
  })),
});

const SPACE = fields({ root: "bigint", entries: list(ENTRY), pages: list(list("any")) });

const LOCKS = fields({
  objects: list(fields({ id: "number", kind: "string", protocol: "string", ceiling: "number" })),
  free: list("number"),
  threads: list(fields({
    thread: "number",
    base: fields({ priority: "number" }),
    contention: orNull(fields({
      holds: list("number"),
      waitsFor: "number",
      wants: "number",
      returns: "boolean",
      late: "boolean",
      place: "number",
      given: "number",
      woken: "boolean",
      answer: orNull("string"),
    })),
  })),
  arrivals: "number",
});

const KERNEL = fields({
  clock: fields({
    skipped: "number",
    nextTick: "number",
    alarm: "number",
    alarmRaised: "boolean",
    due: list(fields({ time: "number", line: "number" })),
    random: orNull(list("number")),
  }),
  policy: "any",
  pageFrames: fields({ freed: list("number"), fresh: "number", top: "number" }),
  stackPool: fields({ created: "number", free: list("number") }),
  stacks: fields({ userStacks: "number", waiting: list("number") }),
  zone: fields({ free: list("bigint"), inUse: "number" }),
  pageIo: fields({
    queue: list(fields({ request: fields({ source: "bigint", entry: ENTRY }), time: "number" })),
    busyUntil: "number",
  }),
  tasks: list(TASK),
  spaces: list(orNull(SPACE)),
  threads: list(THREAD),
  queues: list(list({ either: ["string", QUEUE] })),
  sleepers: list(fields({ thread: "number", until: "number" })),
  futexes: list(fields({ space: "number", address: "bigint", threads: list("number") })),
  locks: LOCKS,
  cleanPages: list(list("any")),
  zeroed: list("bigint"),
  deadThreads: list("number"),
  deadTasks: list("number"),
  console: fields({ all: "string", tasks: list("string") }),
  emptyRoot: orNull("bigint"),
  halted: orNull("string"),
  seq: "number",
});

const SNAPSHOT = fields({
  config: CONFIG,
  ram: fields({ frames: "words", contents: "words", pages: list("bytes") }),
  cpus: list(CPU),
  kernel: KERNEL,
});

/**
 * Returns data that has the shape of a snapshot file.
 * @throws {SnapshotError} of kind `file`, naming the field and what was expected
 */
export function checkShape(data: Plain): Plain {
  const wrong = find(data, { shape: SNAPSHOT, path: "snapshot" });
  if (wrong === null) return data;
  throw new SnapshotError("file", `Cannot read a snapshot: ${wrong}`);
}

/** What is wrong with a value, or `null`. */
function find(value: Plain, { shape, path }: { shape: Shape; path: string }): string | null {
  if (typeof shape === "string") {
    return isKind(value, shape) ? null : `${path} is no ${shape}`;
  }
  if ("either" in shape) {
    const all = shape.either.map((each) => find(value, { shape: each, path }));
    return all.includes(null) ? null : all.at(-1) ?? null;
  }
  if ("list" in shape) {
    if (!Array.isArray(value)) return `${path} is no list`;
    for (const [i, item] of value.entries()) {
      const wrong = find(item, { shape: shape.list, path: `${path}[${i}]` });
      if (wrong !== null) return wrong;
    }
    return null;
  }
  if (!isRecord(value)) return `${path} is no record`;
  for (const [name, each] of Object.entries(shape.fields)) {
    const wrong = find(value[name], { shape: each, path: `${path}.${name}` });
    if (wrong !== null) return wrong;
  }
  return null;
}

function isKind(value: Plain, kind: Exclude<Shape, object>): boolean {
  if (kind === "any") return true;
  if (kind === "null") return value === null;
  if (kind === "bytes") return value instanceof Uint8Array;
  if (kind === "words") return value instanceof Uint32Array;
  const type: string = typeof value;
  return type === kind;
}

function isRecord(value: Plain): value is { readonly [name: string]: Plain } {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array) && !(value instanceof Uint32Array);
}
