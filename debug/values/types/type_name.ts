/**
 * Names of types as gdb prints them.
 *
 * @module
 */
import { elementCount } from "./array.ts";
import { cTypeName } from "./c_type_name.ts";
import type { Type } from "./type.ts";

/** The name of a type in its language, such as `struct point *`, `int [3]`, `(i32, u8)`. */
export function typeName(type: Type): string {
  return type.language === "rust" ? rustTypeName(type, 0) : cTypeName(type);
}

/** Deepest nesting that is followed. */
const DEPTH = 64;

function rustTypeName(type: Type, depth: number): string {
  if (depth > DEPTH) return "...";
  const { name } = type;
  switch (type.kind) {
    case "void":
      return "()";
    case "pointer":
    case "reference":
    case "rvalue-reference":
      return name ?? `*mut ${rustTypeName(type.target, depth + 1)}`;
    case "array": {
      const count = elementCount(type);
      const element = rustTypeName(type.element, depth + 1);
      return count === undefined ? `[${element}]` : `[${element}; ${count}]`;
    }
    case "function": {
      const parameters = type.parameters.map((each) => rustTypeName(each.type, depth + 1));
      const result = type.result.kind === "void"
        ? ""
        : ` -> ${rustTypeName(type.result, depth + 1)}`;
      return `fn (${parameters.join(", ")})${result}`;
    }
    case "qualified":
      return rustTypeName(type.target, depth + 1);
  }
  return name ?? "<unnamed>";
}
