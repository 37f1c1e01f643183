/**
 * What relates the items of a boot log to one another, once the grammar has found each in its
 * place.
 *
 * @module
 */
import { type BootProfile, faultAddress, isException } from "./boot_profile.ts";
import type { ExceptionItem, LogItem, LogItemBody } from "./log_items.ts";

/** Something wrong with a boot. */
export interface BootProblem {
  /**
   * Place of the item it was found at: `seq` of an event or line of the text; -1 if the log ended
   * too early.
   */
  readonly at: number;
  /** What was expected and what was found. */
  readonly message: string;
}

/** What the relations are checked against; as in `BootExpectation`. */
export interface RelationOptions {
  /** The architecture's profile. */
  readonly profile: BootProfile;
  /** Everything the program prints. */
  readonly output: string;
  /** Bases of the pages of the program's segments, in the order they are copied out. */
  readonly pages?: readonly bigint[];
  /** Whether the timer must have interrupted both the kernel and the program; true if absent. */
  readonly interrupts?: boolean;
}

type Of<T extends LogItemBody["type"]> = Extract<LogItem, { readonly type: T }>;

const PAGE_MASK = ~0xfffn;

function hex(word: bigint | undefined): string {
  return word === undefined ? "none" : `0x${word.toString(16)}`;
}

/** Collects problems over the phases of one log. */
class Relations {
  readonly problems: BootProblem[] = [];
  readonly #options: RelationOptions;
  /**
   * Before the handoff, from it to the arguments, from there to the program's first instruction,
   * and its run.
   */
  readonly #phases: { startup: LogItem[]; loading: LogItem[]; start: LogItem[]; run: LogItem[] };

  constructor(items: readonly LogItem[], options: RelationOptions) {
    this.#options = options;
    const handoff = items.findIndex(({ type }) => type === "stack-handoff");
    const first = items.findIndex(({ type }) => type === "exception-return");
    const second = items.findIndex((item, index) =>
      index > first && item.type === "exception-return"
    );
    this.#phases = {
      startup: items.slice(0, handoff + 1),
      loading: items.slice(handoff + 1, first),
      start: items.slice(first, second + 1),
      run: items.slice(second + 1),
    };
  }

  check(): void {
    this.#checkStartup();
    this.#checkLoading();
    this.#checkStart();
    this.#checkPages();
    this.#checkCalls();
    this.#checkInterrupts();
  }

  #expect(holds: boolean, problem: { item: LogItem | undefined; message: string }): void {
    if (!holds) this.problems.push({ at: problem.item?.at ?? -1, message: problem.message });
  }

  /**
   * Each thread gets the CPU from the one before; the first gives it away without having blocked on
   * a continuation.
   */
  #checkStartup(): void {
    const moves = [
      ...only(this.#phases.startup, "context-switch"),
      ...only(this.#phases.startup, "stack-handoff"),
    ];
    const starters = new Set<bigint>();
    for (const [index, item] of moves.entries()) {
      const before = moves[index - 1]?.to.address ?? item.from.address;
      this.#expect(item.from.address === before, {
        item,
        message: `Expected ${hex(before)} to give up the CPU, found ${hex(item.from.address)}`,
      });
      this.#expect(!starters.has(item.to.address) && item.to.address !== item.from.address, {
        item,
        message: `Expected a thread that did not run yet, found ${hex(item.to.address)}`,
      });
      starters.add(item.from.address);
      if (item.type !== "context-switch") continue;
      this.#expect(item.toContinuation !== 0n, {
        item,
        message: "Expected a thread that starts at a continuation, found one that kept its stack",
      });
    }
  }

  /**
   * The program's pages are touched once each, upwards; the stack lies at the top of the user half.
   */
  #checkLoading(): void {
    const { loading } = this.#phases;
    const loaded = loading.findIndex(({ type }) => type === "text");
    const segments = only(loading.slice(0, loaded), "exception");
    const stack = only(loading.slice(loaded), "exception");
    const touched: bigint[] = [];
    for (const item of [...segments, ...stack]) {
      const address = this.#address(item) ?? 0n;
      const page = address & PAGE_MASK;
      const before = touched.at(-1) ?? -1n;
      this.#expect(page > before, {
        item,
        message: `Expected a page above ${hex(before)} to be copied out, found ${hex(address)}`,
      });
      touched.push(page);
    }
    const { pages, profile: { stackFloor } } = this.#options;
    const [top] = stack;
    const argv = top && this.#address(top);
    this.#expect(argv !== undefined && argv >= stackFloor, {
      item: top,
      message: `Expected the stack to be above ${hex(stackFloor)}, found ${hex(argv)}`,
    });
    const found = touched.slice(0, segments.length);
    if (pages === undefined || found.join() === pages.join()) return;
    this.#expect(false, {
      item: loading[0],
      message: `Expected pages ${pages.map(hex).join(" ")} to be copied out, found ${
        found.map(hex).join(" ")
      }`,
    });
  }

  /** One thread is loaded, interrupted before its first instruction, and resumed there. */
  #checkStart(): void {
    const { startup, start, run } = this.#phases;
    const thread = only(startup, "stack-handoff")[0]?.to.address;
    const [ast] = only(start, "ast");
    const [away, back] = only(start, "context-switch");
    const same = [ast?.thread.address, away?.from.address, back?.to.address];
    this.#expect(same.every((address) => address === thread), {
      item: start[0],
      message: `Expected thread ${hex(thread)} throughout, found ${same.map(hex).join(", ")}`,
    });
    this.#expect(
      away?.fromContinuation !== 0n && away?.fromContinuation === back?.toContinuation,
      {
        item: back,
        message: `Expected the program to resume at its continuation ${
          hex(away?.fromContinuation)
        }, found ${hex(back?.toContinuation)}`,
      },
    );
    const other = away?.to.address;
    this.#expect(away?.toContinuation === 0n && back?.fromContinuation === 0n, {
      item: back,
      message: "Expected the kernel thread to keep its stack",
    });
    this.#expect(other === back?.from.address, {
      item: back,
      message: `Expected thread ${hex(other)} to give the CPU back, found ${
        hex(back?.from.address)
      }`,
    });
    const entries = only(start, "exception-return").map(({ pc }) => pc);
    const [entry] = entries;
    const [fetch] = only(run, "exception");
    const fetched = fetch && this.#address(fetch);
    this.#expect([...entries, fetched].every((pc) => pc === entry), {
      item: fetch,
      message: `Expected the program to start at ${hex(entry)}, found ${
        [...entries, fetched].map(hex).join(", ")
      }`,
    });
  }

  /** A page is executed for the first time once, and execution goes on where it was refused. */
  #checkPages(): void {
    const pages = new Set<bigint>();
    const { run } = this.#phases;
    for (const [index, item] of run.entries()) {
      if (!isException(item, { kind: "page executed first", profile: this.#options.profile })) {
        continue;
      }
      const address = this.#address(item) ?? 0n;
      this.#expect(!pages.has(address & PAGE_MASK), {
        item,
        message: `Expected a page not executed before, found ${hex(address)}`,
      });
      pages.add(address & PAGE_MASK);
      const [back] = only(run.slice(index), "exception-return");
      this.#expect(back?.pc === address, {
        item,
        message: `Expected a return to ${hex(address)}, found ${hex(back?.pc)}`,
      });
    }
  }

  /**
   * System calls and FP traps leave the fault address alone; the text comes one character a call
   * and is complete.
   */
  #checkCalls(): void {
    const { run } = this.#phases;
    let last: bigint | undefined;
    for (const item of only(run, "exception")) {
      const address = this.#address(item);
      const faults = isException(item, {
        kind: "page executed first",
        profile: this.#options.profile,
      });
      if (!faults && address !== undefined) {
        this.#expect(address === last, {
          item,
          message: `Expected the fault address to stay ${hex(last)}, found ${hex(address)}`,
        });
      }
      last = address ?? last;
    }
    // Whatever follows the last call is the kernel's farewell.
    const texts = only(run.slice(0, run.findLastIndex(({ type }) => type === "exception")), "text");
    for (const item of texts) {
      this.#expect([...item.text].length === 1, {
        item,
        message: `Expected one character a system call, found ${JSON.stringify(item.text)}`,
      });
    }
    const output = texts.map((item) => item.text).join("");
    this.#expect(output === this.#options.output, {
      item: texts.at(-1),
      message: `Expected the program to print ${JSON.stringify(this.#options.output)}, found ${
        JSON.stringify(output)
      }`,
    });
  }

  #checkInterrupts(): void {
    if (this.#options.interrupts === false) return;
    const { startup, loading, start, run } = this.#phases;
    const interrupts = only([...startup, ...loading, ...start, ...run], "irq");
    for (const mode of ["kernel", "user"] as const) {
      this.#expect(interrupts.some((item) => item.mode === mode), {
        item: undefined,
        message: `Expected an interrupt in ${mode} mode, found none`,
      });
    }
  }

  #address(item: ExceptionItem): bigint | undefined {
    return faultAddress(item, this.#options.profile);
  }
}

function only<T extends LogItemBody["type"]>(items: readonly LogItem[], type: T): Of<T>[] {
  return items.filter((item): item is Of<T> => item.type === type);
}

/**
 * Checks what relates the items of a boot.
 * @param items a log the boot grammar accepts
 * @param options what was booted
 * @returns what is wrong, in order of the checks
 */
export function checkBootRelations(
  items: readonly LogItem[],
  options: RelationOptions,
): readonly BootProblem[] {
  const relations = new Relations(items, options);
  relations.check();
  return relations.problems;
}
