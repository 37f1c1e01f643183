/**
 * Functions, stack frames and memory made by hand for tests of variables.
 *
 * @module
 */
import { DW_AT, DW_ATE, DW_FORM, DW_LANG, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import {
  type AttributeInit,
  die,
  type EntryInit,
  InfoImage,
} from "../../../elf/dwarf/testing/info_image.ts";
import type { Machine } from "../../../elf/mod.ts";
import { memoryOf } from "../../../unwind/walk/mod.ts";
import { ValueContext } from "../frame/value_context.ts";
import type { VariableFrame } from "../frame/variable_frame.ts";
import { TypeReader } from "../types/type_reader.ts";

/** A frame that is like this, and else has nothing. */
export interface FrameInit {
  /** Default x86-64. */
  readonly machine?: Machine;
  /** General registers by DWARF number. */
  readonly registers?: Readonly<Record<number, bigint>>;
  /** Other registers. */
  readonly vectors?: Readonly<Record<number, Uint8Array>>;
  /** Bytes at addresses. */
  readonly memory?: Readonly<Record<string, readonly number[]>>;
  /** Its function. */
  readonly function?: Entry | undefined;
  /** Default 0x1010. */
  readonly pc?: bigint;
  /** Default the program counter. */
  readonly lookup?: bigint;
  /** Default 0. */
  readonly bias?: bigint;
  /** Default none. */
  readonly cfa?: bigint;
  /** Default none. */
  readonly caller?: VariableFrame;
  /** Default none. */
  readonly threadStorage?: bigint;
}

/** A frame. */
export function frameOf(init: FrameInit = {}): VariableFrame {
  const { pc = 0x1010n } = init;
  return {
    machine: init.machine ?? "x86_64",
    memory: memoryOf(
      Object.entries(init.memory ?? {}).map(([start, bytes]) => ({
        start: BigInt(start),
        bytes: Uint8Array.from(bytes),
      })),
    ),
    function: init.function,
    pc,
    lookup: init.lookup ?? pc,
    bias: init.bias ?? 0n,
    cfa: init.cfa,
    register: (number) => init.registers?.[number],
    vector: (number) => init.vectors?.[number],
    caller: init.caller,
    threadStorage: init.threadStorage,
  };
}

/** `DW_AT_name`. */
export function name(text: string): AttributeInit {
  return [DW_AT.name, DW_FORM.string, text];
}

/** `DW_AT_type`, by label. */
export function type(to: string): AttributeInit {
  return [DW_AT.type, DW_FORM.ref4, { to }];
}

/** `DW_AT_byte_size`. */
export function size(bytes: number): AttributeInit {
  return [DW_AT.byteSize, DW_FORM.data1, bytes];
}

/** `DW_AT_low_pc` and `DW_AT_high_pc`. */
export function code(begin: number, bytes: number): AttributeInit[] {
  return [[DW_AT.lowPc, DW_FORM.addr, begin], [DW_AT.highPc, DW_FORM.data4, bytes]];
}

/** `DW_AT_location` of the same expression everywhere. */
export function location(...expression: readonly number[]): AttributeInit {
  return [DW_AT.location, DW_FORM.exprloc, expression];
}

/** A base type, labeled by its name. */
export function base(label: string, bytes: number, encoding: number): EntryInit {
  return die(
    DW_TAG.baseType,
    [name(label), size(bytes), [DW_AT.encoding, DW_FORM.data1, encoding]],
    undefined,
    label,
  );
}

/** Types that most tests need. */
export const BASES: readonly EntryInit[] = [
  base("int", 4, DW_ATE.signed),
  base("long", 8, DW_ATE.signed),
  base("unsigned char", 1, DW_ATE.unsignedChar),
  base("char", 1, DW_ATE.signedChar),
  base("double", 8, DW_ATE.float),
  base("float", 4, DW_ATE.float),
  base("bool", 1, DW_ATE.boolean),
];

/** Entries of one unit, found by their labels. */
export class ValueWorld {
  /** Reads its types. */
  readonly types: TypeReader;
  readonly #image = new InfoImage();
  readonly #info: ReturnType<InfoImage["info"]>;

  /** A unit of these entries and the base types, in a language by DWARF's number (C by default). */
  constructor(entries: readonly EntryInit[], language: number = DW_LANG.c99) {
    this.#image.unit(
      die(
        DW_TAG.compileUnit,
        [[DW_AT.language, DW_FORM.data2, language]],
        [...BASES, ...entries],
      ),
    );
    this.#info = this.#image.info();
    this.types = new TypeReader((name) => this.#info.named(name));
  }

  /** The entry of a label. */
  at(label: string): Entry {
    return this.#info.entryAt(this.#image.section(".debug_info").at(label));
  }

  /** What expressions are told in a frame. */
  context(frame: VariableFrame): ValueContext {
    return new ValueContext(frame, this.#info.units[0]!, { types: this.types });
  }
}
