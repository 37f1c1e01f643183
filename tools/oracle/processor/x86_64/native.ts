/**
 * Cases on the host's processor: writes them to a file, has `native.c` run them, and reads what it
 * has written down.
 *
 * @module
 */

import { outputOf } from "../../tool.ts";
import { type Case, type Cases, fpImage } from "./cases.ts";
import { FXSAVE_SIZE } from "./fp_images.ts";
import type { Ended } from "./outcome.ts";

const SOURCE = new URL("native.c", import.meta.url).pathname;
/** Seconds after which a case that does not end kills the program. */
const LIMIT = 60;
const HEADER_SIZE = 16;
const REGION_SIZE = 32;
const CASE_SIZE = 8 * 19;
const CHANGES = 64;
const FP_AT = 8 * 21;
const CHANGES_AT = FP_AT + FXSAVE_SIZE;
const RESULT_SIZE = CHANGES_AT + 8 + 16 * CHANGES;

/** The file `native.c` reads: header, regions, states of floating point, cases, contents. */
function casesFile({ regions, cases }: Cases): Uint8Array {
  const images = [...new Set(cases.map(fpImage))];
  const imagesAt = HEADER_SIZE + REGION_SIZE * regions.length;
  const casesAt = imagesAt + FXSAVE_SIZE * images.length;
  const contentsAt = casesAt + CASE_SIZE * cases.length;
  const size = regions.reduce((sum, { bytes }) => sum + bytes.length, contentsAt);
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  [regions.length, images.length, cases.length, LIMIT].forEach((n, i) =>
    view.setUint32(4 * i, n, true)
  );
  const words = (at: number, values: readonly (bigint | number)[]) =>
    values.forEach((value, i) => view.setBigUint64(at + 8 * i, BigInt(value), true));
  let contents = contentsAt;
  regions.forEach(({ address, protection, bytes }, i) => {
    words(HEADER_SIZE + REGION_SIZE * i, [address, bytes.length, protection, contents]);
    file.set(bytes, contents);
    contents += bytes.length;
  });
  images.forEach((image, i) => file.set(image, imagesAt + FXSAVE_SIZE * i));
  cases.forEach((each, i) =>
    words(casesAt + CASE_SIZE * i, [
      each.rip,
      each.rflags,
      images.indexOf(fpImage(each)),
      ...each.registers,
    ])
  );
  return file;
}

function readResult(view: DataView, at: number): Ended {
  const word = (index: number) => view.getBigUint64(at + 8 * index, true);
  const changes = at + CHANGES_AT;
  const changeCount = Number(view.getBigUint64(changes, true));
  return {
    vector: Number(word(0)),
    error: Number(word(1)),
    cr2: word(2),
    rip: word(3),
    rflags: word(4),
    registers: Array.from({ length: 16 }, (_, i) => word(5 + i)),
    fp: new Uint8Array(view.buffer, at + FP_AT, FXSAVE_SIZE),
    changeCount,
    changes: Array.from({ length: Math.min(changeCount, CHANGES) }, (_, i) => [
      view.getBigUint64(changes + 8 + 16 * i, true),
      view.getUint8(changes + 16 + 16 * i),
    ]),
  };
}

/** What runs on the host's processor. */
export class NativeProcessor {
  readonly #program: string;
  readonly #directory: string;

  private constructor(program: string, directory: string) {
    this.#program = program;
    this.#directory = directory;
  }

  /** Builds the program; undefined if there is no compiler. */
  static build(directory: string): NativeProcessor | undefined {
    const program = `${directory}/native`;
    // The handler runs with the FS of a case until it has put its own back.
    const flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector"];
    for (const compiler of ["gcc", "clang"]) {
      if (outputOf(compiler, [...flags, "-fPIE", "-pie", SOURCE, "-o", program]) !== undefined) {
        return new NativeProcessor(program, directory);
      }
    }
    return undefined;
  }

  /**
   * Runs cases, in order.
   *
   * @throws {Error} When the program does not come to the last of them.
   */
  run(cases: Cases): Ended[] {
    const [input, results] = [`${this.#directory}/cases`, `${this.#directory}/results`];
    Deno.writeFileSync(input, casesFile(cases));
    const { success, signal, stderr } = new Deno.Command(this.#program, {
      args: [input, results],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).outputSync();
    const bytes = Deno.readFileSync(results);
    const view = new DataView(bytes.buffer);
    const ended = cases.cases.map((_, i) => readResult(view, RESULT_SIZE * i));
    if (!success) {
      const done = ended.findIndex(({ rip }) => rip === 0n);
      const at: Case | undefined = cases.cases[done];
      const why = signal ?? new TextDecoder().decode(stderr);
      throw new Error(`Cannot run "${at?.name}" on this processor: ${why}`);
    }
    return ended;
  }
}

/** Features of this processor that the system shows, by their names in `/proc/cpuinfo`. */
export function hostFeatures(): ReadonlySet<string> {
  const text = Deno.readTextFileSync("/proc/cpuinfo");
  return new Set(/^flags\s*:\s*(.*)$/m.exec(text)?.[1]?.split(" "));
}
