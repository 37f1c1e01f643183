/**
 * The registers of x86-64: the features that gdb asks of a description of it, then those of the
 * system.
 *
 * @module
 */

import { bytesOfInteger, integerOfBytes } from "../../../bytes/mod.ts";
import { abridged, FXSAVE } from "../../../arch/x86_64/fp_state.ts";
import { X86_64_FEATURES } from "../../protocol/mod.ts";
import {
  changeFp,
  inFpState,
  integer,
  layoutOf,
  type RegisterAccess,
  type RegisterLayout,
  systemFeature,
} from "./layout.ts";

const { FCW, FSW, FTW, FOP, FIP, FDP, MXCSR, ST, XMM } = FXSAVE;

/** The number of a system call that might be restarted: there is none, whatever is written. */
const origRax: RegisterAccess = {
  read: (_, size) => new Uint8Array(size).fill(0xff),
  write() {},
};

/** The tags of the x87 stack, two bits each, of which an FXSAVE area has only one. */
const ftag: RegisterAccess = {
  read({ fp }, size) {
    if (fp === undefined) return undefined;
    const top = (fp[FSW + 1] ?? 0) >> 3 & 7;
    let tags = 0;
    for (let i = 0; i < 8; i++) {
      const isUsed = ((fp[FTW] ?? 0) >> i & 1) === 1;
      const at = ST + 16 * ((i - top) & 7);
      tags |= (isUsed ? tagOf(fp.subarray(at, at + 10)) : 3) << 2 * i;
    }
    return bytesOfInteger(BigInt(tags), size);
  },
  write(context, bytes) {
    const tags = Number(integerOfBytes(bytes));
    changeFp(context, (fp) => fp[FTW] = abridged(tags));
  },
};

/** 0 for a valid number, 1 for zero, 2 for a special one (SDM vol. 1, 8.1.7). */
function tagOf(register: Uint8Array): number {
  const exponent = Number(integerOfBytes(register.subarray(8))) & 0x7fff;
  const significand = integerOfBytes(register.subarray(0, 8));
  if (exponent === 0) return significand === 0n ? 1 : 2;
  return exponent === 0x7fff || significand >> 63n === 0n ? 2 : 0;
}

const { core, sse, segments } = X86_64_FEATURES;

/** The registers of x86-64. */
export const x86Registers: RegisterLayout = layoutOf({
  description: {
    architecture: "i386:x86-64",
    features: [
      core,
      sse,
      {
        name: "org.gnu.gdb.i386.linux",
        types: [],
        registers: [{ name: "orig_rax", bits: 64, type: "int" }],
      },
      segments,
      systemFeature("org.trapline.x86_64.system", [
        ...["cr0", "cr2", "cr3", "cr4", "efer", "kernel_gs_base"],
      ]),
    ],
  },
  apart: 1,
  expedited: ["rbp", "rsp", "rip"],
  watchesBefore: false,
  pc: "rip",
  accesses: new Map<string, RegisterAccess>([
    ["eflags", integer("rflags")],
    ["fctrl", inFpState(FCW, 2)],
    ["fstat", inFpState(FSW, 2)],
    ["ftag", ftag],
    ["fiseg", inFpState(FIP + 4, 2)],
    ["fioff", inFpState(FIP, 4)],
    ["foseg", inFpState(FDP + 4, 2)],
    ["fooff", inFpState(FDP, 4)],
    ["fop", inFpState(FOP, 2)],
    ["mxcsr", inFpState(MXCSR, 4)],
    ["orig_rax", origRax],
    ...Array.from({ length: 8 }, (_, i) => [`st${i}`, inFpState(ST + 16 * i, 10)] as const),
    ...Array.from({ length: 16 }, (_, i) => [`xmm${i}`, inFpState(XMM + 16 * i, 16)] as const),
  ]),
});
