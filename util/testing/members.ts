/**
 * Which members of an object a test has used.
 *
 * @module
 */

/** An object that notes which of its members are used. */
export interface Noted<T extends object> {
  /** Stands for the object. */
  readonly object: T;
  /** Names of public members that have not been used yet, own and inherited. */
  unused(): string[];
}

/** Notes which members of an object are used. */
export function noteMembers<T extends object>(target: T): Noted<T> {
  const used = new Set<string>();
  const object = new Proxy(target, {
    get(_, key) {
      used.add(String(key));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set(_, key, value) {
      used.add(String(key));
      return Reflect.set(target, key, value, target);
    },
  });
  return { object, unused: () => membersOf(target).filter((name) => !used.has(name)) };
}

function membersOf(target: object): string[] {
  const names = new Set<string>();
  for (let at = target; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) if (typeof key === "string") names.add(key);
  }
  names.delete("constructor");
  return [...names].sort();
}
