/**
 * What a map tells of compiled code: for each instruction the bytecode, and where values are.
 *
 * @module
 */
import type { Machine } from "../../../../elf/mod.ts";
import { machineRegisters } from "../../../cfi/mod.ts";
import type { ConventionName } from "../convention.ts";
import type { MapRegion } from "./code_map.ts";
import { decodePlace, isPlace, type Place } from "./place.ts";

const HEADER_SIZE = 16;
const POSITION_SIZE = 12;
const NO_VECTOR = 0xffffffff;
/** Locals and operands. */
const WIDEST = 32;

/** Flags of a position. */
export const POSITION: {
  /** Operands have gone over to the callee. */
  readonly consumed: 1;
  /** A result is pending. */
  readonly result: 2;
  /** Locals are gone. */
  readonly leaving: 4;
  /** The anchor saved in the frame is the one that counts. */
  readonly anchored: 8;
} = { consumed: 1, result: 2, leaving: 4, anchored: 8 };

/** Conventions by their numbers. */
const CONVENTIONS: readonly ConventionName[] = ["opto", "jit", "interpreter"];

/** What is known of a region of compiled code. Positions are in order of their first bytes. */
export class CompiledData {
  /** First bytes of positions, from the map's first code address. */
  readonly begins: Uint32Array;
  /** Their bytecodes. */
  readonly bcis: Uint16Array;
  /** Their flags: {@linkcode POSITION}. */
  readonly flags: Uint16Array;
  /** How its parameters come, where no vector tells. */
  readonly convention: ConventionName;
  /** CFA offset of an anchor that its frame saves, 0 if it saves none. */
  readonly previousAnchor: number;
  /** Values of a vector: locals, then operands. */
  readonly width: number;
  readonly #region: MapRegion;
  readonly #vectors: Uint32Array;
  readonly #vectorsAt: number;
  readonly #decoded: Map<number, readonly Place[]> = new Map();

  /** Reads and checks it. Throws `CodeMapError` (`size`, `position`, `location`). */
  constructor(region: MapRegion, machine: Machine) {
    const { map, data } = region;
    const { tracked } = machineRegisters(machine);
    this.#region = region;
    const at = map.data(region, HEADER_SIZE);
    const count = map.u32(at);
    const vectorCount = map.u32(at + 4);
    this.width = map.u16(at + 8);
    const convention = CONVENTIONS[map.u16(at + 10)];
    if (convention === undefined) {
      throw map.error("position", `Convention is ${map.u16(at + 10)}`, at + 10, "0, 1 or 2");
    }
    this.convention = convention;
    this.previousAnchor = map.i32(at + 12);
    this.#vectorsAt = at + HEADER_SIZE + count * POSITION_SIZE;
    const size = HEADER_SIZE + count * POSITION_SIZE + 4 * vectorCount * this.width;
    // Vectors of no values would be too many to count.
    if (this.width > WIDEST || size > data.count || vectorCount > data.count) {
      const what = `${count} positions and ${vectorCount} vectors of ${this.width} values`;
      throw map.error("size", `Region has ${what}`, at, `what ${data.count} bytes hold`);
    }
    this.begins = new Uint32Array(count);
    this.bcis = new Uint16Array(count);
    this.flags = new Uint16Array(count);
    this.#vectors = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const from = at + HEADER_SIZE + i * POSITION_SIZE;
      this.begins[i] = map.u32(from);
      this.bcis[i] = map.u16(from + 4);
      this.flags[i] = map.u16(from + 6);
      const vector = this.#vectors[i] = map.u32(from + 8);
      if (i > 0 && this.begins[i]! <= this.begins[i - 1]!) {
        const what = `Position ${i} begins at 0x${this.begins[i]!.toString(16)}`;
        throw map.error("position", what, from, "one behind that before");
      }
      if (vector !== NO_VECTOR && vector >= vectorCount) {
        throw map.error("position", `Vector is ${vector}`, from + 8, `below ${vectorCount}`);
      }
    }
    // What is wrong is told when the map is read; places are made when they are looked at.
    for (let i = 0; i < vectorCount * this.width; i++) {
      const from = this.#vectorsAt + 4 * i;
      const word = map.u32(from);
      if (isPlace(word, tracked)) continue;
      const what = `Location is 0x${word.toString(16)}`;
      throw map.error("location", what, from, "a tag 0 to 4, and a register that walks keep");
    }
  }

  /** Places of a position's values; undefined if none are told. */
  vector(index: number): readonly Place[] | undefined {
    const vector = this.#vectors[index]!;
    return vector === NO_VECTOR ? undefined : this.#decode(vector);
  }

  /** All vectors that positions name, each once. */
  *allVectors(): Generator<readonly Place[]> {
    for (const vector of new Set(this.#vectors)) {
      if (vector !== NO_VECTOR) yield this.#decode(vector);
    }
  }

  #decode(vector: number): readonly Place[] {
    let places = this.#decoded.get(vector);
    if (places === undefined) {
      const { map } = this.#region;
      const from = this.#vectorsAt + 4 * vector * this.width;
      places = Array.from({ length: this.width }, (_, i) => decodePlace(map.u32(from + 4 * i)));
      this.#decoded.set(vector, places);
    }
    return places;
  }
}
