/**
 * What the program `unwind` must print and how it must end, worked out from its source and from
 * nothing else.
 *
 * @module
 */

/** Causes that are exceptions of the CPU. */
export const FAULTS: readonly string[] = ["fault", "leaf", "inline", "null", "overflow"];

/** Causes that are kill requests. */
export const KILLS: readonly string[] = ["kill", "syscall", "spin"];

/** All the ways `unwind` can end its chain of calls. */
export const CAUSES: readonly string[] = [
  "none",
  "panic",
  "throw",
  ...FAULTS,
  ...KILLS,
  "double",
  "nested",
];

/** A run of `unwind`. */
export interface Expected {
  /** Lines it prints, those of its second thread left out. */
  readonly lines: readonly string[];
  /** How it ends: `exit 0`, or a pattern of `killed: …`. */
  readonly ending: RegExp;
  /**
   * Landings of its main thread; of the unwinding that the cause starts, where it starts another.
   */
  readonly landings: number;
}

/** File and line of the panics in `guest/unwind/main.cc`. */
const PANIC = String.raw`panic at guest/unwind/main\.cc:\d+: out of luck`;
const INNER = String.raw`panic at guest/unwind/main\.cc:\d+: panic in a destructor`;

const REASONS: Readonly<Record<string, string>> = {
  panic: PANIC,
  nested: PANIC,
  throw: String.raw`uncaught exception of type \(anonymous namespace\)::Failure`,
  fault: String.raw`read of 0x10: not mapped, at 0x[0-9a-f]+`,
  leaf: String.raw`read of 0x10: not mapped, at 0x[0-9a-f]+`,
  inline: String.raw`write of 0x10: not mapped, at 0x[0-9a-f]+`,
  null: String.raw`execute of 0x0: not mapped, at 0x0`,
  overflow: String
    .raw`stack overflow: (?:(?:read|write) of 0x[0-9a-f]+: not mapped|double fault), at 0x[0-9a-f]+`,
  kill: "terminated by unwind",
  syscall: "terminated by unwind",
  spin: "terminated by unwind",
};

/** What `unwind CAUSE CATCHER` must do. */
export function expectedOf(cause: string, catcher: number): Expected {
  const lines: string[] = [];
  const drop = (name: string): boolean => {
    lines.push(`drop ${name}`);
    if (name === "level4" && cause === "nested") lines.push("caught inside a destructor");
    return name === "level4" && cause === "double";
  };
  const killed = (reason: string) => new RegExp(`^killed: ${reason}$`);
  const isKill = KILLS.includes(cause);
  let unwinding = cause !== "none";
  let landings = 0;
  let result = 7n;
  drop("trouble");
  if (unwinding) landings++;
  for (let level = 5; level >= 1; level--) {
    if (level === catcher) {
      if (unwinding) landings++;
      drop(`try${level}`);
      if (unwinding) {
        lines.push(
          cause === "throw"
            ? `caught Error 42 at level${level}`
            : `caught something at level${level}`,
        );
        if (cause === "throw") lines.push("~Failure");
        // A kill goes on after every handler: its end is a call that lands again, in the cleanup of
        // the level.
        if (isKill) landings++;
        else {
          unwinding = false;
          result = BigInt(100 * level);
        }
      } else result++;
    } else {
      if (unwinding) landings++;
      else result++;
    }
    if (drop(`level${level}`)) {
      const ending = unwinding
        ? killed(`double panic: "${INNER}" while unwinding "${PANIC}"`)
        : killed(`${INNER}; terminate called`);
      // A destructor lets nothing pass: outside of an unwinding, the panic lands where that is
      // said.
      return { lines, ending, landings: landings + (unwinding ? 0 : 1) };
    }
  }
  if (unwinding) return { lines, ending: killed(REASONS[cause] ?? ""), landings };
  lines.push(`result ${result}, objects alive 0, exceptions alive 0`);
  return { lines, ending: /^exit 0$/, landings };
}
