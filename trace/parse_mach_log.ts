/**
 * Reads a Mach-style boot log back into items.
 *
 * Every text is a log: what is not a record is text. On real hardware an interrupt's line may land
 * in the middle of another record, because its handler prints while that record is being printed;
 * such a line is taken out first and put after the record it cut.
 *
 * @module
 */
import type { LabelledWord } from "./events.ts";
import { type LogItem, LogItemBuilder } from "./log_items.ts";

const KERNEL_INTERRUPT = "IRQ in kernel!\n";

const ADDRESS = "[0-9a-f]{16}";
const TASK = "[^\\n]*?";

function side(name: string, options: { continuation: boolean }): string {
  const continuation = options.continuation ? `, cont (?<${name}Cont>[0-9a-f]+)` : "";
  return `(?<${name}>${ADDRESS}) \\((?<${name}Task>${TASK})${continuation}\\)`;
}

/** All records as one pattern; which group matched tells which record it is. */
const RECORD = new RegExp(
  "(?:" + [
    `Switch context from ${side("switchFrom", { continuation: true })} to ${
      side("switchTo", { continuation: true })
    }`,
    `Stack handoff from ${side("handoffFrom", { continuation: false })} to ${
      side("handoffTo", { continuation: false })
    }`,
    `(?:Sync exc|Trap) from (?<origin>[^!\\n]+)!\\n(?<words>\\w+: 0x[0-9a-f]+(?:, \\w+: 0x[0-9a-f]+)*)`,
    `(?<userIrq>IRQ from user)`,
    `upfc, kr = (?<kr>-?\\d+)`,
    `thread_exception_return\\(\\) to (?<pc>[0-9a-f]+)`,
    `${side("ast", { continuation: false })} taking an AST`,
  ].join("|") + ")(?:\\n|$)",
  "g",
);

/** A log without the interrupts in the kernel, and where in it each of them was. */
interface Stripped {
  readonly text: string;
  readonly interrupts: readonly number[];
}

function stripInterrupts(log: string): Stripped {
  const parts = log.split(KERNEL_INTERRUPT);
  const interrupts: number[] = [];
  let offset = 0;
  for (const part of parts.slice(0, -1)) {
    offset += part.length;
    interrupts.push(offset);
  }
  return { text: parts.join(""), interrupts };
}

/** Walks a stripped log from front to back and gives each item its line in the whole log. */
class Reader {
  readonly #builder = new LogItemBuilder();
  readonly #stripped: Stripped;
  /** Number of interrupts placed so far. */
  #placed = 0;
  /** Offset up to which the text was read, and the line there. */
  #offset = 0;
  #line = 1;

  constructor(log: string) {
    this.#stripped = stripInterrupts(log);
  }

  read(): LogItem[] {
    const { text } = this.#stripped;
    for (const match of text.matchAll(RECORD)) {
      this.#readText(match.index);
      this.#readRecord(match);
    }
    this.#readText(text.length);
    this.#placeInterrupts();
    return this.#builder.items;
  }

  /** Reads text up to an offset, with the interrupts that lie before or within it. */
  #readText(end: number): void {
    for (let next = this.#nextInterrupt; next < end; next = this.#nextInterrupt) {
      this.#addText(next);
      this.#placeInterrupt();
    }
    this.#addText(end);
    this.#placeInterrupts();
  }

  /** Offset of the next interrupt that has no item yet. */
  get #nextInterrupt(): number {
    return this.#stripped.interrupts[this.#placed] ?? Infinity;
  }

  #addText(end: number): void {
    const piece = this.#stripped.text.slice(this.#offset, end);
    for (const line of piece.split(/(?<=\n)/)) {
      this.#builder.addText(line, this.#line);
      this.#advance(line);
    }
  }

  #readRecord(match: RegExpExecArray): void {
    const line = this.#line;
    const [source] = match;
    const groups = match.groups ?? {};
    const text = (name: string): string => groups[name] ?? "";
    const word = (name: string): bigint => BigInt(`0x${text(name)}`);
    const thread = (name: string): { address: bigint; task: string } => ({
      address: word(name),
      task: text(`${name}Task`),
    });
    if (groups.switchFrom !== undefined) {
      this.#builder.add({
        type: "context-switch",
        from: thread("switchFrom"),
        fromContinuation: word("switchFromCont"),
        to: thread("switchTo"),
        toContinuation: word("switchToCont"),
      }, line);
    } else if (groups.handoffFrom !== undefined) {
      const [from, to] = [thread("handoffFrom"), thread("handoffTo")];
      this.#builder.add({ type: "stack-handoff", from, to }, line);
    } else if (groups.origin !== undefined) {
      const words = parseWords(text("words"));
      this.#builder.add({ type: "exception", origin: groups.origin, words }, line);
    } else if (groups.userIrq !== undefined) {
      this.#builder.add({ type: "irq", mode: "user" }, line);
    } else if (groups.kr !== undefined) {
      this.#builder.add({ type: "page-fault", kr: Number(groups.kr) }, line);
    } else if (groups.pc !== undefined) {
      this.#builder.add({ type: "exception-return", pc: word("pc") }, line);
    } else {
      this.#builder.add({ type: "ast", thread: thread("ast") }, line);
    }
    this.#advance(source);
    this.#placeInterrupts();
  }

  /** Moves over text that became an item. */
  #advance(text: string): void {
    this.#offset += text.length;
    this.#line += text.split("\n").length - 1;
  }

  /** Appends the interrupts whose place was passed. */
  #placeInterrupts(): void {
    while (this.#nextInterrupt <= this.#offset) this.#placeInterrupt();
  }

  #placeInterrupt(): void {
    this.#builder.add({ type: "irq", mode: "kernel" }, this.#line);
    this.#placed++;
    this.#line++;
  }
}

function parseWords(source: string): LabelledWord[] {
  return source.split(", ").map((part) => {
    const [label = "", value = "0x0"] = part.split(": ");
    return { label, value: BigInt(value) };
  });
}

/**
 * The items of a Mach-style log.
 * @param log the text, whole or in part
 * @returns the items, each with its line; equal to those {@linkcode toLogItems} makes of the events
 *   the log was written from,
 * unless a program printed something that looks like a record
 */
export function parseMachLog(log: string): LogItem[] {
  return new Reader(log).read();
}
