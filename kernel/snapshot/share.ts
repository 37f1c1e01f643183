/**
 * Data that has not changed, kept once.
 *
 * @module
 */

import { isSameBytes } from "../../arch/page_store.ts";

/**
 * Returns `now` with each part that equals its counterpart in `before` replaced by that: the two
 * have in common what is the same in both, and are identical if everything is. Both are plain data;
 * neither is written to.
 */
export function share<T>(now: T, before: unknown): T {
  if (Object.is(now, before)) return now;
  if (typeof now !== "object" || now === null) return now;
  if (typeof before !== "object" || before === null) return now;
  if (Array.isArray(now)) return Array.isArray(before) ? shareList(now, before) as T : now;
  if (now instanceof Uint8Array) {
    return before instanceof Uint8Array && isSameBytes(now, before) ? before as T : now;
  }
  if (now instanceof Uint32Array) return isSameWords(now, before) ? before as T : now;
  return Array.isArray(before) || ArrayBuffer.isView(before)
    ? now
    : shareRecord(now as Fields, before as Fields) as T;
}

type Fields = Readonly<Record<string, unknown>>;

function shareList(now: readonly unknown[], before: readonly unknown[]): readonly unknown[] {
  let shared: unknown[] | undefined = now.length === before.length ? undefined : [];
  for (let i = 0; i < now.length; i++) {
    const part = share(now[i], before[i]);
    if (shared === undefined && !Object.is(part, before[i])) shared = before.slice(0, i);
    shared?.push(part);
  }
  return shared ?? before;
}

function shareRecord(now: Fields, before: Fields): Fields {
  let shared: Record<string, unknown> | undefined;
  for (const name in now) {
    const part = share(now[name], before[name]);
    if (shared === undefined) {
      if (Object.is(part, before[name]) && (part !== undefined || name in before)) continue;
      shared = fieldsUpTo(name, { now, before });
    }
    shared[name] = part;
  }
  if (shared !== undefined) return shared;
  for (const name in before) if (!(name in now)) return fieldsUpTo(undefined, { now, before });
  return before;
}

/** The fields of `now` that come before one of them, or all, with the values of `before`. */
function fieldsUpTo(
  end: string | undefined,
  { now, before }: { now: Fields; before: Fields },
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name in now) {
    if (name === end) break;
    fields[name] = before[name];
  }
  return fields;
}

function isSameWords(now: Uint32Array, before: object): boolean {
  return before instanceof Uint32Array && now.length === before.length &&
    now.every((word, i) => word === before[i]);
}
