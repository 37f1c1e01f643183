/**
 * Pointers to members as gdb writes them. Itanium C++ ABI, section 2.3.
 *
 * @module
 */
import { demangle } from "../../demangle/mod.ts";
import { DW_AT, DW_TAG } from "../../../elf/dwarf/mod.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import { isStruct, type MemberPointerType, plainType, type Type } from "../types/type.ts";
import { typeName } from "../types/type_name.ts";
import type { Value } from "../value/value.ts";
import type { Budget } from "./budget.ts";

/** A pointer to a data member: `&Class::member`; to a member function: its address. */
export function memberPointerText(value: Value, type: MemberPointerType, budget: Budget): string {
  const { integer } = value;
  if (integer === undefined) return functionText(value, type, budget);
  if (integer === -1n) return "NULL";
  return dataMember(type.container, Number(integer) * 8) ?? `${integer}`;
}

/** The member at a bit of a class, or of a base class of it. */
function dataMember(container: Type, bits: number, depth = 0): string | undefined {
  const plain = plainType(container);
  if (!isStruct(plain) || depth > 20) return undefined;
  for (const { isBase, place, name, type } of plain.fields) {
    if (place === undefined || !("bits" in place)) continue;
    if (!isBase && place.bits === bits) return `&${typeName(plain)}::${name ?? ""}`;
    const inBase = isBase ? dataMember(type, bits - place.bits, depth + 1) : undefined;
    if (inBase !== undefined) return inBase;
  }
  return undefined;
}

function functionText(value: Value, type: MemberPointerType, budget: Budget): string {
  const { bytes } = value.contents;
  if (bytes.length < 16) return "";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const pointer = view.getBigUint64(0, true);
  // Where functions may begin at odd addresses, the bit is in the other half.
  const isArm = value.context.frame.machine === "aarch64";
  const second = view.getBigInt64(8, true);
  const isVirtual = ((isArm ? second : pointer) & 1n) === 1n;
  const adjustment = isArm ? second >> 1n : second;
  const after = adjustment === 0n ? "" : `, this adjustment ${adjustment}`;
  if (isVirtual) {
    const offset = isArm ? pointer : pointer - 1n;
    const name = virtualFunction(type.container, Number(offset) / 8);
    return name === undefined
      ? `&virtual table offset ${offset}${after}`
      : `&virtual ${name}${after}`;
  }
  if (pointer === 0n) return "NULL";
  return `(${typeName(type)}) ${budget.address(pointer, "code")}${after}`;
}

/** Name of the function at a place of a class's table. */
function virtualFunction(container: Type, index: number): string | undefined {
  const { entry } = plainType(container);
  for (const child of entry?.children() ?? []) {
    if (child.tag !== DW_TAG.subprogram) continue;
    const place = child.bytes(DW_AT.vtableElemLocation);
    if (place?.[0] !== DW_OP.constu || place[1] !== index) continue;
    return demangle(child.linkageName ?? "") ?? child.name;
  }
  return undefined;
}
