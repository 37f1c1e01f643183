/**
 * What the words of a stack are: every frame tells of some, also of words that belong to others.
 *
 * @module
 */
import { InputError, toBigAddress } from "../../bytes/mod.ts";
import { registerName } from "../../unwind/cfi/mod.ts";
import {
  type Frame,
  type FrameWord,
  type ManagedVariable,
  PLACE,
  SavedRegisters,
} from "../../unwind/walk/mod.ts";
import { codeValueText } from "../frames/code_value.ts";
import type { FrameReader, StackFrame } from "../frames/mod.ts";
import { type NameOf, valueText, variablesOf } from "../values/mod.ts";
import type { PictureValue, SlotRole } from "./picture.ts";
import { hexText } from "./words.ts";

/** What a frame tells of a word. */
export interface Label {
  /** Level of the frame that tells it. */
  readonly level: number;
  /** What it is to that frame. */
  readonly role: SlotRole;
  /** What it is called. */
  readonly name: string;
  /** Its value, if that is more than a number. */
  readonly text?: string;
}

/** What is known of a stack's words, gathered frame by frame, innermost first. */
export class Labels {
  readonly #reader: FrameReader;
  readonly #labels: Map<bigint, Label[]> = new Map();
  readonly #saved = new SavedRegisters();
  readonly #nameOf: NameOf;

  /** Those of stacks of a reader's process. */
  constructor(reader: FrameReader) {
    this.#reader = reader;
    this.#nameOf = (address, what) => reader.nameOf(address, what);
  }

  /** What is told of the word at an address, by the innermost frame first. */
  at(address: bigint): readonly Label[] {
    return this.#labels.get(address) ?? [];
  }

  #add(address: bigint, label: Label): void {
    const labels = this.#labels.get(address);
    if (labels === undefined) this.#labels.set(address, [label]);
    else labels.push(label);
  }

  /** Takes what a frame tells; gives its values that are in no word of memory that is its own. */
  take(frame: StackFrame): { values: PictureValue[]; damage: string | undefined } {
    const { level, physical, code } = frame;
    const values: PictureValue[] = [];
    let damage = code?.damage?.message;
    try {
      if (code !== undefined) {
        for (const each of code.managed?.variables ?? []) {
          values.push(...this.#variable(frame, each));
        }
        for (const word of words(physical)) this.#word(frame, word);
      } else values.push(...this.#described(frame));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      damage ??= error.message;
    }
    this.#saved.leave(physical, (register, address, isReturn) => {
      const name = isReturn ? "return address" : registerName(physical.machine, register);
      this.#add(address, { level, role: isReturn ? "return-address" : "saved", name });
    });
    return { values, damage };
  }

  #word({ level, physical }: StackFrame, { offset, name, role }: FrameWord): void {
    const address = physical.cfaAddress + offset;
    if (Number.isSafeInteger(address)) this.#add(toBigAddress(address), { level, name, role });
  }

  /** A value of managed code: a word of memory, or something else. */
  #variable({ level, physical }: StackFrame, variable: ManagedVariable): PictureValue[] {
    const { name, role, location, absence, plan } = variable;
    const text = codeValueText(variable);
    if (absence !== undefined || location === undefined) {
      const { kind, offset, register } = plan.place;
      const base = kind === PLACE.cfa
        ? physical.cfaAddress
        : kind === PLACE.indirect
        ? physical.addressIn(register)
        : NaN;
      const address = base + offset;
      if (Number.isSafeInteger(address)) {
        this.#add(toBigAddress(address), { level, role: "idle", name, text });
        return [];
      }
      return [{ name, role, text, place: "" }];
    }
    if (location.in === "memory") {
      this.#add(location.address, { level, role, name, text });
      return [];
    }
    if (location.in === "constant") return [{ name, role, text, place: "constant" }];
    const register = registerName(physical.machine, location.register);
    const at = this.#saved.placeOf(location.register);
    if (at === undefined) return [{ name, role, text, place: register }];
    this.#add(at, { level, role, name, text });
    return [{ name, role, text, place: `${register}, saved at ${hexText(at)}` }];
  }

  /** Variables that debug information describes. */
  #described(frame: StackFrame): PictureValue[] {
    const { entry, level } = frame;
    if (entry === undefined) return [];
    const types = this.#reader.types;
    const scope = variablesOf({ frame: frame.variables, scope: entry, types });
    const locals = scope.blocks.flatMap(({ variables }) => variables);
    const values: PictureValue[] = [];
    for (const [role, list] of [["parameter", scope.parameters], ["local", locals]] as const) {
      for (const { name, value } of list) {
        const { address, size = 8 } = value;
        const text = valueText(value, { nameOf: this.#nameOf });
        if (address === undefined || !isWithin(frame.physical, address)) {
          values.push({ name, role, text, place: address === undefined ? "" : hexText(address) });
          continue;
        }
        for (let at = address & ~7n; at < address + BigInt(size); at += 8n) {
          const inside = at > address ? `${name}+${at - address}` : name;
          this.#add(at, { level, role, name: inside, text: at > address ? "" : text });
        }
      }
    }
    return values;
  }
}

/**
 * Whether an address is of a frame's own words. Before a function has set its frame pointer up, its
 * debug information may speak of its caller's.
 */
function isWithin({ registers: { sp }, cfa }: Frame, address: bigint): boolean {
  return sp !== undefined && cfa !== undefined && address >= sp && address < cfa;
}

function words(frame: Frame): readonly FrameWord[] {
  return frame.code?.kind.words?.(frame.code, frame) ?? [];
}
