/**
 * What must hold of every event stream, whatever was run.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type {
  ContextSwitchEvent,
  KernelEvent,
  StackHandoffEvent,
  ThreadRef,
} from "../../trace/events.ts";

/** What is known of a thread that has been created and not exited. */
interface ThreadModel {
  readonly task: string;
  /** Whether it will resume its own kernel stack; else it starts at a continuation. */
  keepsStack: boolean;
  /** Continuation it blocked with, if the stream says so. */
  continuation: bigint | null;
}

/** Follows a stream and asserts the rules of the scheduler and of life cycles. */
export class StreamModel {
  readonly #threads = new Map<bigint, ThreadModel>();
  readonly #exitedTasks: string[] = [];
  readonly #createdTasks: string[] = [];
  #current: bigint | null = null;
  #fpOwner: bigint | null = null;
  #seq = 0;
  #time = 0;
  #halted = false;
  #where = "";

  /** Checks a whole stream. */
  static check(events: Iterable<KernelEvent>): StreamModel {
    const model = new StreamModel();
    for (const event of events) model.write(event);
    return model;
  }

  /** Threads that are alive, by address. */
  get alive(): ReadonlyMap<bigint, { readonly task: string }> {
    return this.#threads;
  }

  /** Takes the next event. */
  write(event: KernelEvent): void {
    this.#where = `${event.type} ${event.seq}`;
    assertEquals(event.seq, this.#seq++, "gap in the stream");
    assert(event.time >= this.#time, `${this.#where}: time goes back`);
    assert(!this.#halted, `${this.#where}: after the halt`);
    this.#time = event.time;
    switch (event.type) {
      case "thread-create":
        this.#require(!this.#threads.has(event.thread), "an object in use is created again");
        this.#threads.set(event.thread, {
          task: event.task,
          keepsStack: false,
          continuation: null,
        });
        break;
      case "thread-exit":
        this.#require(this.#threads.get(event.thread)?.task === event.task, "nobody exits");
        this.#threads.delete(event.thread);
        if (this.#fpOwner === event.thread) this.#fpOwner = null;
        break;
      case "task-create":
        this.#createdTasks.push(event.task);
        break;
      case "task-exit":
        this.#exitedTasks.push(event.task);
        this.#require(
          count(this.#exitedTasks, event.task) <= count(this.#createdTasks, event.task),
          "a task exits twice",
        );
        this.#require((event.code === undefined) !== (event.reason === undefined), "no one reason");
        break;
      case "context-switch":
        this.#contextSwitch(event);
        break;
      case "stack-handoff":
        this.#handoff(event);
        break;
      case "fp-switch":
        this.#require((event.from?.address ?? null) === this.#fpOwner, "not the owner's");
        this.#fpOwner = event.to.address;
        this.#runs(event.to);
        break;
      case "halt":
        this.#halted = true;
        break;
      case "idle":
        this.#require(event.until === event.time, "the clock is not there yet");
        break;
      case "message":
        break;
      case "deadlock":
        for (const { thread: { address } } of event.cycle) {
          this.#require(this.#threads.has(address), "a dead thread waits");
        }
        break;
      default:
        if ("thread" in event && typeof event.thread === "object") this.#runs(event.thread);
    }
  }

  #require(holds: boolean, what: string): void {
    assert(holds, `${this.#where}: ${what}`);
  }

  /** An event that only the running thread can cause. */
  #runs(thread: ThreadRef): void {
    this.#require(this.#current === null || this.#current === thread.address, "does not run");
    this.#require(this.#threads.has(thread.address), "does not live");
  }

  /** Leaves the running thread. It may be dead: then it has given everything away. */
  #leave(from: ThreadRef): ThreadModel | undefined {
    if (this.#current !== null) {
      this.#require(this.#current === from.address, "the thread left is not the one that ran");
    }
    return this.#threads.get(from.address);
  }

  #enter(to: ThreadRef): ThreadModel {
    const model = this.#threads.get(to.address);
    this.#require(model !== undefined && model.task === to.task, "a dead thread runs");
    this.#current = to.address;
    return model as ThreadModel;
  }

  #contextSwitch(event: ContextSwitchEvent): void {
    const old = this.#leave(event.from);
    if (old !== undefined) {
      old.keepsStack = event.fromContinuation === 0n;
      old.continuation = old.keepsStack ? null : event.fromContinuation;
    }
    const next = this.#enter(event.to);
    this.#require(next.keepsStack === (event.toContinuation === 0n), "resumes what it has not");
    if (next.continuation !== null) {
      this.#require(next.continuation === event.toContinuation, "another continuation");
    }
  }

  #handoff(event: StackHandoffEvent): void {
    const old = this.#leave(event.from);
    if (old !== undefined) {
      // Its stack is gone, so it has blocked with a continuation, which the event does not tell.
      old.keepsStack = false;
      old.continuation = null;
    }
    const next = this.#enter(event.to);
    this.#require(!next.keepsStack, "takes over a stack but has one");
  }
}

function count(names: readonly string[], name: string): number {
  return names.filter((other) => other === name).length;
}
