/**
 * What the exceptions of a boot look like on each architecture: the labels of their words, and the values that tell them apart.
 *
 * AArch64 syndromes are those of ESR_EL1 (Arm Architecture Reference Manual, D17.2.37): 0x96000044 is a write from EL1 that found
 * no table at level 0, 0x96000047 one that found no page at level 3, 0x8200000f an instruction fetch from EL0 refused at level 3
 * by permission, 0x1fe00000 a trapped FP access, 0x56000000 `svc #0`. x86-64 error codes are those of #PF (Intel SDM volume 3,
 * 4.7): 0x2 a kernel write to a page that is not present, 0x15 a user instruction fetch from a page that is present.
 *
 * @module
 */
import type { ExceptionItem, LogItem } from "./log_items.ts";

/** Kinds of exceptions of a boot. */
export type BootException =
  | "first page copied out"
  | "further page copied out"
  | "page executed first"
  | "floating point used first"
  | "system call";

/** Architectures a boot may be of. */
export type BootArch = "aarch64" | "x86_64";

/** How an exception is recognized: its origin, its first labels in order (the PC in kernel mode only), and some values. */
interface Shape {
  readonly origin: string;
  readonly labels: readonly string[];
  readonly values: Readonly<Record<string, bigint>>;
}

/** What a boot of one architecture looks like. */
export interface BootProfile {
  /** The line that says at which privilege the kernel runs. */
  readonly booting: RegExp;
  /** Label of the word with the fault address. */
  readonly addressLabel: string;
  /** The part of the user half, from here to its top, that the initial stack lies in: the last top-level table entry. */
  readonly stackFloor: bigint;
  /** Shape of every kind of exception. */
  readonly shapes: Readonly<Record<BootException, Shape>>;
}

const EL0 = { origin: "EL0", labels: ["ESR", "FAR"] };
const EL1 = { origin: "EL1", labels: ["ESR", "FAR", "PC"] };
const CPL3 = { origin: "CPL 3", labels: ["VEC", "ERR", "CR2"] };
const CPL0 = { origin: "CPL 0", labels: ["VEC", "ERR", "CR2", "PC"] };
const KERNEL_WRITE: Shape = { ...CPL0, values: { VEC: 14n, ERR: 0x2n } };

/** The profiles by architecture. */
export const BOOT_PROFILES: Readonly<Record<BootArch, BootProfile>> = {
  aarch64: {
    booting: /^Booting in EL1\n$/,
    addressLabel: "FAR",
    stackFloor: 0xff80_0000_0000n,
    shapes: {
      "first page copied out": { ...EL1, values: { ESR: 0x96000044n } },
      "further page copied out": { ...EL1, values: { ESR: 0x96000047n } },
      "page executed first": { ...EL0, values: { ESR: 0x8200000fn } },
      "floating point used first": { ...EL0, values: { ESR: 0x1fe00000n } },
      "system call": { ...EL0, values: { ESR: 0x56000000n } },
    },
  },
  x86_64: {
    booting: /^Booting in .+\n$/,
    addressLabel: "CR2",
    stackFloor: 0x7f80_0000_0000n,
    shapes: {
      // The error code does not tell the level at which the walk ended.
      "first page copied out": KERNEL_WRITE,
      "further page copied out": KERNEL_WRITE,
      "page executed first": { ...CPL3, values: { VEC: 14n, ERR: 0x15n } },
      "floating point used first": { origin: "CPL 3", labels: ["VEC"], values: { VEC: 7n } },
      "system call": { origin: "CPL 3", labels: ["SYSCALL"], values: {} },
    },
  },
};

/**
 * Whether an item is an exception of a kind.
 * @param item the item
 * @param options the kind, and the architecture's profile
 */
export function isException(
  item: LogItem,
  options: { kind: BootException; profile: BootProfile },
): item is LogItem & ExceptionItem {
  if (item.type !== "exception") return false;
  const { origin, labels, values } = options.profile.shapes[options.kind];
  return item.origin === origin &&
    labels.every((label, index) => item.words[index]?.label === label) &&
    item.words.some(({ label }) => label === "PC") === labels.includes("PC") &&
    item.words.every(({ label, value }) => (values[label] ?? value) === value);
}

/**
 * The fault address an exception reports, or undefined if it reports none.
 * @param item the exception
 * @param profile the architecture's profile
 */
export function faultAddress(item: ExceptionItem, profile: BootProfile): bigint | undefined {
  return item.words.find(({ label }) => label === profile.addressLabel)?.value;
}
