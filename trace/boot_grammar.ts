/**
 * The boot log as a grammar: what a boot must show, in order, on any architecture.
 *
 *     boot     = greeting, 7 switches, handoff, loading, start, run
 *     greeting = "Booting in …", memory lines, module line, "1 bootstrap modules"    other lines anywhere
 *     loading  = first page, further pages, "task loaded:", stack page(s), " ARGS"
 *     start    = return, AST, switch to the kernel, "start NAME:", switch back, return
 *     run      = first pages, FP trap, (first page | system call | interrupt)*, the system call
 *                that does not return
 *
 * Interrupts in the kernel may stand anywhere; while the program runs, so may ASTs, switches and
 * handoffs. The grammar sees one item at a time; {@linkcode checkBoot} adds what relates items to
 * one another: who switches to whom, which page is touched when, that a system call leaves the
 * fault address alone, and that the text is written one character a system call.
 *
 * @module
 */
import { type BootException, type BootProfile, isException } from "./boot_profile.ts";
import { type BootProblem, checkBootRelations } from "./boot_relations.ts";
import {
  choice,
  end,
  interleaved,
  match,
  one,
  optional,
  repeat,
  type Rule,
  sequence,
} from "./grammar.ts";
import type { LogItem } from "./log_items.ts";

/** What is to be booted. */
export interface BootExpectation {
  /** What the guest's architecture says: its `bootProfile`. */
  readonly profile: BootProfile;
  /** Name of the program's task; also its `argv[0]`. */
  readonly program: string;
  /** All its arguments, `argv[0]` included. */
  readonly args: readonly string[];
  /** Everything it prints. */
  readonly output: string;
  /** Name of the kernel's own task; `gnumach` if absent. */
  readonly kernelTask?: string;
  /** Number of switches that start kernel threads; 7 if absent. */
  readonly kernelThreads?: number;
  /**
   * Bases of the pages of the program's segments, in the order they are copied out; not checked if
   * absent.
   */
  readonly pages?: readonly bigint[];
  /** Whether the timer must have interrupted both the kernel and the program; true if absent. */
  readonly interrupts?: boolean;
}

/** Rules of one boot. */
class BootRules {
  readonly #profile: BootProfile;
  readonly #kernel: string;
  readonly #expectation: BootExpectation;

  constructor(expectation: BootExpectation) {
    this.#expectation = expectation;
    this.#profile = expectation.profile;
    this.#kernel = expectation.kernelTask ?? "gnumach";
  }

  boot(): Rule<LogItem> {
    const rule = sequence(
      this.#greeting(),
      repeat(this.#switch(this.#kernel, this.#kernel), this.#exactly()),
      this.#handoff(),
      this.#loading(),
      interleaved(this.#start(), isBlank),
      interleaved(this.#run(), isScheduling),
      repeat(one("text", (item) => item.type === "text")),
      end(),
    );
    return interleaved(rule, (item) => item.type === "irq" && item.mode === "kernel");
  }

  #exactly(): { min: number; max: number } {
    const { kernelThreads = 7 } = this.#expectation;
    return { min: kernelThreads, max: kernelThreads };
  }

  #greeting(): Rule<LogItem> {
    const booting = new RegExp(`^Booting in ${escape(this.#profile.kernelMode)}\\n$`);
    const lines = sequence(
      text("the privilege line", booting),
      repeat(text("a memory line", /^vm_page: .+\n$/), { min: 1 }),
      text("the module line", new RegExp(`^module 0: ${escape(this.#expectation.program)} .+\n$`)),
      text("the module count", /^1 bootstrap modules\n$/),
    );
    // The banner, the command line, the model's name and whatever else a kernel likes to say; but
    // not these lines again.
    const known = [booting, /^vm_page: /, /^module \d/, /bootstrap modules/];
    return interleaved(
      lines,
      (item) => item.type === "text" && !known.some((pattern) => pattern.test(item.text)),
    );
  }

  #switch(from: string, to: string): Rule<LogItem> {
    return one(
      `a switch from ${from} to ${to}`,
      (item) => item.type === "context-switch" && item.from.task === from && item.to.task === to,
    );
  }

  #handoff(): Rule<LogItem> {
    const { program } = this.#expectation;
    return one(
      `a stack handoff to ${program}`,
      (item) =>
        item.type === "stack-handoff" && item.from.task === this.#kernel &&
        item.to.task === program,
    );
  }

  #loading(): Rule<LogItem> {
    const first = this.#exception("first page copied out");
    const further = this.#exception("further page copied out");
    return sequence(
      first,
      repeat(further, { min: 1 }),
      text("the load line", /^task loaded:$/),
      first,
      repeat(choice(first, further)),
      text("the arguments", new RegExp(`^ ${escape(this.#expectation.args.join(" "))}$`)),
    );
  }

  #start(): Rule<LogItem> {
    const { program } = this.#expectation;
    return sequence(
      exceptionReturn(),
      one("an AST of the program", (item) => item.type === "ast" && item.thread.task === program),
      this.#switch(program, this.#kernel),
      text("the start line", new RegExp(`^start ${escape(program)}: $`)),
      this.#switch(this.#kernel, program),
      exceptionReturn(),
    );
  }

  #run(): Rule<LogItem> {
    const page = sequence(
      this.#exception("page executed first"),
      one("a resolved page fault", (item) => item.type === "page-fault" && item.kr === 0),
      exceptionReturn(),
    );
    const interrupt = sequence(
      one("an interrupt of the program", (item) => item.type === "irq" && item.mode === "user"),
      exceptionReturn(),
    );
    const call = this.#exception("system call");
    const callWithText = sequence(
      call,
      optional(one("a character", (item) => item.type === "text")),
      exceptionReturn(),
    );
    return sequence(
      page,
      repeat(choice(page, interrupt)),
      this.#exception("floating point used first"),
      exceptionReturn(),
      repeat(choice(page, interrupt, callWithText)),
      call,
    );
  }

  #exception(kind: BootException): Rule<LogItem> {
    return one(`exception: ${kind}`, (item) => isException(item, { kind, profile: this.#profile }));
  }
}

function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|\/-]/g, "\\$&");
}

function text(expected: string, pattern: RegExp): Rule<LogItem> {
  return one(expected, (item) => item.type === "text" && pattern.test(item.text));
}

function exceptionReturn(): Rule<LogItem> {
  return one("a return to user mode", (item) => item.type === "exception-return");
}

function isBlank(item: LogItem): boolean {
  return item.type === "text" && item.text === "\n";
}

function isScheduling({ type }: LogItem): boolean {
  return type === "ast" || type === "context-switch" || type === "stack-handoff";
}

/**
 * Checks a boot: its order by the grammar and, if that holds, what relates its items.
 * @param items the log, from {@linkcode toLogItems} or {@linkcode parseMachLog}
 * @param expectation what was booted
 * @returns what is wrong; empty if the boot is as it must be
 */
export function checkBoot(
  items: readonly LogItem[],
  expectation: BootExpectation,
): readonly BootProblem[] {
  const result = match(items, new BootRules(expectation).boot());
  if (!result.ok) {
    const found = items[result.at];
    return [{
      at: found?.at ?? -1,
      message: `Expected ${result.expected.join(" or ")}, found ${describe(found)}`,
    }];
  }
  return checkBootRelations(items, expectation);
}

function describe(item: LogItem | undefined): string {
  if (item === undefined) return "the end";
  const { at: _at, ...body } = item;
  return JSON.stringify(
    body,
    (_key, value) => typeof value === "bigint" ? `0x${value.toString(16)}` : value,
  );
}
