import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { edfResponseTimes } from "./edf_response_time.ts";
import { checkTasks, hyperperiod } from "./task.ts";
import { anyJobs, type Job, schedule } from "./testing/brute_force.ts";
import { set } from "./testing/sets.ts";
import { randomTasks } from "./uunifast.ts";

Deno.test("edfResponseTimes, by hand", () => {
  assertEquals(edfResponseTimes(set([3, 8])), [3]);
  // The second job of the first task, of 4 to 8, is due with the job of the second task. Whichever
  // goes last is done at 7.
  assertEquals(edfResponseTimes(set([2, 4], [3, 8])), [3, 7]);
  assertEquals(edfResponseTimes(set([2, 4], [3, 5])), [null, null]);
  assertEquals(edfResponseTimes([{ time: 1, period: 4, jitter: 1 }]), [null]);
  assertEquals(edfResponseTimes(set([2, 10], [3, 20]), { switchCost: 1 }), [5, 9]);
  const error = assertThrows(() => edfResponseTimes(set([1, 0])), SchedError);
  assertEquals(error.kind, "invalid-task-set");
});

Deno.test("edfResponseTimes, every response is attained, and none exceeded", () => {
  for (let seed = 0; seed < sweep({ quick: 15, full: 600 }); seed++) {
    const random = new Random(seed);
    const tasks = checkTasks(randomTasks(seed, {
      tasks: random.between(2, 4),
      utilization: 0.4 + 0.6 * random.next() / 2 ** 32,
      hyperperiod: 60,
      shortest: 4,
      deadlines: random.pick(["implicit", "constrained", "arbitrary"]),
    }));
    const responses = edfResponseTimes(tasks);
    const until = 2 * hyperperiod(tasks) + 150;
    tasks.forEach((task, mine) => {
      const bound = responses[mine];
      if (bound === null || bound === undefined) return;
      const longest = (jobs: readonly Job[]): number => {
        // Of jobs due together this task's goes last.
        const key = ({ deadline, task }: Job): number => 2 * deadline + (task === mine ? 1 : 0);
        const done = schedule(jobs, { key, until });
        return jobs.reduce(
          (most, job, at) =>
            job.task === mine && job.arrival < until / 2
              ? Math.max(most, done[at]! - job.arrival)
              : most,
          0,
        );
      };
      let attained = 0;
      for (let offset = 0; offset < task.period; offset++) {
        const jobs = tasks.flatMap(({ time, period, deadline }, task): Job[] => {
          const first = task === mine ? offset : 0;
          return Array.from({ length: Math.ceil((until - first) / period) }, (_, job) => {
            const arrival = first + job * period;
            return { task, arrival, release: arrival, deadline: arrival + deadline, time };
          });
        });
        attained = Math.max(attained, longest(jobs));
      }
      assertEquals(attained, bound, `seed ${seed}, task ${mine}`);
      assert(longest(anyJobs(tasks, { until, random })) <= bound, `seed ${seed}`);
    });
  }
});
