import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Random } from "../../util/random.ts";
import { numberOf, parseSvg, type SvgElement } from "../../util/testing/svg_document.ts";
import type { GanttChart, GanttRows } from "./chart.ts";
import { GanttRecorder } from "./recorder.ts";
import { ganttSvg } from "./svg.ts";
import { seedChart } from "./testing/seed_schedule.ts";

function titles(elements: readonly SvgElement[]): string[] {
  return elements.filter(({ name }) => name === "title").map(({ text }) => text);
}

Deno.test("ganttSvg, every piece and mark says what it is", () => {
  const document = ganttSvg([{ title: "edf", caption: "two CPUs", chart: seedChart() }]);
  const told = titles(parseSvg(document));
  assertEquals(told.slice(0, 8), [
    "edf",
    "low",
    "4 to 8: is ready, 4",
    "0 to 4: runs on CPU 0, 4",
    "8 to 36: runs on CPU 1, 28",
    "2 to 24: holds mutex bus, 22",
    "4: is preempted",
    "8: migrates",
  ]);
  for (
    const title of [
      "<high>",
      "10 to 24: waits for mutex bus, 14",
      "4 to 6: is switched to on CPU 0, 2",
      "4: a job is released",
      "20: a deadline",
      "20: a deadline is missed",
      "editor & co",
      "8 to 12: waits for device disk, 4",
    ]
  ) assert(told.includes(title), title);
  const cpus = ganttSvg([{ title: "edf", chart: seedChart("cpu") }]);
  assertStringIncludes(cpus, "26 to 40: &lt;high&gt; runs, 14");
});

Deno.test("ganttSvg, is one document that refers to nothing else, the same each time", () => {
  const document = ganttSvg([{ title: "a", chart: seedChart() }, {
    title: "b",
    chart: seedChart(),
  }]);
  assertEquals(document.match(/https?:[^"]*/g), ["http://www.w3.org/2000/svg"]);
  assertEquals(/url\(|@import|href|script/.test(document), false);
  assertEquals(
    ganttSvg([{ title: "a", chart: seedChart() }, { title: "b", chart: seedChart() }]),
    document,
  );
});

Deno.test("ganttSvg, times are in a unit if there is one", () => {
  const unit = { name: "ms", length: 8 };
  const told = titles(parseSvg(ganttSvg([{ title: "edf", chart: seedChart() }], { unit })));
  assert(told.includes("1 to 4.5: runs on CPU 1, 3.5 ms"), told.join("\n"));
});

Deno.test("ganttSvg, panels are on one axis: the same time is at the same place", () => {
  const short = new GanttRecorder([{ name: "a", steps: [] }]);
  short.add({ type: "dispatch", time: 0, thread: 0 });
  short.add({ type: "exit", time: 20, thread: 0 });
  const elements = parseSvg(
    ganttSvg([{ title: "long", chart: seedChart() }, { title: "short", chart: short.chart() }]),
  );
  const at20 = elements.filter(({ name, text }) => name === "text" && text === "20");
  assertEquals(new Set(at20.map((each) => numberOf(each, "x"))).size, 1);
  assertEquals(at20.length, 4);
});

/** A chart of threads that run at random, for a million events and more. */
function crowd(threads: number, events: number, rows: GanttRows, detail?: number): GanttChart {
  const recorder = new GanttRecorder(
    Array.from({ length: threads }, (_, id) => ({ name: `thread ${id}`, steps: [] })),
    { cpus: 4, rows, ...(detail === undefined ? {} : { detail }) },
  );
  const random = new Random(1);
  const on: (number | undefined)[] = [];
  for (let id = 0; id < threads; id++) {
    recorder.add({ type: "arrive", time: 0, thread: id, cpu: 0 });
  }
  for (let time = 0; time < events; time++) {
    const cpu = random.below(Math.min(4, threads - 1));
    const before = on[cpu];
    if (before !== undefined) recorder.add({ type: "preempt", time, thread: before, cpu });
    let thread = random.below(threads);
    while (on.includes(thread)) thread = random.below(threads);
    on[cpu] = thread;
    recorder.add({ type: "dispatch", time, thread, cpu });
    if (random.below(50) === 0) {
      recorder.add({ type: "miss", time, thread, job: 0, deadline: time });
    }
  }
  return recorder.chart();
}

Deno.test("ganttSvg, 300 threads for long: some megabytes at most, names do not touch", () => {
  const chart = crowd(300, 20_000, "thread");
  const document = ganttSvg([{ title: "crowd", chart }]);
  assert(document.length < 2_500_000, `${document.length}`);
  const elements = parseSvg(document);
  const names = elements.filter(({ name, text }) => name === "text" && text.startsWith("thread "));
  assertEquals(names.length, 60);
  for (const [i, each] of names.slice(1).entries()) {
    assert(numberOf(each, "y") - numberOf(names[i]!, "y") >= 13);
  }
  assertEquals(titles(elements).filter((title) => /^thread \d+$/.test(title)).length, 300);
  const late = chart.rows.filter(({ marks }) => marks.miss.length > 0).length;
  assert(late > 100);
  const crosses = elements.filter(({ attributes }) => attributes.get("class") === "miss");
  assertEquals(crosses.length, late + 1, "and one in the legend");
});

Deno.test("ganttSvg, rows that are left out are told of", () => {
  const document = ganttSvg([{ title: "crowd", chart: crowd(1_005, 100, "thread") }]);
  assertStringIncludes(document, "5 more rows are left out");
});

Deno.test("ganttSvg, everything is on the page", () => {
  for (
    const [threads, rows] of [[3, "thread"], [30, "thread"], [100, "thread"], [9, "cpu"]] as const
  ) {
    const elements = parseSvg(ganttSvg([{ title: "crowd", chart: crowd(threads, 200, rows) }]));
    const [root] = elements;
    for (const { name, attributes } of elements) {
      if (name !== "path") continue;
      for (const [, x, y] of attributes.get("d")!.matchAll(/M([-\d.]+) ([-\d.]+)/g)) {
        assert(Number(x) >= 0 && Number(x) <= numberOf(root!, "width"), attributes.get("d"));
        assert(Number(y) >= 0 && Number(y) <= numberOf(root!, "height"), attributes.get("d"));
      }
    }
  }
});
