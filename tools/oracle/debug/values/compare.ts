/**
 * Variables of core files compared with gdb's: the same ones in the same blocks of the same frames,
 * with the same types and the same values.
 *
 * @module
 */
import { openCore } from "../../../../debug/core/mod.ts";
import {
  type Absence,
  type Scope,
  typeName,
  valueText,
  type Variable,
} from "../../../../debug/values/mod.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import type { ProgramCore } from "../dead/core_of.ts";
import {
  type GdbFrame,
  type GdbLeaf,
  type GdbValues,
  type GdbVariable,
  valuesOfGdb,
} from "./gdb.ts";
import { FRAMES, framesOf, type OwnFrame } from "./frames.ts";
import { leavesOf, type OwnLeaf } from "./leaves.ts";
import { TypeComparison } from "./types.ts";

/** A core file whose variables are compared. */
export interface ValueCase extends ProgramCore {
  /** Its name. */
  readonly name: string;
}

/** Compares core files of one architecture; undefined if gdb is not installed. */
export function checkValues(
  name: string,
  { cases, directory }: { readonly cases: readonly ValueCase[]; readonly directory: string },
): CheckResult | undefined {
  const theirs = valuesOfGdb(cases, directory);
  if (theirs === undefined) return undefined;
  const differences = new Differences(60);
  const count = new Counts();
  cases.forEach((each, i) => {
    const add = (text: string) => differences.add(`${each.name}: ${text}`);
    compareCore(each, theirs[i] ?? { error: "gdb has not read it" }, { add, count });
  });
  return { name, figures: count.text(cases.length), differences: differences.texts };
}

class Counts {
  frames = 0;
  variables = 0;
  parts = 0;
  types = 0;
  out = 0;
  unreadable = 0;
  guessed = 0;
  texts = 0;

  text(cores: number): string {
    return `${cores} cores, ${this.frames} frames, ${this.variables} variables, ${this.types} ` +
      `types, ${this.parts} parts of values (${this.out} optimized out, ${this.unreadable} ` +
      `unreadable, ${this.guessed} guessed by gdb), ${this.texts} texts`;
  }
}

interface Report {
  readonly add: (text: string) => void;
  readonly count: Counts;
}

function compareCore(each: ValueCase, theirs: GdbValues, { add, count }: Report): void {
  if ("error" in theirs) return add(theirs.error);
  using target = openCore(each.core, { exe: each.program, sysroot: each.sysroot });
  const own = framesOf(target.process, each.sysroot);
  for (const { id, frames } of theirs.threads) {
    const ours = (own.get(id) ?? []).slice(0, FRAMES);
    const place = theirs.threads.length === 1 ? "" : `thread ${id}, `;
    const names = (all: readonly { readonly name?: string | null | undefined }[]) =>
      all.map((frame) => frame.name ?? "?").join(", ");
    if (ours.length !== frames.length) {
      add(`${place}frames ${names(ours)}, gdb has ${names(frames)}`);
    }
    frames.forEach((frame, i) => {
      if (ours[i] === undefined) return;
      count.frames++;
      const told = (text: string) => add(`${place}frame ${i} ${frame.name}: ${text}`);
      compareFrame(ours[i], frame, { add: told, count });
    });
  }
}

function compareFrame(own: OwnFrame, theirs: GdbFrame, report: Report): void {
  const { add } = report;
  if (own.kind !== theirs.kind) add(`is ${own.kind}, gdb has ${theirs.kind}`);
  const blocks = own.scope === undefined ? [] : blocksOf(own.scope);
  const others = theirs.blocks.filter((block) => block.length > 0);
  const names = (all: readonly (readonly { readonly name: string }[])[]) =>
    all.map((block) => block.map(({ name }) => name).toSorted().join()).join("; ");
  if (names(blocks) !== names(others)) {
    return add(`has ${names(blocks)}, gdb has ${names(others)}`);
  }
  const guesses = own.guessed === undefined ? [] : blocksOf(own.guessed());
  blocks.forEach((block, i) => {
    const sorted = sortedByName(others[i]!);
    const guessed = sortedByName(guesses[i] ?? []);
    sortedByName(block).forEach((variable, k) => {
      const both = { own: variable, theirs: sorted[k]!, guess: guessed[k] };
      compareVariable(both, { ...report, nameOf: own.nameOf });
    });
  });
}

/** Blocks like gdb's: parameters are in that of the function. */
function blocksOf({ parameters, blocks, entry }: Scope): Variable[][] {
  const found = blocks.map(({ variables }) => [...variables]);
  const outermost = blocks.at(-1)?.entry.is(entry) === true ? found.pop()! : [];
  const last = [...parameters, ...outermost];
  return last.length > 0 ? [...found, last] : found;
}

function sortedByName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.toSorted((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

interface NamingReport extends Report {
  readonly nameOf: OwnFrame["nameOf"];
}

interface Compared {
  readonly own: Variable;
  readonly theirs: GdbVariable;
  /** Ours with gdb's guesses. */
  readonly guess: Variable | undefined;
}

function compareVariable({ own, theirs, guess }: Compared, report: NamingReport): void {
  const { add, count } = report;
  count.variables++;
  const told = (text: string) => add(`${own.name}: ${text}`);
  if (own.isParameter !== theirs.parameter) told("is a parameter only here or there");
  // gdb takes a type without a description for `int`.
  if (own.declaredType.kind === "unspecified") {
    const number = theirs.values[""];
    if (number === undefined || !("number" in number) || `${own.value.integer}` !== number.number) {
      told(`is ${own.value.integer}, gdb has ${JSON.stringify(number)}`);
    }
    return;
  }
  const types = new TypeComparison(told);
  types.compare(own.declaredType, theirs.type, own.name);
  count.types += types.count;
  const found: string[] = [];
  compareValue(own, theirs, { ...report, add: (text) => void found.push(text) });
  if (found.length === 0) return;
  const isGuess = guess !== undefined && needsRegister(own) && isSame(guess, theirs);
  if (isGuess) count.guessed++;
  else found.forEach(told);
}

/** Whether a part of a value, or a bound of its type, is in a register that was not saved. */
function needsRegister({ value }: Variable): boolean {
  const isUnsaved = (absence: Absence | undefined) =>
    absence?.state === "unavailable" && absence.cause === "register";
  return isUnsaved(value.absence) ||
    leavesOf(value).values().some((leaf) => "absence" in leaf && isUnsaved(leaf.absence));
}

/**
 * Whether a value is the same as gdb's, as far as gdb has one: lengths of arrays that are guessed
 * may be such that it does not.
 */
function isSame(own: Variable, theirs: GdbVariable): boolean {
  let isSame = true;
  const types = new TypeComparison(() => isSame = false);
  if (theirs.dynamic !== undefined) types.compare(own.type, theirs.dynamic, own.name);
  const leaves = leavesOf(own.value);
  const count = new Counts();
  for (const [path, leaf] of Object.entries(theirs.values)) {
    const other = leaves.get(path);
    if (other !== undefined) compareLeaf(other, leaf, { add: () => isSame = false, count });
    else if (!("error" in leaf)) isSame = false;
  }
  return isSame && count.parts > 0;
}

function compareValue(own: Variable, theirs: GdbVariable, report: NamingReport): void {
  const { add, count, nameOf } = report;
  const types = new TypeComparison(add);
  if (theirs.dynamic !== undefined) types.compare(own.type, theirs.dynamic, own.name);
  count.types += types.count;
  const leaves = leavesOf(own.value, nameOf);
  const isLengthless = own.value.absence?.state === "optimized-out" &&
    /\[\]/.test(typeName(own.type));
  // An array whose length is nowhere has none in gdb, which has but its address or an element.
  if (isLengthless) return void count.out++;
  const paths = [...leaves.keys()].join(" ");
  const others = Object.entries(theirs.values);
  if (paths !== others.map(([path]) => path).join(" ")) {
    // Of a value that is nowhere gdb may say so once, or for each variant.
    const { absence } = own.value;
    if (absence !== undefined) {
      for (const [path, leaf] of others) {
        compareLeaf({ absence }, leaf, { add: (text) => add(`${path} ${text}`), count });
      }
      return;
    }
    const text = `${typeName(own.type)} ${valueText(own.value)}`;
    return add(`has ${paths} (${text}), gdb has ${JSON.stringify(theirs.values)}`);
  }
  let isWhole = true;
  for (const [path, leaf] of leaves) {
    const place = (text: string) => add(`${path} ${text}`);
    isWhole = compareLeaf(leaf, theirs.values[path]!, { add: place, count }) && isWhole;
    if ("absence" in leaf) {
      isWhole = isWhole && leaf.absence.state === "optimized-out" && leaf.zeros === undefined;
    }
  }
  if (!isWhole || theirs.text === undefined) return;
  count.texts++;
  const text = withoutNames(valueText(own.value, { references: false, nameOf }));
  const wanted = withoutNames(theirs.text);
  // gdb gives up a slice whose address is nowhere.
  const isLost = theirs.text.endsWith("<error reading variable: value has been optimized out>");
  if (isLost && text.includes("<optimized out>")) return;
  if (text !== wanted) add(`is ${text}, gdb writes ${wanted}`);
}

/** Text without the names of addresses: gdb takes them from whichever table it looks at first. */
function withoutNames(text: string): string {
  let result = "";
  let at = 0;
  for (const { index, 0: address } of text.matchAll(/0x[0-9a-f]+ <(?!repeats )/g)) {
    if (index < at) continue;
    result += text.slice(at, index) + address.slice(0, -2);
    at = index + address.length;
    for (let depth = 1; depth > 0 && at < text.length; at++) {
      if (text[at] === "<") depth++;
      else if (text[at] === ">" && text[at - 1] !== "-") depth--;
    }
  }
  return result + text.slice(at);
}

/** Whether both are the same, or of what is not there at least both are not there. */
function compareLeaf(own: OwnLeaf, theirs: GdbLeaf, { add, count }: Report): boolean {
  count.parts++;
  if ("absence" in own) {
    const { state } = own.absence;
    // gdb looks for the discriminant of what is nowhere at address 0.
    const isAtNull = "error" in theirs && theirs.error === "Cannot access memory at address 0x0";
    if (state === "optimized-out" && ("out" in theirs || isAtNull)) {
      count.out++;
      return true;
    }
    if (state === "unavailable" && "error" in theirs && /access memory/.test(theirs.error)) {
      count.unreadable++;
      return true;
    }
    // gdb has zeros where pieces end before the value does.
    const isNoPiece = own.zeros !== undefined &&
      ("synthetic" in theirs || isLike(own.zeros, theirs));
    if (isNoPiece) {
      count.guessed++;
      return true;
    }
    if (state === "synthetic" && "synthetic" in theirs) return true;
  } else if (isLike(own, theirs)) return true;
  add(`is ${JSON.stringify(own, plain)}, gdb has ${JSON.stringify(theirs)}`);
  return false;
}

function isLike(own: OwnLeaf, theirs: GdbLeaf): boolean {
  return JSON.stringify(own) === JSON.stringify(theirs);
}

/** Entries are no data. */
function plain(key: string, value: unknown): unknown {
  return key === "entry" ? undefined : value;
}
