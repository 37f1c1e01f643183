/**
 * Paths without the TypeScript kernel: the machine code of the kernel image on a bare machine.
 *
 * @module
 */
import type { Arch } from "../../arch/arch.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { BareRun } from "./bare_run.ts";
import type { Path } from "./path.ts";

/** Turns of the two threads in a sample. */
const TURNS = 1000;
const TRAPS = 100;
const COPIES = 20;
const KIB = 1024;

/** Words of the block that `switch_first` and `switch_second` share; see `guest/bench`. */
const BLOCK = { first: 0n, second: 8n, routine: 16n, done: 24n, left: 32n } as const;

/** How two threads switch to each other. */
interface SwitchOptions {
  readonly name: string;
  /** Whether the second thread has an address space of its own. */
  readonly ownSpace: boolean;
}

/** Two kernel threads that switch to each other without leaving the guest. */
class SwitchRun extends BareRun {
  readonly #block: bigint;
  #turns = 0;
  #done = 0;

  constructor(arch: Arch, options: SwitchOptions) {
    super(arch, { name: options.name, rounds: 2 * TURNS });
    const { machine } = this;
    const { space } = machine;
    this.#block = space.virtual(machine.frame());
    const second = machine.createThread();
    if (options.ownSpace) machine.setThreadWord(second.address, "TH_ROOT", machine.createRoot());
    const frame = second.stackTop - BigInt(arch.switchFrameSize);
    arch.writeSwitchFrame(space, frame, { resume: machine.kernelLabel("switch_second") });
    machine.setThreadWord(second.address, "TH_KSP", frame);
    this.#write("first", machine.thread);
    this.#write("second", second.address);
    this.#write("routine", machine.routine("switch_context"));
    space.writeU64(machine.kernelLabel("switch_block"), this.#block);
    // The difference of two lengths is loop and nothing else; a first sample has the second
    // thread's beginning in it.
    const [, short = 0, long = 0] = [1, TURNS / 2, TURNS].map((turns) => this.#countTurns(turns));
    this.instructions = (long - short) / TURNS;
    this.extra = long - this.rounds * this.instructions;
    const saved = machine.threadWord(second.address, "TH_KSP");
    if (saved >= second.stackTop || saved < second.stackTop - BigInt(PAGE_SIZE)) {
      this.fail("the second thread has not been switched out on its stack");
    }
  }

  prepare(turns: number = TURNS): void {
    this.#turns = turns;
    this.#write("left", BigInt(turns));
  }

  run(): void {
    this.call(this.machine.kernelLabel("switch_first"), this.#block);
    this.#done += this.#turns;
    if (this.#read("done") !== BigInt(this.#done) || this.#read("left") !== 0n) {
      this.fail(`the second thread has had ${this.#read("done")} turns, not ${this.#done}`);
    }
  }

  #countTurns(turns: number): number {
    this.prepare(turns);
    const before = this.executed;
    this.run();
    return this.executed - before;
  }

  #write(field: keyof typeof BLOCK, value: bigint): void {
    this.machine.space.writeU64(this.#block + BLOCK[field], value);
  }

  #read(field: keyof typeof BLOCK): bigint {
    return this.machine.space.readU64(this.#block + BLOCK[field]);
  }
}

/** A system call that goes straight back to user mode. */
class TrapRun extends BareRun {
  readonly #exit: bigint;
  readonly #thread: bigint;

  constructor(arch: Arch, name: string) {
    super(arch, { name, rounds: TRAPS });
    const { machine, cpu } = this;
    this.#thread = machine.thread;
    machine.start({ mode: "user", pc: machine.userLabel("trap_for_ever") });
    const { frame } = machine.runToTrap();
    cpu.onException(null);
    if (!frame.fromUser || frame.cause().kind !== "syscall") {
      this.fail("the trap is no system call of user mode");
    }
    this.#exit = machine.routine(frame.exitRoutine());
    this.instructions = this.count() / this.rounds;
  }

  prepare(): void {}

  run(): void {
    for (let i = 0; i < TRAPS; i++) this.call(this.#exit, this.#thread);
  }
}

/** One of the routines that move bytes between a user page and a kernel page. */
class CopyRun extends BareRun {
  readonly #routine: bigint;
  readonly #words: readonly [bigint, bigint, bigint];

  constructor(arch: Arch, routine: "copyin" | "copyout") {
    super(arch, { name: routine, rounds: COPIES });
    const { machine } = this;
    this.#routine = machine.routine(routine);
    const user = machine.userStackTop - BigInt(PAGE_SIZE);
    const kernel = machine.space.virtual(machine.frame());
    const ends = routine === "copyin" ? [kernel, user] as const : [user, kernel] as const;
    this.#words = [...ends, BigInt(KIB)];
    const [to, from] = ends.map((address) =>
      machine.cpu.translate(address) ?? this.fail("no page")
    );
    const { memory } = machine;
    memory.slice(from ?? 0n, KIB).fill(0x5a);
    this.instructions = this.count() / this.rounds;
    if (memory.slice(to ?? 0n, KIB).some((byte) => byte !== 0x5a)) this.fail("no bytes arrived");
  }

  prepare(): void {}

  run(): void {
    for (let i = 0; i < COPIES; i++) {
      this.call(this.#routine, ...this.#words);
      if (this.cpu.hypercallWord(0) !== 0n) this.fail("the copy failed");
    }
  }
}

function switchPath(options: SwitchOptions): Path {
  const also = options.ownSpace ? ", each time to another address space" : "";
  return {
    name: options.name,
    round: `switch_context to another thread${also}; the loop around it included`,
    open: (arch) => new SwitchRun(arch, options),
  };
}

/** In-guest switches, the trap alone, and the copy routines. */
export const BARE_PATHS: readonly Path[] = [
  switchPath({ name: "guest switch", ownSpace: false }),
  switchPath({ name: "guest switch, space", ownSpace: true }),
  {
    name: "bare trap",
    round:
      "system call from user mode to the hypercall of the trap stub and back, no kernel behind it",
    open: (arch) => new TrapRun(arch, "bare trap"),
  },
  {
    name: "copyin",
    round: "1 KiB from a mapped user page, in a call of its own",
    open: (arch) => new CopyRun(arch, "copyin"),
  },
  {
    name: "copyout",
    round: "1 KiB to a mapped user page, in a call of its own",
    open: (arch) => new CopyRun(arch, "copyout"),
  },
];
