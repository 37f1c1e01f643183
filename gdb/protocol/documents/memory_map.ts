/**
 * The map of memory (`qXfer:memory-map`).
 *
 * @module
 */
import { addressOf, descriptionError, parseList, required, type XmlElement } from "./read_xml.ts";
import { xmlElement } from "./write_xml.ts";

/** A range of memory of one kind. */
export interface MappedMemory {
  /** What it is. Debuggers use breakpoints of the processor in ROM and flash. */
  readonly type: "ram" | "rom" | "flash";
  /** First address. */
  readonly start: bigint;
  /** Size in bytes. */
  readonly length: bigint;
}

/** A map of memory as it is sent. */
export function formatMemoryMap(ranges: Iterable<MappedMemory>): string {
  const elements = Array.from(ranges, ({ type, start, length }) =>
    xmlElement("memory", {
      type,
      start: `0x${start.toString(16)}`,
      length: `0x${length.toString(16)}`,
    }));
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE memory-map PUBLIC "+//IDN gnu.org//DTD GDB Memory Map V1.0//EN"',
    '  "http://sourceware.org/gdb/gdb-memory-map.dtd">',
    xmlElement("memory-map", {}, elements),
    "",
  ].join("\n");
}

/** Reads a map of memory. Throws `GdbProtocolError` (`description`). */
export function parseMemoryMap(text: string): MappedMemory[] {
  return parseList(text, "memory-map", "memory").map((each) => {
    const type = required(each, "type");
    if (type !== "ram" && type !== "rom" && type !== "flash") {
      throw descriptionError(type, undefined, "Memory is of an unknown type", "ram, rom or flash");
    }
    return { type, start: address(each, "start"), length: address(each, "length") };
  });
}

function address(element: XmlElement, name: string): bigint {
  required(element, name);
  return addressOf(element, name)!;
}
