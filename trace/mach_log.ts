/**
 * The boot log in the wording of GNU Mach's AArch64 port.
 *
 * Console output and kernel messages appear as they are, without a newline added, so a character
 * the program prints stands right before the record that follows it. Events that log has no words
 * for (system calls, life cycles, idling, FP ownership, the halt) print nothing, with one
 * exception: a task that was killed gets a line of its own, which says why.
 *
 * @module
 */
import type {
  ContextSwitchEvent,
  DeadlockedThread,
  ExceptionEvent,
  KernelEvent,
  ThreadRef,
} from "./events.ts";
import { TextSink, type TextWriter } from "./text_sink.ts";

/**
 * Writes events as a Mach-style log.
 *
 * @example A boot log as text
 * ```ts
 * // deno run --allow-ffi --allow-env example.ts
 * import { archByName, MachLog, Machine, moduleHello } from "@trapline/trapline";
 *
 * let log = "";
 * const sinks = [new MachLog((text) => log += text)];
 * using machine = new Machine({
 *   arch: archByName("aarch64"),
 *   modules: [await moduleHello("aarch64")],
 *   sinks,
 * });
 * machine.run();
 * console.log(log);
 * ```
 */
export class MachLog extends TextSink {
  #lineOpen = false;

  /**
   * Makes a log.
   * @param writer called with each piece of text, in order
   */
  constructor(writer: TextWriter) {
    super(writer);
  }

  /** Text of an event; empty if the log does not show it. */
  protected override format(event: KernelEvent): string {
    const text = formatMachEvent(event, { lineOpen: this.#lineOpen });
    if (text !== "") this.#lineOpen = !text.endsWith("\n");
    return text;
  }
}

/**
 * Text of one event in the Mach log.
 * @param event the event
 * @param options whether the last text written left its line open
 * @returns the text with its newline; empty if the log does not show such events
 */
export function formatMachEvent(event: KernelEvent, options: { lineOpen: boolean }): string {
  switch (event.type) {
    case "message":
    case "console":
      return event.text;
    case "context-switch":
      return `${formatSwitch(event)}\n`;
    case "stack-handoff":
      return `Stack handoff from ${formatThread(event.from)} to ${formatThread(event.to)}\n`;
    case "exception":
      return `${formatException(event)}\n`;
    case "irq":
      return event.mode === "kernel" ? "IRQ in kernel!\n" : "IRQ from user\n";
    case "page-fault":
      return `upfc, kr = ${event.kr}\n`;
    case "exception-return":
      return `thread_exception_return() to ${formatWord(event.pc)}\n`;
    case "ast":
      return `${formatThread(event.thread)} taking an AST\n`;
    case "task-exit": {
      if (event.reason === undefined) return "";
      return `${options.lineOpen ? "\n" : ""}${event.task} killed: ${event.reason}\n`;
    }
    case "panic": {
      const newline = options.lineOpen ? "\n" : "";
      return `${newline}${formatThread(event.thread)} unwinding: ${event.reason}\n`;
    }
    case "blocked": {
      const at = event.label === 0n ? "its kernel stack" : formatWord(event.label);
      return `${options.lineOpen ? "\n" : ""}${
        formatThread(event.thread)
      } waits for ${event.wait}, ` +
        `cont ${event.continuation} at ${at}\n`;
    }
    case "deadlock":
      return `${options.lineOpen ? "\n" : ""}deadlock: ${formatCycle(event.cycle)}\n`;
    case "policy-fault":
      return `${options.lineOpen ? "\n" : ""}policy "${event.policy}" is put out: ` +
        `${event.call}(${event.arguments.slice(1, -1)}) ${event.reason}; round robin takes over\n`;
    case "deadline-miss":
      return `${options.lineOpen ? "\n" : ""}${
        formatThread(event.of)
      } misses the deadline ${event.deadline} of job ${event.job}\n`;
    case "job-complete": {
      if (event.lateness === null || event.lateness <= 0) return "";
      return `${options.lineOpen ? "\n" : ""}${
        formatThread(event.of)
      } is done with job ${event.job}, ${event.lateness} late\n`;
    }
    case "frame":
    case "landing":
    case "unwind-resume":
    case "unwind-end":
    case "task-create":
    case "thread-create":
    case "thread-exit":
    case "syscall":
    case "handler-entry":
    case "handler-return":
    case "fp-switch":
    case "parameters":
    case "ready":
    case "decision":
    case "handoff":
    case "job-release":
    case "idle":
    case "halt":
      return "";
  }
}

/** Who wants what of whom. */
function formatCycle(cycle: readonly DeadlockedThread[]): string {
  return cycle.map(({ thread, mutex }, i) => {
    const { thread: owner } = cycle[(i + 1) % cycle.length] ?? { thread };
    return `${formatThread(thread)} wants mutex ${mutex} of ${formatThread(owner)}`;
  }).join(", ");
}

/** A machine word in hexadecimal without prefix or padding. */
function formatWord(word: bigint): string {
  return BigInt.asUintN(64, word).toString(16);
}

function formatAddress(address: bigint): string {
  return formatWord(address).padStart(16, "0");
}

function formatThread({ address, task }: ThreadRef): string {
  return `${formatAddress(address)} (${task})`;
}

function formatSwitch(event: ContextSwitchEvent): string {
  const side = ({ address, task }: ThreadRef, continuation: bigint): string =>
    `${formatAddress(address)} (${task}, cont ${formatWord(continuation)})`;
  const from = side(event.from, event.fromContinuation);
  return `Switch context from ${from} to ${side(event.to, event.toContinuation)}`;
}

function formatException({ origin, words }: ExceptionEvent): string {
  const header = origin.startsWith("EL") ? "Sync exc" : "Trap";
  const body = words.map(({ label, value }) => `${label}: 0x${formatWord(value)}`).join(", ");
  return `${header} from ${origin}!\n${body}`;
}
