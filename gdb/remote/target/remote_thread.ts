/**
 * A thread at the other end of a wire.
 *
 * @module
 */
import type { TargetThread } from "../../../debug/target/mod.ts";
import type { RegisterSet } from "../../../unwind/walk/mod.ts";
import { joinBytes } from "../../../util/join_bytes.ts";
import type { PlacedRegister, ThreadId } from "../../protocol/mod.ts";
import type { Stub } from "../stub/stub.ts";
import { NotFetchedError } from "./not_fetched.ts";
import { RegisterBytes, type RegisterLayout, registerSet, wordOf } from "./register_layout.ts";

/** What a thread is made of. */
interface ThreadInit {
  readonly thread: ThreadId;
  readonly layout: RegisterLayout;
  readonly name?: string | undefined;
  readonly state?: string | undefined;
}

/** A thread, with the registers that it had when the target was opened. */
export class RemoteThread implements TargetThread {
  readonly id: number;
  readonly name: string | undefined;
  readonly state: string | undefined;
  readonly registers: RegisterSet;
  readonly threadPointer: bigint | undefined;
  readonly #stub: Stub;
  readonly #init: ThreadInit;
  readonly #sent: RegisterBytes;
  /** Registers that were asked for one by one, by number; undefined if they are not to be had. */
  readonly #single: Map<number, Uint8Array | undefined>;

  /** Asks for the registers of a thread. Throws `RemoteError`. */
  static async read(stub: Stub, init: ThreadInit): Promise<RemoteThread> {
    const { thread, layout } = init;
    const sent = new RegisterBytes(await stub.registers(thread));
    const single = new Map<number, Uint8Array | undefined>();
    const wanted = Array.from(layout.general(), ([, register]) => register);
    for (const register of [...wanted, layout.threadPointer]) {
      if (register === undefined || sent.has(register) || single.has(register.number)) continue;
      single.set(register.number, await stub.register(thread, register.number));
    }
    return new RemoteThread(stub, init, { sent, single });
  }

  private constructor(stub: Stub, init: ThreadInit, registers: {
    readonly sent: RegisterBytes;
    readonly single: Map<number, Uint8Array | undefined>;
  }) {
    this.#stub = stub;
    this.#init = init;
    this.#sent = registers.sent;
    this.#single = registers.single;
    this.id = init.thread.thread;
    this.name = init.name;
    this.state = init.state;
    const { layout } = init;
    this.registers = registerSet(layout, (register) => this.#bytes(register));
    const pointer = layout.threadPointer;
    const bytes = pointer === undefined ? undefined : this.#bytes(pointer);
    this.threadPointer = bytes === undefined ? undefined : wordOf(bytes);
  }

  vector(dwarf: number): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (const register of this.#init.layout.vectorParts(dwarf)) {
      const bytes = this.#bytes(register);
      if (bytes === undefined) break;
      parts.push(bytes);
    }
    return parts.length === 0 ? undefined : joinBytes(parts);
  }

  #bytes(register: PlacedRegister): Uint8Array | undefined {
    if (this.#sent.has(register)) return this.#sent.of(register);
    const { number, name } = register;
    if (this.#single.has(number)) return this.#single.get(number);
    throw new NotFetchedError(`Register ${name}`, async () => {
      this.#single.set(number, await this.#stub.register(this.#init.thread, number));
    });
  }
}
