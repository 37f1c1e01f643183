/**
 * Lists of loaded files: `qXfer:libraries`, where each says where its segments or sections are, and
 * `qXfer:libraries-svr4`, as a dynamic loader of System V keeps it.
 *
 * @module
 */
import { addressOf, parseList, required } from "./read_xml.ts";
import { xmlElement } from "./write_xml.ts";

/** A loaded file. */
export interface ListedLibrary {
  /** Its name, a path of the target's. */
  readonly name: string;
  /** Addresses of its segments, in their order; one is enough where all move together. */
  readonly segments: readonly bigint[];
}

/** A loaded file as a dynamic loader keeps it. */
export interface Svr4Library {
  /** Its name, a path of the target's. */
  readonly name: string;
  /** Address of its entry in the loader's list. */
  readonly linkMap?: bigint | undefined;
  /** Address in memory minus address in the file. */
  readonly bias: bigint;
  /** Address of its dynamic section. */
  readonly dynamic?: bigint | undefined;
}

/** A list of loaded files as it is sent. */
export function formatLibraries(libraries: Iterable<ListedLibrary>): string {
  const elements = Array.from(
    libraries,
    ({ name, segments }) =>
      xmlElement(
        "library",
        { name },
        segments.map((at) => xmlElement("segment", { address: hex(at) })),
      ),
  );
  return `${xmlElement("library-list", {}, elements)}\n`;
}

/**
 * Reads a list of loaded files; sections count as segments. Throws `GdbProtocolError`
 * (`description`).
 */
export function parseLibraries(text: string): ListedLibrary[] {
  return parseList(text, "library-list", "library").map((each) => ({
    name: required(each, "name"),
    segments: each.children.map((part) => addressOf(part, "address"))
      .filter((address) => address !== undefined),
  }));
}

/** A dynamic loader's list as it is sent. */
export function formatLibrariesSvr4(libraries: Iterable<Svr4Library>, main?: bigint): string {
  const elements = Array.from(
    libraries,
    ({ name, linkMap, bias, dynamic }) =>
      xmlElement("library", {
        name,
        lm: hex(linkMap ?? 0n),
        "l_addr": hex(bias),
        "l_ld": hex(dynamic ?? 0n),
        lmid: "0x0",
      }),
  );
  const head = { version: "1.0", "main-lm": main === undefined ? undefined : hex(main) };
  return `${xmlElement("library-list-svr4", head, elements)}\n`;
}

/** Reads a dynamic loader's list. Throws `GdbProtocolError` (`description`). */
export function parseLibrariesSvr4(text: string): Svr4Library[] {
  return parseList(text, "library-list-svr4", "library").map((each) => ({
    name: required(each, "name"),
    linkMap: addressOf(each, "lm"),
    bias: addressOf(each, "l_addr") ?? 0n,
    dynamic: addressOf(each, "l_ld"),
  }));
}

function hex(value: bigint): string {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}
