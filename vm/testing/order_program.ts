/**
 * Programs that call through kinds of code in a given order.
 *
 * @module
 */
import { assemble, type VmProgram } from "../bytecode/mod.ts";

/** Kinds of code that a call can go through. */
export const CALL_KINDS = ["optimized", "jit", "interpreter", "native"] as const;

/** One of them. */
export type CallKind = (typeof CALL_KINDS)[number];

/** Calls of an order. */
export const ORDER_DEPTH = 5;

/** All orders up to the depth: 4^5. */
export const ORDER_COUNT: number = CALL_KINDS.length ** ORDER_DEPTH;

/** The order of a number. */
export function orderOf(number: number): readonly CallKind[] {
  return Array.from(
    { length: ORDER_DEPTH },
    (_, i) => CALL_KINDS[Math.floor(number / CALL_KINDS.length ** i) % CALL_KINDS.length]!,
  );
}

/** Kinds that a method can be of. */
const METHOD_KINDS = CALL_KINDS.filter((kind) => kind !== "native");

/** Names of parameters of a level's methods, a reference's with a star; `path` is the order. */
const LEVELS: readonly (readonly string[])[] = [
  ["*path"],
  ["a", "*path", "b"],
  ["a", "*b", "c", "*d", "e", "*path"],
  ["*path", "a"],
  ["a", "b", "c", "*path", "*d"],
];

/**
 * A program that calls through all the orders given. Each method has live and dead locals of both
 * types, and operands below the call; where the order says native, the call goes through a native
 * function that calls back.
 */
export function orderProgram(orders: readonly (readonly CallKind[])[]): VmProgram {
  return assemble(orderText(orders));
}

/** The text of {@linkcode orderProgram}. */
export function orderText(orders: readonly (readonly CallKind[])[]): string {
  const lines = [`class Path refs 0 ints ${ORDER_DEPTH + 1}`, "class Box refs 1 ints 1"];
  const parts = Math.ceil(orders.length / 100);
  lines.push("method main()", "  local sum", "  iconst 0", "  store sum");
  for (let i = 0; i < parts; i++) {
    lines.push("  load sum", `  invoke part${i}`, "  add", "  store sum");
  }
  lines.push("  load sum", "  invoke print", "  return", "end");
  for (let i = 0; i < parts; i++) {
    lines.push(
      `method part${i}(): int interpreter`,
      "  local path sum",
      "  iconst 0",
      "  store sum",
    );
    for (const order of orders.slice(100 * i, 100 * i + 100)) {
      lines.push("  new Path", "  store path");
      order.forEach((kind, level) => {
        lines.push("  load path", `  iconst ${CALL_KINDS.indexOf(kind)}`, `  puti ${level}`);
      });
      lines.push(
        "  load sum",
        "  load path",
        "  iconst 0",
        "  invoke step0",
        "  add",
        "  store sum",
      );
    }
    lines.push("  load sum", "  return_value", "end");
  }
  for (let level = 0; level < ORDER_DEPTH; level++) {
    lines.push(...stepText(level));
    for (const kind of METHOD_KINDS) lines.push(...levelText(level, kind));
    lines.push(...hopText(level));
  }
  return lines.join("\n");
}

/** What a caller of a level does: the branches to each kind. Inlined into every caller. */
function callText(level: number, prefix: string): string[] {
  const lines: string[] = [];
  const args = LEVELS[level]!.map((name, i) => {
    if (name === "*path") return "  load path";
    return name.startsWith("*") ? "  new Box" : `  iconst ${10 * level + i}`;
  });
  CALL_KINDS.forEach((kind, i) => {
    lines.push("  load path", `  geti ${level}`, `  iconst ${i}`, `  if_ne ${prefix}${kind}`);
    if (kind === "native") {
      // The native function's own frame is in the order; what it calls is one more.
      lines.push(
        `  iconst @hop${level}`,
        "  load path",
        "  invoke upcall_ref",
        `  geti ${ORDER_DEPTH}`,
      );
    } else lines.push(...args, `  invoke ${kind}${level}`);
    lines.push(`  goto ${prefix}done`, `${prefix}${kind}:`);
  });
  lines.push("  iconst -1", `${prefix}done:`, "  nop");
  return lines;
}

function stepText(level: number): string[] {
  if (level > 0) return [];
  return [
    "method step0(ref path, int zero): int interpreter",
    ...callText(0, "s"),
    "  return_value",
    "end",
  ];
}

function levelText(level: number, kind: string): string[] {
  const params = LEVELS[level]!.map((name) =>
    name.startsWith("*") ? `ref ${name.slice(1)}` : `int ${name}`
  );
  const lines = [
    `method ${kind}${level}(${params.join(", ")}): int ${kind}`,
    "  local live dead box",
    `  iconst ${1000 * (level + 1)}`,
    "  store live",
    "  iconst 7",
    "  store dead",
    "  new Box",
    "  store box",
    "  load box",
    "  load live",
    "  puti 1",
    // Two operands below the call.
    "  load live",
    "  load box",
  ];
  if (level + 1 < ORDER_DEPTH) lines.push(...callText(level + 1, "c"));
  else lines.push("  load path", "  geti 0", "  iconst 1", "  add");
  lines.push("  store live", "  geti 1", "  add", "  load live", "  add", "  return_value", "end");
  return lines;
}

/** What native code calls: goes on with the next level, and leaves the sum in the path. */
function hopText(level: number): string[] {
  const next = level + 1;
  const kind = METHOD_KINDS[level % METHOD_KINDS.length]!;
  const call = next < ORDER_DEPTH ? callText(next, "h") : ["  iconst 5"];
  return [
    `method hop${level}(ref path): ref ${kind}`,
    "  local sum",
    ...call,
    "  store sum",
    "  load path",
    "  load sum",
    `  puti ${ORDER_DEPTH}`,
    "  load path",
    "  return_value",
    "end",
  ];
}
