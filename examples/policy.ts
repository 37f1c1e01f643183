// deno run --allow-ffi --allow-env examples/policy.ts
//
// A scheduling policy of one's own, who has run least runs next: first in the simulator, without
// any machine, then in a kernel. The same class does both.
import { archByName, Machine, type Policy, unwindProgram } from "@trapline/trapline";
import { GanttRecorder, ganttText, type Plain, simulate } from "@trapline/trapline/sched";

class LeastRunFirst implements Policy {
  readonly name = "least-run-first";
  #run = new Map<number, number>(); // time each thread has had
  #ready = new Set<number>();

  enqueue(thread: number): void {
    this.#ready.add(thread);
  }
  dequeue(thread: number): boolean {
    return this.#ready.delete(thread);
  }
  pick(): number | null {
    const [least = null] = [...this.#ready].sort((a, b) => this.#of(a) - this.#of(b));
    if (least !== null) this.#ready.delete(least);
    return least;
  }
  tick(thread: number, { elapsed }: { elapsed: number }): boolean { // whether it must give way
    this.#run.set(thread, this.#of(thread) + elapsed);
    return [...this.#ready].some((other) => this.#of(other) < this.#of(thread));
  }
  stopping(thread: number, { elapsed }: { elapsed: number }): void {
    this.#run.set(thread, this.#of(thread) + elapsed);
  }
  save(): Plain { // what a policy remembers is part of a snapshot
    return { ready: [...this.#ready], run: [...this.#run] };
  }
  restore(state: Plain): void {
    const { ready, run } = state as { ready: number[]; run: [number, number][] };
    this.#ready = new Set(ready);
    this.#run = new Map(run);
  }

  #of(thread: number): number {
    return this.#run.get(thread) ?? 0;
  }
}

const workload = [
  { name: "a", steps: [{ type: "run", time: 9_000 }] },
  { name: "b", arrival: 2_000, steps: [{ type: "run", time: 3_000 }] },
] as const;
const gantt = new GanttRecorder(workload);
for (const event of simulate(workload, new LeastRunFirst(), { tickInterval: 1_000 })) {
  gantt.add(event);
}
console.log(ganttText(gantt.chart()));

const program = await unwindProgram("x86_64", { args: "none", mode: "user" });
using machine = new Machine({
  arch: archByName("x86_64"),
  policy: new LeastRunFirst(),
  quantum: 1_000,
  modules: ["one", "two"].map((name) => ({ ...program, commandLine: `${name} none` })),
  sinks: [{
    write(event) {
      if (event.type === "task-exit") console.log(event.task, "ends at", event.time);
    },
  }],
});
console.log(machine.run());
