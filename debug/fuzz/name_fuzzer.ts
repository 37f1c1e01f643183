/**
 * A seeded fuzzer of mangled names: sound ones are cut, mixed, repeated and overwritten. Any error
 * is a finding, since a name that is none is no error, and so is a case that takes long.
 *
 * @module
 */
import type { FuzzOutcome } from "../../bytes/testing/fuzz_outcome.ts";
import { Random } from "../../util/random.ts";
import { demangle, demangleType } from "../demangle/mod.ts";

/** Names that together have most of what there is. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "C++": [
    "_ZNK4heap5StackIiLj8EE4pushERKi",
    "_Z9hairyfuncM1YKFPVPFrPA2_PM1XKFKPA3_ilEPcEiE",
    "_ZZN4main3runEiENKUlTyT_T0_E_clIicEEDaS0_S1_",
    "_ZSt4sortIN9__gnu_cxx17__normal_iteratorIPiSt6vectorIiSaIiEEEEPFbiiEEvT_S9_T0_",
    "_Z3addIidEDTplfp_fp0_ET_T0_",
    "_Z4sizeIJicEE3BoxIXsZT_EXquLb1EcvT_Li2Etl1ALi3EEEEDpOT_",
    "_ZN3BoxcvT_IPFvvEEEvB5cxx11.part.0.cold",
    "_ZThn16_N3Box4openEv",
    "_ZGVZ3runvE4once_0",
    "_ZTCN1AE16_1B",
    "_ZN5OuterW3FOO5Inner2FnERNS1_1XE",
  ],
  "older Rust": [
    "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
    "_ZN5hello4main17h0123456789abcdefE.llvm.7",
  ],
  "Rust": [
    "_RINvC4demo4pickReAhj4_TlcEEB2_",
    "_RINvC4demo4callFG_UKCQjRL0_hEuE",
    "_RINvC4demo4makeDNvB2_2Fnp6OutputlEL_E",
    "_RNvXs_C4demoNtB4_3BoxNtNtC4core3fmt5Debug3fmt",
    "_RINvC4demo3numKanb_Kc41_Kb1_KpE",
    "_RNvC4demou7caf_dma",
  ],
};

/** Letters that mean something. */
const LETTERS = "ABCDEFGIJKLMNOPRSTUVXZabcdfhijklmnprstuvwxyz_0123456789$.";

/** Most characters of a case. */
const LIMIT = 20_000;

/** Runs cases; all that happens depends on the seed alone. */
export class NameFuzzer {
  readonly #random: Random;

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case; the error is `mangled` if there is no readable form.
   *
   * @throws Whatever is thrown: a finding.
   */
  run(): FuzzOutcome {
    const random = this.#random;
    const target = random.pick(Object.keys(NAMES));
    let name = random.pick(NAMES[target]!);
    for (let i = 1 + random.below(4); i > 0; i--) name = this.#changed(name);
    name = name.slice(0, LIMIT);
    const texts = [
      demangle(name),
      demangle(name, { parameters: false }),
      demangle(name, { returnType: false }),
      demangleType(name.slice(2)),
    ];
    if (texts.includes("")) throw new Error(`Readable form of ${name} is empty`);
    return { target, error: texts[0] === undefined ? "mangled" : undefined };
  }

  #changed(name: string): string {
    const random = this.#random;
    const from = random.below(name.length + 1);
    const part = name.slice(from, from + 1 + random.below(12));
    const [before, after] = [name.slice(0, from), name.slice(from + part.length)];
    switch (random.below(5)) {
      case 0:
        return before + after;
      case 1:
        return before + LETTERS.charAt(random.below(LETTERS.length)) + after.slice(1);
      case 2:
        return before + part.repeat(2 + random.below(random.chance(0.05) ? 2000 : 8)) + after;
      case 3: {
        const other = random.pick(Object.values(NAMES).flat());
        const at = random.below(other.length);
        return before + other.slice(at, at + random.below(30)) + part + after;
      }
      default:
        return before +
          random.pick(["S_", "S0_", "T_", "E", "I", "J", "N", "Z", "X", "B2_", "DpT_"]) +
          part + after;
    }
  }
}
