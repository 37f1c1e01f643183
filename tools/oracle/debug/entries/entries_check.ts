/**
 * Debugging information entries of a file: offset, parent, tag, and each attribute with its form
 * and its value, against `llvm-dwarfdump -v --debug-info --debug-types`.
 *
 * What LLVM prints in words is compared in words: files by the line table, constants by the names
 * of the standard, ranges and location lists entry by entry.
 *
 * @module
 */
import { InputError } from "../../../../bytes/mod.ts";
import {
  type DebugInfo,
  DW_AT,
  DW_FORM,
  DW_TAG,
  type DwarfSections,
  Entry,
  LineTable,
  type Unit,
} from "../../../../elf/dwarf/mod.ts";
import { type CheckResult, Differences, textOf } from "../../tool.ts";
import { compareValue } from "./entry_text.ts";
import { camel } from "./names.ts";

/** One line of LLVM's: the header of a unit, an entry, or an attribute. */
const UNIT = /^0x([0-9a-f]+): (?:Compile|Type) Unit:/;
const ENTRY = /^0x([0-9a-f]+): ( *)(?:DW_TAG_(\w+)|NULL)/;
const ATTRIBUTE = /^ +DW_AT_(\w+) \[DW_FORM_(\w+)\]\t?\(?/;

/** How a file is read. */
export interface EntriesCase {
  /** Name for the report. */
  readonly name: string;
  /** File that LLVM reads. */
  readonly path: string;
  /** What we have read of it. */
  readonly info: DebugInfo;
  /** Whether it has relocations. */
  readonly relocatable?: boolean;
}

/** Compares all entries; undefined if LLVM's tool is missing. */
export function checkEntries(
  { name, path, info, relocatable = false }: EntriesCase,
): CheckResult | undefined {
  const text = textOf("llvm-dwarfdump", ["-v", "--debug-info", "--debug-types", path]);
  if (text === undefined) return undefined;
  const differences = new Differences();
  const counts = { units: 0, entries: 0, values: 0 };
  const theirs = text.split("\n");
  let at = 0;
  /** The next line that says something, with the lines that go on with it. */
  const next = (): string | undefined => {
    for (; at < theirs.length; at++) {
      const line = theirs[at]!;
      if (!UNIT.test(line) && !ENTRY.test(line) && !ATTRIBUTE.test(line)) continue;
      let whole = line;
      while (at + 1 < theirs.length && /^ {10,}(?!DW_AT_)\S/.test(theirs[at + 1]!)) {
        whole += ` ${theirs[++at]!.trim()}`;
      }
      at++;
      return whole;
    }
    return undefined;
  };
  try {
    for (const unit of info.units) {
      counts.units++;
      // Of several sections of one name LLVM counts each from 0.
      const start = UNIT.exec(next() ?? "")?.[1];
      if (start === undefined) {
        differences.add(`Unit at 0x${unit.offset.toString(16)}: LLVM has none`);
      }
      for (
        const line of unitLines(unit, {
          base: unit.offset - parseInt(start ?? "0", 16),
          relocatable,
        })
      ) {
        const their = next();
        if (line.kind !== undefined) counts[line.kind]++;
        const different = their === undefined ? "it" : line.compare(their);
        if (different !== undefined) {
          differences.add(`${line.text}: ${different}; LLVM ${their?.trim()}`);
          if (differences.count > 100) throw new InputError("none", "Too many", { source: name });
        }
      }
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    differences.add(String(error));
  }
  const more = next();
  if (more !== undefined) differences.add(`we have nothing more, LLVM ${more}`);
  for (const problem of info.problems) differences.add(String(problem));
  const { units, entries, values } = counts;
  return {
    name,
    figures: `${units} units, ${entries} entries, ${values} values`,
    differences: differences.texts,
  };
}

interface Line {
  /** What it is counted as. */
  readonly kind?: "entries" | "values";
  readonly text: string;
  /** What of LLVM's line is different; undefined if nothing is. */
  readonly compare: (their: string) => string | undefined;
}

const TAGS = new Map<number, string>(Object.entries(DW_TAG).map(([name, tag]) => [tag, name]));
const ATTRIBUTES = new Map<number, string>(Object.entries(DW_AT).map(([name, at]) => [at, name]));
const FORMS = new Map<number, string>(Object.entries(DW_FORM).map(([name, form]) => [form, name]));

const TABLES = new WeakMap<DwarfSections, LineTable>();

function lineTableOf(sections: DwarfSections): LineTable {
  let table = TABLES.get(sections);
  if (table === undefined) TABLES.set(sections, table = new LineTable(sections));
  return table;
}

function* unitLines(
  unit: Unit,
  file: { readonly base: number; readonly relocatable: boolean },
): Generator<Line> {
  const scan = unit.scan();
  const lines = lineTableOf(unit.lineSections);
  let depth = 0;
  const close = function* (to: number): Generator<Line> {
    for (; depth > to; depth--) {
      yield { text: "0x NULL", compare: (their) => /^0x\w+: +NULL/.test(their) ? undefined : "it" };
    }
  };
  while (scan.next()) {
    yield* close(scan.depth);
    const entry = new Entry(unit, scan);
    if (entry.hasChildren) depth++;
    yield entryLine(entry, scan.depth, file.base);
    for (const { name, form } of entry.attributes()) {
      yield {
        kind: "values",
        text: `0x${entry.offset.toString(16)} ${ATTRIBUTES.get(name)} [${FORMS.get(form)}]`,
        compare: (their) => {
          const [head = "", attribute = "", theirForm = ""] = ATTRIBUTE.exec(their) ?? [];
          // Of attributes that it does not know, either, LLVM prints the number.
          const theirs = attribute.startsWith("unknown_")
            ? Number(`0x${attribute.slice(8)}`) === name
            : camel(attribute) === ATTRIBUTES.get(name);
          if (!theirs) return "its name";
          if (camel(theirForm) !== FORMS.get(form)) return "its form";
          return compareValue(entry, { name, form, lines, ...file }, their.slice(head.length, -1));
        },
      };
    }
  }
  yield* close(0);
}

function entryLine(entry: Entry, depth: number, base: number): Line {
  const offset = (entry.offset - base).toString(16).padStart(8, "0");
  const tag = TAGS.get(entry.tag) ?? String(entry.tag);
  const text = `0x${offset}: ${"  ".repeat(depth)}${tag}`;
  return {
    kind: "entries",
    text,
    compare: (their) => {
      const [, theirOffset, indent, name] = ENTRY.exec(their) ?? [];
      const same = theirOffset === offset && indent?.length === 2 * depth;
      return same && camel(name ?? "") === tag ? undefined : "it";
    },
  };
}
