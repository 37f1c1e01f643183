/**
 * Drives the agent of a guest program: writes what is to be done into its record, runs the machine
 * until the agent waits again, and has host functions answered on the way.
 *
 * @module
 */
import type { Machine } from "../../kernel/mod.ts";
import { AgentRecord, agentSymbol } from "./agent_record.ts";
import { CoroutineError } from "../errors.ts";
import type {
  Answer,
  DriverEvents,
  DriverOptions,
  Finished,
  Reply,
  Request,
  Stop,
} from "./exchange.ts";
import { GuestMemory } from "./memory.ts";
import { Action, Operation, RECORD, VERSION } from "./record.ts";

/** An operation that has begun and not ended. */
interface Open {
  /** What it is, for messages. */
  readonly action: string;
  /** Instructions it may take. */
  budget: number;
  /** Count of the CPU's instructions at which they are used up. */
  end: number;
}

/** A host function that runs. */
interface Call {
  /** Stack pointer of its call. */
  readonly sp: bigint;
  /** Whether the agent serves operations inside of it. */
  served: boolean;
  /** Whether another thread than the agent's has called it. */
  readonly isElsewhere: boolean;
}

/** What broke an operation off. */
interface Break {
  readonly error: unknown;
}

/** Operations were served in host functions whose callers have ended. */
interface Loss {
  /** How many host functions still have a caller. */
  readonly depth: number;
  /** What those that do not are left by. */
  readonly error: CoroutineError;
}

/** Instructions a program may take until its agent waits for the first time. */
const BOOT_BUDGET = 200_000_000;

/** The agent of a machine's only program. */
export class Driver {
  /** The machine. */
  readonly machine: Machine;
  /** Memory of the program. */
  readonly memory: GuestMemory;
  /** The agent's record. */
  readonly record: AgentRecord;
  readonly #name: string;
  readonly #wait: bigint;
  readonly #host: bigint | undefined;
  readonly #budget: number;
  readonly #events: DriverEvents;
  #open: Open[] = [];
  #calls: Call[] = [];
  #broken: Break | null = null;
  #loss: Loss | null = null;
  /** How often {@linkcode Driver.#advance} is at work. */
  #runs = 0;
  /** What has come to its end since it was broken off. */
  #finished: Finished[] = [];

  /** A driver of a machine that runs nothing but its program; {@linkcode boot} comes next. */
  constructor(machine: Machine, options: DriverOptions) {
    const { elf, name, task, budget, events } = options;
    this.machine = machine;
    this.#name = name;
    const record = agentSymbol(elf, { name: "coro_agent_record", program: name });
    this.#wait = agentSymbol(elf, { name: "coro_agent_wait", program: name });
    this.#host = elf.symbolNamed("coro_agent_host")?.value;
    this.#budget = budget;
    this.#events = events;
    for (const address of [this.#wait, this.#host]) {
      if (address !== undefined) machine.addBreakpoint(address);
    }
    this.memory = new GuestMemory({
      read: (address, size) => machine.readMemory(address, size, { task }),
      write: (address, bytes) => machine.writeMemory(address, bytes, { task }),
      text: (address, limit) => machine.readText(address, { task, limit }),
      allocate: (size) => this.#allocate(size),
      free: (address, size) => this.#free(address, size),
    });
    this.record = new AgentRecord(this.memory, record);
  }

  /**
   * Runs the program until its agent waits.
   * @throws {CoroutineError} of kind `program` if it does not come to that, or has another version
   *   of the agent
   */
  boot(): void {
    this.#begin(`boot ${this.#name}`, BOOT_BUDGET);
    this.#advance();
    this.#open.pop();
    const version = this.record.word(RECORD.version);
    if (version === VERSION) return this.record.greet();
    throw new CoroutineError(
      "program",
      `Cannot drive ${this.#name}: its agent has version 0x${version.toString(16)}, expected ` +
        `0x${VERSION.toString(16)}`,
    );
  }

  /**
   * Finds out where the machine is, after it has been made what it was at another time: what it was
   * in the middle of is left to {@linkcode Driver.proceed}.
   */
  resynchronize(): void {
    const { depth, isBusy } = this.record;
    const action = "go on from a snapshot";
    this.#calls = Array.from(
      { length: depth },
      () => ({ sp: 0n, served: true, isElsewhere: false }),
    );
    this.#open = Array.from(
      { length: depth + (isBusy ? 1 : 0) },
      () => ({ action, budget: this.#budget, end: 0 }),
    );
    const error = new CoroutineError(
      "foreign",
      "Cannot go on with a host function of another time: it has not come back",
    );
    this.#broken = this.#open.length === 0 ? null : { error };
    this.#finished = [];
    this.#loss = null;
  }

  /** Whether an operation has been broken off and not come to its end. */
  get broken(): boolean {
    return this.#broken !== null;
  }

  /** Whether the agent waits: what was broken off has come to its end. */
  get isIdle(): boolean {
    return this.#waits;
  }

  /**
   * Has the agent do something.
   * @throws {CoroutineError} of kind `busy`, `budget`, `stopped` or `halted`
   */
  operate(request: Request): Reply {
    const { action } = request;
    this.checkIdle(action);
    this.#serve();
    this.record.submit(request);
    this.#begin(action, this.#budget);
    return this.#finish();
  }

  /**
   * Goes on with what was broken off, to the end of the outermost operation. Host functions that
   * were left by an error fail with that error.
   * @param budget instructions for the rest
   * @returns every operation that has come to its end, the outermost last
   */
  proceed(budget: number = this.#budget): Finished[] {
    const broken = this.#broken;
    this.checkOutside("proceed");
    if (broken === null) {
      throw new CoroutineError("busy", "Cannot proceed: expected an operation that was broken off");
    }
    this.#broken = null;
    for (const open of this.#open) Object.assign(open, { budget, end: this.#spend(budget) });
    while (this.#open.length > 0) {
      if (this.#calls.length < this.#open.length) {
        const reply = this.#finishOrLose();
        this.#finished.push({ ...reply, ...this.record.done() });
      } else {
        if (!this.#waits) this.#advance();
        this.#leave(this.#events.raise(broken.error));
      }
    }
    return this.#finished.splice(0);
  }

  /**
   * Refuses what cannot be done in a host function, sink or `onStop`.
   * @throws {CoroutineError} of kind `busy`
   */
  checkOutside(action: string): void {
    if (this.#runs === 0) return;
    throw new CoroutineError(
      "busy",
      `Cannot ${action} in the middle of a call of the host's: expected it to have come back`,
    );
  }

  /**
   * Refuses an operation while another has not come to its end.
   * @throws {CoroutineError} of kind `busy`, `foreign` or `halted`
   */
  checkIdle(action: string): void {
    if (this.#loss !== null) throw this.#loss.error;
    if (this.#calls.at(-1)?.isElsewhere === true) {
      throw new CoroutineError(
        "foreign",
        `Cannot ${action} in a host function that another thread has called: expected the ` +
          "program's first",
      );
    }
    if (this.#open.length === 0 && this.#broken === null && !this.#waits) this.#settle(action);
    const broken = this.#broken;
    const open = this.#open.length;
    // Within another operation, only a host function can ask for more.
    const fits = open === 0 ? this.#waits : open === this.#calls.length;
    if (broken === null && fits) return;
    throw new CoroutineError(
      "busy",
      `Cannot ${action}: expected a call of proceed, as the host has not come to the end of ` +
        `${this.#open.at(-1)?.action ?? "what its machine was made to do"}`,
      broken === null ? {} : { cause: broken.error },
    );
  }

  /** The machine has been run, or made what it was at another time, without this host. */
  #settle(action: string): void {
    const { depth, isBusy } = this.record;
    if (isBusy || depth > 0) return this.resynchronize();
    this.#begin(action, this.#budget);
    this.#advance();
    this.#open.pop();
  }

  #begin(action: string, budget: number): void {
    this.#open.push({ action, budget, end: this.#spend(budget) });
  }

  #spend(budget: number): number {
    return Math.min(Number.MAX_SAFE_INTEGER, this.machine.cpu.instructions + budget);
  }

  /** The same where no host function waits: with it, those may end that it was served in. */
  #finishOrLose(): Reply {
    try {
      return this.#finish();
    } catch (error) {
      if (this.#loss === null) throw error;
      this.#open.length = this.#calls.length = this.#loss.depth;
      this.#loss = null;
      return this.record.reply();
    }
  }

  /** Runs the innermost operation to its end. */
  #finish(): Reply {
    const { action } = this.#open.at(-1) as Open;
    this.#advance();
    this.#open.pop();
    const reply = this.record.reply();
    const { depth } = reply;
    if (depth < this.#calls.length) {
      const error = new CoroutineError(
        "halted",
        `Cannot ${action} to its end: the coroutine on whose stack it ran has ended`,
      );
      this.#loss = { depth, error };
      throw error;
    }
    return reply;
  }

  /** Runs until the agent waits; answers calls of host functions. */
  #advance(): void {
    this.#runs++;
    try {
      do {
        if (this.#isCall && !this.#answer()) return;
      } while (this.#run() !== "waits");
    } catch (error) {
      if (this.#loss !== null) this.#open.pop();
      else this.#broken ??= { error };
      throw error;
    } finally {
      this.#runs--;
    }
  }

  /**
   * Whether the machine is where the agent waits. It may stop there again before it goes on, if an
   * interrupt comes first.
   */
  get #waits(): boolean {
    return this.#isAt(this.#wait) && !this.record.isBusy;
  }

  /** Whether the machine is at a call of a host function that has no answer yet. */
  get #isCall(): boolean {
    return this.#isAt(this.#host) && this.record.isAsking(this.machine.cpu.sp);
  }

  #isAt(address: bigint | undefined): boolean {
    const { cpu } = this.machine;
    return cpu.pc === address && cpu.userMode;
  }

  /** Runs until the next stop that is the host's. */
  #run(): "waits" | "call" {
    const { machine } = this;
    for (;;) {
      const { action, budget, end } = this.#open.at(-1) as Open;
      const left = end - machine.cpu.instructions;
      const result = left > 0 ? machine.run(left) : { kind: "paused" } as const;
      switch (result.kind) {
        case "halted":
          throw this.#events.ended(action, result.reason);
        case "paused":
          throw new CoroutineError(
            "budget",
            `Cannot ${action} in ${budget} instructions: expected it to come to its end, or to ` +
              "yield",
          );
        case "breakpoint":
          if (this.#waits) return "waits";
          if (this.#isCall) return "call";
          if (!this.#isAt(this.#wait) && !this.#isAt(this.#host)) this.#tell(action, result);
          break;
        case "watchpoint":
          this.#tell(action, result);
          break;
      }
    }
  }

  /** A stop that is somebody else's. */
  #tell(action: string, stop: Stop): void {
    if (this.#events.stopped(stop)) return;
    const what = stop.kind === "breakpoint"
      ? `breakpoint at 0x${stop.address.toString(16)}`
      : `watchpoint at 0x${(stop.hits[0]?.address ?? 0n).toString(16)}`;
    throw new CoroutineError(
      "stopped",
      `Cannot ${action} before the ${what}: expected onStop, or a call of proceed`,
    );
  }

  /**
   * Answers the host function's call that the machine has come to. Returns whether there is still
   * somebody to answer to; if not, the operation has come to its end.
   */
  #answer(): boolean {
    const { sp } = this.machine.cpu;
    const call = this.record.callAt(sp);
    this.#calls.push({ sp, served: false, isElsewhere: !this.#events.isAgentRunning() });
    const answer = this.#events.answer(call);
    if (this.#broken !== null) throw this.#broken.error;
    const loss = this.#loss;
    if (loss === null) {
      this.#leave(answer);
      return true;
    }
    this.#calls.pop();
    if (loss.depth < this.#calls.length) throw loss.error;
    this.#loss = null;
    return false;
  }

  /** Gives a host function's answer. */
  #leave(answer: Answer): void {
    const { sp, served } = this.#calls.pop() as Call;
    this.record.answer(served ? null : sp, answer);
  }

  /** Has the agent serve operations, before the first that a host function asks for. */
  #serve(): void {
    const call = this.#calls.at(-1);
    if (call === undefined || call.served) return;
    this.record.answer(call.sp, { action: Action.SERVE, value: 0n });
    call.served = true;
    this.#advance();
  }

  #allocate(size: number): bigint {
    const { value, outcome } = this.operate({
      operation: Operation.ALLOCATE,
      words: [BigInt(size)],
      action: `allocate ${size} bytes`,
    });
    if (outcome === 0n) return value;
    throw new CoroutineError(
      "value",
      `Cannot allocate ${size} bytes: the kernel answered ${outcome}, expected less`,
    );
  }

  #free(address: bigint, size: number): void {
    this.operate({
      operation: Operation.FREE,
      words: [address, BigInt(size)],
      action: `free ${size} bytes`,
    });
  }
}
