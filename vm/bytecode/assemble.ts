/**
 * From a program's text to a verified program.
 *
 * @module
 */
import { BytecodeError } from "../errors.ts";
import { isInteger } from "../../util/integer.ts";
import { NATIVES } from "./natives.ts";
import { type Opcode, OPCODES, sizeOf } from "./opcodes.ts";
import { type ItemText, type MethodText, parseProgram, type ProgramText } from "./parse.ts";
import {
  ANY_CLASS,
  type ClassType,
  FINALLY_CLASS,
  type Handler,
  LIMITS,
  type Method,
  type VmProgram,
} from "./program.ts";
import { type Signature, verifyMethod } from "./verify.ts";

const BUILT_IN = ["NullPointer", "StackOverflow", "Cancelled"];

/**
 * Assembles and verifies a program. A `poll` is put in front of every backward branch.
 *
 * @param text as `parse.ts` describes it
 * @param options name of the method that is run, default `main`
 * @throws {BytecodeError} that names the method, the line or the bytecode
 */
export function assemble(text: string, options: { readonly main?: string } = {}): VmProgram {
  const parsed = parseProgram(text);
  const classes = classesOf(parsed);
  const signatures = signaturesOf(parsed);
  const names = { classes, methods: indexed(signatures, "method") };
  const methods = signatures.map((signature, i): Method => {
    const written = parsed.methods[i];
    if (written === undefined) {
      return { ...signature, maxStack: 0, code: new Uint8Array(), positions: [], handlers: [] };
    }
    const body = new MethodAssembler(written, signature, names).assemble();
    return verifyMethod(signature, body, { classes, methods: signatures });
  });
  const { main = "main" } = options;
  const entry = methods.find(({ name }) => name === main);
  const [index, ...others] = entry?.params ?? [];
  if (entry === undefined || index?.type === "ref" || others.length > 0) {
    const expected = `expected ${main}() or ${main}(int)`;
    throw new BytecodeError("name", `There is no method to run, ${expected}`, {
      source: "program",
    });
  }
  return { classes, methods, main: entry.id };
}

function indexed<T extends { readonly name: string }>(
  list: readonly T[],
  what: string,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const each of list) {
    if (map.has(each.name)) {
      throw new BytecodeError("name", `There are two ${what}s ${each.name}`, { source: "program" });
    }
    map.set(each.name, each);
  }
  return map;
}

function classesOf({ classes }: ProgramText): readonly ClassType[] {
  const all = [
    ...BUILT_IN.map((name) => ({ name, refs: 0, ints: 0 })),
    ...classes.map(({ name, refs, ints, line }) => {
      if (refs > LIMITS.fields || ints > LIMITS.fields) {
        throw new BytecodeError(
          "limit",
          `Class ${name} has ${refs} references and ${ints} ints, expected at most ${LIMITS.fields}`,
          { source: "program", line },
        );
      }
      return { name, refs, ints };
    }),
  ].map((each, index) => ({ ...each, index }));
  if (all.length > LIMITS.classes) {
    throw new BytecodeError("limit", `There are ${all.length} classes`, { source: "program" });
  }
  indexed(all, "class");
  return all;
}

/** The methods that are written, then the native functions that they name. */
function signaturesOf({ methods }: ProgramText): readonly Signature[] {
  const own = new Set(methods.map(({ name }) => name));
  const natives = new Set<string>();
  for (const { items } of methods) {
    for (const { words: [word = ""] } of items) {
      const name = word.replace("@", "");
      if (NATIVES.has(name) && !own.has(name)) natives.add(name);
    }
  }
  if (methods.length + natives.size > LIMITS.methods) {
    throw new BytecodeError("limit", `There are ${methods.length} methods`, { source: "program" });
  }
  return [
    ...methods.map(({ name, params, locals, result, wanted }, id): Signature => {
      const all = [...params.map(({ name }) => name), ...locals];
      if (new Set(all).size < all.length) {
        throw new BytecodeError("name", "Two locals have one name", { source: name });
      }
      return { id, name, params, locals: all, result, wanted, native: undefined };
    }),
    ...Array.from(natives, (name, i): Signature => {
      const { number, params, result } = NATIVES.get(name)!;
      const locals = params.map(({ name }) => name);
      const id = methods.length + i;
      return { id, name, params, locals, result, wanted: "auto", native: number };
    }),
  ];
}

interface Names {
  readonly classes: readonly ClassType[];
  readonly methods: ReadonlyMap<string, Signature>;
}

class MethodAssembler {
  readonly #text: MethodText;
  readonly #signature: Signature;
  readonly #names: Names;
  readonly #labels = new Map<string, number>();

  constructor(text: MethodText, signature: Signature, names: Names) {
    this.#text = text;
    this.#signature = signature;
    this.#names = names;
  }

  assemble(): { code: Uint8Array; handlers: Handler[] } {
    const items = this.#place();
    const code: number[] = [];
    for (const item of items) this.#emit(item, code);
    const handlers = this.#text.handlers.map(({ labels, class: type, line }): Handler => {
      const [from, to, target] = labels.map((label) => this.#label(label, line)) as [
        number,
        number,
        number,
      ];
      return { from, to, target, class: this.#handled(type, line) };
    });
    return { code: Uint8Array.from(code), handlers };
  }

  #fail(kind: "syntax" | "name" | "limit", message: string, line: number): BytecodeError {
    return new BytecodeError(kind, message, { source: this.#text.name, line });
  }

  /** Gives labels their places, and backward branches their polls. */
  #place(): ItemText[] {
    const items: ItemText[] = [];
    let bci = 0;
    for (const item of this.#text.items) {
      const { label, opcode, line, words } = item;
      if (label !== undefined) {
        if (this.#labels.has(label)) throw this.#fail("name", `Label ${label} is there`, line);
        this.#labels.set(label, bci);
        continue;
      }
      const { immediate } = spec(item);
      if (immediate === "branch" && opcode !== undefined && this.#labels.has(words[0] ?? "")) {
        items.push({ line, opcode: "poll", words: [] });
        bci += sizeOf(OPCODES.poll);
      }
      items.push(item);
      bci += sizeOf(spec(item));
    }
    return items;
  }

  #label(name: string, line: number): number {
    const bci = this.#labels.get(name);
    if (bci === undefined) throw this.#fail("name", `There is no label ${name}`, line);
    return bci;
  }

  #emit(item: ItemText, code: number[]): void {
    const { opcode, words, line } = item;
    const { code: number, immediate } = spec(item);
    const bci = code.length;
    const count = immediate === undefined ? 0 : immediate === "local+i8" ? 2 : 1;
    if (words.length !== count) {
      throw this.#fail("syntax", `${opcode} takes ${count} words, got ${words.length}`, line);
    }
    const [word = "", second = ""] = words;
    code.push(number);
    switch (immediate) {
      case undefined:
        return;
      case "i32":
        return push(code, this.#constant(word, line), 4);
      case "local":
        return push(code, this.#local(word, line), 1);
      case "local+i8":
        push(code, this.#local(word, line), 1);
        return push(code, this.#number(second, { least: -128, most: 127, line }), 1);
      case "branch":
        return push(code, this.#label(word, line) - bci, 2);
      case "class":
        return push(code, this.#class(word, line), 1);
      case "field":
        return push(code, this.#number(word, { least: 0, most: 2 * LIMITS.fields - 1, line }), 1);
      case "method":
        return push(code, this.#method(word, line), 2);
    }
  }

  #number(
    word: string,
    { least, most, line }: { readonly least: number; readonly most: number; readonly line: number },
  ): number {
    const value = Number(word);
    if (word !== "" && isInteger(value, least, most)) return value;
    throw this.#fail("syntax", `Cannot use "${word}": expected ${least} to ${most}`, line);
  }

  #constant(word: string, line: number): number {
    if (word.startsWith("@")) return this.#method(word.slice(1), line);
    return this.#number(word, { least: -(2 ** 31), most: 2 ** 31 - 1, line });
  }

  #local(word: string, line: number): number {
    const index = this.#signature.locals.indexOf(word);
    if (index < 0) throw this.#fail("name", `There is no local ${word}`, line);
    return index;
  }

  #class(word: string, line: number): number {
    const found = this.#names.classes.find(({ name }) => name === word);
    if (found === undefined) throw this.#fail("name", `There is no class ${word}`, line);
    return found.index;
  }

  #handled(word: string, line: number): number {
    if (word === "any") return ANY_CLASS;
    return word === "finally" ? FINALLY_CLASS : this.#class(word, line);
  }

  #method(word: string, line: number): number {
    const method = this.#names.methods.get(word);
    if (method === undefined) throw this.#fail("name", `There is no method ${word}`, line);
    return method.id;
  }
}

function spec({ opcode = "nop" }: ItemText): Opcode {
  return OPCODES[opcode];
}

function push(code: number[], value: number, bytes: number): void {
  for (let i = 0; i < bytes; i++) code.push(value >> 8 * i & 0xff);
}
