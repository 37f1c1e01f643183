/**
 * What a boot looks like in the words of an architecture, which knows its own: what tells the
 * exceptions of a boot apart.
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

/** How an exception is recognized. */
export interface ExceptionShape {
  /** Privilege it comes from. */
  readonly origin: string;
  /** Labels of its first words in order; a word `PC` is there in kernel mode only. */
  readonly labels: readonly string[];
  /** Values of some words by label; the others may have any. */
  readonly values: Readonly<Record<string, bigint>>;
}

/** What a boot of one architecture looks like. */
export interface BootProfile {
  /** Privilege the kernel runs at. */
  readonly kernelMode: string;
  /** Label of the word with the fault address. */
  readonly addressLabel: string;
  /**
   * The part of the user half, from here to its top, that the initial stack lies in: the last
   * top-level table entry.
   */
  readonly stackFloor: bigint;
  /** Shape of every kind of exception. */
  readonly shapes: Readonly<Record<BootException, ExceptionShape>>;
}

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
