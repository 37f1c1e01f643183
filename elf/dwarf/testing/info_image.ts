/**
 * Builds debugging information entries by hand, so that tests say what the bytes mean.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { DW_FORM, DW_UT } from "../constants.ts";
import { type FormContext, formSize, VARIABLE } from "../form.ts";
import { DebugInfo, type DebugInfoOptions } from "../info/debug_info.ts";
import { type DwarfSectionName, DwarfSections } from "../sections.ts";

/**
 * What a value is made of: a number of the form's size, text (inline, or put into the section of
 * the form), bytes of a block, or the entry of that label.
 */
export type ValueInit = number | bigint | string | readonly number[] | { readonly to: string };

/** An attribute: its number, form and value. */
export type AttributeInit = readonly [attribute: number, form: number, value: ValueInit];

/** An entry to be built. */
export interface EntryInit {
  /** Its tag. */
  readonly tag: number;
  /** Its attributes. */
  readonly attributes: readonly AttributeInit[];
  /** Its children; without the list it cannot have any. */
  readonly children?: readonly EntryInit[];
  /** What references name it by. */
  readonly label?: string;
}

/** A unit to be built. */
export interface UnitInit {
  /** Default 5. */
  readonly version?: number;
  /** Whether it is in the 64-bit format. */
  readonly wide?: boolean;
  /** `DW_UT`; default compile. */
  readonly type?: number;
  /** Section it is in; default `.debug_info`. */
  readonly section?: ".debug_info" | ".debug_types";
  /** Identifier of a skeleton or split unit, signature of a type unit. */
  readonly id?: bigint;
  /** Label of a type unit's type. */
  readonly typed?: string;
}

/** An entry. */
export function die(
  tag: number,
  attributes: readonly AttributeInit[] = [],
  children?: readonly EntryInit[],
  label?: string,
): EntryInit {
  return { tag, attributes, ...(children && { children }), ...(label && { label }) };
}

/** Sections of debug information under construction; units name entries by their labels. */
export class InfoImage {
  readonly #sections: Map<DwarfSectionName, ImageBuilder> = new Map();
  #units = 0;

  /** A section, to be added to. */
  section(name: DwarfSectionName): ImageBuilder {
    let section = this.#sections.get(name);
    if (section === undefined) this.#sections.set(name, section = new ImageBuilder());
    return section;
  }

  /** Adds a unit, each of whose entries has an abbreviation of its own; the unit's offset. */
  unit(root: EntryInit, init: UnitInit = {}): number {
    const { version = 5, wide = false, section = ".debug_info" } = init;
    const type = init.type ?? (section === ".debug_types" ? DW_UT.type : DW_UT.compile);
    const image = this.section(section);
    const start = image.size;
    const mark = `unit ${this.#units++}`;
    const context: FormContext = { version, offsetSize: wide ? 8 : 4 };
    const word = (value: number | (() => number)) => image.number(context.offsetSize, value);
    if (wide) image.u32(0xffffffff);
    word(() => image.at(`${mark} end`) - image.at(`${mark} length`)).label(`${mark} length`);
    image.u16(version);
    const table = this.section(".debug_abbrev").size;
    if (version >= 5) {
      image.bytes(type, 8);
      word(table);
    } else {
      word(table);
      image.bytes(8);
    }
    if (init.id !== undefined) image.u64(init.id);
    if (init.typed !== undefined) word(() => image.at(init.typed!) - start);
    const codes = { next: 1 };
    this.#entry(image, root, { context, codes, start });
    this.section(".debug_abbrev").bytes(0);
    image.label(`${mark} end`);
    return start;
  }

  #entry(
    image: ImageBuilder,
    entry: EntryInit,
    unit: { context: FormContext; codes: { next: number }; start: number },
  ): void {
    const table = this.section(".debug_abbrev");
    const code = unit.codes.next++;
    table.uleb(code).uleb(entry.tag).bytes(entry.children === undefined ? 0 : 1);
    if (entry.label !== undefined) image.label(entry.label);
    image.uleb(code);
    for (const [attribute, form, value] of entry.attributes) {
      table.uleb(attribute).uleb(form);
      if (form === DW_FORM.implicitConst) table.sleb(value as number);
      else this.#value(image, form, value, unit);
    }
    table.bytes(0, 0);
    if (entry.children === undefined) return;
    for (const child of entry.children) this.#entry(image, child, unit);
    image.bytes(0);
  }

  #value(
    image: ImageBuilder,
    form: number,
    value: ValueInit,
    unit: { context: FormContext; start: number },
  ): void {
    const size = formSize(form, unit.context) ?? 0;
    if (typeof value === "string") {
      if (form === DW_FORM.string) image.text(value);
      else {
        const strings = this.section(form === DW_FORM.lineStrp ? ".debug_line_str" : ".debug_str");
        image.number(size, strings.size);
        strings.text(value);
      }
      return;
    }
    if (typeof value === "object" && "to" in value) {
      const base = form === DW_FORM.refAddr ? 0 : unit.start;
      // Only what is before it can be named by a number of unknown length.
      if (size === VARIABLE.leb) image.uleb(image.at(value.to) - base);
      else image.number(size, () => image.at(value.to) - base);
      return;
    }
    if (typeof value === "object") {
      // The bytes of an indirect form begin with the form itself.
      if (size === VARIABLE.block) image.uleb(value.length);
      else if (size === VARIABLE.block1) image.bytes(value.length);
      else if (size === VARIABLE.block2) image.u16(value.length);
      else if (size === VARIABLE.block4) image.u32(value.length);
      image.append(value);
      return;
    }
    if (form === DW_FORM.sdata) image.sleb(value);
    else if (size === VARIABLE.leb) image.uleb(value);
    else image.number(size, value);
  }

  /** Bytes of each section. */
  build(): Map<DwarfSectionName, Uint8Array> {
    return new Map([...this.#sections].map(([name, image]) => [name, image.build()]));
  }

  /** What the reader makes of it. */
  info(options?: DebugInfoOptions & { readonly isSplit?: boolean }): DebugInfo {
    const built = this.build();
    return new DebugInfo(new DwarfSections((name) => built.get(name)), options);
  }
}
