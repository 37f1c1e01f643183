// Scheduling policies that a user brings along.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ARCHES } from "../../arch/mod.ts";
import type { Policy, SchedulerView, ThreadId } from "../../sched/policy.ts";
import { SchedError, simulate } from "../../sched/mod.ts";
import type { Plain } from "../../util/plain.ts";
import { Machine } from "../machine.ts";
import type { MachineOptions } from "../machine_options.ts";
import { decodeSnapshot, encodeSnapshot, SnapshotError } from "../snapshot/mod.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

/** Runs the thread that has run least; a whole policy. */
class FairShare implements Policy {
  readonly name = "fair-share";
  #ready: ThreadId[] = [];
  #used: Record<number, number> = {};

  enqueue(thread: ThreadId): void {
    this.#ready.push(thread);
  }
  dequeue(thread: ThreadId): boolean {
    const before = this.#ready.length;
    this.#ready = this.#ready.filter((each) => each !== thread);
    return this.#ready.length < before;
  }
  forget(thread: ThreadId): void {
    delete this.#used[thread];
  }
  pick(): ThreadId | null {
    const used = (thread: ThreadId) => this.#used[thread] ?? 0;
    const [least = null] = this.#ready.toSorted((a, b) => used(a) - used(b));
    if (least !== null) this.dequeue(least);
    return least;
  }
  tick(running: ThreadId, { elapsed }: { elapsed: number }): boolean {
    this.#used[running] = (this.#used[running] ?? 0) + elapsed;
    return this.#ready.length > 0;
  }
  stopping(running: ThreadId, stop: { elapsed: number }): void {
    this.tick(running, stop);
  }
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

/** The methods of a policy, bound to it, to be changed. */
function parts(own: FairShare): Partial<Policy> {
  return {
    enqueue: (thread) => own.enqueue(thread),
    dequeue: (thread) => own.dequeue(thread),
    forget: (thread) => own.forget(thread),
    pick: () => own.pick(),
    tick: (thread, charge) => own.tick(thread, charge),
    stopping: (thread, stop) => own.stopping(thread, stop),
    save: own.save,
    restore: (state) => own.restore(state),
  };
}

function fail(): never {
  throw new RangeError("oops");
}

Deno.test("Policy, the same class drives the simulator", () => {
  const steps = [{ type: "run", time: 30 }] as const;
  const workload = [{ name: "a", steps }, { name: "b", arrival: 10, steps }];
  const events = [...simulate(workload, new FairShare())];
  assertEquals(events.at(-1), { type: "exit", time: 60, thread: 1 });
});

for (const arch of ARCH_NAMES) {
  Deno.test(
    `MachineOptions.policy ${arch}, a policy object or a function that makes one schedules the machine`,
    { ignore: leftToFull(arch === "x86_64") },
    () => {
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
    },
  );

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

  Deno.test(`MachineOptions.policy ${arch}, what is no policy is refused by what it lacks`, () => {
    const shared = new FairShare();
    using _ = new Machine(options(arch, shared));
    const cases: [unknown, RegExp][] = [
      [shared, /policy "fair-share": another machine or simulation has this object/],
      [7, /it is 7, expected an object/],
      [() => null, /it is null, expected an object/],
      [wrong({ name: "" }), /its name is , expected some text/],
      [{ ...wrong({}), name: "x" }, /"x" has no method enqueue/],
      [wrong({ restore: 1 as never }), /"fair-share" has no method restore/],
    ];
    for (const [policy, message] of cases) {
      const error = assertThrows(() => new Machine(options(arch, policy as Policy)), SchedError);
      assertEquals(error.kind, "invalid-policy");
      assertMatch(error.message, message);
    }
  });

  const misbehaviors: [string, () => Partial<Policy>, RegExp][] = [
    ["picks a thread twice", () => {
      let last: ThreadId | null = null;
      const own = new FairShare();
      return {
        ...parts(own),
        pick: () => last = last !== null && last > 12 ? last : own.pick(),
      };
    }, /^pick returned \d+, which (runs already|is not ready|is none of its threads): expected/],
    [
      "picks an unknown thread",
      () => ({ pick: () => 999 }),
      /^pick returned 999, which is none of/,
    ],
    [
      "picks no thread at all",
      () => ({ pick: () => null }),
      /^pick returned null, and nothing else/,
    ],
    ["picks no number", () => ({ pick: () => undefined as never }), /^pick returned undefined/],
    ["throws", () => ({ stopping: () => fail() }), /^stopping threw RangeError: oops/],
    ["throws when attached", () => ({ attach: () => fail() }), /^attach threw RangeError: oops/],
    [
      "returns no boolean",
      () => ({ tick: () => 1 as never }),
      /^tick returned 1, expected a boolean/,
    ],
    ["loses a thread", () => {
      const own = new FairShare();
      return { ...parts(own), enqueue: (thread) => thread === 11 || own.enqueue(thread) };
    }, /^pick (left thread 11 ready for \d+, expected at most|returned null, and nothing else)/],
  ];
  for (const [what, changes, why] of misbehaviors) {
    // The default limit is millions of instructions.
    const ignore = leftToFull(what === "loses a thread" && arch === "x86_64");
    const name =
      `Machine ${arch}, a policy that ${what} is put out, and the programs run to their ends`;
    Deno.test(name, { ignore }, () => {
      const policy = Object.assign(new FairShare(), changes());
      using session = new Session({
        arch,
        programs: ["threads", "spinner 3000"],
        quantum: 500,
        policy,
      });
      assertEquals(session.finish().reason, "all tasks have ended");
      for (const name of ["threads", "spinner"]) assertEquals(session.ending(name), "exit 0");
      const faults = session.of("policy-fault");
      assertEquals(faults.map(({ policy }) => policy), ["fair-share"]);
      const [{ call, reason } = { call: "", reason: "" }] = faults;
      assertMatch(`${call} ${reason}`, why);
      assertMatch(
        session.log,
        /policy "fair-share" is put out: \w+\(.*\) .*; round robin takes over/,
      );
      const { fault } = session.machine.kernel.policy;
      assertEquals([fault?.call, fault?.why], [call, reason]);
    });
  }

  Deno.test(`Machine.snapshot ${arch}, a policy that keeps what is no plain data is put out`, () => {
    const wanted = { ...options(arch, wrong({ save: () => new Map() as never })) };
    using machine = new Machine(wanted);
    machine.run(30_000);
    const snapshot = machine.snapshot();
    assertMatch(
      machine.kernel.policy.fault?.why ?? "",
      /what it has saved is a Map, expected plain/,
    );
    machine.run(20_000);
    const expected = encodeSnapshot(machine.snapshot());
    const file = decodeSnapshot(encodeSnapshot(snapshot));
    using other = Machine.from(file, { policy: () => new FairShare() });
    assertEquals(other.kernel.policy.fault, machine.kernel.policy.fault);
    other.run(20_000);
    assertEquals(encodeSnapshot(other.snapshot()), expected);
  });

  Deno.test(`SchedulerView ${arch}, a policy's timer is called, on an idle machine too, and a kick makes a CPU pick again`, () => {
    const times: [number, number][] = [];
    class Timed extends FairShare {
      #view: SchedulerView | undefined;
      attach(view: SchedulerView): void {
        this.#view = view;
        view.timer(3_000);
      }
      override tick(): boolean {
        return false; // only the timer makes anybody give way
      }
      timer(now: number): void {
        const view = this.#view;
        if (view === undefined) return;
        times.push([now, view.running(0) ?? -1]);
        view.kick(0);
        view.timer(now + 3_000);
      }
    }
    using session = new Session({
      arch,
      programs: ["spinner 3000", "spinner 3000", "sleeper"],
      quantum: 500,
      policy: new Timed(),
    });
    assertEquals(session.finish().reason, "all tasks have ended");
    assertEquals(session.of("policy-fault"), []);
    for (const [index, [now]] of times.entries()) {
      const late = now - (times[index - 1]?.[0] ?? 0) - 3_000;
      assert(late >= 0 && late < 1_200, `${late} instructions late`);
    }
    assert(times.some(([, running]) => running === -1) || times.length > 10);
    assert(session.of("ast").some(({ reasons }) => reasons.includes("quantum")));
  });

  Deno.test(`SchedulerView ${arch}, a timer in the midst of an instruction is called after it`, () => {
    const late: number[] = [];
    class Fractional extends FairShare {
      #view: SchedulerView | undefined;
      #due = 12_000.5;
      attach(view: SchedulerView): void {
        this.#view = view;
        view.timer(this.#due);
      }
      slice(): number {
        return Infinity;
      }
      timer(now: number): void {
        late.push(now - this.#due);
        this.#due = now + 3_000.25;
        this.#view?.timer(this.#due);
      }
    }
    using session = new Session({
      ...{ arch, programs: ["spinner 3000"], policy: new Fractional(), timer: "one-shot" },
    });
    assertEquals(session.finish().reason, "all tasks have ended");
    assertEquals(session.of("policy-fault"), []);
    assertEquals(late.slice(0, 2), [0.5, 0.75]);
  });
}
