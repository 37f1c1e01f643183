import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parsePolicySpec, type SimulationEvent, type Workload } from "../../sched/mod.ts";
import { Progress } from "../../util/progress.ts";
import { type PolicyRun, runPolicy, type RunRequest } from "./policy_run.ts";

const WORKLOAD: Workload = {
  threads: [0, 1].map((id) => ({ name: `t${id}`, steps: [{ type: "run", time: 20_000 }] })),
};

function run(
  policy: string,
  request: Partial<RunRequest>,
  lines: string[] = [],
): PolicyRun {
  const screen = {
    isTerminal: () => true,
    writeSync(bytes: Uint8Array) {
      lines.push(new TextDecoder().decode(bytes));
      return bytes.length;
    },
  };
  using progress = new Progress(screen);
  const all = { simulation: {}, offered: { quantum: 2 }, chart: undefined, onEvent: undefined };
  return runPolicy(parsePolicySpec(policy), { workload: WORKLOAD, ...all, ...request }, progress);
}

Deno.test("runPolicy, a long run shows how far it is, of what there is if that is known", () => {
  const lines: string[] = [];
  run("rr", {}, lines);
  assertMatch(lines.join(""), /rr: \d+(?![\d/])/);
  const bound: string[] = [];
  run("rr", { simulation: { until: 35_000 } }, bound);
  assertMatch(bound.join(""), /rr: \d+\/35000/);
  assertEquals(bound.at(-1), "\r\x1b[K");
});

Deno.test("runPolicy, figures are the same whether events are heard or not", () => {
  const events: SimulationEvent[] = [];
  const heard = run("mlfq:quantum=20", { onEvent: (event) => void events.push(event) });
  const drawn = run("mlfq:quantum=20", { chart: { rows: "thread", from: 0 } });
  const { statistics } = run("mlfq:quantum=20", {});
  assert(events.length > 1_000 && drawn.chart !== undefined && heard.chart === undefined);
  assertEquals(heard.statistics, statistics);
  assertEquals(drawn.statistics, statistics);
});

Deno.test("runPolicy, threads that wait for ever are told of, and what they wait for", () => {
  const semaphores = [{ name: "never" }];
  const steps = [{ type: "acquire", semaphore: "never" }] as const;
  const workload: Workload = { threads: [{ name: "a", steps }], semaphores };
  const events: string[] = [];
  const onEvent = ({ type }: SimulationEvent) => void events.push(type);
  assertEquals(run("rr", { workload }).stranded, ["a for semaphore never"]);
  run("rr", { workload, onEvent });
  assertEquals(events.filter((type) => type === "stranded"), ["stranded"]);
});

Deno.test("runPolicy, an option that makes no sense is thrown, and no finding", () => {
  assertThrows(() => run("rr", { simulation: { cpus: 0 } }), Error, "cpus");
  assertThrows(() => run("rr:quantum=0", {}), Error, "quantum");
});
