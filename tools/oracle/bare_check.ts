/**
 * Tables, exception tables and dynamic symbols of a file against those of the same file without
 * section headers, and as it is laid out in memory.
 *
 * @module
 */
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { loadedImage, withoutSectionHeaders } from "../../elf/testing/bare_image.ts";
import { frameTablesOf } from "../../unwind/cfi/mod.ts";
import { frameLines, lsdaLines } from "../../unwind/dump/mod.ts";
import { type CheckResult, Differences } from "./tool.ts";

/** Compares one file; undefined if it has no `.eh_frame_hdr`, or more than `.eh_frame`. */
export function checkBare(path: string): CheckResult | undefined {
  const bytes = Deno.readFileSync(path);
  const whole = parseElf(bytes, { name: path });
  if (whole.section(".eh_frame_hdr") === undefined) return undefined;
  if (frameTablesOf(whole).length !== 1) return undefined;
  const differences = new Differences();
  const copy = withoutSectionHeaders(bytes);
  const frames = [...frameLines(bytes, path)];
  compare("frames", frames, [...frameLines(copy, path)], differences);
  const areas = [...lsdaLines(bytes, path)];
  compare("lsda", areas, [...lsdaLines(copy, path)], differences);
  const symbols = dynamicSymbols(whole);
  const loaded = parseElf(loadedImage(bytes), { name: path, layout: "memory" });
  for (const file of [parseElf(copy), loaded]) {
    compare("symbols", symbols, dynamicSymbols(file), differences);
    compare("entries", entries(whole), entries(file), differences);
  }
  return {
    name: path,
    figures: `${frames.length} FDEs, ${areas.length} LSDAs, ${symbols.length} symbols`,
    differences: differences.texts,
  };
}

function dynamicSymbols(file: ElfFile): string[] {
  const section = file.section(".dynsym");
  if (section === undefined) return [];
  return [...file.symbols.of(section)].map(({ name, value, size }) => `${name} ${value} ${size}`);
}

function entries(file: ElfFile): string[] {
  return frameTablesOf(file).flatMap((table) =>
    [...table.fdes()].map((fde) => `${fde.offset} ${fde.start} ${fde.limit}`)
  );
}

function compare(
  what: string,
  whole: readonly string[],
  bare: readonly string[],
  differences: Differences,
): void {
  for (let i = 0; i < Math.max(whole.length, bare.length); i++) {
    if (whole[i] === bare[i]) continue;
    differences.add(`${what} ${i}: ${whole[i]?.slice(0, 100)}, bare ${bare[i]?.slice(0, 100)}`);
  }
}
