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
import { hexAddress } from "../../bytes/mod.ts";
import {
  cfaText,
  type Cie,
  type Fde,
  type FrameTable,
  frameTablesOf,
  registerName,
  RowMachine,
  ruleText,
  type UnwindRow,
} from "../cfi/mod.ts";
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

/** What follows the address of a row: up to the address of the next, or to the end of the line. */
interface Tail {
  readonly inner: Uint8Array;
  readonly last: Uint8Array;
}

/** Writes the lines of one table. */
class TableLines {
  #machine: Machine;
  #columns: Columns;
  #rows: RowMachine;
  #states: Map<number, TailCache<Tail>> = new Map();
  #cies: Map<Cie, Uint8Array> = new Map();
  #shapes: ShapeCache<readonly Tail[]>;

  constructor(table: FrameTable, machine: Machine) {
    this.#machine = machine;
    this.#columns = new Columns(table);
    this.#rows = new RowMachine(table);
    this.#shapes = new ShapeCache(table, (fde) => this.#tails(fde));
  }

  /** Writes the line of an FDE, with its line end. */
  write(fde: Fde, out: TextBuffer): void {
    const tails = this.#shapes.get(fde);
    const starts = this.#shapes.starts;
    out.piece(LINE_BEGIN);
    out.hex(fde.start);
    out.piece(LINE_END);
    out.hex(fde.limit);
    out.piece(this.#cie(fde.cie));
    const last = tails.length - 1;
    for (let i = 0; i < last; i++) {
      out.hex(starts[i]!);
      out.piece(tails[i]!.inner);
    }
    out.hex(starts[last]!);
    out.piece(tails[last]!.last);
  }

  #cie(cie: Cie): Uint8Array {
    let text = this.#cies.get(cie);
    if (text === undefined) {
      text = TextBuffer.encode(`","cie":${cieJson(cie)},"rows":[{"pc":"`);
      this.#cies.set(cie, text);
    }
    return text;
  }

  /** What follows the addresses of an FDE's rows. */
  #tails(fde: Fde): readonly Tail[] {
    const { returnAddress } = fde.cie;
    let states = this.#states.get(returnAddress);
    if (states === undefined) {
      states = new TailCache((row, columns) => this.#tail(row, { columns, returnAddress }));
      this.#states.set(returnAddress, states);
    }
    const columns = states.columns(this.#columns.of(fde));
    const tails: Tail[] = [];
    const rows = this.#rows;
    rows.start(fde);
    while (rows.next()) tails.push(states.get(rows.row, columns));
    return tails;
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
    return {
      inner: TextBuffer.encode(`${text},{"pc":"`),
      last: TextBuffer.encode(`${text}]}\n`),
    };
  }
}

/**
 * The lines of `trapline frames FILE` as UTF-8, in chunks of about 256 KiB that end at line ends. A
 * chunk is valid until the next one is asked for.
 *
 * @throws {ElfError | CfiError | DecodeError} Where the file is malformed; the lines before are
 * given first.
 */
export function* frameChunks(
  bytes: Uint8Array,
  name: string,
): Generator<Uint8Array> {
  const file = parseElf(bytes, { name });
  const out = new TextBuffer(CHUNK_SIZE * 2);
  let problem: unknown;
  try {
    for (const table of frameTablesOf(file)) {
      const lines = new TableLines(table, file.machine);
      for (const fde of table.fdes()) {
        // A malformed FDE is found before its line is begun: the shape has been read by then.
        lines.write(fde, out);
        if (out.length >= CHUNK_SIZE) yield out.take();
      }
    }
  } catch (error) {
    problem = error;
  }
  if (out.length > 0) yield out.take();
  if (problem !== undefined) throw problem;
}

/**
 * The lines of `trapline frames FILE`, without line ends. Throws as {@linkcode frameChunks}, which
 * is the faster form.
 */
export function* frameLines(
  bytes: Uint8Array,
  name: string,
): Generator<string> {
  const decoder = new TextDecoder();
  for (const chunk of frameChunks(bytes, name)) {
    yield* decoder.decode(chunk).slice(0, -1).split("\n");
  }
}

/** Whether {@linkcode frameLines} needs a section's bytes: for `readSparseElf`. */
export function isFrameSection(name: string): boolean {
  return name === ".eh_frame" || name === ".debug_frame";
}
