/**
 * A process made by hand: code at 0x1000 that calls and jumps as its debug information says, and a
 * stack with the return addresses that a test wants.
 *
 * @module
 */
import { ImageBuilder } from "../../../bytes/testing/image_builder.ts";
import { DW_AT, DW_FORM, DW_LANG, DW_TAG } from "../../../elf/dwarf/mod.ts";
import {
  type AttributeInit,
  die,
  type EntryInit,
  InfoImage,
} from "../../../elf/dwarf/testing/info_image.ts";
import { parseElf } from "../../../elf/mod.ts";
import { elfImage, type SectionInit } from "../../../elf/testing/elf_image.ts";
import { memoryOf, moduleFromElf, ModuleList, RegisterSet } from "../../../unwind/walk/mod.ts";
import { DW_CFA } from "../../../unwind/cfi/mod.ts";
import { FrameImage, op } from "../../../unwind/testing/frame_image.ts";
import type { TargetProcess } from "../../target/mod.ts";

/** Where the file's addresses are in memory. */
export const BIAS = 0x40_0000n;

/** Address of the innermost word of the stack. */
const STACK = 0x7000n;

/** A jump or call out of a function. */
export interface CallInit {
  /** Label of the function, of a declaration too. */
  readonly to?: string;
  /** Address behind it. */
  readonly at: number;
  /** Whether it is a jump. */
  readonly jump?: boolean;
}

/** Bytes of code of each function. */
const SIZE = 0x40;

/** A function of C at an address, which makes these calls. */
export function made(
  name: string,
  begin: number,
  calls: readonly CallInit[] = [],
  more: readonly EntryInit[] = [],
): EntryInit {
  const sites = calls.map(({ to, at, jump }) => {
    const attributes: AttributeInit[] = [[DW_AT.callReturnPc, DW_FORM.addr, at]];
    if (to !== undefined) attributes.push([DW_AT.callOrigin, DW_FORM.ref4, { to }]);
    if (jump) attributes.push([DW_AT.callTailCall, DW_FORM.flagPresent, 0]);
    return die(DW_TAG.callSite, attributes);
  });
  const attributes: AttributeInit[] = [
    [DW_AT.name, DW_FORM.string, name],
    [DW_AT.lowPc, DW_FORM.addr, begin],
    [DW_AT.highPc, DW_FORM.data4, SIZE],
    [DW_AT.callAllCalls, DW_FORM.flagPresent, 0],
  ];
  return die(DW_TAG.subprogram, attributes, [...sites, ...more], name);
}

/** What a process has besides. */
export interface MadeOptions {
  /** More sections of its file. */
  readonly sections?: readonly SectionInit[];
  /** Its language; default C. */
  readonly language?: number;
}

/** A process of these functions, whose stack has these return addresses, in the file. */
export function madeProcess(
  functions: readonly EntryInit[],
  pcs: readonly number[],
  { sections = [], language = DW_LANG.c11 }: MadeOptions = {},
): TargetProcess {
  const info = new InfoImage();
  const range: AttributeInit[] = [
    [DW_AT.language, DW_FORM.data1, language],
    [DW_AT.lowPc, DW_FORM.addr, 0x1000],
    [DW_AT.highPc, DW_FORM.data4, 0x1000],
  ];
  info.unit(die(DW_TAG.compileUnit, range, functions));
  const made = [...info.build()].map(([name, data]) => ({ name, flags: 0, data }));
  const text = { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(0x1000) };
  // Every function finds its return address on top of the stack; the last one has none.
  const table = new FrameImage("eh_frame", 0x3000);
  const cie = table.cie();
  table.fde(cie, { begin: 0x1000, size: 0xf00 });
  table.fde(cie, { begin: 0x1f00, size: 0x100, instructions: [op.one(DW_CFA.undefined, 16)] });
  const frames = { name: ".eh_frame", flags: 2, address: 0x3000, data: table.build() };
  const bytes = elfImage({
    sections: [text, frames, ...made, ...sections],
    segments: [{ section: 1, address: 0x1000 }],
  });
  const file = parseElf(bytes, { name: "made" });
  const [first = 0, ...returns] = pcs;
  const stack = new ImageBuilder();
  for (const pc of returns) stack.u64(BigInt(pc) + BIAS);
  stack.u64(0x1f80n + BIAS).u64(0n);
  const registers = RegisterSet.named("x86_64", { rip: BigInt(first) + BIAS, rsp: STACK });
  return {
    id: 1,
    name: "made",
    threads: [{ id: 1, registers, threadPointer: undefined, vector: () => undefined }],
    memory: memoryOf([{ start: STACK, bytes: stack.build() }]),
    modules: new ModuleList([moduleFromElf(file, { bias: BIAS })]),
    missing: [],
    walk: {},
  };
}
