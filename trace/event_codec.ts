/**
 * The JSON form of every event: one table of fields, in the order they are written, used in both
 * directions.
 *
 * @module
 */
import { TraceError } from "./errors.ts";
import type { DeadlockedThread, EventBody, EventStamp, LabelledWord, ThreadRef } from "./events.ts";

/** Discriminant of an event. */
export type EventType = EventBody["type"];

/** Where a value stands in the input. */
export interface Place {
  /** Line, from 1. */
  readonly line: number;
  /** Path of the field within the line. */
  readonly field: string;
}

/** Turns a field into JSON and back. */
interface Codec<T> {
  readonly optional?: true;
  encode(value: T): unknown;
  decode(json: unknown, place: Place): T;
}

type BodyOf<T extends EventType, E = EventBody> = E extends { readonly type: infer U }
  ? T extends U ? Omit<E, "type">
  : never
  : never;

/** Every field of an object type has a codec of its type. */
type Fields<B> = { readonly [K in keyof B]-?: Codec<Exclude<B[K], undefined>> };

function refuse(json: unknown, options: { place: Place; want: string }): never {
  const { place: { line, field }, want } = options;
  const found = json === undefined ? "missing" : JSON.stringify(json);
  throw new TraceError("shape", {
    line,
    field,
    message: `field "${field}" must be ${want} and is ${found}`,
  });
}

const text: Codec<string> = {
  encode: (value) => value,
  decode: (json, place) => typeof json === "string" ? json : refuse(json, { place, want: "text" }),
};

const integer: Codec<number> = {
  encode: (value) => value,
  decode: (json, place) =>
    typeof json === "number" && Number.isSafeInteger(json)
      ? json
      : refuse(json, { place, want: "an integer" }),
};

const word: Codec<bigint> = {
  encode: (value) => `0x${BigInt.asUintN(64, value).toString(16)}`,
  decode: (json, place) =>
    typeof json === "string" && /^0x[0-9a-f]{1,16}$/.test(json)
      ? BigInt(json)
      : refuse(json, { place, want: "a hexadecimal word" }),
};

function oneOf<T extends string>(...values: readonly T[]): Codec<T> {
  return {
    encode: (value) => value,
    decode: (json, place) =>
      values.find((value) => value === json) ?? refuse(json, { place, want: values.join(" or ") }),
  };
}

function optional<T>(codec: Codec<T>): Codec<T> {
  return { ...codec, optional: true };
}

function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    encode: (value) => value === null ? null : codec.encode(value),
    decode: (json, place) => json === null ? null : codec.decode(json, place),
  };
}

function list<T>(codec: Codec<T>): Codec<readonly T[]> {
  return {
    encode: (values) => values.map((value) => codec.encode(value)),
    decode: (json, place) => {
      if (!Array.isArray(json)) return refuse(json, { place, want: "a list" });
      return json.map((item, index) =>
        codec.decode(item, { ...place, field: `${place.field}.${index}` })
      );
    },
  };
}

function record<B extends object>(fields: Fields<B>): Codec<B> {
  return {
    encode: (value) => encodeFields(value, fields),
    decode: (json, place) => {
      if (!isRecord(json)) return refuse(json, { place, want: "an object" });
      return decodeFields(json, { fields, place }) as B;
    },
  };
}

const thread: Codec<ThreadRef> = record<ThreadRef>({ address: word, task: text });
const labelled: Codec<LabelledWord> = record<LabelledWord>({ label: text, value: word });
const mode: Codec<"user" | "kernel"> = oneOf("user", "kernel");
const lifecycle: Fields<BodyOf<"task-exit">> = {
  task: text,
  thread: word,
  code: optional(integer),
  reason: optional(text),
};

const STAMP: Fields<EventStamp> = { seq: integer, time: integer, cpu: integer };

/** Fields of every event type, in the order they are written. */
const BODIES: { readonly [T in EventType]: Fields<BodyOf<T>> } = {
  message: { text },
  "context-switch": { from: thread, fromContinuation: word, to: thread, toContinuation: word },
  "stack-handoff": { from: thread, to: thread },
  exception: { thread, mode, origin: text, name: text, words: list(labelled) },
  irq: { thread, mode, line: integer, pc: word },
  "page-fault": {
    thread,
    address: word,
    access: oneOf("read", "write", "execute"),
    kr: integer,
  },
  "exception-return": { thread, pc: word },
  ast: { thread, reasons: list(text) },
  syscall: { thread, number: integer, name: text, args: list(word) },
  "handler-entry": { thread, code: word, address: word, pc: word, state: word },
  "handler-return": { thread, outcome: oneOf("resumed", "declined", "failed"), pc: word },
  "fp-switch": { from: nullable(thread), to: thread },
  panic: {
    thread,
    cause: oneOf("panic", "throw", "exception", "kill", "forced"),
    reason: text,
    context: word,
  },
  frame: {
    thread,
    index: integer,
    pc: word,
    cfa: word,
    function: text,
    offset: integer,
    source: text,
    certainty: oneOf("exact", "recognized", "guessed", "doubtful"),
    doubt: nullable(text),
    action: oneOf("skip", "pass", "cleanup", "handler"),
  },
  landing: {
    thread,
    kind: oneOf("cleanup", "handler"),
    function: text,
    landingPad: word,
    sp: word,
    selector: word,
  },
  "unwind-resume": { thread, context: word },
  "unwind-end": {
    thread,
    outcome: oneOf("end-of-stack", "caught", "aborted"),
    landings: integer,
    reason: optional(text),
  },
  console: { thread, text },
  "task-create": lifecycle,
  "task-exit": lifecycle,
  "thread-create": lifecycle,
  "thread-exit": lifecycle,
  parameters: {
    by: thread,
    of: thread,
    priority: integer,
    nice: integer,
    weight: integer,
    period: integer,
    deadline: integer,
    budget: integer,
    affinity: nullable(list(integer)),
  },
  ready: { of: thread, reason: oneOf("start", "wakeup", "release"), instant: integer },
  decision: {
    instant: integer,
    from: nullable(thread),
    why: oneOf("quantum", "preempted", "blocked", "yielded", "ended", "idle"),
    to: nullable(thread),
  },
  "job-release": { of: thread, job: integer, release: integer },
  "job-complete": {
    of: thread,
    job: integer,
    release: integer,
    deadline: nullable(integer),
    lateness: nullable(integer),
  },
  "deadline-miss": { of: thread, job: integer, release: integer, deadline: integer },
  idle: { until: integer },
  blocked: { thread, wait: text, continuation: text, label: word },
  handoff: { thread, to: thread },
  deadlock: { cycle: list(record<DeadlockedThread>({ thread, mutex: integer })) },
  "policy-fault": { policy: text, call: text, arguments: text, reason: text, state: text },
  halt: { reason: text },
};

/** Every event type, in the order of the table. */
export const EVENT_TYPES: readonly EventType[] = Object.keys(BODIES) as EventType[];

/** Whether JSON is an object, as opposed to a list, null or a scalar. */
export function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

function encodeFields(value: object, fields: object): Record<string, unknown> {
  const json: Record<string, unknown> = {};
  const source = value as Record<string, unknown>;
  for (const [name, codec] of Object.entries(fields) as [string, Codec<unknown>][]) {
    const field = source[name];
    if (field !== undefined) json[name] = codec.encode(field);
  }
  return json;
}

function decodeFields(
  json: Record<string, unknown>,
  options: { fields: object; place: Place },
): Record<string, unknown> {
  const { line, field: path } = options.place;
  const within = (name: string): Place => ({ line, field: path === "" ? name : `${path}.${name}` });
  const codecs = new Map(Object.entries(options.fields) as [string, Codec<unknown>][]);
  for (const name of Object.keys(json)) {
    if (!codecs.has(name)) refuse(json[name], { place: within(name), want: "absent" });
  }
  const value: Record<string, unknown> = {};
  for (const [name, codec] of codecs) {
    if (codec.optional && !Object.hasOwn(json, name)) continue;
    value[name] = codec.decode(json[name], within(name));
  }
  return value;
}

/**
 * The JSON object of an event: its stamp, its type, then the fields of the type, each always in the
 * same order.
 * @param event the event; a field left undefined is left out
 */
export function encodeEvent(event: EventStamp & EventBody): Record<string, unknown> {
  return {
    ...encodeFields(event, STAMP),
    type: event.type,
    ...encodeFields(event, BODIES[event.type]),
  };
}

/**
 * Reads the JSON object of an event.
 * @param json the object
 * @param line its line, for errors
 * @throws {TraceError} `unknown-type` or `shape`
 */
export function decodeEvent(json: Record<string, unknown>, line: number): EventStamp & EventBody {
  const { type, ...rest } = json;
  if (typeof type !== "string" || !Object.hasOwn(BODIES, type)) {
    throw new TraceError("unknown-type", {
      line,
      field: "type",
      message: `there is no event type ${JSON.stringify(type) ?? "without a name"}`,
    });
  }
  const fields = { ...STAMP, ...BODIES[type as EventType] };
  const decoded = decodeFields(rest, { fields, place: { line, field: "" } });
  // The table is typed field by field, so what it decoded has the shape of its type.
  return { ...decoded, type } as unknown as EventStamp & EventBody;
}
