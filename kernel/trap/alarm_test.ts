// The one-shot timer: what has a time happens then, and nothing interrupts otherwise.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SchedError } from "../../sched/errors.ts";
import type { Policy } from "../../sched/policy.ts";
import { RoundRobin } from "../../sched/policies/sharing/round_robin.ts";
import { InterruptLine } from "../clock.ts";
import { KernelError } from "../errors.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, ScriptProgram, SYS } from "../testing/script_program.ts";
import { Session, type SessionOptions } from "../testing/session.ts";

const START = 150_000;

/** Round robin that notes what it is told. */
class Noting extends RoundRobin {
  readonly charged: [thread: number, elapsed: number][] = [];
  override tick(...[thread, charge]: Parameters<RoundRobin["tick"]>): boolean {
    this.charged.push([thread, charge.elapsed]);
    return super.tick(thread, charge);
  }
}

for (const arch of ARCH_NAMES) {
  Deno.test(`MachineOptions.timer ${arch}, slices end exactly, whatever the kernel's time`, () => {
    const policy = new Noting({ quantum: 1_500 });
    const programs = [`busy ${START} 40000`, `busy ${START} 40000`];
    using session = new Session({ arch, programs, policy });
    assertEquals(session.machine.kernel.timers.oneShot, true);
    assertEquals(session.finish().reason, "all tasks have ended");
    StreamModel.check(session.events);
    const ticks = policy.charged.filter(([thread]) => thread > 8).slice(4, -4);
    assert(ticks.length > 40, `${ticks.length}`);
    for (const [, elapsed] of ticks) assertEquals(elapsed, 1_500);
    const lines = new Set(session.of("irq").map(({ line }) => line));
    assertEquals([...lines], [InterruptLine.ALARM]);
  });

  Deno.test(`MachineOptions.timer ${arch}, who has the CPU alone is not interrupted`, () => {
    using session = new Session({ arch, programs: ["busy 0 300000"], policy: "fifo" });
    session.finish();
    assertEquals(session.of("irq"), []);
  });

  Deno.test(`MachineOptions.timer ${arch}, a sleep ends at its time`, () => {
    const latest = (timer: "periodic" | "one-shot"): number => {
      using session = new Session({ arch, programs: ["sleeper"], timer });
      session.finish();
      assertEquals(session.ending("sleeper"), "exit 0");
      const lates = session.of("syscall").filter(({ name }) => name === "sleep").map((call) => {
        const back = session.of("exception-return").find(({ thread, seq }) =>
          seq > call.seq && thread.address === call.thread.address
        );
        return (back?.time ?? NaN) - call.time - Number(call.args[0]);
      });
      assert(lates.length >= 8);
      return Math.max(...lates);
    };
    assert(latest("one-shot") < 400, `${latest("one-shot")}`);
    assert(latest("periodic") > 2_000, `${latest("periodic")}`);
  });

  Deno.test(`MachineOptions.timer ${arch}, the policy's timer is called at its time`, () => {
    const times: number[] = [];
    class Timed extends RoundRobin {
      override attach(view: Parameters<NonNullable<Policy["attach"]>>[0]): void {
        super.attach(view);
        view.timer(3_000);
      }
      timer(now: number): void {
        times.push(now);
        this.view?.timer(now + 3_000);
      }
    }
    using session = new Session({
      arch,
      programs: [`busy ${START} 30000`],
      policy: new Timed({ quantum: 100_000 }),
    });
    session.finish();
    assertEquals(times, times.map((_, i) => 3_000 * (i + 1)));
    assert(times.length > 50);
  });
}

Deno.test("MachineOptions.timer, is periodic where the policy counts on ticks, and can be chosen", () => {
  const oneShot = (options: Partial<SessionOptions>): boolean => {
    using session = new Session({ arch: "x86_64", programs: [], ...options });
    return session.machine.kernel.timers.oneShot;
  };
  const own = (changes: Partial<Policy>): Policy => {
    const policy = new RoundRobin();
    return Object.assign(policy, changes);
  };
  assertEquals(oneShot({}), false);
  assertEquals(oneShot({ policy: "rr" }), false);
  assertEquals(oneShot({ policy: "rr:quantum=3000" }), true);
  assertEquals(oneShot({ policy: "mlfq:levels=3" }), false);
  assertEquals(oneShot({ policy: "edf" }), true);
  assertEquals(oneShot({ policy: "edf", timer: "periodic" }), false);
  assertEquals(oneShot({ policy: "rr", timer: "one-shot" }), true);
  assertEquals(oneShot({ policy: own({}) }), true);
  assertEquals(oneShot({ policy: own({ slice: undefined as never }) }), false);
});

Deno.test("MachineOptions.policy, options are read, and what they cannot be is said", () => {
  const make = (options: Partial<SessionOptions>): void => {
    using _ = new Session({ arch: "x86_64", programs: [], ...options });
  };
  const kinds = ["rr:levels=3", "none", "rr:quantum", "mlfq:levels=0"].map((policy) =>
    assertThrows(() => make({ policy }), SchedError).kind
  );
  assertEquals(kinds, [
    "unknown-option",
    "unknown-policy",
    "invalid-policy-spec",
    "invalid-option",
  ]);
  const error = assertThrows(() => make({ policy: "rr:quantum=249" }), KernelError);
  assertMatch(error.message, /its quantum is 249, expected at least 250$/);
  assertThrows(() => make({ timer: "never" as never }), KernelError, 'Cannot use timer "never"');
});

Deno.test("MachineOptions.timer, a policy whose timer is always due is put out", () => {
  class Hasty extends RoundRobin {
    override attach(view: Parameters<NonNullable<Policy["attach"]>>[0]): void {
      super.attach(view);
      view.timer(100_000);
    }
    timer(): void {
      this.view?.timer(0);
    }
  }
  const policy = new Hasty({ quantum: 1_000 });
  using session = new Session({ arch: "x86_64", programs: ["busy 0 300000"], policy });
  assertEquals(session.finish().reason, "all tasks have ended");
  assertMatch(session.machine.kernel.policy.fault?.why ?? "", /10001 times in one instant/);
});

Deno.test("MachineOptions.timer, round robin that takes over has whole quanta", () => {
  class Failing extends RoundRobin {
    override tick(...args: Parameters<RoundRobin["tick"]>): boolean {
      if ((this.view?.now ?? 0) > START + 5_000) throw new RangeError("oops");
      return super.tick(...args);
    }
  }
  const programs = [`busy ${START} 100000`, `busy ${START} 100000`];
  const policy = new Failing({ quantum: 700 });
  using session = new Session({ arch: "x86_64", programs, policy, quantum: 2_000 });
  assertEquals(session.finish().reason, "all tasks have ended");
  const [fault] = session.of("policy-fault");
  assert(fault !== undefined);
  const turns = session.of("decision").filter(({ instant, why }) =>
    why === "quantum" && instant > fault.time + 2_500 && instant < fault.time + 60_000
  ).map(({ instant }) => instant);
  assert(turns.length > 20);
  turns.slice(1).forEach((instant, i) => assertEquals(instant - turns[i]!, 2_000));
});

Deno.test("MachineOptions.timer, parameters that a running thread changes count for its slice", () => {
  const ticks: number[] = [];
  class Budgeted extends RoundRobin {
    override slice(thread: number): number {
      return this.view?.parameters(thread).budget || Infinity;
    }
    override tick(...args: Parameters<RoundRobin["tick"]>): boolean {
      ticks.push(args[1].elapsed);
      return super.tick(...args);
    }
  }
  const bytes = new ScriptProgram("x86_64").write(DATA + 41n, 20) // a budget of 20 * 256
    .call(SYS.SET_PARAMETERS, 9, DATA, 56).expect(0, 1).spin(20_000).exit(0).build();
  const programs = [{ commandLine: "a", bytes }];
  using session = new Session({ arch: "x86_64", programs, policy: new Budgeted() });
  session.finish();
  assertEquals(session.ending("a"), "exit 0");
  assertEquals(ticks.slice(1, 6), [5_120, 5_120, 5_120, 5_120, 5_120]);
});
