// Scheduling policies that a user brings along.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ARCHES } from "../arch/mod.ts";
import type { Policy, ThreadId } from "../sched/policy.ts";
import { simulate, summarize } from "../sched/mod.ts";
import type { Plain } from "../util/plain.ts";
import { KernelError } from "./errors.ts";
import { Machine } from "./machine.ts";
import type { MachineOptions } from "./machine_options.ts";
import { decodeSnapshot, encodeSnapshot, SnapshotError } from "./snapshot/mod.ts";
import { ARCH_NAMES, programFile } from "./testing/programs.ts";
import { Session } from "./testing/session.ts";

/** Runs the thread that has run least; a whole policy. */
class FairShare implements Policy {
  readonly name = "fair-share";
  #ready: ThreadId[] = [];
  #used: Record<number, number> = {};

  get size(): number {
    return this.#ready.length;
  }
  enqueue(thread: ThreadId): void {
    this.#ready.push(thread);
  }
  dequeue(thread: ThreadId): boolean {
    const before = this.size;
    this.#ready = this.#ready.filter((each) => each !== thread);
    return this.size < before;
  }
  forget(thread: ThreadId): void {
    this.dequeue(thread);
    delete this.#used[thread];
  }
  pick(): ThreadId | null {
    const used = (thread: ThreadId) => this.#used[thread] ?? 0;
    const [least = null] = this.#ready.toSorted((a, b) => used(a) - used(b));
    if (least !== null) this.dequeue(least);
    return least;
  }
  tick(running: ThreadId, elapsed: number): boolean {
    this.#used[running] = (this.#used[running] ?? 0) + elapsed;
    return this.size > 0;
  }
  stopped(running: ThreadId, { elapsed }: { elapsed: number }): void {
    this.tick(running, elapsed);
  }
  preempts = (): boolean => false;
  // What it goes on changing: the kernel makes copies.
  save = (): Plain => ({ ready: this.#ready, used: this.#used });
  restore(state: Plain): void {
    ({ ready: this.#ready, used: this.#used } = state as {
      ready: ThreadId[];
      used: Record<number, number>;
    });
  }
}

function options(
  arch: (typeof ARCH_NAMES)[number],
  policy: NonNullable<MachineOptions["policy"]>,
): MachineOptions {
  const modules = ["threads", "spinner 3000"].map((commandLine) => ({
    commandLine,
    bytes: programFile(commandLine.split(" ")[0] ?? "", arch),
  }));
  return { arch: ARCHES[arch], modules, memory: 12 * 2 ** 20, quantum: 500, policy };
}

/** A policy that does one thing wrong. */
function wrong(changes: Partial<Policy>): Policy {
  return Object.assign(new FairShare(), changes);
}

Deno.test("Policy, the same class drives the simulator", () => {
  const steps = [{ type: "run", time: 30 }] as const;
  const workload = [{ name: "a", steps }, { name: "b", arrival: 10, steps }];
  const { makespan } = summarize(workload, simulate(workload, new FairShare()));
  assertEquals(makespan, 60);
});

for (const arch of ARCH_NAMES) {
  Deno.test(`MachineOptions.policy ${arch}, a policy object or a function that makes one schedules the machine`, () => {
    const orders = new Set<string>();
    for (const policy of [new FairShare(), () => new FairShare(), "rr"]) {
      using session = new Session({
        arch,
        programs: ["threads", "fpmix", "spinner 3000"],
        quantum: 500,
        policy,
      });
      assertEquals(session.finish().reason, "all tasks have ended");
      for (const name of ["threads", "fpmix", "spinner"]) {
        assertEquals(session.ending(name), "exit 0");
      }
      const expected = typeof policy === "string" ? "rr" : "fair-share";
      assertEquals(session.machine.kernel.policy.name, expected);
      orders.add(session.json);
    }
    assertEquals(orders.size, 2, "both ways of giving it are one policy, and no round robin");
  });

  Deno.test(`MachineOptions.policy ${arch}, a function is told the quantum`, () => {
    const told: unknown[] = [];
    using _ = new Machine(options(arch, (conditions) => {
      told.push(conditions);
      return new FairShare();
    }));
    assertEquals(told, [{ quantum: 500 }]);
  });

  Deno.test(`Machine.snapshot ${arch}, has the state of the user's own policy`, () => {
    using machine = new Machine(options(arch, new FairShare()));
    machine.run(30_000);
    const snapshot = machine.snapshot();
    machine.run(20_000);
    const expected = encodeSnapshot(machine.snapshot());
    machine.restore(snapshot);
    machine.run(20_000);
    assertEquals(encodeSnapshot(machine.snapshot()), expected);

    const file = decodeSnapshot(encodeSnapshot(snapshot));
    using other = Machine.from(file, { policy: () => new FairShare() });
    other.run(20_000);
    assertEquals(encodeSnapshot(other.snapshot()), expected);
  });

  Deno.test(`Machine.from ${arch}, wants the policy that the snapshot was taken under`, () => {
    using machine = new Machine(options(arch, new FairShare()));
    machine.run(30_000);
    const snapshot = machine.snapshot();
    const none = assertThrows(() => Machine.from(snapshot), SnapshotError);
    assertEquals(none.kind, "policy");
    assertMatch(none.message, /its policy "fair-share" is its user's own, expected it in the opt/);
    const policy = () => Object.assign(new FairShare(), { name: "another" });
    const another = assertThrows(() => Machine.from(snapshot, { policy }), SnapshotError);
    assertEquals(another.kind, "machine");
    assertMatch(another.message, /its policy is "fair-share", this machine's is "another"/);
    using named = new Machine(options(arch, "rr"));
    const policyToo = { policy: () => Object.assign(new FairShare(), { name: "rr" }) };
    const own = assertThrows(() => Machine.from(named.snapshot(), policyToo), SnapshotError);
    assertMatch(own.message, /its ownPolicy is false, this machine's is true/);
  });

  Deno.test(`Machine.snapshot ${arch}, of a policy that keeps what is no plain data is refused`, () => {
    using machine = new Machine(options(arch, wrong({ save: () => new Map() as never })));
    const error = assertThrows(() => machine.snapshot(), SnapshotError);
    assertEquals(error.kind, "policy");
    assertMatch(error.message, /policy "fair-share": what it has saved is a Map, expected plain/);
    machine.run(10_000);
  });

  Deno.test(`MachineOptions.policy ${arch}, what is no policy is refused by what it lacks`, () => {
    const shared = new FairShare();
    using _ = new Machine(options(arch, shared));
    const cases: [unknown, RegExp][] = [
      [shared, /policy "fair-share": another machine has this object/],
      [7, /it is 7, expected an object/],
      [() => null, /it is null, expected an object/],
      [wrong({ name: "" }), /its name is , expected some text/],
      [{ ...wrong({}), name: "x" }, /"x" has no method enqueue/],
      [wrong({ restore: 1 as never }), /"fair-share" has no method restore/],
    ];
    for (const [policy, message] of cases) {
      const error = assertThrows(() => new Machine(options(arch, policy as Policy)), KernelError);
      assertEquals(error.kind, "misuse");
      assertMatch(error.message, message);
    }
  });

  Deno.test(`OwnPolicy ${arch}, picking what is not ready stops the run with a typed error`, () => {
    for (const picked of [999, -1, 0, undefined, 1.5]) {
      using machine = new Machine(options(arch, wrong({ pick: () => picked as number })));
      const error = assertThrows(() => machine.run(100_000), KernelError);
      assertEquals(error.kind, "misuse");
      assertMatch(
        error.message,
        /^Cannot run what policy "fair-share" has picked, .*: expected \d/,
      );
    }
  });
}

for (const arch of ARCH_NAMES) {
  Deno.test(`OwnPolicy ${arch}, one that picks none of its ready threads is named by the deadlock`, () => {
    const policy = new FairShare();
    policy.pick = () => null;
    using machine = new Machine(options(arch, policy));
    const result = machine.run();
    assertMatch(
      result.kind === "halted" ? result.reason : "",
      /"fair-share" picks none of \d+ ready/,
    );
  });
}
