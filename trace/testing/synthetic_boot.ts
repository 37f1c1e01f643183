/**
 * A boot made up for tests: the events a machine would emit, with the smallest program that shows
 * everything.
 *
 * @module
 */
import type { BootExpectation } from "../boot_grammar.ts";
import type { BootException, BootProfile } from "../boot_profile.ts";
import type { EventBody, KernelEvent, ThreadRef } from "../events.ts";

/** A made-up boot. */
export interface SyntheticBoot {
  /** Its events. */
  readonly events: readonly KernelEvent[];
  /** `seq` of the events no boot may lack. */
  readonly mandatory: ReadonlySet<number>;
  /** What it is a boot of. */
  readonly expectation: BootExpectation;
}

/** Where the kernel copies from. */
const COPY = 0xffff_0000_4022_28e0n;

/** Where in the last top-level table entry the stack is. */
const STACK_OFFSET = 0x7f_ffff_efb0n;

const PAGES = [0x400000n, 0x401000n, 0x402000n, 0x43c000n];
const OUTPUT = "hi\n";
const NUMBER = { putc: 1n, self: 8n, reboot: 13n };

class Builder {
  readonly events: KernelEvent[] = [];
  readonly mandatory = new Set<number>();
  readonly #profile: BootProfile;
  readonly kernel: ThreadRef[];
  readonly user: ThreadRef = { address: 0xffff_0000_7f92_6ad0n, task: "module-hello" };
  #fault = 0n;

  constructor(profile: BootProfile) {
    this.#profile = profile;
    this.kernel = Array.from({ length: 8 }, (_, index) => ({
      address: 0xffff_0000_7f94_4000n + BigInt(index) * 0x228n,
      task: "gnumach",
    }));
  }

  /** Emits an event no boot may lack. */
  must(body: EventBody): void {
    this.mandatory.add(this.events.length);
    this.may(body);
  }

  /** Emits an event a boot may lack. */
  may(body: EventBody): void {
    this.events.push({ seq: this.events.length, time: this.events.length * 10, cpu: 0, ...body });
  }

  kernelThread(index: number): ThreadRef {
    return this.kernel[index] ?? this.user;
  }

  interrupt(mode: "user" | "kernel"): void {
    this.must({ type: "irq", thread: this.user, mode, line: 0, pc: 0x401000n });
  }

  write(address: bigint, options: { first: boolean }): void {
    this.#trap(options.first ? "first page copied out" : "further page copied out", {
      mode: "kernel",
      address,
    });
  }

  back(pc: bigint): void {
    this.must({ type: "exception-return", thread: this.user, pc });
  }

  #trap(
    name: BootException,
    trap: { mode: "user" | "kernel"; address: bigint; number?: bigint },
  ): void {
    const { addressLabel, shapes } = this.#profile;
    const { origin, labels, values } = shapes[name];
    const other = (label: string) => label === "PC" ? COPY : trap.number ?? 0n;
    const words = labels.map((label) => ({
      label,
      value: values[label] ?? (label === addressLabel ? trap.address : other(label)),
    }));
    this.must({ type: "exception", thread: this.user, mode: trap.mode, origin, name, words });
  }

  fetch(address: bigint): void {
    this.#fault = address;
    this.#trap("page executed first", { mode: "user", address });
    this.must({ type: "page-fault", thread: this.user, address, access: "execute", kr: 0 });
    this.back(address);
  }

  floatingPoint(): void {
    this.#trap("floating point used first", { mode: "user", address: this.#fault });
    this.may({ type: "fp-switch", from: null, to: this.user });
    this.back(0x401010n);
  }

  call(number: bigint): void {
    this.#trap("system call", { mode: "user", address: this.#fault, number });
    this.may({
      type: "syscall",
      thread: this.user,
      number: Number(number),
      name: "call",
      args: [],
    });
  }

  greet(): void {
    this.may({ type: "message", text: "GNU Mach 1.8\nKernel command line: foo=bar\n" });
    this.must({ type: "message", text: `Booting in ${this.#profile.kernelMode}\n` });
    this.must({ type: "message", text: "vm_page: page table size: 256 entries (8k)\n" });
    this.may({ type: "message", text: "Model name: test\n" });
    this.must({ type: "message", text: "module 0: module-hello ${host-port}\n" });
    this.must({ type: "message", text: "1 bootstrap modules\n" });
  }

  startThreads(): void {
    for (let index = 0; index < 7; index++) {
      this.may({ type: "thread-create", task: "gnumach", thread: BigInt(index) });
      this.must({
        type: "context-switch",
        from: this.kernelThread(index),
        fromContinuation: index === 0 ? 0n : 0xffff_0000_4020_9000n,
        to: this.kernelThread(index + 1),
        toContinuation: 0xffff_0000_4020_a000n,
      });
    }
  }

  load(): void {
    this.must({ type: "stack-handoff", from: this.kernelThread(7), to: this.user });
    for (const page of PAGES) this.write(page, { first: page === PAGES[0] });
    this.must({ type: "message", text: "task loaded:" });
    this.write(this.#profile.stackFloor + STACK_OFFSET, { first: true });
    this.must({ type: "message", text: " module-hello 1 2" });
  }

  start(): void {
    const continuation = 0xffff_0000_4022_2a90n;
    const first = this.kernelThread(0);
    this.back(0x401000n);
    this.must({ type: "ast", thread: this.user, reasons: ["quantum"] });
    this.must({
      type: "context-switch",
      from: this.user,
      fromContinuation: continuation,
      to: first,
      toContinuation: 0n,
    });
    this.may({ type: "message", text: "\n\n" });
    this.must({ type: "message", text: "start module-hello: " });
    this.must({
      type: "context-switch",
      from: first,
      fromContinuation: 0n,
      to: this.user,
      toContinuation: continuation,
    });
    this.back(0x401000n);
  }

  run(): void {
    this.fetch(0x401000n);
    this.floatingPoint();
    this.call(NUMBER.self);
    this.back(0x401020n);
    this.interrupt("user");
    this.back(0x401024n);
    this.fetch(0x402004n);
    for (const character of OUTPUT) {
      this.call(NUMBER.putc);
      this.must({ type: "console", thread: this.user, text: character });
      this.back(0x401030n);
    }
    this.call(NUMBER.reboot);
    this.may({ type: "halt", reason: "reboot" });
  }
}

/**
 * Makes up a boot.
 * @param profile what exceptions look like
 */
export function syntheticBoot(profile: BootProfile): SyntheticBoot {
  const builder = new Builder(profile);
  builder.greet();
  builder.startThreads();
  builder.interrupt("kernel");
  builder.load();
  builder.start();
  builder.run();
  return {
    events: builder.events,
    mandatory: builder.mandatory,
    expectation: {
      profile,
      program: "module-hello",
      args: ["module-hello", "1", "2"],
      output: OUTPUT,
      pages: PAGES,
    },
  };
}

/**
 * Numbers events anew, as a machine would that emitted just these.
 * @param events the events
 */
export function renumber(events: readonly KernelEvent[]): KernelEvent[] {
  return events.map((event, seq) => ({ ...event, seq }));
}
