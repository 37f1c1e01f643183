/**
 * What the exceptions of a boot look like on x86-64: the labels of their words, and the values that
 * tell them apart.
 *
 * Error codes are those of #PF (SDM vol. 3, 4.7): 0x2 is a kernel write to a page that is not
 * present, 0x15 a user instruction fetch from a page that is present. They do not tell the level at
 * which the table walk ended.
 *
 * @module
 */

import type { BootProfile, ExceptionShape } from "../../trace/boot_profile.ts";
import { Vector } from "./exceptions.ts";

const USER_MODE = "CPL 3";
const KERNEL_MODE = "CPL 0";
const PAGE_FAULT = BigInt(Vector.PF);
const KERNEL_WRITE: ExceptionShape = {
  origin: KERNEL_MODE,
  labels: ["VEC", "ERR", "CR2", "PC"],
  values: { VEC: PAGE_FAULT, ERR: 0x2n },
};

/** Boots of x86-64. */
export const bootProfile: BootProfile = {
  kernelMode: KERNEL_MODE,
  addressLabel: "CR2",
  stackFloor: 0x7f80_0000_0000n,
  shapes: {
    "first page copied out": KERNEL_WRITE,
    "further page copied out": KERNEL_WRITE,
    "page executed first": {
      origin: USER_MODE,
      labels: ["VEC", "ERR", "CR2"],
      values: { VEC: PAGE_FAULT, ERR: 0x15n },
    },
    "floating point used first": {
      origin: USER_MODE,
      labels: ["VEC"],
      values: { VEC: BigInt(Vector.NM) },
    },
    "system call": { origin: USER_MODE, labels: ["SYSCALL"], values: {} },
  },
};
