/**
 * Kinds of compiled code, and of the stubs around it: a map tells by the program counter which
 * bytecode is executed and where the values are.
 *
 * @module
 */
import { countNotAbove, fromBigAddress } from "../../../bytes/mod.ts";
import type { Machine } from "../../../elf/mod.ts";
import type { CodeFrame, CodeKind, CodeRegion, FrameRow, FrameWord } from "./code_kind.ts";
import { type CallingConvention, callingConvention, type ConventionName } from "./convention.ts";
import type { FramePlan } from "./frame_plan.ts";
import { CompiledData, POSITION } from "./map/compiled_data.ts";
import { type MapRegion, REGION } from "./map/code_map.ts";
import { NOWHERE, PLACE } from "./map/place.ts";
import { MapRows } from "./map/rows.ts";
import { parameterPlace, resultPlace } from "./places.ts";
import { planBytecode, planLeaving, planParameters, slotName } from "./plans.ts";

/** What is kept of a region of compiled code. */
interface CompiledRegion {
  readonly machine: Machine;
  /** Undefined where unwind tables tell it. */
  readonly rows: MapRows | undefined;
  readonly data: CompiledData;
  readonly isUpcallEntry: boolean;
  /** By the number of the position. */
  readonly plans: (FramePlan | undefined)[];
}

/** What differs between kinds of compiled code. */
interface CompiledKindInit {
  readonly name: string;
  readonly convention: ConventionName;
  /** Whether unwind tables lead to the caller. */
  readonly hasTables: boolean;
  /** Whether it executes bytecodes; others move parameters and results. */
  readonly hasBytecode: boolean;
}

/** A kind of compiled code. */
class CompiledKind implements CodeKind<CompiledRegion> {
  readonly name: string;
  readonly #init: CompiledKindInit;

  constructor(init: CompiledKindInit) {
    this.name = init.name;
    this.#init = init;
  }

  convention(machine: Machine): CallingConvention {
    return callingConvention(this.#init.convention, machine);
  }

  read(region: MapRegion, machine: Machine): CompiledRegion {
    return {
      machine,
      rows: this.#init.hasTables ? undefined : new MapRows(region, machine),
      data: new CompiledData(region, machine),
      isUpcallEntry: (region.flags & REGION.upcallEntry) !== 0,
      plans: [],
    };
  }

  row({ data: region }: CodeRegion<CompiledRegion>, offset: number): FrameRow | undefined {
    const { rows, data, isUpcallEntry } = region;
    const row = rows?.at(offset);
    if (row === undefined || !isUpcallEntry) return row;
    const flags = data.flags[positionAt(data, offset)] ?? 0;
    const isAnchored = (flags & POSITION.anchored) !== 0 && data.previousAnchor !== 0;
    return { ...row, anchor: isAnchored ? data.previousAnchor : "kept" };
  }

  plan(region: CodeRegion<CompiledRegion>, frame: CodeFrame): FramePlan {
    const { data, plans } = region.data;
    const index = positionAt(data, region.offsetOf(frame));
    return plans[index < 0 ? data.flags.length : index] ??= this.#plan(region, frame, index);
  }

  words(region: CodeRegion<CompiledRegion>, frame: CodeFrame): FrameWord[] {
    const { previousAnchor: anchor } = region.data.data;
    const words: FrameWord[] = anchor === 0 ? [] : [
      { offset: anchor, name: "anchor sp", role: "anchor" },
      { offset: anchor + 8, name: "anchor pc", role: "anchor" },
    ];
    if (region.method === 0n) return words;
    const method = frame.methods.at(fromBigAddress(region.method), frame.memory);
    const incoming = callingConvention(region.data.data.convention, region.data.machine);
    const parameters = Array.from({ length: method.params }, (_, i) => parameterPlace(incoming, i));
    for (const vector of [...region.data.data.allVectors(), parameters]) {
      for (const [i, { kind, offset }] of vector.entries()) {
        if (kind !== PLACE.cfa || words.some((word) => word.offset === offset)) continue;
        words.push({ offset, name: slotName(method, i), role: "idle" });
      }
    }
    return words;
  }

  #plan(region: CodeRegion<CompiledRegion>, frame: CodeFrame, index: number): FramePlan {
    const { data, machine } = region.data;
    if (region.method === 0n || index < 0) {
      return { method: undefined, bci: undefined, variables: [] };
    }
    const method = frame.methods.at(fromBigAddress(region.method), frame.memory);
    const flags = data.flags[index]!;
    const vector = data.vector(index);
    const incoming = callingConvention(data.convention, machine);
    const isLeaving = (flags & POSITION.leaving) !== 0;
    const hasResult = (flags & POSITION.result) !== 0;
    const result = hasResult ? resultPlace(incoming, method.params) : undefined;
    const bci = this.#init.hasBytecode ? data.bcis[index]! : undefined;
    if (isLeaving) return planLeaving(method, bci, result);
    const isConsumed = (flags & POSITION.consumed) !== 0;
    const parameter = (i: number) => vector?.[i] ?? parameterPlace(incoming, i);
    if (bci === undefined) {
      return planParameters(method, {
        parameter: isConsumed ? undefined : parameter,
        result: result && (vector?.[method.params] ?? result),
      });
    }
    return planBytecode(method, method.positionAt(bci), {
      local: parameter,
      operand: (i) => vector?.[method.locals + i] ?? NOWHERE,
      isConsumed,
      result,
    });
  }
}

function positionAt({ begins }: CompiledData, offset: number): number {
  return countNotAbove(begins, offset) - 1;
}

/** Optimized code: unwind tables lead to the caller, location vectors to values. */
export const OPTIMIZED: CodeKind = new CompiledKind({
  name: "optimized",
  convention: "opto",
  hasTables: true,
  hasBytecode: true,
});

/** Code of a baseline compiler. */
export const JIT: CodeKind = new CompiledKind({
  name: "jit",
  convention: "jit",
  hasTables: false,
  hasBytecode: true,
});

/** Code between two conventions: entries, and adapters that move parameters and results. */
export const ADAPTER: CodeKind = new CompiledKind({
  name: "adapter",
  convention: "opto",
  hasTables: false,
  hasBytecode: false,
});

/** Code that calls native code, and entries for calls out of it. */
export const NATIVE_STUB: CodeKind = new CompiledKind({
  name: "native-stub",
  convention: "opto",
  hasTables: false,
  hasBytecode: false,
});
