/**
 * The CPU models that an engine can be: what the library calls them, and what it is to say of them
 * otherwise than it does.
 *
 * @module
 */
import { type EngineArch, EngineUsageError } from "./errors.ts";
import { viewMemory } from "./native_memory.ts";

/** CPU models of x86-64. */
export type X86ModelName = "opteron-g5" | "epyc-rome";

/** CPU models of AArch64. */
export type AArch64ModelName = "cortex-a72" | "cortex-a53" | "cortex-a57" | "max";

/** CPU models. */
export type ModelName = X86ModelName | AArch64ModelName;

/** Words of the library's list of features, in its order. */
export const X86Feature = { EDX_1: 0, ECX_1: 1, EBX_7: 2, ECX_7: 3 } as const;

/** A word of features, the bits that are set in it, and those that are cleared. */
export interface FeatureChange {
  /** Index of the word. */
  readonly word: number;
  /** Bits that are set. */
  readonly set?: bigint;
  /** Bits that are cleared. */
  readonly clear?: bigint;
}

/** A CPU model. */
export interface CpuModel {
  /** The library's number of it. */
  readonly number: number;
  /** AArch64: bits of PSTATE that not every model has. */
  readonly pstate?: number;
  /** AArch64: whether the library has EL2 and EL3 trap what a processor without them does not. */
  readonly guarded?: boolean;
  /** What CPUID says otherwise than the library's model does, and the CPU with it. */
  readonly features?: readonly FeatureChange[];
}

/** PSTATE.PAN and UAO. */
const PAN_UAO = 0x00c0_0000;
const ECX_1_RDRAND = 1n << 30n;
const EBX_7_SMEP = 1n << 7n;
const EBX_7_RDSEED = 1n << 18n;
const ECX_7_UMIP = 1n << 2n;

/**
 * The models of each architecture, the default one first.
 *
 * - `opteron-g5` has what 64-bit kernels expect up to SSE4.2, POPCNT and RDTSCP, no source of
 *   random numbers, and refuses `sysenter` in 64-bit mode as AMD's manual says, where Intel's
 *   models pass over it. SMEP, which the library executes on every model, is announced.
 * - `epyc-rome` has SMEP, SMAP, FSGSBASE, ADX, MOVBE and AES beside; its random numbers would be
 *   the host's, and are taken away. The library knows nothing of UMIP: who opens an engine has the
 *   instructions looked at.
 * - `max` is the library's `cortex-a57` with all it has of later versions: large atomics, PAN, UAO,
 *   pointer authentication, branch targets, scalable vectors, and a register of the host's random
 *   numbers.
 */
const CPU_MODELS: {
  readonly x86_64: Readonly<Record<X86ModelName, CpuModel>>;
  readonly aarch64: Readonly<Record<AArch64ModelName, CpuModel>>;
} = {
  x86_64: {
    "opteron-g5": { number: 34, features: [{ word: X86Feature.EBX_7, set: EBX_7_SMEP }] },
    "epyc-rome": {
      number: 37,
      features: [
        { word: X86Feature.ECX_1, clear: ECX_1_RDRAND },
        { word: X86Feature.EBX_7, clear: EBX_7_RDSEED },
        { word: X86Feature.ECX_7, set: ECX_7_UMIP },
      ],
    },
  },
  aarch64: {
    "cortex-a72": { number: 2 },
    "cortex-a53": { number: 1 },
    "cortex-a57": { number: 0 },
    max: { number: 3, pstate: PAN_UAO, guarded: true },
  },
};

/** Names of the models of an architecture, the default one first. */
export function cpuModels(arch: EngineArch): readonly ModelName[] {
  return Object.keys(CPU_MODELS[arch]) as ModelName[];
}

/** The name and the description of a model. @throws {EngineUsageError} If there is none such. */
export function findModel(
  arch: EngineArch,
  name?: string,
): { readonly name: ModelName; readonly model: CpuModel } {
  const models: Readonly<Record<string, CpuModel>> = CPU_MODELS[arch];
  const names = cpuModels(arch);
  const chosen = name ?? names[0] ?? "";
  const model = Object.hasOwn(models, chosen) ? models[chosen] : undefined;
  if (model === undefined) {
    throw new EngineUsageError(
      "arch",
      `Cannot open an engine of model ${chosen}: expected ${names.join(" or ")}`,
    );
  }
  return { name: chosen as ModelName, model };
}

/**
 * Has an x86-64 CPU have the features of its model.
 * @param address host address of the library's list of features, of one that has run nothing
 */
export function changeFeatures(address: bigint, name: ModelName): void {
  const { features = [] } = findModel("x86_64", name).model;
  const words = new BigUint64Array(viewMemory(address, 8 * Object.keys(X86Feature).length));
  for (const { word, set = 0n, clear = 0n } of features) {
    words[word] = ((words[word] ?? 0n) | set) & ~clear;
  }
}
