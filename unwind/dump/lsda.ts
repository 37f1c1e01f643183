/**
 * `trapline lsda FILE`: every language-specific data area of a file, one JSON line each: the
 * function's range, and for each call site its range, its landing pad and what that handles.
 *
 * @module
 */
import { fromBigAddress, InputError, toBigAddress } from "../../bytes/mod.ts";
import { type ElfFile, type ElfSection, parseElf, SectionLayout } from "../../elf/mod.ts";
import { eachFrameTable, type Fde } from "../cfi/mod.ts";
import { LsdaError } from "../errors.ts";
import {
  type Action,
  type CallSite,
  Lsda,
  type LsdaSource,
  TypeSymbols,
} from "../exception/mod.ts";

/** Reads the LSDAs of one file. */
class LsdaReader {
  #file: ElfFile;
  #layout: SectionLayout;
  #types: TypeSymbols;
  #sources: Map<ElfSection, LsdaSource> = new Map();

  constructor(file: ElfFile, layout: SectionLayout) {
    this.#file = file;
    this.#layout = layout;
    this.#types = new TypeSymbols(file, layout);
  }

  /** The line of one function. */
  line(fde: Fde, address: number): string {
    const lsda = new Lsda(this.#source(address), {
      address,
      functionStart: fde.start,
    });
    const hex = (value: bigint) => `0x${this.#layout.toFile(value).toString(16)}`;
    // The end may be the start of what follows in another section.
    const begin = this.#layout.toFile(fde.begin);
    const end = begin + (fde.end - fde.begin);
    return JSON.stringify({
      begin: `0x${begin.toString(16)}`,
      end: `0x${end.toString(16)}`,
      lsda: hex(toBigAddress(address)),
      callSites: [...lsda.callSites()].map((site) => ({
        begin: `0x${(site.begin - fde.begin + begin).toString(16)}`,
        end: `0x${(site.end - fde.begin + begin).toString(16)}`,
        landingPad: site.landingPad === undefined ? null : hex(site.landingPad),
        actions: this.#actions(lsda, site),
      })),
    });
  }

  /**
   * What a call site's landing pad handles: `cleanup`, type names, `...` for every type,
   * `filter(…)` for what is not in a list.
   */
  #actions(lsda: Lsda, site: CallSite): string[] {
    return [...lsda.actions(site)].map((action) => this.#action(lsda, action));
  }

  #action(lsda: Lsda, action: Action): string {
    if (action.kind === "cleanup") return "cleanup";
    if (action.kind === "catch") return this.#type(lsda, action.filter);
    const types = lsda.filterTypeIndexes(action.filter)
      .map((index) => this.#type(lsda, index));
    return `filter(${types.join(", ")})`;
  }

  #type(lsda: Lsda, index: number): string {
    const at = toBigAddress(lsda.typeEntryAddress(index));
    return this.#types.name(lsda.type(index), at);
  }

  #source(address: number): LsdaSource {
    const section = this.#layout.sectionAt(toBigAddress(address));
    if (section === undefined) {
      throw new LsdaError("memory", "No section holds the LSDA", {
        source: this.#file.name,
        address: toBigAddress(address),
      });
    }
    let source = this.#sources.get(section);
    if (source === undefined) {
      const addressOf = (each: ElfSection) => this.#layout.addressOf(each);
      source = {
        bytes: this.#file.relocatedData(section, { addressOf }),
        address: fromBigAddress(addressOf(section)),
        name: section.name,
      };
      this.#sources.set(section, source);
    }
    return source;
  }
}

/** Options of {@linkcode lsdaLines}. */
export interface LsdaDumpOptions {
  /**
   * Told of everything that is malformed; it is left out, and the dump goes on after it. By default
   * the first error is thrown.
   */
  readonly onDamage?: ((error: InputError) => void) | undefined;
}

/**
 * The lines of `trapline lsda FILE`, without line ends, in the order of the unwind tables.
 *
 * @throws {ElfError | CfiError | LsdaError | DecodeError} Where the file is malformed, unless
 * `onDamage` is given; the lines before are given first. Always if it is no ELF file, or its
 * section headers are malformed.
 */
export function* lsdaLines(
  bytes: Uint8Array,
  name: string,
  options: LsdaDumpOptions = {},
): Generator<string> {
  const { onDamage } = options;
  const report = (error: unknown): void => {
    if (onDamage === undefined || !(error instanceof InputError)) throw error;
    onDamage(error);
  };
  const file = parseElf(bytes, { name });
  const layout = new SectionLayout(file);
  const reader = new LsdaReader(file, layout);
  const addressOf = (section: ElfSection) => layout.addressOf(section);
  for (const table of eachFrameTable(file, { addressOf, onDamage })) {
    try {
      for (const fde of table.fdes(onDamage)) {
        let line: string | undefined;
        try {
          if (fde.lsda !== undefined) line = reader.line(fde, fde.lsda.address);
        } catch (error) {
          report(error);
        }
        if (line !== undefined) yield line;
      }
    } catch (error) {
      report(error);
    }
  }
}
