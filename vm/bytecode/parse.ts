/**
 * Programs as text. One thing a line; `#` begins a comment:
 *
 * ```text
 * class Node refs 1 ints 1
 * method sum(int n, ref list): int jit
 *   local total
 *   iconst 0
 *   store total
 * next:
 *   load n
 *   iconst 0
 *   if_eq done
 *   inc n -1
 *   goto next
 * done:
 *   load total
 *   return_value
 *   handler next done failed Node
 * failed:
 *   throw
 * end
 * ```
 *
 * A handler takes a class, `any`, or `finally`, which takes forced unwinding, too. `iconst @sum` is
 * the number of a method. Native functions are invoked by their names.
 *
 * @module
 */
import { BytecodeError } from "../errors.ts";
import { type OpcodeName, OPCODES } from "./opcodes.ts";
import { type Param, type ResultType, WANTED_KINDS, type WantedKind } from "./program.ts";

/** A bytecode as it was written, or a label. */
export interface ItemText {
  /** Its line, from 1. */
  readonly line: number;
  /** The label that stands here, if it is one. */
  readonly label?: string;
  /** The bytecode, if it is one. */
  readonly opcode?: OpcodeName;
  /** The words after it. */
  readonly words: readonly string[];
}

/** A handler as it was written. */
export interface HandlerText {
  /** Its line. */
  readonly line: number;
  /** Labels of the first bytecode, the one after the last, and where the method goes on. */
  readonly labels: readonly [string, string, string];
  /** Name of a class, `any` or `finally`. */
  readonly class: string;
}

/** A method as it was written. */
export interface MethodText {
  /** Its line. */
  readonly line: number;
  /** Its name. */
  readonly name: string;
  /** Its parameters. */
  readonly params: readonly Param[];
  /** What it returns. */
  readonly result: ResultType;
  /** What it is to run as. */
  readonly wanted: WantedKind;
  /** Names of its other locals. */
  readonly locals: readonly string[];
  /** Labels and bytecodes in order. */
  readonly items: readonly ItemText[];
  /** Its handlers; the innermost come first. */
  readonly handlers: readonly HandlerText[];
}

/** A class as it was written. */
export interface ClassText {
  /** Its line. */
  readonly line: number;
  /** Its name. */
  readonly name: string;
  /** Number of references. */
  readonly refs: number;
  /** Number of ints. */
  readonly ints: number;
}

/** A program as it was written. */
export interface ProgramText {
  /** Its classes, but for those that every program has. */
  readonly classes: readonly ClassText[];
  /** Its methods. */
  readonly methods: readonly MethodText[];
}

const NAME = /^[A-Za-z_][\w.]*$/;
const METHOD = /^method\s+([\w.]+)\s*\(([^)]*)\)\s*(?::\s*(\w+))?\s*(\w+)?$/;
const CLASS = /^class\s+([\w.]+)\s+refs\s+(\d+)\s+ints\s+(\d+)$/;

function syntax(message: string, line: number, source = "program"): BytecodeError {
  return new BytecodeError("syntax", message, { source, line });
}

/**
 * Reads a program's text.
 *
 * @throws {BytecodeError} of kind `syntax`
 */
export function parseProgram(text: string): ProgramText {
  const classes: ClassText[] = [];
  const methods: MethodText[] = [];
  let open: OpenMethod | undefined;
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    const content = raw.replace(/#.*/, "").trim();
    if (content === "") continue;
    if (open !== undefined) {
      if (content === "end") {
        methods.push(open);
        open = undefined;
      } else readBody(open, content, line);
      continue;
    }
    const named = CLASS.exec(content);
    if (named !== null) {
      classes.push({ line, name: named[1]!, refs: Number(named[2]), ints: Number(named[3]) });
      continue;
    }
    open = readHead(content, line);
  }
  if (open !== undefined) {
    throw syntax(`Cannot read method ${open.name}: expected "end"`, line, open.name);
  }
  return { classes, methods };
}

interface OpenMethod extends MethodText {
  readonly locals: string[];
  readonly items: ItemText[];
  readonly handlers: HandlerText[];
}

function readHead(content: string, line: number): OpenMethod {
  const head = METHOD.exec(content);
  if (head === null) {
    throw syntax(`Cannot read "${content}": expected a class or a method`, line);
  }
  const [, name = "", list = "", result = "void", wanted = "auto"] = head;
  const types = ["void", "int", "ref"] as const;
  if (!types.some((type) => type === result)) {
    throw syntax(`Cannot return "${result}": expected ${types.join(", ")}`, line, name);
  }
  if (!WANTED_KINDS.some((kind) => kind === wanted)) {
    throw syntax(`Cannot run as "${wanted}": expected ${WANTED_KINDS.join(", ")}`, line, name);
  }
  const params = list.trim() === "" ? [] : list.split(",").map((each): Param => {
    const [type = "", param = "", ...rest] = each.trim().split(/\s+/);
    if ((type !== "int" && type !== "ref") || !NAME.test(param) || rest.length > 0) {
      throw syntax(`Cannot read parameter "${each.trim()}": expected int or ref, name`, line, name);
    }
    return { type, name: param };
  });
  return {
    line,
    name,
    params,
    result: result as ResultType,
    wanted: wanted as WantedKind,
    locals: [],
    items: [],
    handlers: [],
  };
}

function readBody(method: OpenMethod, content: string, line: number): void {
  const { name } = method;
  const [word = "", ...words] = content.split(/\s+/);
  if (word.endsWith(":") && words.length === 0) {
    method.items.push({ line, label: word.slice(0, -1), words });
  } else if (word === "local") {
    const wrong = words.find((each) => !NAME.test(each));
    if (words.length === 0 || wrong !== undefined) {
      throw syntax(`Cannot name a local "${wrong ?? ""}"`, line, name);
    }
    method.locals.push(...words);
  } else if (word === "handler") {
    const [from, to, target, type] = words;
    if (type === undefined || words.length !== 4) {
      throw syntax(`Cannot read "${content}": expected handler FROM TO TARGET CLASS`, line, name);
    }
    method.handlers.push({ line, labels: [from!, to!, target!], class: type });
  } else if (Object.hasOwn(OPCODES, word)) {
    method.items.push({ line, opcode: word as OpcodeName, words });
  } else {
    throw syntax(`Cannot read "${content}": there is no bytecode "${word}"`, line, name);
  }
}
