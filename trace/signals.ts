/**
 * The signals of POSIX that stand for what ends a program here.
 *
 * @module
 */

/** Their numbers on Linux, both architectures. */
export const SIGNAL: {
  readonly ILL: 4;
  readonly TRAP: 5;
  readonly ABRT: 6;
  readonly BUS: 7;
  readonly FPE: 8;
  readonly KILL: 9;
  readonly SEGV: 11;
} = { ILL: 4, TRAP: 5, ABRT: 6, BUS: 7, FPE: 8, KILL: 9, SEGV: 11 };

/** Signals of exceptions by their names in events; all others are wrong addresses. */
const SIGNALS: readonly (readonly [names: RegExp, signal: number])[] = [
  [
    /^(#UD|undefined instruction|trapped system instruction|illegal execution state)$/,
    SIGNAL.ILL,
  ],
  [/^(#DB|#BP|BRK|breakpoint, .*|software step, .*|watchpoint, .*)$/, SIGNAL.TRAP],
  [/^(#AC|.* alignment fault)$/, SIGNAL.BUS],
  [/^(#DE|#MF|#XM)$/, SIGNAL.FPE],
];

/** Number of the signal that stands for a CPU exception of that name in events. */
export function signalOfException(name: string): number {
  return SIGNALS.find(([names]) => names.test(name))?.[1] ?? SIGNAL.SEGV;
}
