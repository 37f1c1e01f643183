/**
 * What a kind of code is: the one interface between the walk and code of every sort.
 *
 * @module
 */
import type { Address, InputError } from "../../../bytes/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import type { MemoryReader } from "../memory.ts";
import type { CallingConvention } from "./convention.ts";
import type { FramePlan } from "./frame_plan.ts";
import type { CodeMap, MapRegion } from "./map/code_map.ts";
import type { MethodTable } from "./map/method.ts";

/**
 * How the caller of a frame is found: the CFA is a register plus an offset, and what of the caller's
 * registers was saved is at offsets from it. A walk compiles a row once for each program counter.
 */
export interface FrameRow {
  /** DWARF number of the register that the CFA is relative to. */
  readonly base: number;
  /** Bytes from that register's value to the CFA. */
  readonly offset: number;
  /** Registers of the caller that are in memory, with their offsets from the CFA. */
  readonly saved: readonly (readonly [register: number, offset: number])[];
  /**
   * DWARF number that has the return address when all of that is loaded: the program counter's or,
   * if it is still there, a register's. Undefined if there is no caller.
   */
  readonly returnAddress: number | undefined;
  /**
   * What becomes of the thread's anchor: by default it is behind the walk, as the frame is one of
   * its own kind's; `kept` if it is still that of a frame further out; an offset from the CFA if
   * there is the next one, which this frame has saved.
   */
  readonly anchor?: number | "kept" | undefined;
}

/** What a kind reads of a frame. A `Frame` of a walk is one. */
export interface CodeFrame {
  /** The code it is in. */
  readonly code: CodeRegion | undefined;
  /** Machine of the code. */
  readonly machine: Machine;
  /** Program counter. */
  readonly pcAddress: Address;
  /** Whether its instruction was interrupted or is yet to run; else a call returns to it. */
  readonly interrupted: boolean;
  /** Canonical frame address, NaN if it is not known. */
  readonly cfaAddress: Address;
  /** Memory of the program. */
  readonly memory: MemoryReader;
  /** Records of methods. */
  readonly methods: MethodTable;
  /** Value of a DWARF register as it is in this frame; undefined if it is not known. */
  register(number: number): bigint | undefined;
  /** The same as an address, NaN if it is not known or none. */
  addressIn(register: number): Address;
  /** The 64-bit word at an address, undefined if it cannot be read. */
  wordAt(address: Address): bigint | undefined;
  /** The same as an address, NaN if it cannot be read or is none. */
  addressAt(address: Address): Address;
}

/**
 * A kind of code: what its frames are like. `Data` is what it keeps of each region. The walk asks
 * nothing else, so a kind from outside is as good as those here.
 */
export interface CodeKind<Data = unknown> {
  /** Its name, by which maps name it. */
  readonly name: string;
  /** How its code is called, and calls. */
  convention(machine: Machine): CallingConvention;
  /** Reads what a map says of a region. Throws `CodeMapError` if that is damaged. */
  read(region: MapRegion, machine: Machine): Data;
  /**
   * How the caller of a frame in a region is found; undefined if unwind tables tell it.
   *
   * @param offset Of the instruction, from the region's origin.
   */
  row(region: CodeRegion<Data>, offset: number): FrameRow | undefined;
  /**
   * Method and variables of a frame in a region; undefined if it has none to show. Throws
   * `CodeMapError` if a record is damaged, or none fits.
   */
  plan(region: CodeRegion<Data>, frame: CodeFrame): FramePlan | undefined;
  /**
   * Words of a frame that hold none of its values now: what its code keeps for itself, an anchor, and
   * slots of values that are elsewhere or not there. For pictures of stacks; a walk does not ask.
   * Throws as `plan` does.
   */
  words?(region: CodeRegion<Data>, frame: CodeFrame): readonly FrameWord[];
}

/** A word of a frame that is no value of its method. */
export interface FrameWord {
  /** Bytes from the CFA. */
  readonly offset: number;
  /** What it is called. */
  readonly name: string;
  /**
   * What it is: of the code's `own`, part of the `anchor` that the frame saves, an `outgoing`
   * parameter, or `idle`, the slot of a value that has none now. At the CFA and above it are
   * parameters that the frame has been given, and has handed on.
   */
  readonly role: "own" | "anchor" | "outgoing" | "idle";
}

/** What makes a {@linkcode CodeRegion}. */
export interface CodeRegionInit<Data = unknown> {
  /** Its kind. */
  readonly kind: CodeKind<Data>;
  /** Name of the code. */
  readonly name: string;
  /** First address. */
  readonly begin: Address;
  /** Address after it. */
  readonly end: Address;
  /** What its kind keeps of it. */
  readonly data: Data;
  /** Where offsets count from; by default its first address. */
  readonly origin?: Address | undefined;
  /** Address of the method's record, 0 (the default) if there is none. */
  readonly method?: bigint | undefined;
  /** The map that told of it. */
  readonly map?: CodeMap | undefined;
}

/** A piece of code of one kind. */
export class CodeRegion<Data = unknown> {
  /** Its kind. */
  readonly kind: CodeKind<Data>;
  /** Name of the code. */
  readonly name: string;
  /** First address. */
  readonly begin: Address;
  /** Address after it. */
  readonly end: Address;
  /** Where offsets count from. */
  readonly origin: Address;
  /** Address of the method's record, 0 if there is none. */
  readonly method: bigint;
  /** The map that told of it; undefined if none did. */
  readonly map: CodeMap | undefined;
  /** What its kind keeps of it. */
  readonly data: Data;

  /** A region. Throws `RangeError` if it is empty. */
  constructor(init: CodeRegionInit<Data>) {
    this.kind = init.kind;
    this.name = init.name;
    this.begin = init.begin;
    this.end = init.end;
    this.origin = init.origin ?? init.begin;
    this.method = init.method ?? 0n;
    this.map = init.map;
    this.data = init.data;
    if (!(this.begin < this.end)) {
      throw new RangeError(`Cannot place code ${init.name} at ${init.begin}..${init.end}`);
    }
  }

  /** Offset of the instruction that a frame is at, from the origin. */
  offsetOf({ pcAddress, interrupted }: CodeFrame): number {
    return pcAddress - (interrupted ? 0 : 1) - this.origin;
  }
}

/** What a region whose description is damaged has for data. */
export class DamagedData {
  /** What is wrong. */
  readonly error: InputError;

  /** Keeps an error. */
  constructor(error: InputError) {
    this.error = error;
  }
}
