// What the papers and books say of policies, with real threads.
import { assert, assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { START } from "../testing/agreement.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

/** What the kernel takes for a job: two switches, a system call, an interrupt or two. */
const COSTS = 700;

/** A periodic program whose jobs take as long as they say, with what the kernel takes for them. */
function task(time: number, period: number, more = ""): string {
  return `periodic ${START} 1000000 ${time - COSTS} period=${period} ${more}`.trim();
}

/** Runs programs for a time from their beginning on. */
function run(
  arch: ArchName,
  options: { policy: string; programs: readonly string[]; length: number; quantum?: number },
): Session {
  const { policy, programs, length, quantum = 2_000 } = options;
  const session = new Session({ arch, policy, programs, quantum, timer: "one-shot" });
  // A little longer, so that what happens up to the end has been told.
  const { machine } = session;
  while (machine.halted === null && machine.now < START + length + 5_000) machine.run(5_000);
  return session;
}

/** How long each program has had the CPU from the beginning on, in order. */
function shares(
  arch: ArchName,
  options: { policy: string; programs: readonly string[]; length: number; quantum: number },
): { ran: number[]; total: number } {
  const { programs, length } = options;
  using session = run(arch, options);
  const ran = programs.map(() => 0);
  const { threads } = session.machine.kernel;
  let [since, running] = [START, 0n];
  for (const { instant, to } of session.of("decision")) {
    const end = Math.min(instant, START + length);
    const task = threads.find(({ address }) => address === running)?.task.id ?? 0;
    if (task > 0 && end > since) ran[task - 1]! += end - since;
    [since, running] = [Math.max(START, instant), to?.address ?? 0n];
  }
  return { ran, total: ran.reduce((sum, each) => sum + each, 0) };
}

for (const arch of ARCH_NAMES) {
  // Liu and Layland 1973: at full use of the CPU rate monotonic fails where deadlines do not.
  Deno.test(`Published ${arch}, rate monotonic misses deadlines at U = 1, earliest deadline first none`, () => {
    const programs = [task(20_000, 40_000), task(50_000, 100_000)];
    const misses = (policy: string) => {
      using session = run(arch, { policy, programs, length: 600_000 });
      const idle = session.of("decision").filter(({ instant, to }) =>
        to === null && instant > START && instant < START + 600_000
      );
      assert(idle.length <= 6, `${policy}: the CPU was idle ${idle.length} times`);
      return session.of("deadline-miss").map(({ job, of }) => `${of.task} ${job}`).length;
    };
    assertEquals(misses("edf"), 0);
    assert(misses("rm") >= 3);
  });

  // Joseph and Pandya's equation for (C, T) = (1, 4), (1, 5), (3, 9), (3, 18).
  Deno.test(`Published ${arch}, response times from the critical instant are 1, 2, 7 and 18`, () => {
    const unit = 10_000;
    const set = [[1, 4], [1, 5], [3, 9], [3, 18]] as const;
    const programs = set.map(([time, period]) => task(time * unit, period * unit));
    using session = run(arch, { policy: "rm", programs, length: 19 * unit });
    const first = session.of("job-complete").filter(({ job }) => job === 1);
    const responses = first.map(({ release, deadline, lateness }) =>
      Math.ceil((deadline! + lateness! - release) / unit)
    );
    assertEquals(responses.toSorted((a, b) => a - b), [1, 2, 7, 18]);
    assertEquals(session.of("deadline-miss"), []);
  });

  // Abeni and Buttazzo 1998: a thread that wants more than its share harms nobody but itself.
  Deno.test(`Published ${arch}, a constant-bandwidth server isolates a thread that computes for ever`, () => {
    const programs = [
      task(5_000, 10_000, "budget=5000"),
      `busy ${START} 100000000 period=8000 budget=3200`,
    ];
    const misses = (policy: string) => {
      using session = run(arch, { policy, programs, length: 200_000 });
      return session.of("deadline-miss").length;
    };
    assertEquals(misses("cbs"), 0);
    assert(misses("edf") > 10);
    const { ran: [, greedy], total } = shares(arch, {
      ...{ policy: "cbs", programs, length: 200_000, quantum: 2_000 },
    });
    // It has its own bandwidth, and what nobody else needs.
    assert(greedy! >= 80_000 && total === 200_000, `${greedy} of ${total}`);
  });

  // Linux's SCHED_DEADLINE: so much in each period, though nobody else wants the CPU.
  Deno.test(`Published ${arch}, a throttled thread has its bandwidth and leaves the rest idle`, () => {
    const programs = [`busy ${START} 100000000 period=8000 budget=3200`];
    const run = { policy: "deadline", programs, length: 160_000, quantum: 2_000 };
    const { ran } = shares(arch, run);
    assert(Math.abs(ran[0]! - 64_000) <= 3_200, `${ran[0]} of 160000`);
  });

  // Waldspurger 1995: for each pair of threads stride scheduling is off by at most one quantum.
  Deno.test(`Published ${arch}, stride shares are those of the tickets within a quantum`, () => {
    const tickets = [300, 200, 100];
    const programs = tickets.map((weight) => `busy ${START} 100000000 weight=${weight}`);
    const quantum = 1_000;
    const { ran, total } = shares(arch, { policy: "stride", programs, length: 120_000, quantum });
    assertEquals(total, 120_000);
    for (const [i, j] of [[0, 1], [0, 2], [1, 2]] as const) {
      const ideal = (ran[i]! + ran[j]!) * tickets[i]! / (tickets[i]! + tickets[j]!);
      assert(Math.abs(ran[i]! - ideal) <= quantum + COSTS, `${ran[i]}, expected ${ideal}`);
    }
  });

  // Waldspurger and Weihl 1994: lottery shares have a binomial distribution.
  Deno.test(`Published ${arch}, lottery shares are those of the tickets within four deviations`, () => {
    const tickets = [300, 200, 100];
    const programs = tickets.map((weight) => `busy ${START} 100000000 weight=${weight}`);
    const quantum = 1_000;
    const { ran, total } = shares(arch, { policy: "lottery", programs, length: 300_000, quantum });
    const draws = total / quantum;
    ran.forEach((time, i) => {
      const share = tickets[i]! / 600;
      const deviation = quantum * Math.sqrt(draws * share * (1 - share));
      assert(Math.abs(time - total * share) <= 4 * deviation, `${time} of ${total}`);
    });
  });

  // Linux's sched_prio_to_weight: a nice value is a tenth of the CPU, against one other thread.
  Deno.test(`Published ${arch}, shares of cfs and eevdf are those of Linux's nice values`, () => {
    const weights = [1024, 820, 335];
    const programs = [0, 1, 5].map((nice) => `busy ${START} 100000000 nice=${nice}`);
    for (const policy of ["cfs", "eevdf"]) {
      const { ran, total } = shares(arch, { policy, programs, length: 300_000, quantum: 1_000 });
      ran.forEach((time, i) => {
        const ideal = total * weights[i]! / (1024 + 820 + 335);
        assert(Math.abs(time - ideal) < 4_000, `${policy}: ${time}, expected ${ideal}`);
      });
    }
  });

  // Arpaci-Dusseau, Operating Systems: Three Easy Pieces, chapter 7: the convoy, and turns.
  Deno.test(`Published ${arch}, first in first out has 100, 110, 120, and round robin 13, 14, 15 after 0, 1, 2`, () => {
    const ends = (policy: string, times: readonly number[], length: number) => {
      const programs = times.map((time) => `busy ${START} ${time}`);
      using session = run(arch, { policy, programs, length });
      const decisions = session.of("decision").filter(({ instant }) => instant >= START);
      const own = session.machine.kernel.threads.filter(({ task }) => task.id > 0);
      const at = (found: (event: typeof decisions[number], thread: bigint) => boolean) =>
        own.map(({ address }) => decisions.find((event) => found(event, address))!.instant - START);
      return {
        first: at(({ to }, thread) => to?.address === thread),
        last: at(({ from, why }, thread) => why === "ended" && from?.address === thread),
      };
    };
    const unit = 4_000;
    const convoy = ends("fifo", [100, 10, 10].map((time) => time * unit - COSTS), 130 * unit);
    assertEquals(convoy.last.map((time) => Math.ceil(time / unit)), [100, 110, 120]);
    // A turn is that long with what the kernel takes for it.
    const work = 5 * unit - 5 * 250;
    const turns = ends(`rr:quantum=${unit}`, [work, work, work], 20 * unit);
    assertEquals(turns.first, [0, unit, 2 * unit]);
    assertEquals(turns.last.map((time) => Math.ceil(time / unit)), [13, 14, 15]);
  });

  // The same: nobody tells the kernel how long a job takes, which it learns from the ones before.
  Deno.test(`Published ${arch}, the shortest job first has 120, 10, 20, or if those come late 100, 100, 110, but by what remains 120, 10, 20`, () => {
    const unit = 2_000;
    const turnarounds = (policy: string, later: number) => {
      const programs = [100, 10, 10].map((time, i) =>
        `periodic ${START + (i > 0 ? later * unit : 0)} 1000000 ${time * unit - COSTS + 100 * i} ` +
        `period=${200 * unit}`
      );
      using session = run(arch, { policy, programs, length: 740 * unit });
      const jobs = session.of("job-complete").filter(({ job }) => job === 4);
      return session.machine.kernel.threads.filter(({ task }) => task.id > 0)
        .map(({ address }) => jobs.find(({ of }) => of.address === address)!)
        .map(({ release, deadline, lateness }) =>
          Math.ceil((deadline! + lateness! - release) / unit)
        );
    };
    assertEquals(turnarounds("sjf", 0), [120, 10, 20]);
    assertEquals(turnarounds("sjf", 10), [100, 100, 110]);
    assertEquals(turnarounds("srtf", 10), [120, 10, 20]);
  });

  // The same, chapter 8: who computes long sinks, who comes is ahead of it, and all are boosted.
  Deno.test(`Published ${arch}, the feedback queue lowers a long thread, prefers a short one, and boosts`, () => {
    const policy = "mlfq:quantum=3000,levels=3,boost=50000";
    const programs = [`busy ${START} 1000000`, `busy ${START + 20_000} 1000`];
    using session = new Session({ arch, policy, programs });
    const { machine } = session;
    const level = (time: number): number => {
      while (machine.halted === null && machine.now < time) machine.run(200);
      const { own } = machine.kernel.policy.save() as {
        own: { threads: [thread: number, level: number][] };
      };
      const { id } = machine.kernel.threads.find(({ task }) => task.id === 1)!;
      return own.threads.find(([thread]) => thread === id)![1];
    };
    const times = [1_000, 4_000, 7_000, 19_000, 49_000, 51_000, 54_000];
    assertEquals(times.map((time) => level(START + time)), [3, 2, 1, 1, 1, 3, 2]);
    const [begins, ends] = session.of("decision").filter(({ from, to }) =>
      [from, to].some((thread) =>
        thread !== null && thread.address === session.machine.kernel
            .threads.find(({ task }) => task.id === 2)!.address
      )
    ).filter(({ instant }) => instant >= START + 20_000);
    assertEquals([begins?.instant, begins?.to?.task], [START + 20_000, "busy"]);
    assert(ends!.instant < START + 22_000);
  });

  // Stoica and Abdel-Wahab 1995: nobody is ever a quantum behind or ahead of what is fair.
  Deno.test(`Published ${arch}, lag under eevdf keeps within two quanta, from the lowest to the highest`, () => {
    const weights = [1024, 2048, 512, 3000];
    const programs = weights.map((weight) => `busy ${START} 100000000 weight=${weight}`);
    const quantum = 1_500;
    using session = run(arch, { policy: "eevdf", programs, length: 150_000, quantum });
    const own = session.machine.kernel.threads.filter(({ task }) => task.id > 0);
    const ran = new Map(own.map(({ address }) => [address, 0]));
    const total = weights.reduce((sum, each) => sum + each, 0);
    // From the boot each brings a lag of its own, so that it is the range that tells.
    const [least, most] = [own.map(() => 0), own.map(() => 0)];
    let since = START;
    let checked = 0;
    for (const { instant, from } of session.of("decision")) {
      if (instant <= START || instant > START + 150_000 || from === null) continue;
      ran.set(from.address, ran.get(from.address)! + instant - since);
      since = instant;
      own.forEach(({ address }, i) => {
        const lag = (instant - START) * weights[i]! / total - ran.get(address)!;
        least[i] = Math.min(least[i]!, lag);
        most[i] = Math.max(most[i]!, lag);
      });
      checked++;
    }
    own.forEach((_, i) => assert(most[i]! - least[i]! <= 2 * quantum, `${least[i]}, ${most[i]}`));
    assert(checked > 90, `${checked}`);
  });
}
