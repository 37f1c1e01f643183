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

/** Most call sites, handlers and types of one function; the largest have some ten thousand. */
const LINE_LIMIT = 2 ** 19;

/** What the landing pad of a call site handles, and what it costs to say so. */
interface Handlers {
  readonly actions: readonly string[];
  readonly cost: number;
}

const NO_HANDLERS: Handlers = { actions: [], cost: 0 };

/** Reads the LSDAs of one file. */
class LsdaReader {
  #file: ElfFile;
  #layout: SectionLayout;
  #types: TypeSymbols;
  #sources: Map<ElfSection, LsdaSource> = new Map();
  #left: number;

  constructor(file: ElfFile, layout: SectionLayout) {
    this.#left = 2 ** 19 + 2 * file.size;
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
    // Call sites of one function mostly share a few lists of handlers.
    const handlers = new Map<number, Handlers>();
    const budget = { left: LINE_LIMIT };
    const callSites = [];
    for (const site of lsda.callSites()) {
      let found = site.landingPad === undefined ? NO_HANDLERS : handlers.get(site.action);
      if (found === undefined) {
        found = this.#actions(lsda, site, budget);
        handlers.set(site.action, found);
      }
      const { actions, cost } = found;
      this.#spend(lsda, budget, 1 + cost);
      callSites.push({
        begin: `0x${(site.begin - fde.begin + begin).toString(16)}`,
        end: `0x${(site.end - fde.begin + begin).toString(16)}`,
        landingPad: site.landingPad === undefined ? null : hex(site.landingPad),
        actions,
      });
    }
    return JSON.stringify({
      begin: `0x${begin.toString(16)}`,
      end: `0x${end.toString(16)}`,
      lsda: hex(toBigAddress(address)),
      callSites,
    });
  }

  /** Counts what a line and a file cost: areas may be shared, and in them lists and names. */
  #spend(lsda: Lsda, budget: { left: number }, cost: number): void {
    budget.left -= cost;
    this.#left -= cost;
    if (budget.left >= 0 && this.#left >= 0) return;
    const what = budget.left < 0
      ? `LSDA has over ${LINE_LIMIT} call sites, handlers and types`
      : "LSDAs have more call sites, handlers and types in all than the file has room for";
    throw new LsdaError("limit", what, {
      source: this.#file.name,
      address: toBigAddress(lsda.address),
    });
  }

  /**
   * What a call site's landing pad handles: `cleanup`, type names, `...` for every type,
   * `filter(…)` for what is not in a list.
   */
  #actions(lsda: Lsda, site: CallSite, budget: { left: number }): Handlers {
    const actions: string[] = [];
    let cost = 0;
    for (const action of lsda.actions(site)) {
      const text = this.#action(lsda, action, budget);
      actions.push(text);
      cost += 1 + (text.length >> 4);
    }
    return { actions, cost };
  }

  #action(lsda: Lsda, action: Action, budget: { left: number }): string {
    if (action.kind === "cleanup") return "cleanup";
    if (action.kind === "catch") return this.#type(lsda, action.filter, budget);
    const types = lsda.filterTypeIndexes(action.filter)
      .map((index) => this.#type(lsda, index, budget));
    return `filter(${types.join(", ")})`;
  }

  #type(lsda: Lsda, index: number, budget: { left: number }): string {
    const at = toBigAddress(lsda.typeEntryAddress(index));
    const name = this.#types.name(lsda.type(index), at);
    this.#spend(lsda, budget, 1 + (name.length >> 4));
    return name;
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
