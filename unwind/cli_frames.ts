/**
 * `trapline frames FILE`: the whole unwind table of a file, one JSON line per FDE. Registers and rules are named as `readelf` does; the
 * columns of a table are the registers its instructions mention.
 *
 * Whole libraries go through here and the process is measured against tools written in C. What a row says besides its address depends
 * on the shape of the instructions only, so that text is made once per shape.
 *
 * @module
 */
import { hexAddress } from "./address.ts";
import { CfiDecoder } from "./cfi_decoder.ts";
import { DW_CFA } from "./cfi_opcodes.ts";
import type { Cie } from "./cie.ts";
import { parseElf } from "./elf.ts";
import type { Machine } from "./elf_constants.ts";
import { frameTablesOf } from "./elf_frames.ts";
import type { Fde } from "./fde.ts";
import type { FrameTable } from "./frame_table.ts";
import { registerName } from "./registers.ts";
import { REGISTER_LIMIT, RULE, type UnwindRow } from "./row.ts";
import { RowMachine } from "./row_machine.ts";
import { cfaText, ruleText } from "./rule_text.ts";
import { ShapeCache } from "./table_shape.ts";
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

/** Which registers tables mention. */
class Columns {
  #decoder: CfiDecoder;
  #seen: Uint8Array = new Uint8Array(REGISTER_LIMIT);

  constructor(table: FrameTable) {
    this.#decoder = new CfiDecoder(table.bytes, table.name, table.bases);
  }

  /** Registers that the instructions of an FDE, or of its CIE, mention, in ascending order. */
  of(fde: Fde): number[] {
    const seen = this.#seen.fill(0);
    const { cie } = fde;
    const encoding = cie.pointerEncoding;
    this.#decoder.seek(cie.instructionsAt, cie.instructionsEnd, encoding);
    this.#scan(seen);
    this.#decoder.seek(fde.instructionsAt, fde.instructionsEnd, encoding);
    this.#scan(seen);
    const columns: number[] = [];
    for (let i = seen.indexOf(1); i >= 0; i = seen.indexOf(1, i + 1)) {
      columns.push(i);
    }
    return columns;
  }

  #scan(seen: Uint8Array): void {
    const decoder = this.#decoder;
    while (decoder.next()) {
      switch (decoder.opcode) {
        case DW_CFA.offset:
        case DW_CFA.restore:
        case DW_CFA.offsetExtended:
        case DW_CFA.offsetExtendedSf:
        case DW_CFA.gnuNegativeOffsetExtended:
        case DW_CFA.valOffset:
        case DW_CFA.valOffsetSf:
        case DW_CFA.restoreExtended:
        case DW_CFA.undefined:
        case DW_CFA.sameValue:
        case DW_CFA.register:
        case DW_CFA.expression:
        case DW_CFA.valExpression:
          seen[decoder.first] = 1;
      }
    }
  }
}

const LINE_BEGIN = TextBuffer.encode('{"begin":"');
const LINE_END = TextBuffer.encode('","end":"');

/** Writes the lines of one table. */
class TableLines {
  #machine: Machine;
  #columns: Columns;
  #rows: RowMachine;
  #cies: Map<Cie, Uint8Array> = new Map();
  #rules: Map<number, string>[] = [];
  #shapes: ShapeCache<readonly Uint8Array[]>;

  constructor(table: FrameTable, machine: Machine) {
    this.#columns = new Columns(table);
    this.#machine = machine;
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
    for (let i = 0; i < tails.length; i++) {
      out.hex(starts[i]!);
      out.piece(tails[i]!);
    }
  }

  #cie(cie: Cie): Uint8Array {
    let text = this.#cies.get(cie);
    if (text === undefined) {
      text = TextBuffer.encode(`","cie":${cieJson(cie)},"rows":[{"pc":"`);
      this.#cies.set(cie, text);
    }
    return text;
  }

  /** What follows the address of each row, up to the address of the next. */
  #tails(fde: Fde): readonly Uint8Array[] {
    const columns = this.#columns.of(fde);
    const tails: Uint8Array[] = [];
    const rows = this.#rows;
    rows.start(fde);
    let more = rows.next();
    while (more) {
      const tail = this.#tail(rows.row, columns, fde.cie.returnAddress);
      more = rows.next();
      tails.push(TextBuffer.encode(tail + (more ? ',{"pc":"' : "]}\n")));
    }
    return tails;
  }

  #tail(row: UnwindRow, columns: number[], returnAddress: number): string {
    let text = `","cfa":"${cfaText(this.#machine, row)}","regs":{`;
    const last = columns.length - 1;
    for (let i = 0; i <= last; i++) {
      const register = columns[i]!;
      const name = register === returnAddress ? -1 : register;
      text += this.#rule(name, row.kinds[register]!, row.values[register]!);
      if (i < last) text += ",";
    }
    return text + (row.raSigned ? '},"raSigned":true}' : "}}");
  }

  /** `"rbx":"c-16"`; register −1 is the return address. */
  #rule(register: number, kind: number, value: number): string {
    const known = this.#rules[register + 1] ??= new Map();
    // Only these kinds say their value; offsets are small, so value and kind fit in one number.
    const spoken = kind === RULE.offset || kind === RULE.valOffset ||
      kind === RULE.register;
    const key = spoken ? value * 8 + kind : kind;
    let text = known.get(key);
    if (text === undefined) {
      const name = register < 0 ? "ra" : registerName(this.#machine, register);
      text = `"${name}":"${ruleText(kind, value)}"`;
      known.set(key, text);
    }
    return text;
  }
}

/**
 * The lines of `trapline frames FILE` as UTF-8, in chunks of about 256 KiB that end at line ends. A chunk is valid until the next one
 * is asked for.
 *
 * @throws {ElfError | CfiError | DecodeError} Where the file is malformed; the lines before are given first.
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

/** The lines of `trapline frames FILE`, without line ends. Throws as {@linkcode frameChunks}, which is the faster form. */
export function* frameLines(
  bytes: Uint8Array,
  name: string,
): Generator<string> {
  const decoder = new TextDecoder();
  for (const chunk of frameChunks(bytes, name)) {
    yield* decoder.decode(chunk).slice(0, -1).split("\n");
  }
}
