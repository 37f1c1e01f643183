/**
 * Names: what `llvm-dwarfdump --debug-names` says of each, against our reader of that section, and
 * against the index that we build where there is none.
 *
 * @module
 */
import { DebugInfo, DwarfSections } from "../../../../elf/dwarf/mod.ts";
import { type CheckResult, Differences, textOf } from "../../tool.ts";
import { camel } from "./names.ts";

/** Entries that LLVM has in its indexes and we do not: they are what others are made of. */
const LEFT_OUT: ReadonlySet<string> = new Set(["inlinedSubroutine", "pointerType", "arrayType"]);

/** Compares all names of a file; undefined if it has no such section, or LLVM's tool is missing. */
export function checkNames(path: string, info: DebugInfo): CheckResult | undefined {
  if (!info.sections.has(".debug_names")) return undefined;
  const text = textOf("llvm-dwarfdump", ["--debug-names", path]);
  if (text === undefined) return undefined;
  const differences = new Differences();
  const { sections } = info;
  const built = new DebugInfo(
    new DwarfSections((name) =>
      name === ".debug_names" || !sections.has(name) ? undefined : sections.cursor(name).bytes
    ),
  );
  const theirs = entriesOf(text);
  for (const [name, entries] of theirs) {
    const ours = [...info.named(name)].map((entry) => entry.offset).sort((a, b) => a - b);
    const offsets = entries.map(({ offset }) => offset).sort((a, b) => a - b);
    if (ours.join() !== offsets.join()) {
      differences.add(`${name}: ours at ${ours.join()}, LLVM's at ${offsets.join()}`);
    }
    const found = new Set([...built.named(name)].map((entry) => entry.offset));
    for (const { offset, tag } of entries) {
      // LLVM gives those without a name the one that debuggers show.
      const isNamed = info.entryAt(offset).name !== undefined;
      if (!found.has(offset) && isNamed && !LEFT_OUT.has(tag)) {
        differences.add(`${name}: a ${tag} at 0x${offset.toString(16)} is not in our index`);
      }
    }
  }
  for (const problem of [...info.problems, ...built.problems]) differences.add(String(problem));
  return {
    name: path,
    figures: `${theirs.size} names`,
    differences: differences.texts,
  };
}

interface NamedEntry {
  readonly tag: string;
  readonly offset: number;
}

/** Entries by their names, of LLVM's text. */
function entriesOf(text: string): Map<string, NamedEntry[]> {
  const found = new Map<string, NamedEntry[]>();
  let units: number[] = [];
  let name = "";
  let tag = "";
  let unit = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("Name Index @")) units = [];
    const listed = /CU\[\d+\]: 0x([0-9a-f]+)/.exec(line);
    if (listed !== null) units.push(parseInt(listed[1]!, 16));
    const string = /^ +String: 0x[0-9a-f]+ "(.*)"$/.exec(line);
    if (string !== null) name = string[1]!;
    const tagged = /^ +Tag: DW_TAG_(\w+)$/.exec(line);
    if (tagged !== null) {
      tag = camel(tagged[1]!);
      unit = units[0] ?? 0;
    }
    const numbered = /DW_IDX_compile_unit: 0x([0-9a-f]+)/.exec(line);
    if (numbered !== null) unit = units[parseInt(numbered[1]!, 16)]!;
    const placed = /DW_IDX_die_offset: 0x([0-9a-f]+)/.exec(line);
    if (placed === null) continue;
    const offset = unit + parseInt(placed[1]!, 16);
    const entries = found.get(name) ?? [];
    entries.push({ tag, offset });
    found.set(name, entries);
  }
  return found;
}
