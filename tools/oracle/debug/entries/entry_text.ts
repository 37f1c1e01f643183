/**
 * Values of attributes beside those that `llvm-dwarfdump -v` prints.
 *
 * @module
 */
import { toBigAddress } from "../../../../bytes/mod.ts";
import {
  DW_AT,
  DW_ATE,
  DW_FORM,
  DW_INL,
  DW_LANG,
  type Entry,
  type FormValue,
  type LineTable,
  type Unit,
} from "../../../../elf/dwarf/mod.ts";
import { expressionWords, wordsOf } from "./expression_text.ts";
import { camel } from "./names.ts";

/** Numbers by the names of the standard that LLVM prints instead, by their prefixes. */
const NAMES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  DW_LANG,
  DW_ATE,
  DW_INL,
  DW_VIRTUALITY: { none: 0, virtual: 1, pureVirtual: 2 },
  DW_ACCESS: { public: 1, protected: 2, private: 3 },
  DW_CC: { normal: 1, program: 2, nocall: 3, passByReference: 4, passByValue: 5 },
  DW_DEFAULTED: { no: 0, inClass: 1, outOfClass: 2 },
  DW_ID: { caseSensitive: 0, upCase: 1, downCase: 2, caseInsensitive: 3 },
  DW_ORD: { rowMajor: 0, colMajor: 1 },
  DW_VIS: { local: 1, exported: 2, qualified: 3 },
  DW_END: { default: 0, big: 1, little: 2 },
  DW_DS: { unsigned: 1 },
};

/** Attributes that are numbers of files. */
const FILES: ReadonlySet<number> = new Set([DW_AT.declFile, DW_AT.callFile]);

/** Attributes whose blocks LLVM prints as expressions. */
const NOT_EXPRESSIONS: ReadonlySet<number> = new Set([DW_AT.constValue, DW_AT.discrList]);

/** Digits that LLVM prints of references. */
const WIDTHS: ReadonlyMap<number, number> = new Map<number, number>([
  [DW_FORM.ref1, 2],
  [DW_FORM.ref8, 8],
  [DW_FORM.refUdata, 1],
]);

/** A value's place. */
export interface ValuePlace {
  /** Attribute. */
  readonly name: number;
  /** Form. */
  readonly form: number;
  /** Line table that numbers of files are looked up in. */
  readonly lines: LineTable;
  /** What LLVM's offsets are less than ours. */
  readonly base: number;
  /** Whether the file has relocations, which LLVM does not apply to expressions. */
  readonly relocatable: boolean;
}

/** What ours is if LLVM's text says something else; undefined if the two are the same. */
export function compareValue(entry: Entry, place: ValuePlace, theirs: string): string | undefined {
  const { name } = place;
  const value = entry.value(name)!;
  switch (value.kind) {
    case "constant":
      return compareConstant(entry, place, value, theirs);
    case "block":
    case "expression":
      return compareBlock(entry, place, value, theirs);
    case "offset":
    case "list-index":
      return compareList(entry, place, value, theirs);
    default: {
      const ours = textOf(entry, place, value);
      // LLVM knows no skeletons of split units, which have the addresses.
      if (/^indexed .* <unresolved>$/.test(theirs)) {
        return ours.startsWith(theirs.replace("<unresolved>", "")) ? undefined : ours;
      }
      // LLVM escapes quotation marks, and adds the names of types to references.
      const plain = theirs.replaceAll('\\"', '"');
      return ours === plain || plain.endsWith('"') && plain.startsWith(`${ours} "`)
        ? undefined
        : ours;
    }
  }
}

function textOf(entry: Entry, { name, form, base }: ValuePlace, value: FormValue): string {
  const { unit } = entry;
  switch (value.kind) {
    case "address":
      return address(value.address);
    case "address-index":
      return `indexed (${hex(value.index, 8)}) address = ${address(entry.address(name)!)}`;
    case "flag":
      if (form === DW_FORM.flagPresent) return "true";
      return value.value ? "0x01" : "0x00";
    case "text":
      return `"${value.text}"`;
    case "string":
      if (form === DW_FORM.strpSup) return "DW_FORM(0x001d)";
      if (form === DW_FORM.gnuStrpAlt) {
        return `alt indirect string, offset: 0x${value.offset.toString(16)}`;
      }
      return ` ${value.section}[0x${offset(entry, value.offset)}] = "${entry.text(name)}"`;
    case "string-index":
      return `indexed (${hex(value.index, 8)}) string = "${entry.text(name)}"`;
    case "reference":
      if (form === DW_FORM.refSup4 || form === DW_FORM.refSup8) {
        return `DW_FORM(0x00${hex(form, 2)})`;
      }
      if (form === DW_FORM.gnuRefAlt) return `<alt 0x${value.offset.toString(16)}>`;
      if (value.base !== "unit") return `0x${hex(value.offset, 16)}`;
      return `cu + 0x${hex(value.offset, WIDTHS.get(form) ?? 4)} => {0x${
        hex(unit.offset + value.offset - base, 8)
      }}`;
    case "signature":
      return `0x${hex(value.signature, 16)}`;
  }
  return value.kind;
}

function compareConstant(
  entry: Entry,
  place: ValuePlace,
  { value, size }: FormValue & { kind: "constant" },
  theirs: string,
): string | undefined {
  const { name, lines } = place;
  const [, prefix, word] = /^(DW_[A-Z]+)_(\w+)$/.exec(theirs) ?? [];
  if (prefix !== undefined) {
    return NAMES[prefix]?.[camel(word!)] === Number(value) ? undefined : String(value);
  }
  if (FILES.has(name) && theirs.startsWith('"')) {
    const table = lines.unitAt(entry.unit.lineOffset!);
    const { path, file } = table!.fileNamed(Number(value));
    // A type unit does not say where the compiler ran; we know from the unit of the same table.
    const isFile = entry.unit.signature !== undefined && `"${file}"` === theirs;
    return isFile || `"${path}"` === theirs ? undefined : path;
  }
  const list = /^0x[0-9a-f]+ ?:?\s+[[<]/.test(theirs);
  if (list) return compareList(entry, place, { kind: "offset", offset: Number(value) }, theirs);
  if (!/^-?(0x)?[0-9a-f]+$/.test(theirs)) return String(value);
  const bits = size === undefined ? 64 : 8 * size;
  const same = BigInt.asUintN(bits, BigInt(value)) === BigInt.asUintN(bits, bigOf(theirs));
  return same ? undefined : String(value);
}

function bigOf(text: string): bigint {
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

function compareBlock(
  entry: Entry,
  place: ValuePlace,
  { bytes, kind }: FormValue & { kind: "block" | "expression" },
  theirs: string,
): string | undefined {
  if (theirs.startsWith("<0x")) {
    const ours = Array.from(bytes, (each) => hex(each, 2)).join(" ");
    const [, size, text] = /^<(0x[0-9a-f]+)> ?(.*?) *$/.exec(theirs) ?? [];
    return Number(size) === bytes.length && text === ours ? undefined : ours;
  }
  if (kind === "block" && NOT_EXPRESSIONS.has(place.name)) return "a block";
  return compareExpression(bytes, entry, place, theirs);
}

/** LLVM does not know some of GNU's operators, and prints the bytes from there on. */
function compareExpression(
  bytes: Uint8Array,
  entry: Entry,
  { relocatable }: ValuePlace,
  theirs: string,
): string | undefined {
  const [known = "", rest = ""] = theirs.split(/,? ?<decoding error>/);
  const unknown = rest.match(/[0-9a-f]{2}/g) ?? [];
  const tail = Array.from(bytes.slice(bytes.length - unknown.length), (each) => hex(each, 2));
  const ours = expressionWords(bytes.slice(0, bytes.length - unknown.length), entry.unit);
  if (!relocatable && unknown.join() !== tail.join()) return tail.join(" ");
  const operators = (words: readonly (string | bigint)[]) =>
    relocatable ? words.filter((word) => typeof word === "string") : words;
  return compareWords(operators(ours), operators(wordsOf(known)));
}

function compareWords(
  ours: readonly (string | bigint)[],
  theirs: readonly (string | bigint)[],
): string | undefined {
  // LLVM prints some numbers as unsigned that are signed, and the other way round.
  const plain = (word: string | bigint) =>
    typeof word === "bigint" ? BigInt.asUintN(64, word) : word;
  const same = ours.length === theirs.length &&
    ours.every((word, i) => plain(word) === plain(theirs[i]!));
  return same ? undefined : ours.join(" ");
}

/** An offset, an index, and the list that it leads to. */
function compareList(
  entry: Entry,
  place: ValuePlace,
  value: FormValue & { kind: "offset" | "list-index" },
  theirs: string,
): string | undefined {
  const { name } = place;
  const [, head = "", body = ""] =
    /^(.*?)((?:: ?)? ?(?:\[0x|<|DW_OP|DW_LLE|Base).*)?$/.exec(theirs) ?? [];
  // Of location lists LLVM prints eight digits in either format.
  const own = value.kind === "offset"
    ? [`0x${offset(entry, value.offset)}`, `0x${hex(value.offset, 8)}`]
    : [`indexed (0x${value.index.toString(16)})`];
  if (!own.some((text) => head.startsWith(text))) return own[0];
  if (name === DW_AT.ranges) {
    const ours = entry.ranges().map(({ begin, end }) => `[${address(begin)}, ${address(end)})`);
    const all = body.match(/\[0x[0-9a-f]+, 0x[0-9a-f]+\)/g) ?? [];
    const found = all.filter((text) => isOfCode(text));
    if (entry.unit.skeleton === undefined) {
      return ours.join(" ") === found.join(" ") ? undefined : ours.join(" ");
    }
    // LLVM knows no skeletons, which have the addresses, and before version 5 the lists.
    const same = entry.unit.version < 5 || sizes(ours).join() === sizes(found).join();
    return same ? undefined : ours.join(" ");
  }
  if (body === "" || name === DW_AT.gnuLocviews) return undefined;
  const { skeleton } = entry.unit;
  const text = skeleton === undefined ? body : withAddresses(body, entry.unit);
  return compareLocations(entry, place, text);
}

function sizes(ranges: readonly string[]): bigint[] {
  return ranges.map((range) => {
    const [begin, end] = range.match(/0x[0-9a-f]+/g)!;
    return BigInt(end!) - BigInt(begin!);
  });
}

/**
 * Without the skeleton LLVM prints location lists as they are written; what it would print with it.
 */
function withAddresses(text: string, unit: Unit): string {
  const at = (index: string) => BigInt(unit.addressAt(Number(index)));
  let base = BigInt(unit.lowPc ?? 0);
  return text.replaceAll(
    /DW_LLE_(\w+) +\((0x[0-9a-f]+)(?:, (0x[0-9a-f]+))?\)/g,
    (_, kind: string, first: string, second: string | undefined) => {
      if (kind === "base_addressx") base = at(first);
      if (kind === "base_addressx" || second === undefined) return "";
      const begin = kind === "offset_pair" ? base + BigInt(first) : at(first);
      const end = kind === "offset_pair" ? base + BigInt(second) : begin + BigInt(second);
      return `[0x${hex(begin, 16)}, 0x${hex(end, 16)})`;
    },
  );
}

/** LLVM keeps empty ranges and those of code that linkers have dropped. */
function isOfCode(text: string): boolean {
  const [, begin, end] = /\[(0x[0-9a-f]+), (0x[0-9a-f]+)\)/.exec(text)!;
  return begin !== end && BigInt(begin!) < 0xffff_ffff_ffff_fffen;
}

function compareLocations(entry: Entry, place: ValuePlace, theirs: string): string | undefined {
  const ours = [...entry.locations(place.name)];
  const found: { range: string; text: string }[] = [];
  const parts = theirs.matchAll(
    /(\[0x[0-9a-f]+, 0x[0-9a-f]+\)|<default>)(?: "[^"]*")?: ?(.*?)(?=\s*(?:\[0x|<default>|$))/g,
  );
  for (const [, range = "", text = ""] of parts) {
    if (range === "<default>" || isOfCode(range)) found.push({ range, text });
  }
  for (const [i, { begin, end, expression, isDefault }] of ours.entries()) {
    const range = isDefault ? "<default>" : `[${address(begin)}, ${address(end)})`;
    if (range !== found[i]?.range) return `${range} (number ${i})`;
    const different = compareExpression(expression, entry, place, found[i]!.text);
    if (different !== undefined) return `${range}: ${different}`;
  }
  return ours.length === found.length ? undefined : `${ours.length} locations`;
}

/** An offset of the unit's format. */
function offset({ unit }: Entry, value: number): string {
  return hex(value, 2 * unit.offsetSize);
}

function address(value: number): string {
  return `0x${hex(toBigAddress(value), 16)}`;
}

function hex(value: number | bigint, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
