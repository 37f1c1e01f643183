/**
 * As much of an editor as speaks the Debug Adapter Protocol to a debug adapter.
 *
 * @module
 */
import { endChild } from "../remote/stub_process.ts";

/** A message of either side. */
interface Message {
  readonly type: "request" | "response" | "event";
  readonly request_seq?: number;
  readonly event?: string;
  readonly success?: boolean;
  readonly message?: string;
  readonly body?: unknown;
}

/** Milliseconds that an answer may take. */
const PATIENCE = 30_000;

/** An editor at an adapter, which runs as a process of its own. */
export class AdapterClient implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #events: Message[] = [];
  #wake: (() => void) | undefined;
  #count = 0;

  /** Takes the adapter's process over. */
  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    void this.#read();
  }

  /** Asks for something; the body of the answer. Throws what the adapter says went wrong. */
  async ask<T>(command: string, args: Record<string, unknown> = {}): Promise<T> {
    const seq = ++this.#count;
    const request = JSON.stringify({ seq, type: "request", command, arguments: args });
    const bytes = new TextEncoder().encode(request);
    const head = new TextEncoder().encode(`Content-Length: ${bytes.length}\r\n\r\n`);
    const answered = new Promise<Message>((resolve) => this.#answers.set(seq, resolve));
    await this.#writer.write(Uint8Array.of(...head, ...bytes));
    const { success, message, body } = await within(answered, command);
    if (success !== true) throw new Error(`${command}: ${message}`);
    return body as T;
  }

  /** Waits for an event; its body. Events before it are forgotten. */
  async event<T>(name: string): Promise<T> {
    const found = (async () => {
      for (;;) {
        for (let each = this.#events.shift(); each !== undefined; each = this.#events.shift()) {
          if (each.event === name) return each.body as T;
        }
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    })();
    return await within(found, name);
  }

  /** Ends the adapter. */
  async [Symbol.asyncDispose](): Promise<void> {
    await endChild(this.#child);
    await this.#writer.abort().catch(() => undefined);
  }

  async #read(): Promise<void> {
    let rest: Uint8Array = new Uint8Array();
    for await (const chunk of this.#child.stdout) {
      rest = Uint8Array.of(...rest, ...chunk);
      for (;;) {
        const text = new TextDecoder("latin1").decode(rest);
        const head = /Content-Length: (\d+)\r\n\r\n/.exec(text);
        if (head === null) break;
        const begin = head.index + head[0].length;
        const end = begin + Number(head[1]);
        if (rest.length < end) break;
        this.#received(JSON.parse(new TextDecoder().decode(rest.subarray(begin, end))));
        rest = rest.slice(end);
      }
    }
  }

  #received(message: Message): void {
    if (message.type === "response") this.#answers.get(message.request_seq ?? 0)?.(message);
    if (message.type !== "event") return;
    this.#events.push(message);
    this.#wake?.();
  }
}

async function within<T>(action: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No ${what} came`)), PATIENCE);
  });
  try {
    return await Promise.race([action, late]);
  } finally {
    clearTimeout(timer);
  }
}
