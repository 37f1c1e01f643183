import { assert, assertEquals } from "@std/assert";
import type { SimulationEvent } from "../simulator/events.ts";
import { type GanttChart, type GanttRow, PIECE_KINDS, SEVERAL } from "./chart.ts";
import { GanttRecorder } from "./recorder.ts";
import { seedChart } from "./testing/seed_schedule.ts";

/** `run 0-4@0` for each piece, `miss 20` for each mark. */
function told({ pieces, marks }: GanttRow): string[] {
  return [
    ...PIECE_KINDS.flatMap((kind) =>
      pieces[kind].map(({ start, end, time, of }) => {
        const part = time === end - start ? "" : ` (${time})`;
        return `${kind} ${start}-${end}@${of}${part}`;
      })
    ),
    ...Object.entries(marks).flatMap(([kind, all]) =>
      all.map(({ time, count }) => `${kind} ${time}${count === 1 ? "" : ` x${count}`}`)
    ),
  ];
}

Deno.test("GanttRecorder, every state and happening of a thread is in its row", () => {
  const { rows, objects, to, grain, omitted } = seedChart();
  assertEquals([objects, to, grain, omitted], [["mutex bus", "device disk"], 40, 0, 0]);
  assertEquals(rows.map(({ name }) => name), ["low", "<high>", "editor & co"]);
  assertEquals(rows.map(told), [
    ["ready 4-8@0", "run 0-4@0", "run 8-36@1", "hold 2-24@0", "preempt 4", "migrate 8"],
    [
      "ready 24-26@0",
      "lock 10-24@0",
      "switch 4-6@0",
      "run 6-10@0",
      "run 26-40@0",
      "hold 24-30@0",
      "release 4",
      "release 28",
      "deadline 20",
      "miss 20",
    ],
    ["io 8-12@1", "run 0-8@1", "run 12-26@0", "migrate 12"],
  ]);
});

Deno.test("GanttRecorder, rows of CPUs have who ran on them", () => {
  const { rows } = seedChart("cpu");
  assertEquals(rows.map(({ name }) => name), ["CPU 0", "CPU 1"]);
  assertEquals(told(rows[0]!), [
    "switch 4-6@1",
    "run 0-4@0",
    "run 6-10@1",
    "run 12-26@2",
    "run 26-40@1",
    "miss 20",
    "preempt 4",
    "migrate 12",
  ]);
  assertEquals(told(rows[1]!), ["run 0-8@2", "run 8-36@0", "migrate 8"]);
});

Deno.test("GanttRecorder, what is before its beginning is left out", () => {
  const { rows, from } = seedChart("thread", 22);
  assertEquals([from, ...rows.map(told)], [
    22,
    ["run 22-36@1", "hold 22-24@0"],
    ["ready 24-26@0", "lock 22-24@0", "run 26-40@0", "hold 24-30@0", "release 28"],
    ["run 22-26@0"],
  ]);
});

/** Two threads take turns, `each` at a time. */
function turns(count: number, each: number, detail: number): GanttChart {
  const recorder = new GanttRecorder([0, 1].map((id) => ({ name: `t${id}`, steps: [] })), {
    detail,
  });
  const add = (type: "arrive" | "dispatch" | "preempt", time: number, thread: number) =>
    recorder.add({ type, time, thread } satisfies SimulationEvent);
  for (const thread of [0, 1]) add("arrive", 0, thread);
  for (let turn = 0; turn < count; turn++) {
    add("dispatch", turn * each, turn % 2);
    add("preempt", (turn + 1) * each, turn % 2);
  }
  return recorder.chart();
}

function size({ rows }: GanttChart): number {
  return rows.map(told).flat().length;
}

Deno.test("GanttRecorder, a long run takes no more than its detail, and no time is lost", () => {
  for (const count of [100, 1_000, 10_000, 100_000]) {
    const chart = turns(count, 3, 600);
    assert(size(chart) <= 600, `${count}: ${size(chart)}`);
    for (const { pieces, marks } of chart.rows) {
      assertEquals(sum(pieces.run.map(({ time }) => time)), count * 3 / 2);
      assertEquals(sum(marks.preempt.map((mark) => mark.count)), count / 2);
      for (const [i, piece] of pieces.run.entries()) {
        assert(piece.time <= piece.end - piece.start);
        assert(i === 0 || piece.start >= pieces.run[i - 1]!.end);
      }
    }
    assertEquals(chart.grain > 0, count > 100);
  }
});

Deno.test("GanttRecorder, a long piece stays whole among short ones that do not", () => {
  const recorder = new GanttRecorder([{ name: "a", steps: [] }], { detail: 50 });
  const run = (start: number, end: number) => {
    recorder.add({ type: "dispatch", time: start, thread: 0 });
    recorder.add({ type: "sleep", time: end, thread: 0 });
  };
  for (let at = 0; at < 1_000; at += 10) run(at, at + 1);
  run(1_000, 2_000);
  for (let at = 2_010; at < 3_000; at += 10) run(at, at + 1);
  const { rows: [row], grain } = recorder.chart();
  assert(grain > 10 && grain < 1_000);
  assertEquals(row!.pieces.run.filter(({ time }) => time > 100), [
    { start: 1_000, end: 2_000, time: 1_000, of: 0 },
  ]);
});

Deno.test("GanttRecorder, pieces of several CPUs that are one say so", () => {
  const recorder = new GanttRecorder([{ name: "a", steps: [] }], { cpus: 2, detail: 10 });
  for (let at = 0; at < 400; at += 2) {
    recorder.add({ type: "dispatch", time: at, thread: 0, cpu: at / 2 % 2 });
    recorder.add({ type: "preempt", time: at + 1, thread: 0, cpu: at / 2 % 2 });
  }
  const { rows: [row] } = recorder.chart();
  assertEquals(new Set(row!.pieces.run.map(({ of }) => of)), new Set([SEVERAL]));
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
