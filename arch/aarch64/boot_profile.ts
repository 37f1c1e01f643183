/**
 * What the exceptions of a boot look like on AArch64: the labels of their words, and the values
 * that tell them apart.
 *
 * Syndromes are those of ESR_EL1 (Arm ARM, D17.2.37): 0x96000044 is a write from EL1 that found no
 * table at level 0, 0x96000047 one that found no page at level 3, 0x8200000f an instruction fetch
 * from EL0 refused at level 3 by permission, 0x1fe00000 a trapped FP access, 0x56000000 `svc #0`.
 *
 * @module
 */

import type { BootProfile } from "../../trace/boot_profile.ts";

const USER = { origin: "EL0", labels: ["ESR", "FAR"] };
const KERNEL = { origin: "EL1", labels: ["ESR", "FAR", "PC"] };

/** Boots of AArch64. */
export const bootProfile: BootProfile = {
  kernelMode: KERNEL.origin,
  addressLabel: "FAR",
  stackFloor: 0xff80_0000_0000n,
  shapes: {
    "first page copied out": { ...KERNEL, values: { ESR: 0x96000044n } },
    "further page copied out": { ...KERNEL, values: { ESR: 0x96000047n } },
    "page executed first": { ...USER, values: { ESR: 0x8200000fn } },
    "floating point used first": { ...USER, values: { ESR: 0x1fe00000n } },
    "system call": { ...USER, values: { ESR: 0x56000000n } },
  },
};
