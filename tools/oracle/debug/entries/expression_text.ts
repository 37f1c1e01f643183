/**
 * Location expressions as `llvm-dwarfdump` prints them, as far as that can be told apart from the
 * bytes alone: operators and their numbers, without the names of registers and types.
 *
 * @module
 */
import { Cursor, integerOfBytes } from "../../../../bytes/mod.ts";
import type { Unit } from "../../../../elf/dwarf/mod.ts";
import { DW_OP } from "../../../../unwind/cfi/mod.ts";
import { camel } from "./names.ts";

const NAMES = new Map<number, string>(Object.entries(DW_OP).map(([name, code]) => [code, name]));

/** Operators with a number behind them in their names. */
const FAMILIES = [["breg", DW_OP.breg0], ["reg", DW_OP.reg0], ["lit", DW_OP.lit0]] as const;

type Operand = (cursor: Cursor, unit: Unit) => (string | bigint)[];

const unsigned = (size: number): Operand => (cursor) => [integerOfBytes(cursor.view(size))];
const signed = (size: number): Operand => (cursor) => [integerOfBytes(cursor.view(size), true)];
const uleb: Operand = (cursor) => [cursor.bigUleb()];
const sleb: Operand = (cursor) => [BigInt.asIntN(64, cursor.bigSleb())];
const offset: Operand = (cursor, unit) => unsigned(unit.offsetSize)(cursor, unit);
/** The number of a register, which LLVM prints by name. */
const register: Operand = (cursor) => {
  cursor.uleb();
  return [];
};
const block: Operand = (cursor) => {
  const bytes = cursor.view(cursor.uleb());
  return [BigInt(bytes.length), ...Array.from(bytes, BigInt)];
};
const typed: Operand = (cursor) => {
  const type = cursor.bigUleb();
  const bytes = cursor.view(cursor.u8());
  return [type, BigInt(bytes.length), ...Array.from(bytes, BigInt)];
};
const nested: Operand = (cursor, unit) => expressionWords(cursor.view(cursor.uleb()), unit);

const OPERANDS: ReadonlyMap<number, readonly Operand[]> = new Map<number, readonly Operand[]>([
  [DW_OP.addr, [unsigned(8)]],
  [DW_OP.const1u, [unsigned(1)]],
  [DW_OP.const1s, [signed(1)]],
  [DW_OP.const2u, [unsigned(2)]],
  [DW_OP.const2s, [signed(2)]],
  [DW_OP.const4u, [unsigned(4)]],
  [DW_OP.const4s, [signed(4)]],
  [DW_OP.const8u, [unsigned(8)]],
  [DW_OP.const8s, [signed(8)]],
  [DW_OP.constu, [uleb]],
  [DW_OP.consts, [sleb]],
  [DW_OP.pick, [unsigned(1)]],
  [DW_OP.plusUconst, [uleb]],
  [DW_OP.bra, [signed(2)]],
  [DW_OP.skip, [signed(2)]],
  [DW_OP.regx, [register]],
  [DW_OP.fbreg, [sleb]],
  [DW_OP.bregx, [register, sleb]],
  [DW_OP.piece, [uleb]],
  [DW_OP.derefSize, [unsigned(1)]],
  [DW_OP.xderefSize, [unsigned(1)]],
  [DW_OP.call2, [unsigned(2)]],
  [DW_OP.call4, [unsigned(4)]],
  [DW_OP.callRef, [offset]],
  [DW_OP.bitPiece, [uleb, uleb]],
  [DW_OP.implicitValue, [block]],
  [DW_OP.implicitPointer, [offset, sleb]],
  [DW_OP.addrx, [uleb]],
  [DW_OP.constx, [uleb]],
  [DW_OP.entryValue, [nested]],
  [DW_OP.constType, [typed]],
  [DW_OP.regvalType, [register, uleb]],
  [DW_OP.derefType, [unsigned(1), uleb]],
  [DW_OP.convert, [uleb]],
  [DW_OP.reinterpret, [uleb]],
  [DW_OP.gnuImplicitPointer, [offset, sleb]],
  [DW_OP.gnuEntryValue, [nested]],
  [DW_OP.gnuConstType, [typed]],
  [DW_OP.gnuRegvalType, [register, uleb]],
  [DW_OP.gnuDerefType, [unsigned(1), uleb]],
  [DW_OP.gnuConvert, [uleb]],
  [DW_OP.gnuReinterpret, [uleb]],
  [DW_OP.gnuParameterRef, [unsigned(4)]],
  [DW_OP.gnuAddrIndex, [uleb]],
  [DW_OP.gnuConstIndex, [uleb]],
  [DW_OP.gnuVariableValue, [offset]],
]);

/** Operators and numbers of an expression. */
export function expressionWords(bytes: Uint8Array, unit: Unit): (string | bigint)[] {
  const cursor = new Cursor(bytes, "expression");
  const words: (string | bigint)[] = [];
  while (cursor.at < cursor.end) {
    const code = cursor.u8();
    const family = FAMILIES.find(([, first]) => code >= first && code < first + 32);
    if (family !== undefined) {
      words.push(`${family[0]}${code - family[1]}`);
      if (family[0] === "breg") words.push(...sleb(cursor, unit));
      continue;
    }
    words.push(NAMES.get(code) ?? `operator ${code}`);
    for (const operand of OPERANDS.get(code) ?? []) words.push(...operand(cursor, unit));
  }
  return words;
}

/** The same of what LLVM prints. */
export function wordsOf(text: string): (string | bigint)[] {
  // Of a type by its offset in the unit, the offset in the section follows; then its name.
  return (text.replaceAll(/ -> 0x[0-9a-f]+\)/g, ")").replaceAll(/"[^"]*"/g, "").match(
    /DW_OP_\w+|[-+]0x[0-9a-f]+|0x[0-9a-f]+|[-+]?\b\d+\b/g,
  ) ?? []).map((word) => {
    if (word.startsWith("DW_OP_")) return camel(word.slice(6));
    if (/^-0x/.test(word)) return -BigInt(word.slice(1));
    return BigInt(word.replace("+", ""));
  });
}
