/**
 * A seeded mutation fuzzer of this library. A case starts from sound bytes, built here, damages
 * them, and feeds them to everything that reads such bytes. Any error but an {@linkcode InputError}
 * is a finding; so is a case that takes long, which the caller times.
 *
 * @module
 */
import { damaged } from "../../util/testing/damage.ts";
import { Random } from "../../util/random.ts";
import { Cursor, fromBigAddress } from "../../bytes/mod.ts";
import { type FuzzOutcome, refusalOf } from "../../bytes/testing/fuzz_outcome.ts";
import { Refusals } from "../../bytes/testing/refusals.ts";
import { frameLines, lsdaLines } from "../dump/mod.ts";
import {
  EhFrameHeader,
  evaluateExpression,
  FdeIndex,
  FrameTable,
  machineRegisters,
} from "../cfi/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { DwarfSections, LineTable } from "../../elf/dwarf/mod.ts";
import {
  backtrace,
  type Frame,
  memoryOf,
  moduleFromElf,
  moduleFromTable,
  ModuleList,
  type RegisterSet,
} from "../walk/mod.ts";
import { codeCase } from "./code_case.ts";
import { Corpus } from "./corpus.ts";
import { Lsda, lsdaOf, Unwinding } from "../exception/mod.ts";

/** What is damaged. */
export type FuzzTarget =
  | "eh_frame"
  | "eh_frame_hdr"
  | "lsda"
  | "expression"
  | "elf"
  | "walk"
  | "lines"
  | "code";

/** All targets. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  "eh_frame",
  "eh_frame_hdr",
  "lsda",
  "expression",
  "elf",
  "walk",
  "lines",
  "code",
];

/** Runs cases; all that happens depends on the seed alone. */
export class Fuzzer {
  #random: Random;
  #corpus: Corpus = new Corpus();

  /** A fuzzer with a seed, taken modulo 2^32. */
  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /**
   * Runs one case.
   *
   * @throws Whatever is not an {@linkcode InputError}: a finding.
   */
  run(): FuzzOutcome<FuzzTarget> {
    const target = this.#random.pick(FUZZ_TARGETS);
    let error: string | undefined;
    for (const step of this.#steps(target)) {
      try {
        step();
      } catch (caught) {
        const refusal = refusalOf(caught);
        error ??= refusal;
      }
    }
    return { target, error };
  }

  /** What is done with a damaged input; each part is tried whatever became of the one before. */
  #steps(target: FuzzTarget): (() => void)[] {
    const random = this.#random;
    const corpus = this.#corpus;
    switch (target) {
      case "eh_frame": {
        const bytes = damaged(random, random.pick(corpus.ehFrames));
        const kind = random.chance(0.8) ? "eh_frame" : "debug_frame";
        const table = new FrameTable({ kind, bytes, address: 0x10000n });
        const index = new FdeIndex(table);
        return [
          () => {
            for (const fde of table.fdes()) drain(table.rows(fde));
          },
          () => void index.find(0x1000 + random.below(0x1000)),
        ];
      }
      case "eh_frame_hdr": {
        const bytes = damaged(random, corpus.header);
        const frames = random.pick(corpus.ehFrames);
        return [() => {
          const header = new EhFrameHeader(bytes, 0x8000n);
          const index = new FdeIndex(
            new FrameTable({
              kind: "eh_frame",
              bytes: frames,
              address: 0x10000n,
            }),
            header,
          );
          for (let i = 0; i < 8; i++) index.find(0x1000 + random.below(0x2000));
        }];
      }
      case "lsda":
        return this.#lsdaSteps(damaged(random, random.pick(corpus.lsdas)));
      case "expression":
        return [() => this.#expression(random.pick(corpus.expressions))];
      case "elf": {
        const bytes = damaged(random, random.pick(corpus.elves));
        return [
          () => {
            const file = parseElf(bytes);
            for (const segment of file.segments) file.segmentData(segment);
            for (const section of file.sections) file.relocatedData(section);
          },
          () => void parseElf(bytes).symbolAt(0x1000n + BigInt(random.below(64))),
          () => void moduleFromElf(parseElf(bytes)).find(0x1004),
          () => drain(frameLines(bytes, "fuzz")),
          () => drain(lsdaLines(bytes, "fuzz")),
        ];
      }
      case "walk":
        return [() => this.#walk()];
      case "lines":
        return [() => this.#lines()];
      case "code":
        return [() => codeCase(random)];
    }
  }

  #lsdaSteps(bytes: Uint8Array): (() => void)[] {
    const source = { bytes, address: 0x20000 };
    const place = { address: 0x20000, functionStart: 0x1000 };
    const pc = 0x1000n + BigInt(this.#random.below(0x100));
    return [
      () => {
        const lsda = new Lsda(source, place);
        for (const site of lsda.callSites()) drain(lsda.actions(site));
      },
      () => void new Lsda(source, place).callSiteAt(pc, { between: "previous" }),
      () => void new Lsda(source, place).filterTypes(-1 - Number(pc & 15n)),
    ];
  }

  #expression(base: Uint8Array): void {
    const random = this.#random;
    const bytes = damaged(random, base);
    const cursor = new Cursor(bytes, "expression");
    evaluateExpression(cursor, {
      register: (register) => register < 40 ? BigInt(random.next()) << 16n : undefined,
      memory: (address, size) =>
        (address & 64n) === 0n
          ? BigInt.asUintN(8 * size, address * 0x9e3779b97f4a7c15n)
          : undefined,
      cfa: random.chance(0.5) ? 0x7fff0000n : undefined,
    }, { stack: random.chance(0.5) ? [0x7fff0000n] : [] });
  }

  /** Line tables of which one section is damaged; what is left out is an error too. */
  #lines(): void {
    const random = this.#random;
    const name = random.pick([...this.#corpus.debug.keys()]);
    const bytes = damaged(random, this.#corpus.debug.get(name)!);
    const table = new LineTable(
      new DwarfSections((each) => each === name ? bytes : this.#corpus.debug.get(each)),
    );
    const refusals = new Refusals();
    for (let address = 0x1000n; address < 0x1080n; address += 2n) {
      refusals.attempt(() => void table.at(address));
    }
    refusals.note(table.problems[0]);
    if (refusals.first !== undefined) throw refusals.first;
  }

  /**
   * A stack with damage in the memory, the registers or the tables, walked, looked at, and unwound.
   */
  #walk(): void {
    const random = this.#random;
    const sound = random.pick(this.#corpus.stacks);
    const where = random.below(3);
    const stack = where === 0
      ? damaged(random, sound.stack.window.bytes, { keepSize: true })
      : sound.stack.window.bytes;
    const ehFrame = where === 1 ? damaged(random, sound.ehFrame) : sound.ehFrame;
    const registers = sound.stack.registers.clone();
    if (where === 2) {
      for (let i = 0; i < 3; i++) this.#spoil(registers, sound.stack.window);
    }
    const { start } = sound.stack.window;
    const modules = new ModuleList([
      moduleFromTable({
        name: "fuzz",
        begin: 0x1000n,
        end: 0x3000n,
        ehFrame,
        ehFrameAddress: 0x10000n,
      }),
    ]);
    const input = {
      registers,
      memory: memoryOf([
        { start, bytes: stack },
        { start: 0x20000n, bytes: random.pick(this.#corpus.lsdas) },
      ]),
      modules,
    };
    const { frames, error } = backtrace(input, {
      start: random.chance(0.5) ? "instruction" : "return-address",
    });
    frames.forEach(look);
    const unwinding = new Unwinding({
      exception: { object: 1n, exceptionClass: 2n, matches: () => true },
    });
    unwinding.search(() => frames);
    unwinding.begin(() => frames);
    if (error !== undefined) throw error;
  }

  #spoil(registers: RegisterSet, window: { start: bigint }): void {
    const random = this.#random;
    const info = machineRegisters(registers.machine);
    const register = random.pick([
      info.stackPointer,
      info.framePointer,
      info.programCounter,
      random.pick(info.tracked),
    ]);
    const value = random.pick([
      window.start + BigInt(random.below(4096)),
      0x1000n + BigInt(random.below(0x2000)),
      BigInt(random.next()) << 32n | BigInt(random.next()),
      0n,
      BigInt.asUintN(64, -8n),
    ]);
    registers.set(register, value);
  }
}

function drain(items: Iterable<unknown>): void {
  for (const _ of items) {
    // Only that it ends matters.
  }
}

/** Everything a frame can be asked. */
function look(frame: Frame): void {
  void frame.function;
  void frame.kind;
  void frame.personality;
  drain(frame.registers.entries());
  if (Number.isNaN(fromBigAddress(frame.pc))) throw new RangeError("PC");
  lsdaOf(frame);
}
