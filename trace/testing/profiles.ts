/**
 * Profiles of made-up machines: what boots look like differs in as many ways as it does between
 * real ones.
 *
 * @module
 */
import type { BootProfile } from "../boot_profile.ts";

const USER = { origin: "user", labels: ["SYNDROME", "ADDRESS"] };
const KERNEL = { origin: "kernel", labels: ["SYNDROME", "ADDRESS", "PC"] };

/**
 * Every exception has a syndrome, which tells the level a table walk ended at, and leaves an
 * address to be seen.
 */
const SYNDROMES: BootProfile = {
  kernelMode: "kernel",
  addressLabel: "ADDRESS",
  stackFloor: 0xff80_0000_0000n,
  shapes: {
    "first page copied out": { ...KERNEL, values: { SYNDROME: 0x44n } },
    "further page copied out": { ...KERNEL, values: { SYNDROME: 0x47n } },
    "page executed first": { ...USER, values: { SYNDROME: 0x8fn } },
    "floating point used first": { ...USER, values: { SYNDROME: 0x1fn } },
    "system call": { ...USER, values: { SYNDROME: 0x56n } },
  },
};

const WRITE = {
  origin: "ring 0",
  labels: ["VECTOR", "CODE", "PAGE", "PC"],
  values: { VECTOR: 14n, CODE: 2n },
};

/**
 * Exceptions have what their vector says; system calls have none, and no word that is always the
 * same.
 */
const VECTORS: BootProfile = {
  kernelMode: "ring 0",
  addressLabel: "PAGE",
  stackFloor: 0x7f80_0000_0000n,
  shapes: {
    "first page copied out": WRITE,
    "further page copied out": WRITE,
    "page executed first": {
      origin: "ring 3",
      labels: ["VECTOR", "CODE", "PAGE"],
      values: { VECTOR: 14n, CODE: 0x15n },
    },
    "floating point used first": { origin: "ring 3", labels: ["VECTOR"], values: { VECTOR: 7n } },
    "system call": { origin: "ring 3", labels: ["CALL"], values: {} },
  },
};

/** Two profiles by name. */
export const PROFILES = { syndromes: SYNDROMES, vectors: VECTORS } as const;
