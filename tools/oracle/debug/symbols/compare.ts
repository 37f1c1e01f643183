/**
 * Functions, inlined functions, files, lines and columns of addresses, against `llvm-symbolizer`.
 *
 * Every frame of every address is compared: its place exactly, and its name twice, as the source
 * has it and as linkers do. These rules say where LLVM's answer is another one on purpose:
 *
 * - The name of the outermost function is that of an ELF symbol to it. It takes the last one that
 *   begins at or before the address, also if that is a label without a size in the midst of a
 *   function, and of several at one address the last of the longest; ours is the best of those that
 *   have the address (`SymbolIndex`). Theirs must be one of the symbols of the same address as ours,
 *   or of the last address before.
 * - Where it knows no line it takes the file of the symbol, if there is a symbol of a file: `a.c:0:0`.
 * - A symbol without a size reaches beyond its section to it, up to the next symbol, and so do those
 *   in sections that are not loaded, whose values are no addresses: where we know of nothing it may
 *   have a name, whose symbol must be in a section that does not have the address.
 *
 * @module
 */
import { partitionPoint } from "../../../../bytes/mod.ts";
import { DebugFiles, DISK } from "../../../../debug/files/mod.ts";
import { type SymbolFrame, Symbols } from "../../../../debug/symbols/mod.ts";
import { type ElfFile, parseElf, SHF, SHT } from "../../../../elf/mod.ts";
import { Random } from "../../../../util/random.ts";
import { Differences, outputWithInput } from "../../tool.ts";

/** Addresses that are looked up in each file. */
const LOOKUPS = 10_000;

/** Sections of code that the linker has made. */
const LINKERS = /^\.(plt|init|fini)/;

/** One function of an address as LLVM gives it: a name, and `file:line:column`. */
type Place = readonly [name: string, place: string];

/** What is compared. */
export interface Comparison {
  /** File that is looked into here. */
  readonly path: string;
  /** File that LLVM looks into; the same by default. */
  readonly theirs?: string | undefined;
  /** Debug files, if they are not where they always are. */
  readonly files?: DebugFiles | undefined;
  /** Addresses; 10,000 by default. */
  readonly count?: number | undefined;
}

/** What has come of it. */
export interface Outcome {
  readonly figures: string;
  readonly differences: readonly string[];
}

/** Compares a file; undefined if LLVM is not installed. */
export async function compareSymbols(comparison: Comparison): Promise<Outcome | undefined> {
  const { path, theirs = path, count = LOOKUPS } = comparison;
  const file = parseElf(DISK.open(path)!, { name: path });
  const files = (comparison.files ?? new DebugFiles()).of(file);
  await files.prepare();
  const symbols = new Symbols(files);
  const reference = parseElf(DISK.open(theirs)!, { name: theirs });
  const addresses = chosenAddresses(reference, count);
  const linkage = await answers(theirs, "linkage", addresses);
  const short = await answers(theirs, "short", addresses);
  if (linkage === undefined || short === undefined) return undefined;
  const names = new SymbolNames(reference);
  const differences = new Differences();
  let frames = 0;
  let inlined = 0;
  addresses.forEach((address, i) => {
    const ours = symbols.at(address);
    frames += ours.length;
    if (ours.length > 1) inlined++;
    const difference = differs(ours, { linkage: linkage[i]!, short: short[i]!, address, names });
    if (difference !== undefined) differences.add(`0x${address.toString(16)}: ${difference}`);
  });
  for (const problem of symbols.problems) differences.add(String(problem));
  const figures =
    `${addresses.length} addresses, ${frames} frames, ${inlined} in inlined functions`;
  return { figures, differences: differences.texts };
}

/** Addresses in the code of a file, which `random` spreads evenly. */
function chosenAddresses(file: ElfFile, count: number): bigint[] {
  const sections = file.sections.filter(({ flags, name, size }) =>
    (flags & SHF.execinstr) !== 0n && !LINKERS.test(name) && size > 0
  );
  const total = sections.reduce((sum, { size }) => sum + size, 0);
  const random = new Random(1);
  return Array.from({ length: count }, () => {
    let at = random.below(total);
    for (const { address, size } of sections) {
      if (at < size) return address + BigInt(at);
      at -= size;
    }
    throw new RangeError("No section has the address");
  });
}

/** What LLVM says of each address. */
async function answers(
  path: string,
  names: "linkage" | "short",
  addresses: readonly bigint[],
): Promise<Place[][] | undefined> {
  const input = addresses.map((each) => `0x${each.toString(16)}\n`).join("");
  const args = ["--no-demangle", `--functions=${names}`, "-e", path];
  const text = await outputWithInput("llvm-symbolizer", args, input);
  return text?.trimEnd().split("\n\n").map((answer) => {
    const lines = answer.split("\n");
    return Array.from(
      { length: lines.length / 2 },
      (_, i): Place => [lines[2 * i]!, lines[2 * i + 1]!],
    );
  });
}

function differs(
  ours: readonly SymbolFrame[],
  theirs: {
    readonly linkage: readonly Place[];
    readonly short: readonly Place[];
    readonly address: bigint;
    readonly names: SymbolNames;
  },
): string | undefined {
  const { linkage, short, address, names } = theirs;
  if (ours.length === 0) {
    const [name, place] = linkage[0]!;
    const isNothing = name === "??" || names.isElsewhere(name, address);
    return isNothing && /:0:0$/.test(place) ? undefined : `ours nothing, theirs ${linkage[0]}`;
  }
  if (ours.length !== linkage.length) return `ours ${ours.length} functions, theirs ${linkage}`;
  for (const [i, frame] of ours.entries()) {
    const place = placeOf(frame);
    const [name, their] = linkage[i]!;
    const isSymbolFile = frame.source === undefined && /^[^/]+:0:0$/.test(their);
    if (place !== their && !isSymbolFile) return `place ${i}: ours ${place}, theirs ${their}`;
    const own = frame.linkageName ?? frame.name ?? "??";
    const isOutermost = i === ours.length - 1;
    if (own !== name && !(isOutermost && names.isSame(name, frame, address))) {
      return `name ${i}: ours ${own} (${frame.symbol?.name}), theirs ${name}`;
    }
    const plain = frame.entry?.name ?? "??";
    if (plain !== short[i]![0]) return `short name ${i}: ours ${plain}, theirs ${short[i]![0]}`;
  }
  return undefined;
}

function placeOf({ source }: SymbolFrame): string {
  return source === undefined ? "??:0:0" : `${source.path}:${source.line}:${source.column}`;
}

/** Names of ELF symbols by their addresses, whatever they are of. */
class SymbolNames {
  readonly #file: ElfFile;
  readonly #addresses: readonly bigint[];
  readonly #names: Map<bigint, Map<string, number>> = new Map();

  constructor(file: ElfFile) {
    this.#file = file;
    for (const table of file.sections.filter(({ type }) => type === SHT.symtab)) {
      for (const { name, value, section } of file.symbols.of(table)) {
        if (section === 0) continue;
        const known = this.#names.get(value);
        if (known === undefined) this.#names.set(value, new Map([[name, section]]));
        else known.set(name, section);
      }
    }
    this.#addresses = [...this.#names.keys()].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  }

  /** Whether a name is that of a symbol where ours begins, or of the last one before an address. */
  isSame(name: string, { symbol }: SymbolFrame, address: bigint): boolean {
    if (symbol !== undefined && this.#names.get(BigInt(symbol.start))?.has(name)) return true;
    return this.#names.get(this.#lastBefore(address) ?? -1n)?.has(name) ?? false;
  }

  /** Whether a name is that of the last symbol before an address, in a section without it. */
  isElsewhere(name: string, address: bigint): boolean {
    const index = this.#names.get(this.#lastBefore(address) ?? -1n)?.get(name);
    const section = index === undefined ? undefined : this.#file.sections[index];
    if (section === undefined) return false;
    const end = section.address + BigInt(section.size);
    return (section.flags & SHF.alloc) === 0n || address < section.address || address >= end;
  }

  #lastBefore(address: bigint): bigint | undefined {
    const begun = partitionPoint(this.#addresses.length, (i) => this.#addresses[i]! <= address);
    return this.#addresses[begun - 1];
  }
}
