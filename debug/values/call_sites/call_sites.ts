/**
 * Calls that a function makes, as DWARF 5, section 3.4, and GNU's extension before it describe
 * them: whom, and with which values in registers and on the stack.
 *
 * @module
 */
import type { Address } from "../../../bytes/mod.ts";
import { DW_AT, DW_TAG, type Entry } from "../../../elf/dwarf/mod.ts";
import { EntryMap } from "../types/entry_map.ts";

/** What is passed in a call. */
export interface CallParameter {
  /** The entry that says so. */
  readonly entry: Entry;
  /** Where it is when the callee is entered, as an expression. */
  readonly location: Uint8Array | undefined;
  /** Its value as an expression in the caller's frame. */
  readonly value: Uint8Array | undefined;
  /** Value of what it points to, as an expression in the caller's frame. */
  readonly dataValue: Uint8Array | undefined;
  /** The callee's parameter that it is passed for. */
  readonly parameter: Entry | undefined;
}

/** One call. */
export interface CallSite {
  /** The entry that describes it. */
  readonly entry: Entry;
  /** Address that the callee returns to, in the file; undefined if it is not said. */
  readonly returnPc: Address | undefined;
  /** Whether it is a jump that leaves nothing of the caller on the stack. */
  readonly isTailCall: boolean;
  /** The callee where it is always the same. */
  readonly origin: Entry | undefined;
  /** The callee's address as an expression in the caller's frame, where it is not. */
  readonly target: Uint8Array | undefined;
  /** What is passed, as far as it is known. */
  readonly parameters: readonly CallParameter[];
}

/** All calls of one function, those of what is inlined in it among them. */
export class CallSites {
  /** In the order of the entries. */
  readonly all: readonly CallSite[];
  readonly #byReturn: Map<Address, CallSite> = new Map();
  readonly #isComplete: boolean;

  /** The calls of a function; whether all that are jumps are among them. */
  constructor(calls: readonly CallSite[], isComplete: boolean) {
    this.all = calls;
    this.#isComplete = isComplete;
    for (const call of calls) {
      if (call.returnPc !== undefined && !this.#byReturn.has(call.returnPc)) {
        this.#byReturn.set(call.returnPc, call);
      }
    }
  }

  /** The call that returns to an address in the file. */
  at(returnPc: Address): CallSite | undefined {
    return this.#byReturn.get(returnPc);
  }

  /** The calls that are jumps; none if the compiler does not say that these are all. */
  get jumps(): readonly CallSite[] {
    return this.#isComplete ? this.all.filter(({ isTailCall }) => isTailCall) : [];
  }
}

const KNOWN: EntryMap<CallSites> = new EntryMap();

/** The calls of a function (`DW_TAG_subprogram`), read once. */
export function callSitesOf(entry: Entry): CallSites {
  return KNOWN.get(entry, () => readCalls(entry));
}

/** By what a compiler says that it has described all jumps to other functions. */
const COMPLETE: readonly number[] = [
  DW_AT.callAllCalls,
  DW_AT.callAllTailCalls,
  DW_AT.callAllSourceCalls,
  DW_AT.gnuAllCallSites,
  DW_AT.gnuAllTailCallSites,
  DW_AT.gnuAllSourceCallSites,
];

function readCalls(entry: Entry): CallSites {
  const isComplete = COMPLETE.some((attribute) => entry.flag(attribute));
  return new CallSites(Array.from(walk(entry), read), isComplete);
}

/** Deepest nesting of blocks that is followed. */
const DEPTH = 256;

/** Call sites below an entry, other functions' left out. */
function* walk(entry: Entry, depth = 0): Generator<Entry> {
  if (depth > DEPTH) return;
  for (const child of entry.children()) {
    switch (child.tag) {
      case DW_TAG.callSite:
      case DW_TAG.gnuCallSite:
        yield child;
        break;
      case DW_TAG.lexicalBlock:
      case DW_TAG.inlinedSubroutine:
      case DW_TAG.tryBlock:
      case DW_TAG.catchBlock:
      case DW_TAG.withStmt:
        yield* walk(child, depth + 1);
    }
  }
}

function read(entry: Entry): CallSite {
  const parameters: CallParameter[] = [];
  for (const child of entry.children()) {
    const isParameter = child.tag === DW_TAG.callSiteParameter ||
      child.tag === DW_TAG.gnuCallSiteParameter;
    if (isParameter) parameters.push(parameterOf(child));
  }
  return {
    entry,
    returnPc: entry.address(DW_AT.callReturnPc) ?? entry.address(DW_AT.lowPc),
    isTailCall: entry.flag(DW_AT.callTailCall) || entry.flag(DW_AT.gnuTailCall),
    origin: entry.reference(DW_AT.callOrigin) ?? entry.reference(DW_AT.abstractOrigin),
    target: entry.bytes(DW_AT.callTarget) ?? entry.bytes(DW_AT.gnuCallSiteTarget),
    parameters,
  };
}

function parameterOf(entry: Entry): CallParameter {
  return {
    entry,
    location: entry.bytes(DW_AT.location),
    value: entry.bytes(DW_AT.callValue) ?? entry.bytes(DW_AT.gnuCallSiteValue),
    dataValue: entry.bytes(DW_AT.callDataValue) ?? entry.bytes(DW_AT.gnuCallSiteDataValue),
    parameter: entry.reference(DW_AT.callParameter) ?? entry.reference(DW_AT.abstractOrigin),
  };
}
