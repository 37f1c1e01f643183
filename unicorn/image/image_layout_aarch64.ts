/**
 * Which bytes of the AArch64 CPU's private structure make up its state.
 *
 * @module
 */
import * as uc from "../constants.ts";
import { AArch64Register, type SystemRegisterEncoding } from "../aarch64/constants.ts";
import {
  checkBreakpoints,
  expectWords,
  fingerprintOf,
  gather,
  type ImageLayout,
  readWords,
  wideState,
  without,
} from "./image_layout.ts";
import { Specimen } from "../layout/layout.ts";
import type { AArch64Layout } from "../layout/layout_aarch64.ts";
import { CalibrationError, OffsetSearch } from "../layout/offset_search.ts";
import type { UnicornSymbols } from "../symbols.ts";
import { SystemRegister } from "../aarch64/system_register.ts";

/**
 * Features of the model, then what other profiles and devices have, and the pointers of hardware
 * breakpoints.
 */
const FEATURES_SIZE = 8;
const OTHERS_SIZE = 128;
const POINTERS = 16;
/** ARM_FEATURE_V8 and ARM_FEATURE_AARCH64. */
const FEATURES = 3n << 27n;
/** Registers of each kind, as many as the structure has room for. */
const DEBUG_REGISTERS = 16;
/**
 * From the end of the debug registers to the host's clock when the cycle counter was last looked
 * at.
 */
const CLOCK_DISTANCE = 40;
/** op2 of DBGBVR, DBGBCR, DBGWVR and DBGWCR, in the order of the structure. */
const DEBUG_KINDS = [4, 5, 6, 7] as const;
/** An address match for EL1 and EL0 code, in force: BAS, PMC, E. */
const BREAKPOINT = 0x1e7n;
/** Breakpoint registers of the models. */
export const BREAKPOINT_COUNT = 6;

/** Encoding of a debug register. */
export function debugRegister(op2: number, index: number): SystemRegisterEncoding {
  return { op0: 2, op1: 0, crn: 0, crm: index, op2 };
}

/** `msr` to a debug register, from a general register. */
export function msrDebug(op2: number, { index, from }: { index: number; from: number }): number {
  return (0xd5100000 | (index << 8) | (op2 << 5) | from) >>> 0;
}

/**
 * Finds what an image holds, and checks it.
 *
 * @throws {CalibrationError} When the library is not as expected.
 */
export function findAArch64Image(symbols: UnicornSymbols, layout: AArch64Layout): ImageLayout {
  using fresh = new Specimen(symbols, "aarch64");
  const cold = new Uint8Array(wideState(fresh, layout, layout.stateSize).buffer.slice(0));
  using specimen = new Specimen(symbols, "aarch64");
  const view = wideState(specimen, layout, layout.stateSize);
  const pointers = layout.stateSize - 8 * POINTERS;
  const end = pointers - OTHERS_SIZE - FEATURES_SIZE;
  expectWords("features", readWords(view, end, 1), (word) => (word & FEATURES) === FEATURES);
  const others = readWords(view, end + FEATURES_SIZE, OTHERS_SIZE / 8);
  expectWords("state of other profiles", others, (word) => word === 0n);
  const debug = findDebugRegisters(specimen, view);
  checkPointers(specimen, { view, pointers });
  const debugEnd = debug + 8 * DEBUG_REGISTERS * DEBUG_KINDS.length;
  const clock = debugEnd + CLOCK_DISTANCE;
  checkClock(specimen, { view, clock });
  // The engine uses the syndrome for notes of its own while it runs: how a run is cut shows there.
  const ranges = without([0, end], [[layout.syndrome, layout.syndrome + 4], [clock, clock + 8]]);
  return {
    ranges,
    debug: [debug, debugEnd],
    fingerprint: `aarch64:${fingerprintOf(layout, ranges)}`,
    cold: gather(cold, ranges),
  };
}

function findDebugRegisters({ native }: Specimen, view: DataView): number {
  const find = (op2: number): number => {
    const register = new SystemRegister(native, debugRegister(op2, 0));
    const search = new OffsetSearch(view, { name: `debug register ${op2}`, width: 8 });
    const before = register.read();
    for (const value of [0x5a5a_7650n, 0x3c3c_0120n, before]) {
      register.write(value);
      search.keep(value);
    }
    return search.only();
  };
  const [first = 0, ...rest] = DEBUG_KINDS.map(find);
  if (rest.some((offset, index) => offset !== first + (index + 1) * 8 * DEBUG_REGISTERS)) {
    throw new CalibrationError("The debug registers do not lie side by side");
  }
  return first;
}

/**
 * Reading the cycle counter, like each change of exception level, keeps the host's time, which is
 * no state of the guest.
 */
function checkClock(
  specimen: Specimen,
  { view, clock }: { view: DataView; clock: number },
): void {
  const words = [0, 0, 0].map(() => {
    specimen.run([0xd53b9d00, 0xd503207f].flatMap(bytesOf)); // mrs x0, pmccntr_el0; wfi
    return view.getBigUint64(clock, true);
  });
  const [first = 0n, second = 0n, third = 0n] = words;
  if (!(first > 0n && first < second && second < third)) {
    throw new CalibrationError("The host's clock is not where it should be");
  }
}

function bytesOf(word: number): number[] {
  return [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);
}

/** The guest's own writes to DBGBCR make and remove what the words point to. */
function checkPointers(
  specimen: Specimen,
  { view, pointers }: { view: DataView; pointers: number },
): void {
  const run = (control: bigint): void => {
    specimen.native.writeRegister(AArch64Register.X0 + 1, control);
    const code = Array.from(
      { length: BREAKPOINT_COUNT },
      (_, index) => msrDebug(5, { index, from: 1 }),
    );
    // wfi
    if (specimen.run([...code, 0xd503207f].flatMap(bytesOf)) !== uc.UC_ERR_OK) {
      throw new CalibrationError("Cannot run msr to DBGBCR");
    }
  };
  const words = (): bigint[] => readWords(view, pointers, BREAKPOINT_COUNT);
  checkBreakpoints(words, { set: () => run(BREAKPOINT), clear: () => run(0n) });
}
