/**
 * `trapline frames FILE`: the whole unwind table of a file, one JSON line per FDE. Registers and
 * rules are named as `readelf` does; the columns of a table are the registers its instructions
 * mention.
 *
 * Whole libraries go through here and the process is measured against tools written in C. What a
 * row says besides its address depends on the shape of the instructions only, so that text is made
 * once per shape.
 *
 * @module
 */
import { hexAddress, InputError } from "../../bytes/mod.ts";
import {
  cfaText,
  type Cie,
  eachFrameTable,
  type Fde,
  type FrameTable,
  registerName,
  RowMachine,
  ruleText,
  type UnwindRow,
} from "../cfi/mod.ts";
import { CfiError } from "../errors.ts";
import { Columns } from "./columns.ts";
import { type Machine, parseElf } from "../../elf/mod.ts";
import { ShapeCache } from "./table_shape.ts";
import { TailCache } from "./tail_cache.ts";
import { TextBuffer } from "./text_buffer.ts";

/** Bytes gathered before they are given out. */
const CHUNK_SIZE = 1 << 18;

/** The CIE as it stands in the line of each of its FDEs. */
function cieJson(cie: Cie): string {
  const fields: Record<string, unknown> = {
    offset: hexAddress(cie.offset),
    version: cie.version,
    augmentation: cie.augmentation,
    codeAlign: cie.codeAlign,
    dataAlign: cie.dataAlign,
    returnAddress: cie.returnAddress,
  };
  if (cie.personality !== undefined) {
    const at = hexAddress(cie.personality.address);
    fields["personality"] = cie.personality.indirect ? `*${at}` : at;
  }
  if (cie.isSignalFrame) fields["signalFrame"] = true;
  if (cie.usesBKey) fields["bKey"] = true;
  return JSON.stringify(fields);
}

const LINE_BEGIN = TextBuffer.encode('{"begin":"');
const LINE_END = TextBuffer.encode('","end":"');

/**
 * What follows the address of a row: up to the address of the next, or to the end of the line. Each
 * is made when it is first used, as most states have only one of them.
 */
class Tail {
  readonly text: Uint8Array;
  #inner: Uint8Array | undefined;
  #last: Uint8Array | undefined;

  constructor(text: Uint8Array) {
    this.text = text;
  }

  get inner(): Uint8Array {
    return this.#inner ??= joined(this.text, ROW_END);
  }

  get last(): Uint8Array {
    return this.#last ??= joined(this.text, TABLE_END);
  }
}

const ROW_END = TextBuffer.encode(',{"pc":"');
const TABLE_END = TextBuffer.encode("]}\n");

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Instructions of an FDE, in bytes, from which on its line is written row by row. */
const LARGE = 1 << 14;

/** Bytes of text and of what it is found by from which on all of it is dropped. */
const KEPT_LIMIT = 1 << 25;

/** Writes the lines of one table. */
class TableLines {
  #machine: Machine;
  #columns: Columns;
  #rows: RowMachine;
  #states: Map<number, TailCache<Tail>> = new Map();
  #cies: Map<Cie, Uint8Array> = new Map();
  #shapes: ShapeCache<readonly Tail[]>;
  #kept = 0;

  constructor(table: FrameTable, machine: Machine) {
    this.#machine = machine;
    this.#columns = new Columns(table);
    this.#rows = new RowMachine(table);
    this.#shapes = new ShapeCache(table, (fde) => this.#tails(fde));
  }

  /**
   * Writes the line of an FDE, with its line end. Throws before anything is written.
   *
   * @throws {CfiError | DecodeError} If its instructions, or those of its CIE, are malformed.
   */
  write(fde: Fde, out: TextBuffer): void {
    const tails = this.#shapes.get(fde);
    const starts = this.#shapes.starts;
    this.#begin(fde, out);
    const last = tails.length - 1;
    for (let i = 0; i < last; i++) {
      out.hex(starts[i]!);
      out.piece(tails[i]!.inner);
    }
    out.hex(starts[last]!);
    out.piece(tails[last]!.last);
    this.#forget();
  }

  /** Whether {@linkcode TableLines.write} is the faster way for an FDE. */
  isShort(fde: Fde): boolean {
    return fde.instructionsEnd - fde.instructionsAt < LARGE && this.#shapes.isUseful;
  }

  /**
   * As {@linkcode TableLines.write}, without keeping more than a row; gives what is written out
   * whenever it is enough for a chunk.
   */
  *stream(fde: Fde, out: TextBuffer): Generator<Uint8Array> {
    const columns = this.#columns.of(fde);
    const { returnAddress } = fde.cie;
    const rows = this.#rows;
    rows.start(fde);
    while (rows.next()) {
      // Damage is to be found before the line is begun.
    }
    this.#begin(fde, out);
    rows.start(fde);
    let before: Tail | undefined;
    while (rows.next()) {
      if (before !== undefined) {
        out.piece(before.text);
        out.piece(ROW_END);
      }
      out.hex(rows.row.start);
      before = this.#statesOf(returnAddress).get(rows.row, columns);
      this.#forget();
      if (out.length >= CHUNK_SIZE) yield out.take();
    }
    if (before === undefined) return;
    out.piece(before.text);
    out.piece(TABLE_END);
  }

  #begin(fde: Fde, out: TextBuffer): void {
    out.piece(LINE_BEGIN);
    out.hex(fde.start);
    out.piece(LINE_END);
    out.hex(fde.limit);
    out.piece(this.#cie(fde.cie));
  }

  /** Drops what is kept when there is too much of it: then it is of no use anyhow. */
  #forget(): void {
    let kept = this.#kept + this.#shapes.kept;
    for (const states of this.#states.values()) kept += 8 * states.kept;
    if (kept < KEPT_LIMIT) return;
    this.#states.clear();
    this.#shapes.clear();
    this.#cies.clear();
    this.#kept = 0;
  }

  #cie(cie: Cie): Uint8Array {
    let text = this.#cies.get(cie);
    if (text === undefined) {
      text = TextBuffer.encode(`","cie":${cieJson(cie)},"rows":[{"pc":"`);
      this.#cies.set(cie, text);
      this.#kept += text.length + 100;
    }
    return text;
  }

  /** What follows the addresses of an FDE's rows. */
  #tails(fde: Fde): readonly Tail[] {
    const states = this.#statesOf(fde.cie.returnAddress);
    const columns = states.columns(this.#columns.of(fde));
    const tails: Tail[] = [];
    const rows = this.#rows;
    rows.start(fde);
    while (rows.next()) tails.push(states.get(rows.row, columns));
    this.#kept += 8 * tails.length + 100;
    return tails;
  }

  #statesOf(returnAddress: number): TailCache<Tail> {
    let states = this.#states.get(returnAddress);
    if (states === undefined) {
      states = new TailCache((row, columns) => this.#tail(row, { columns, returnAddress }));
      this.#states.set(returnAddress, states);
    }
    return states;
  }

  #tail(
    row: UnwindRow,
    head: { readonly columns: readonly number[]; readonly returnAddress: number },
  ): Tail {
    let text = `","cfa":"${cfaText(this.#machine, row)}","regs":{`;
    head.columns.forEach((register, i) => {
      const name = register === head.returnAddress ? "ra" : registerName(this.#machine, register);
      const rule = ruleText(row.kinds[register]!, row.values[register]!);
      text += `${i === 0 ? "" : ","}"${name}":"${rule}"`;
    });
    text += row.raSigned ? '},"raSigned":true}' : "}}";
    const bytes = TextBuffer.encode(text);
    this.#kept += 2 * bytes.length + 300;
    return new Tail(bytes);
  }
}

/** Most problems of a table before the rest of it is not looked at. */
const DAMAGE_LIMIT = 10_000;

/** Tells of the problems of one table, unless there are too many of them. */
class DamageLimit {
  #table: FrameTable;
  #onDamage: FrameDumpOptions["onDamage"];
  #count = 0;
  #last: InputError | undefined;

  constructor(table: FrameTable, onDamage: FrameDumpOptions["onDamage"]) {
    this.#table = table;
    this.#onDamage = onDamage;
  }

  /** Takes what an entry threw; throws if the table is to be given up. */
  readonly report = (error: unknown): void => {
    this.passOn(error);
    // What is wrong with a CIE is thrown for each of its FDEs, and costs nothing.
    if (error === this.#last) return;
    this.#last = error as InputError;
    if (++this.#count < DAMAGE_LIMIT) return;
    throw this.#table.error(
      "limit",
      `Over ${DAMAGE_LIMIT} entries are malformed; the rest is not read`,
      this.#last.offset ?? 0,
    );
  };

  /** Tells of what is malformed; throws everything else. */
  passOn(error: unknown): void {
    if (this.#onDamage === undefined || !(error instanceof InputError)) throw error;
    this.#onDamage(error);
  }
}

/** Options of {@linkcode frameChunks} and {@linkcode frameLines}. */
export interface FrameDumpOptions {
  /**
   * Told of everything that is malformed; it is left out, and the dump goes on after it. By default
   * the first error is thrown.
   */
  readonly onDamage?: ((error: InputError) => void) | undefined;
}

/**
 * The lines of `trapline frames FILE` as UTF-8, in chunks of about 256 KiB. A chunk is valid until
 * the next one is asked for; it ends at a line end, but for lines that are longer.
 *
 * @throws {ElfError | CfiError | DecodeError} Where the file is malformed, unless `onDamage` is
 * given; the lines before are given first. Always if it is no ELF file.
 */
export function* frameChunks(
  bytes: Uint8Array,
  name: string,
  options: FrameDumpOptions = {},
): Generator<Uint8Array> {
  const file = parseElf(bytes, { name });
  const out = new TextBuffer(CHUNK_SIZE * 2);
  let problem: unknown;
  try {
    for (const table of eachFrameTable(file, options)) {
      const damage = new DamageLimit(table, options.onDamage);
      const lines = new TableLines(table, file.machine);
      try {
        for (const fde of table.fdes(damage.report)) {
          try {
            if (lines.isShort(fde)) lines.write(fde, out);
            else yield* lines.stream(fde, out);
          } catch (error) {
            damage.report(error);
          }
          if (out.length >= CHUNK_SIZE) yield out.take();
        }
      } catch (error) {
        damage.passOn(error);
      }
    }
  } catch (error) {
    problem = error;
  }
  if (out.length > 0) yield out.take();
  if (problem !== undefined) throw problem;
}

/** Longest line that is given as text, in characters. */
const LINE_LIMIT = 1 << 28;

/**
 * The lines of `trapline frames FILE`, without line ends. Throws as {@linkcode frameChunks}, which
 * is the faster form, and a {@linkcode CfiError} (`length`) for a line of over 256 Mi characters.
 *
 * @example The table of a file, line by line
 * ```ts
 * import { x86_64 } from "@trapline/trapline/arch"; // for the bytes of a file
 * import { frameLines } from "@trapline/trapline/unwind";
 *
 * for (const line of frameLines(x86_64.image.bytes, "kernel")) console.log(JSON.parse(line));
 * ```
 */
export function* frameLines(
  bytes: Uint8Array,
  name: string,
  options: FrameDumpOptions = {},
): Generator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let length = 0;
  for (const chunk of frameChunks(bytes, name, options)) {
    const text = decoder.decode(chunk);
    const end = text.lastIndexOf("\n") + 1;
    if (end > 0) {
      yield* [...pieces, text.slice(0, end - 1)].join("").split("\n");
      pieces = [];
      length = 0;
    }
    pieces.push(text.slice(end));
    length += text.length - end;
    if (length > LINE_LIMIT) {
      throw new CfiError("length", `Line has over ${LINE_LIMIT} characters: ${text.slice(0, 80)}`, {
        source: name,
      });
    }
  }
}
