/**
 * A seeded fuzzer of variables: the debugging information of a sound program with types and places
 * of every kind is damaged, and all its variables are read and written as text and data. Any error
 * but an {@linkcode InputError} is a finding, and so is a case that takes long.
 *
 * @module
 */
import { fromBigAddress } from "../../bytes/mod.ts";
import { type FuzzOutcome, refusalOf } from "../../bytes/testing/fuzz_outcome.ts";
import { DebugInfo, DW_LANG, DwarfSections, type Entry } from "../../elf/dwarf/mod.ts";
import { Random } from "../../util/random.ts";
import { damaged } from "../../util/testing/damage.ts";
import {
  type Scope,
  typeName,
  TypeReader,
  valueJson,
  valueText,
  type VariableFrame,
  variablesOf,
} from "../values/mod.ts";
import { SAMPLE_CODE, sampleProgram } from "../values/testing/sample_program.ts";
import { frameOf } from "../values/testing/value_world.ts";

/** Languages by DWARF's numbers. */
const LANGUAGES: Readonly<Record<string, number>> = {
  C: DW_LANG.c99,
  "C++": DW_LANG.cPlusPlus14,
  Rust: DW_LANG.rust,
};

/** Runs cases; all that happens depends on the seed alone. */
export class ValueFuzzer {
  readonly #random: Random;
  readonly #programs = Object.entries(LANGUAGES).map(([name, language]) =>
    [name, sampleProgram(language).build()] as const
  );

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case.
   *
   * @throws Whatever is not an {@linkcode InputError}: a finding.
   */
  run(): FuzzOutcome {
    const random = this.#random;
    const [language, sections] = random.pick(this.#programs);
    const target = `variables of ${language}`;
    // What is cut off or moved is mostly refused at once; one byte that is another goes further.
    const keepSize = random.chance(0.8);
    const bytes = new Map(
      Array.from(sections, ([name, sound]) => {
        const isDamaged = name === ".debug_info" ? random.chance(0.95) : random.chance(0.1);
        return [name, isDamaged ? damaged(random, sound, { keepSize }) : sound];
      }),
    );
    const info = new DebugInfo(new DwarfSections((name) => bytes.get(name)));
    try {
      return { target, error: this.#read(info) };
    } catch (error) {
      return { target, error: refusalOf(error) };
    }
  }

  /** Reads all variables; the kind of the first that makes no sense. */
  #read(info: DebugInfo): string | undefined {
    const types = new TypeReader((name) => info.named(name));
    const [callee, caller] = [SAMPLE_CODE.begin, 0x2000].map((at) => info.functionAt(at));
    if (callee === undefined) return undefined;
    const outer = this.#frame({ pc: 0x2010n, function: caller });
    const frame = this.#frame({
      pc: BigInt(SAMPLE_CODE.begin + 16),
      function: callee,
      caller: outer,
    });
    const scopes = info.scopesAt(fromBigAddress(frame.lookup));
    let first: string | undefined;
    for (const scope of scopes.slice(0, 4)) {
      first ??= tell(variablesOf({ frame, scope, types }));
    }
    return first;
  }

  #frame(
    init: { pc: bigint; function: Entry | undefined; caller?: VariableFrame },
  ): VariableFrame {
    const random = this.#random;
    const bytes = (count: number) => Array.from({ length: count }, () => random.below(256));
    const near = () => BigInt(0x6000 + random.below(0x80));
    return frameOf({
      ...init,
      cfa: 0x6040n,
      machine: random.chance(0.5) ? "x86_64" : "aarch64",
      registers: { 0: near(), 3: BigInt(random.below(5)), 5: near(), 7: near() },
      vectors: { 17: Uint8Array.from(bytes(16)) },
      memory: { 0x6000: bytes(0x100) },
      ...random.chance(0.5) ? { threadStorage: 0x6000n } : {},
    });
  }
}

/** Tells all of the variables; the kind of the first that makes no sense. */
function tell({ parameters, blocks }: Scope): string | undefined {
  let first: string | undefined;
  for (const variable of [...parameters, ...blocks.flatMap(({ variables }) => variables)]) {
    try {
      typeName(variable.declaredType);
      const { value } = variable;
      valueText(value);
      valueJson(value);
      if (value.absence?.state === "error") first ??= "a value that makes no sense";
    } catch (error) {
      const refusal = refusalOf(error);
      first ??= refusal;
    }
  }
  return first;
}
