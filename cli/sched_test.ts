import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { policyNames, randomWorkload } from "../sched/mod.ts";
import { parseSvg } from "../util/testing/svg_document.ts";
import { report } from "./sched.ts";
import { callCli, runShell } from "./testing/run_cli.ts";

const EXAMPLES = new URL("../examples/workloads/", import.meta.url).pathname;
const THREE = `${EXAMPLES}three_threads.json`;
const PATHFINDER = `${EXAMPLES}pathfinder.json`;
const folder = Deno.makeTempDirSync({ prefix: "trapline-sched-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Runs the command in this process. */
async function sched(...args: readonly string[]): Promise<{ status: number; text: string }> {
  const pieces: string[] = [];
  const output = { failed: false, write: (text: string) => void pieces.push(text) };
  const status = await report(args, output);
  return { status, text: pieces.join("") };
}

function written(name: string, content: unknown): string {
  const file = `${folder}/${name}`;
  Deno.writeTextFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

/** The four tasks (C, T) whose response times under RM are 1, 2, 7 and 18. */
const FOUR = written("four.json", {
  threads: [[1, 4], [1, 5], [3, 9], [3, 18]].map(([time, period], i) => ({
    name: `t${i + 1}`,
    period,
    jobs: { pattern: "periodic" },
    steps: [{ type: "run", time }],
  })),
});

Deno.test("trapline sched, policies side by side, the same each time", async () => {
  const args = [THREE, "--policy", "rr:quantum=4,priority", "--width", "100"];
  const { status, text } = await sched(...args);
  assertEquals(status, 0);
  const [heading, , names = ""] = text.split("\n");
  assertEquals(heading, `${THREE}: 3 threads, 1 CPU, seed 0`);
  assertEquals(names.trim().split(/\s+/), ["rr:quantum=4", "priority"]);
  for (const name of ["editor", "compiler", "clock"]) {
    assertEquals(text.match(new RegExp(`^${name} `, "gm"))?.length, 2);
  }
  assertEquals((await sched(...args)).text, text);
});

Deno.test("trapline sched, the Pathfinder misses deadlines without inheritance, and none with it", async () => {
  const misses = async (...args: readonly string[]): Promise<number[]> => {
    const { status, text } = await sched(PATHFINDER, "--policy", "priority", "--events", ...args);
    assertEquals(status, 0);
    return text.trimEnd().split("\n").map((line) => JSON.parse(line))
      .filter(({ type }) => type === "miss").map(({ time }) => time);
  };
  assertEquals(await misses(), [29, 129]);
  for (const protocol of ["inherit", "ceiling", "original-ceiling"]) {
    assertEquals(await misses("--protocol", protocol), []);
  }
});

Deno.test("trapline sched, endless jobs end after two hyperperiods, and tests say what is met", async () => {
  const { text } = await sched(FOUR, "--policy", "rm,edf");
  assertStringIncludes(text, ": 4 threads, 1 CPU, until 360, seed 0\n");
  assertMatch(text, /^rm: yes, by response-time analysis \(exact\): /m);
  assertMatch(text, /^edf: yes, by processor demand .* \(exact\): /m);
});

Deno.test("trapline sched, options come before what the file says", async () => {
  const workload = { threads: [{ name: "a", steps: [{ type: "run", time: 10 }] }] };
  const simulation = { cpus: 2, seed: 3, until: 9 };
  const file = written("own.json", { ...workload, simulation, unit: { name: "ms", length: 4 } });
  const heading = async (...args: readonly string[]) =>
    (await sched(file, "--policy", "rr", ...args)).text.split("\n")[0]?.replace(`${file}: `, "");
  assertEquals(await heading(), "1 thread, 2 CPUs, until 2.25, seed 3; times in ms");
  assertEquals(
    await heading("--cpus", "1", "--seed", "0", "--until", "1.5ms"),
    "1 thread, 1 CPU, until 1.5, seed 0; times in ms",
  );
});

Deno.test("trapline sched, a quantum is of policies that have one and were given none", async () => {
  const two = ["a", "b"].map((name) => ({ name, steps: [{ type: "run", time: 30 }] }));
  const file = written("two.json", { threads: two });
  const { text } = await sched(
    file,
    "--policy",
    "rr,rr:quantum=3,fifo",
    "--quantum",
    "10",
    "--json",
  );
  const { runs } = JSON.parse(text);
  assertEquals(
    runs.map(({ total }: { total: { dispatches: number } }) => total.dispatches),
    [6, 20, 2],
  );
});

Deno.test("trapline sched, JSON is one document with all of it", async () => {
  const { status, text } = await sched(FOUR, "--policy", "rm,mlfq:levels=2,boost=100", "--json");
  const document = JSON.parse(text);
  assertEquals(status, 0);
  assertEquals([document.format, document.version, document.workload], ["trapline-sched", 1, FOUR]);
  assertEquals(document.simulation.until, 360);
  assertEquals(document.runs.map(({ policy }: { policy: string }) => policy), [
    "rm",
    "mlfq:levels=2,boost=100",
  ]);
  const [rm, mlfq] = document.runs;
  assertEquals(mlfq.options, { levels: 2, boost: 100 });
  assertEquals(rm.analysis.verdicts.at(-1).responses, [1, 2, 7, 18]);
  assertEquals([rm.threads.length, rm.fault, rm.error, rm.stranded], [4, null, null, []]);
  assertEquals(
    rm.threads.map(({ turnaround }: { turnaround: { most: number } }) => turnaround.most),
    [1, 2, 7, 18],
  );
});

Deno.test("trapline sched, events are JSON lines, as many as there are", async () => {
  const { text } = await sched(FOUR, "--policy", "rm,edf", "--until", "18", "--events");
  const events = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(new Set(events.map(({ policy }) => policy)), new Set(["rm", "edf"]));
  const { type, time, thread, job, deadline } = events[0];
  assertEquals([type, time, thread, job, deadline], ["release", 0, 0, 0, 4]);
});

Deno.test("trapline sched, schedules are drawn, one below the other, from when it is said", async () => {
  const svg = `${folder}/schedule.svg`;
  const args = [PATHFINDER, "--policy", "priority,rm", "--gantt", "--svg", svg, "--width", "80"];
  const { text } = await sched(...args, "--from", "100");
  assertEquals(text.match(/^priority$|^rm$/gm), ["priority", "rm"]);
  assertMatch(text, /^ +bus .*≈/m);
  for (const line of text.split("\n")) assert(line.length <= 80 || line.includes(": "), line);
  const titles = parseSvg(Deno.readTextFileSync(svg)).flatMap(({ name, text }) =>
    name === "title" ? [text] : []
  );
  assert(titles.includes("105 to 144: waits for mutex information bus, 39"));
  assertEquals(titles.some((title) => /^\d\d: /.test(title)), false, "nothing before 100");
  const cpus = await sched(PATHFINDER, "--policy", "rm", "--cpus", "2", "--gantt", "--rows", "cpu");
  assertMatch(cpus.text, /^CPU 0 .*\[radio/m);
});

Deno.test("trapline sched, a deadlock is told of with its cycle, other policies go on", async () => {
  const thread = (name: string, first: string, second: string, priority: number) => ({
    ...{ name, priority, arrival: priority },
    steps: [
      { type: "lock", mutex: first },
      { type: "run", time: 5 },
      { type: "lock", mutex: second },
      { type: "unlock", mutex: second },
      { type: "unlock", mutex: first },
    ],
  });
  const file = written("deadlock.json", {
    threads: [thread("a", "x", "y", 0), thread("b", "y", "x", 1)],
    mutexes: [{ name: "x" }, { name: "y" }],
  });
  const { status, text } = await sched(file, "--policy", "priority,fifo");
  assertEquals(status, 1);
  assertMatch(text, /^priority: .*\ba\b.*\by\b.*\bb\b.*\bx\b/m);
  assertEquals(/^fifo: /m.test(text), false);
});

Deno.test("trapline sched, 300 threads of a seed have no table of each unless asked", async () => {
  const file = written("many.json", { threads: randomWorkload(5, { threads: 300 }) });
  const args = [file, "--policy", "rr", "--quantum", "10", "--cpus", "4"];
  const short = await sched(...args);
  assert(short.text.split("\n").length < 40);
  const long = await sched(...args, "--threads");
  assertMatch(long.text, /^t299 /m);
});

Deno.test("trapline sched, a file of SimSo brings its CPUs, its end and its policy", async () => {
  const file = written(
    "simso.xml",
    `<?xml version="1.0"?>
<simulation duration="20000000" cycles_per_ms="1000000" etm="wcet">
  <sched class="simso.schedulers.RM"/>
  <caches/>
  <processors><processor name="CPU 1" id="1"/><processor name="CPU 2" id="2"/></processors>
  <tasks>
    <task name="camera" id="1" period="5" deadline="5" WCET="2" abort_on_miss="no"/>
    <task name="motor" id="2" period="10" deadline="8" WCET="7.5" abort_on_miss="no"/>
  </tasks>
</simulation>`,
  );
  const { status, text } = await sched(file);
  assertEquals(status, 0);
  assertStringIncludes(text, ": 2 threads, 2 CPUs, until 20, seed 0; times in ms\n");
  assertMatch(text, /^ +rm$/m);
});

Deno.test("trapline sched, names cannot move the terminal's cursor", async () => {
  const name = "a\u001b[2J\nb";
  const file = written("names.json", { threads: [{ name, steps: [{ type: "run", time: 5 }] }] });
  for (const rows of ["thread", "cpu"]) {
    const { text } = await sched(file, "--policy", "rr", "--gantt", "--rows", rows);
    assertEquals([...text].filter((each) => each < " " && each !== "\n"), []);
    assertMatch(text, /^a\ufffd\[2J\ufffdb /m);
  }
});

const WRONG: readonly (readonly [args: readonly string[], code: number, message: string])[] = [
  [[], 2, "Cannot simulate nothing: expected a workload"],
  [[THREE, "b.json", "--policy", "rr"], 2, "Cannot use b.json: expected one workload"],
  [[THREE], 2, "Cannot simulate without --policy: expected rr, "],
  [[THREE, "--policy", "none"], 2, 'Cannot find policy "none": there are rr, '],
  [[THREE, "--policy", "rr:levels=3"], 2, 'Cannot set option "levels" of policy "rr"'],
  [[THREE, "--policy", "rr:quantum"], 2, 'Cannot understand policy "rr:quantum"'],
  [[THREE, "--policy", "rr:quantum=-1"], 2, "quantum"],
  [[THREE, "--policy", "rr", "--cpus", "65"], 2, "Cannot use cpus 65"],
  [[THREE, "--policy", "rr", "--until", "3ms"], 2, "Cannot use --until 3ms"],
  [[THREE, "--policy", "rr", "--rows", "task"], 2, "Cannot use --rows task: expected thread, cpu"],
  [[THREE, "--policy", "rr", "--width", "3"], 2, "Cannot use --width 3"],
  [[THREE, "--policy", "rr", "--protocol", "x"], 2, "Cannot use --protocol x: expected none, "],
  [[THREE, "--policy", "rr", "--json", "--events"], 2, "Cannot use --json with --events"],
  [[THREE, "--policy", "rr", "--speed", "3"], 2, "Cannot use --speed"],
  [[`${folder}/no.json`, "--policy", "rr"], 1, "No such file"],
  [[folder, "--policy", "rr"], 1, "it is a directory, expected a file"],
  [[written("bad.json", "{"), "--policy", "rr"], 1, "line 1"],
  [
    [
      written("negative.json", { threads: [{ name: "a", arrival: -1, steps: [] }] }),
      "--policy",
      "rr",
    ],
    1,
    "$.threads[0].arrival",
  ],
  [
    [written("field.json", { threads: [{ name: "a", stpes: [] }] }), "--policy", "rr"],
    1,
    "$.threads[0].st",
  ],
  [
    [written("bad.xml", "<simulation/>"), "--policy", "rr"],
    1,
    "/simulation (line 1) has no <sched>",
  ],
];

for (const [args, code, message] of WRONG) {
  const shown = args.join(" ").replaceAll(folder, "").replaceAll(EXAMPLES, "");
  Deno.test(`trapline sched ${shown}, is refused with ${code}`, async () => {
    const { code: status, stderr } = await callCli("sched", ...args);
    assertStringIncludes(stderr, message);
    assertMatch(stderr, /^trapline: /);
    assertEquals(status, code);
  });
}

Deno.test("trapline sched, reads standard input, and tells a pipe that closes", async () => {
  const { code, text } = await runShell(`cat ${THREE} | "$@" - --policy rr | head -1`, "sched");
  assertEquals([code, text], [0, "standard input: 3 threads, 1 CPU, seed 0\n"]);
});

Deno.test("trapline sched, --events ends when nobody reads them any more", async () => {
  const threads = [0, 1].map((id) => ({ name: `t${id}`, steps: [{ type: "run", time: 50_000 }] }));
  let lines = 0;
  const output = {
    get failed() {
      return lines >= 100;
    },
    write: () => void lines++,
  };
  const file = written("long.json", { threads });
  await report([file, "--policy", "rr", "--quantum", "2", "--events"], output);
  assert(lines >= 100 && lines < 110, `${lines}`);
});

const ROOT = new URL("..", import.meta.url).pathname;
const DOCUMENT = Deno.readTextFileSync(`${ROOT}docs/scheduling.md`);

Deno.test("trapline sched, what the documentation shows is what it prints", async () => {
  const shown = [
    ...DOCUMENT.matchAll(/^```sh\n[^\n]* trapline sched ([^\n]*)\n```\n\n```text\n(.*?)^```$/gms),
  ];
  assertEquals(shown.length, 2);
  for (const [, line = "", expected] of shown) {
    const args = line.split(" ").map((arg) => arg.startsWith("examples/") ? `${ROOT}${arg}` : arg);
    // As long as it is where nobody says how long, whatever terminal the tests run in.
    const width = args.includes("--width") ? [] : ["--width", "100"];
    const { text } = await sched(...args, ...width);
    assertEquals(text.replace(ROOT, ""), expected, line);
  }
});

Deno.test("trapline sched, the documentation's workload is the example, its pictures are drawn", async () => {
  const [, json = ""] = /^```json\n(.*?)^```$/ms.exec(DOCUMENT) ?? [];
  const { $schema: _, description: __, ...example } = JSON.parse(Deno.readTextFileSync(THREE));
  assertEquals(JSON.parse(json), example);
  const svg = `${folder}/document.svg`;
  for (const [name, protocol] of [["pathfinder", "none"], ["pathfinder-inherit", "inherit"]]) {
    const args = ["--policy", "priority", "--protocol", protocol!, "--until", "70", "--svg", svg];
    await sched(PATHFINDER, ...args);
    const kept = Deno.readTextFileSync(`${ROOT}docs/schedules/${name}.svg`);
    assertEquals(Deno.readTextFileSync(svg), kept, `docs/schedules/${name}.svg: ${args.join(" ")}`);
  }
});

Deno.test("trapline sched, the documentation has every policy", () => {
  const [table = ""] = /^\| policy .*?\n\n/ms.exec(DOCUMENT) ?? [];
  const cells = [...table.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = ""]) => cell);
  const documented = cells.flatMap((cell) => cell.match(/\w+/g) ?? []);
  assertEquals(documented.sort(), [...policyNames()].sort());
});
