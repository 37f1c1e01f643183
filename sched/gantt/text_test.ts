import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GanttRecorder } from "./recorder.ts";
import { seedChart } from "./testing/seed_schedule.ts";
import { ganttText } from "./text.ts";

Deno.test("ganttText, two columns for each unit of time where they fit", () => {
  assertEquals(
    ganttText(seedChart(), { columns: 100 }),
    `\
            0   2   4   6   8   10  12  14  16  18  20  22  24  26  28  30  32  34  36  38
            ┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───┬───
                    <       >
        low 00000000────────11111111111111111111111111111111111111111111111111111111
                    ↑                               ✗               ↑
     <high>         ╌╌╌╌00000000≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈≈────0000000000000000000000000000
                                    >
editor & co 1111111111111111········0000000000000000000000000000
0-9a-zA-Z@# the CPU it runs on   ╌ is switched to   ─ ready   ≈ waits for a lock   · waits for I/O
↑ release   ↓ deadline (↕ both)   ✗ deadline missed   < preempted   > migrated   2 columns are 1
`,
  );
});

Deno.test("ganttText, rows of CPUs have names", () => {
  assertEquals(
    ganttText(seedChart("cpu"), { columns: 60 }),
    `\
      0    5    10   15   20   25   30   35
      ┬────┬────┬────┬────┬────┬────┬────┬────
          <       >       ✗
CPU 0 [lo]╌╌[<h]  [editor & co─][<high>──────]
              >
CPU 1 [editor][low───────────────────────]
[name──] runs   ╌ is switched to   ✗ deadline missed
< preempted   > migrated   a column is 1
`,
  );
});

Deno.test("ganttText, lines are as long as they may be, whatever the run's length", () => {
  for (const columns of [40, 80, 133]) {
    for (const end of [1, 10, 77, 1_000, 123_456, 9_876_543_210]) {
      const recorder = new GanttRecorder([{ name: "a thread with a very long name", steps: [] }]);
      recorder.add({ type: "arrive", time: 0, thread: 0 });
      recorder.add({ type: "dispatch", time: 0, thread: 0 });
      recorder.add({ type: "exit", time: end, thread: 0 });
      const [numbers = "", ticks = "", bar = ""] = ganttText(recorder.chart(), { columns })
        .split("\n");
      for (const line of [numbers, ticks, bar]) assert(line.length <= columns, line);
      assert(bar.length > columns / 2, `${columns} ${end}: ${bar}`);
      assertStringIncludes(bar, "…");
    }
  }
});

Deno.test("ganttText, what is several CPUs or threads is a plus", () => {
  for (const rows of ["thread", "cpu"] as const) {
    const names = rows === "thread" ? ["a"] : ["a", "b"];
    const options = { cpus: rows === "thread" ? 2 : 1, rows, detail: 10 };
    const recorder = new GanttRecorder(names.map((name) => ({ name, steps: [] })), options);
    for (let at = 0; at < 400; at += 2) {
      const other = at / 2 % 2;
      const [thread, cpu] = rows === "thread" ? [0, other] : [other, 0];
      recorder.add({ type: "dispatch", time: at, thread, cpu });
      recorder.add({ type: "sleep", time: at + 1, thread, cpu });
    }
    const text = ganttText(recorder.chart(), { columns: 60 });
    assert(new RegExp(`^${rows === "cpu" ? "CPU 0" : "a"} \\+{40,}$`, "m").test(text), text);
    assertStringIncludes(text, "+ several");
  }
});

Deno.test("ganttText, with many threads misses are in the bars", () => {
  const threads = Array.from({ length: 300 }, (_, id) => ({ name: `t${id}`, steps: [] }));
  const recorder = new GanttRecorder(threads);
  for (const id of threads.keys()) {
    recorder.add({ type: "arrive", time: id, thread: id });
    recorder.add({ type: "dispatch", time: id, thread: id });
    if (id === 7) recorder.add({ type: "miss", time: id, thread: id, job: 0, deadline: 7 });
    recorder.add({ type: "exit", time: id + 1, thread: id });
  }
  const lines = ganttText(recorder.chart(), { columns: 80 }).split("\n");
  assertEquals(lines.length, 304);
  assertEquals(lines[2 + 7], `  t7 ${" ".repeat(1)}✗`);
  assertEquals(lines[2 + 299], `t299 ${" ".repeat(74)}░`);
});
