import { assert, assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../sched/mod.ts";
import { Random } from "../util/random.ts";
import { readSimso } from "./reader.ts";

/** A file as SimSo writes it, with parts of it replaced. */
function file(changes: Readonly<Record<string, string>> = {}): string {
  let text = `<?xml version="1.0" ?>
<simulation duration="420000000" cycles_per_ms="1000000" etm="wcet">
	<sched overhead="0" overhead_activate="0" overhead_terminate="0" class="simso.schedulers.RM"/>
	<caches memory_access_time="100"/>
	<processors>
		<processor name="CPU 1" id="1" cl_overhead="20" cs_overhead="10" speed="1.0"/>
		<processor name="CPU 2" id="2" cl_overhead="20" cs_overhead="10" speed="1.0"/>
	</processors>
	<tasks>
		<task name="camera" id="1" task_type="Periodic" abort_on_miss="no" period="40" activationDate="1.5" list_activation_dates="" deadline="33.3" base_cpi="1.0" instructions="0" mix="0.5" WCET="12.25" ACET="0" preemption_cost="0" et_stddev="0"/>
		<task name="button" id="2" task_type="Sporadic" abort_on_miss="yes" period="10" activationDate="0" list_activation_dates="20, 5.5, 300" deadline="20" base_cpi="1.0" instructions="0" mix="0.5" WCET="5" ACET="4" preemption_cost="0" et_stddev="0"/>
	</tasks>
</simulation>
`;
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`no ${from} in the file`);
    text = text.replace(from, to);
  }
  return text;
}

Deno.test("readSimso, milliseconds become cycles, tasks become threads with jobs", () => {
  assertEquals(readSimso(file()), {
    workload: {
      threads: [
        {
          name: "camera",
          arrival: 1_500_000,
          period: 40_000_000,
          // 33.3 × 1,000,000 is a little less in binary, and SimSo drops what is behind the point.
          deadline: 33_299_999,
          steps: [{ type: "run", time: 12_250_000 }],
          jobs: { pattern: "periodic" },
        },
        {
          name: "button",
          period: 10_000_000,
          deadline: 20_000_000,
          steps: [{ type: "run", time: 5_000_000 }],
          jobs: {
            pattern: "listed",
            times: [5_500_000, 20_000_000, 300_000_000],
            onMiss: "abort",
          },
        },
      ],
    },
    simulation: { cpus: 2, switchCost: 30, migrationCost: 0, until: 420_000_000 },
    unit: { name: "ms", length: 1_000_000 },
    scheduler: "simso.schedulers.RM",
  });
});

Deno.test("readSimso, the average execution time is at most the worst", () => {
  const times = (changes: Readonly<Record<string, string>>) =>
    readSimso(file({ 'etm="wcet"': 'etm="acet"', ...changes })).workload.threads
      .map(({ steps: [step] }) => step?.type === "run" ? step.time : undefined);
  assertEquals(times({ 'ACET="0"': 'ACET="10"' }), [10_000_000, 4_000_000]);
  assertEquals(times({ 'ACET="0"': 'ACET="13"' }), [12_250_000, 4_000_000]);
  assertEquals(times({ 'ACET="0"': 'ACET="10"', 'et_stddev="0"': 'et_stddev="0.5"' }), [
    { least: 1, most: 12_250_000, mean: 10_000_000, deviation: 500_000 },
    4_000_000,
  ]);
});

Deno.test("readSimso, priorities and what files of other versions say", () => {
  const { workload, simulation } = readSimso(file({
    ' etm="wcet"': ' use_wcet="yes"',
    'name="camera"': 'name="camera" priority="7"',
    "<processors>": '<processors migration_overhead="5">',
    "<tasks>": '<tasks><field name="priority" type="int"/>',
    'task_type="Periodic"': 'periodic="yes"',
  }));
  assertEquals([workload.threads[0]?.priority, simulation.migrationCost], [7, 5]);
});

Deno.test("readSimso, a job that is followed by another's triggers it when it is done", () => {
  const [camera, button] = readSimso(file({
    'name="camera"': 'name="camera" followed_by="2"',
    'task_type="Sporadic"': 'task_type="APeriodic"',
  })).workload.threads;
  assertEquals(camera?.steps, [
    { type: "run", time: 12_250_000 },
    { type: "trigger", thread: "button" },
  ]);
  assertEquals(button?.jobs, { pattern: "triggered", onMiss: "abort" });
});

const TASK = "/simulation/tasks[1]/task[1]";

/** What is replaced, and what is then said of the file. */
const REFUSED: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [{ 'etm="wcet"': 'etm="cache"' }, '/simulation/@etm (line 2) is "cache", expected wcet, or acet'],
  [{ 'etm="wcet"': 'etm="fixedpenalty"' }, '/simulation/@penalty_preemption (line 2) is "100000"'],
  [{ 'duration="420000000"': 'duration="-1"' }, '/simulation/@duration (line 2) is "-1", expected'],
  [{ 'cycles_per_ms="1000000"': 'cycles_per_ms="x"' }, "/simulation/@cycles_per_ms (line 2)"],
  [
    { 'overhead="0"': 'overhead="3"' },
    '/simulation/sched[1]/@overhead (line 3) is "3", expected 0',
  ],
  [{ 'speed="1.0"': 'speed="2"' }, "/simulation/processors[1]/processor[1]/@speed (line 6)"],
  [{ 'cs_overhead="10"': 'cs_overhead="11"' }, "processor[2] (line 7) has overheads of 30 cycles"],
  [{ 'period="40"': 'period="0"' }, `${TASK}/@period (line 10) is "0", expected milliseconds`],
  [{ 'period="40" ': "" }, `${TASK}/@period (line 10) is missing, expected a number`],
  [{ 'deadline="33.3"': 'deadline="soon"' }, `${TASK}/@deadline (line 10) is "soon"`],
  [{ 'WCET="12.25"': 'WCET="-1"' }, `${TASK}/@WCET (line 10) is "-1"`],
  [{ 'name="camera"': 'name="button"' }, 'task[2]/@name (line 11) is "button", expected another'],
  [{ 'task_type="Periodic"': 'task_type="Odd"' }, `${TASK}/@task_type (line 10) is "Odd"`],
  [{ 'name="camera"': 'name="camera" followed_by="2"' }, `${TASK}/@followed_by (line 10) is "2"`],
  [{ 'name="camera"': 'name="camera" color="red"' }, `${TASK}/@color (line 10) is "red", expected`],
  [{ 'name="camera"': 'name="camera" priority="256"' }, `${TASK}/@priority (line 10)`],
  [{ '"20, 5.5, 300"': '"20, soon"' }, 'task[2]/@list_activation_dates (line 11) is "20, soon"'],
  [{ '"20, 5.5, 300"': '""' }, 'task[2]/@list_activation_dates (line 11) is ""'],
  [
    { 'etm="wcet"': 'etm="acet"', 'ACET="0"': 'ACET="1"', 'et_stddev="0"': 'et_stddev="-1"' },
    `${TASK}/@et_stddev (line 10) is "-1", expected a number of at least 0`,
  ],
  [
    { "<tasks>": "<tasks><job/>" },
    '/simulation/tasks[1]/job[1] (line 9) is "job", expected <task>',
  ],
  [{ '<caches memory_access_time="100"/>': "<sched/>" }, "/simulation/sched[2] (line 4)"],
  [{ '<caches memory_access_time="100"/>': "<disk/>" }, "/simulation/disk[1] (line 4)"],
  [{ "<tasks>": "<tasks>one" }, "there is text in /simulation/tasks[1]"],
  [{ "</tasks>": "" }, "it is not well-formed at line 13, column 13: unexpected close tag"],
  [{ "<tasks>": "<tasks>&x;" }, "it is not well-formed at line 9, column 11: undefined entity"],
];

for (const [changes, message] of REFUSED) {
  Deno.test(`readSimso, refuses ${Object.values(changes).join(" ") || "what is missing"}`, () => {
    const error = assertThrows(() => readSimso(file(changes)), SchedError, message);
    assertEquals(error.kind, "invalid-workload");
    if (message.startsWith("/")) assertEquals(error.path, message.split(" ")[0]);
  });
}

Deno.test("readSimso, refuses what is no file of SimSo", () => {
  const cases = {
    "": "it is not well-formed at line 1, column 0: document must contain a root element",
    "{}": "it is not well-formed",
    "<svg/>": '/svg (line 1) is "svg", expected <simulation>',
    "<simulation/>": "/simulation (line 1) has no <sched>",
    ["<a>".repeat(101)]: "elements are nested deeper than 100",
  };
  for (const [text, message] of Object.entries(cases)) {
    assertThrows(() => readSimso(text), SchedError, message);
  }
});

Deno.test("readSimso, of a file that is damaged anywhere it says so, or reads it", () => {
  const text = file();
  const random = new Random(3);
  const pieces = [
    '"',
    "<",
    ">",
    "/",
    "&",
    "=",
    " ",
    "-",
    "9",
    "1e9",
    "task",
    "\u0000",
    "",
    "<task/>",
  ];
  let read = 0;
  for (let i = 0; i < 2_000; i++) {
    let damaged = text;
    for (let count = random.between(1, 3); count > 0; count--) {
      const at = random.below(damaged.length);
      const end = at + random.below(random.chance(0.1) ? 200 : 4);
      damaged = damaged.slice(0, at) + random.pick(pieces) + damaged.slice(end);
    }
    try {
      const { workload } = readSimso(damaged);
      assert(workload.threads.length > 0);
      read++;
    } catch (error) {
      assert(error instanceof SchedError && error.kind === "invalid-workload", `${error}`);
      assert(/^Cannot read the workload: /.test(error.message), error.message);
    }
  }
  assert(read > 20 && read < 1_500, `${read}`);
});

Deno.test("readSimso, a file of very many elements costs what it is long", () => {
  // Tens of seconds if each element counts its siblings.
  const text = `<simulation><tasks>${"<task/>".repeat(100_000)}</tasks></simulation>`;
  assertThrows(() => readSimso(text), SchedError, "has no <sched>");
});
