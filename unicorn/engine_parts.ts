/**
 * What an engine is made of, and making it.
 *
 * @module
 */
import { type AArch64Parts, aarch64Parts, aarch64Words } from "./aarch64/parts.ts";
import { CodeFrames } from "./code_frames.ts";
import * as uc from "./constants.ts";
import { EngineStructure } from "./engine_structure.ts";
import type { EngineArch } from "./errors.ts";
import { GuestRam } from "./guest_ram.ts";
import { translationCallback } from "./hooks.ts";
import { locateCpu } from "./layout/layout.ts";
import { internalsOf, type UnicornLibrary } from "./library.ts";
import type { ModelName } from "./models.ts";
import { NativeEngine } from "./native_engine.ts";
import { viewMemory } from "./native_memory.ts";
import { StateView } from "./state_view.ts";
import { TranslationSwitch } from "./translation_switch.ts";
import { type X86Parts, x86Parts, x86Words } from "./x86_64/parts.ts";

/** Parts of one engine. All that lies in native memory is gone when it is closed. */
export interface EngineParts {
  /** The library. */
  readonly library: UnicornLibrary;
  /** Its engine. */
  readonly native: NativeEngine;
  /** That one's own structure. */
  readonly structure: EngineStructure;
  /** The CPU's state, for accesses that are refused once the engine is closed. */
  readonly view: StateView;
  /** The same, as words. */
  readonly words: BigUint64Array;
  /** Which of them is PC. */
  readonly pcIndex: number;
  /** The number of the last exception. */
  readonly exception: Int32Array;
  /** RAM. */
  readonly ram: GuestRam;
  /** The switch of address translation. */
  readonly translation: TranslationSwitch;
  /** Which page frames hold code. */
  readonly code: CodeFrames;
  /** What only an x86-64 engine has. */
  readonly x86: X86Parts | undefined;
  /** What only an AArch64 engine has. */
  readonly aarch64: AArch64Parts | undefined;
  /** AArch64: the system registers that may be accessed in place. */
  readonly places: ReadonlyMap<number, number> | undefined;
}

/** Opens an engine of the library; whoever asked for it closes `native`. */
export function openParts(
  arch: EngineArch,
  { library, model }: { library: UnicornLibrary; model: ModelName | undefined },
): EngineParts {
  const internals = internalsOf(library);
  const isX86 = arch === "x86_64";
  const layout = isX86 ? internals.x86 : internals.aarch64;
  const native = new NativeEngine(internals.symbols, arch, model);
  const { object, state } = locateCpu(native, layout);
  const view = new StateView(state);
  const words = new BigUint64Array(state, 0, state.byteLength >> 3);
  const { pc, index, bit } = isX86 ? x86Words(internals.x86) : aarch64Words(internals.aarch64);
  const translation = new TranslationSwitch(native, { words, index, bit });
  const code = new CodeFrames(native, translation);
  const ram = new GuestRam(native, translation);
  native.addHook(uc.UC_HOOK_EDGE_GENERATED, translationCallback());
  return {
    library,
    native,
    structure: new EngineStructure(native, layout),
    view,
    words,
    pcIndex: pc,
    exception: new Int32Array(viewMemory(object + BigInt(layout.exception), 4)),
    ram,
    translation,
    code,
    x86: isX86 ? x86Parts(native, { view, layout: internals.x86, object }) : undefined,
    aarch64: isX86 ? undefined : aarch64Parts(native, { view, layout: internals.aarch64, code }),
    places: isX86 ? undefined : internals.aarch64.system,
  };
}
