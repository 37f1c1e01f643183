/**
 * Names of types as gdb prints them.
 *
 * @module
 */
import { elementCount } from "./array.ts";
import { cTypeName, DEPTH, TYPES } from "./c_type_name.ts";
import type { Type } from "./type.ts";

/** How types are named. */
export interface TypeNameOptions {
  /**
   * Whether all pointers and references of Rust are called `*mut`, as gdb does, which passes over
   * the names that the compiler has for them; default false.
   */
  readonly anonymousPointers?: boolean;
}

/** The name of a type in its language, such as `struct point *`, `int [3]`, `&(i32, u8)`. */
export function typeName(type: Type, options: TypeNameOptions = {}): string {
  return type.language === "rust"
    ? rustTypeName(type, { ...options, count: 0 }, 0)
    : cTypeName(type);
}

interface Naming extends TypeNameOptions {
  count: number;
}

function rustTypeName(type: Type, options: Naming, depth: number): string {
  if (depth > DEPTH || options.count++ > TYPES) return "...";
  const { name } = type;
  const of = (inner: Type) => rustTypeName(inner, options, depth + 1);
  switch (type.kind) {
    case "void":
      return "()";
    case "pointer":
    case "reference":
    case "rvalue-reference": {
      const own = options.anonymousPointers === true ? undefined : name;
      return own ?? `*mut ${of(type.target)}`;
    }
    case "array": {
      const count = elementCount(type);
      return count === undefined ? `[${of(type.element)}]` : `[${of(type.element)}; ${count}]`;
    }
    case "function": {
      const parameters = type.parameters.map((each) => of(each.type));
      const result = type.result.kind === "void" ? "" : ` -> ${of(type.result)}`;
      return `fn (${parameters.join(", ")})${result}`;
    }
    case "qualified":
      return of(type.target);
  }
  return name ?? "<unnamed>";
}
