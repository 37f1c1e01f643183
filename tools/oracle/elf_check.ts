/**
 * Segments and symbols of a file against `readelf -lW` and `readelf -sW`.
 *
 * @module
 */
import { type ElfFile, parseElf, SHT } from "../../elf/mod.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

const SEGMENT =
  /^ {2}(\w+) +(0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+) (0x[0-9a-f]+) (.{3}) (0x[0-9a-f]+)$/gm;
const SYMBOL =
  /^ +(\d+): ([0-9a-f]{16}) +(\d+|0x[0-9a-f]+) (\w+) +(\w+) +\w+ +(?:\[.*\] +)?(\w+)(?: (.*))?$/gm;

/** Compares segments and symbols; undefined if `readelf` is not installed. */
export function checkElf(path: string): CheckResult | undefined {
  const segmentText = outputOf("readelf", ["-lW", path]);
  const symbolText = outputOf("readelf", ["-sW", path]);
  if (segmentText === undefined || symbolText === undefined) return undefined;
  const file = parseElf(Deno.readFileSync(path), { name: path });
  const differences = new Differences();
  const segments = compare(
    segmentLines(file),
    [...segmentText.matchAll(SEGMENT)].map((match) =>
      [
        Number(match[2]),
        BigInt(match[3]!),
        Number(match[5]),
        BigInt(match[6]!),
        flagsOf(match[7]!),
        BigInt(match[8]!),
      ].join(" ")
    ),
    differences,
  );
  const symbols = compare(
    symbolLines(file),
    [...symbolText.matchAll(SYMBOL)]
      .filter((match) => match[1] !== "0")
      .map((match) =>
        [
          BigInt(`0x${match[2]}`),
          BigInt(match[3]!),
          typeOf(match[4]!),
          BINDINGS[match[5]!] ?? match[5],
          sectionOf(match[6]!),
          nameOf(match[7] ?? "", match[4]!),
        ].join(" ")
      ),
    differences,
  );
  return {
    name: path,
    figures: `${segments} segments, ${symbols} symbols`,
    differences: differences.texts,
  };
}

const BINDINGS: Readonly<Record<string, number>> = {
  LOCAL: 0,
  GLOBAL: 1,
  WEAK: 2,
  UNIQUE: 10,
};

function compare(
  ours: readonly string[],
  theirs: readonly string[],
  differences: Differences,
): number {
  if (ours.length !== theirs.length) {
    differences.add(`${ours.length} entries, readelf has ${theirs.length}`);
  }
  ours.forEach((line, i) => {
    if (line !== theirs[i]) differences.add(`${line}; readelf: ${theirs[i]}`);
  });
  return ours.length;
}

function segmentLines(file: ElfFile): string[] {
  return file.segments.map((each) =>
    [
      each.offset,
      each.vaddr,
      each.fileSize,
      each.memSize,
      each.flags & 7,
      each.align,
    ].join(" ")
  );
}

function symbolLines(file: ElfFile): string[] {
  const lines: string[] = [];
  // readelf prints tables in section order; the version part of a name comes from another section.
  for (const section of file.sections) {
    if (section.type !== SHT.symtab && section.type !== SHT.dynsym) continue;
    for (const symbol of file.symbols.of(section)) {
      lines.push([
        symbol.value,
        symbol.size,
        symbol.type,
        symbol.binding,
        symbol.section,
        nameOf(
          symbol.name === "" && symbol.type === "section"
            ? file.sections[symbol.section]?.name ?? ""
            : symbol.name,
          symbol.type.toUpperCase(),
        ),
      ].join(" "));
    }
  }
  return lines;
}

function flagsOf(text: string): number {
  return (text[0] === "R" ? 4 : 0) + (text[1] === "W" ? 2 : 0) +
    (text[2] === "E" ? 1 : 0);
}

function typeOf(text: string): string {
  return text.toLowerCase();
}

function sectionOf(text: string): number {
  if (text === "UND") return 0;
  if (text === "ABS") return 0xfff1;
  if (text === "COM") return 0xfff2;
  return Number(text);
}

/** Names without the version that readelf adds. */
function nameOf(name: string, type: string): string {
  return type === "SECTION" ? name : name.replace(/@.*$/, "");
}
