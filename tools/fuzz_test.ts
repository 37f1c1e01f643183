import { assertEquals, assertMatch } from "@std/assert";
import { readTask } from "./task_numbers.ts";
import { decideOffline, importMapFlags } from "./world.ts";

async function fuzz(how: "piped" | "on a terminal"): Promise<{ out: string; err: string }> {
  const flags = importMapFlags(await decideOffline());
  const script = new URL("fuzz.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "-A", "--quiet", ...flags, script, "--cases", "300"];
  // script(1) gives its command a terminal, to which it writes both streams.
  const [program = "", ...args] = how === "piped"
    ? command
    : ["script", "-qefc", command.join(" "), "/dev/null"];
  const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("fuzz, shows progress on a terminal and only there", async () => {
  const piped = await fuzz("piped");
  assertEquals(piped.err, "");
  assertMatch(piped.out, /300 cases/);
  const { out } = await fuzz("on a terminal");
  const lines = out.split("\r\x1b[K");
  assertEquals(lines.slice(0, 2), ["", "cases: 0/300"]);
  assertMatch(lines[2]!, /^cases: [1-9]\d*\/300$/);
  assertMatch(lines.at(-2)!, /300 cases/);
});

Deno.test("fuzz, snapshots, oracle and bench, tell how they are used and refuse the rest in one line", async () => {
  const flags = importMapFlags(await decideOffline());
  const cases: [string, string[], number, RegExp][] = [
    ["fuzz.ts", ["--help"], 0, /^deno task fuzz \[--cases N\] \[--seed N\]\n$/],
    ["fuzz.ts", ["--nope"], 2, /^Cannot use --nope: expected deno task fuzz .*\n$/],
    ["../bench/report.ts", ["--help"], 0, /^deno task bench \[--json\] .*\n$/],
    ["../bench/peers/run.ts", ["--help"], 0, /^deno task bench:peers \[--rounds N\]\n$/],
    ["../bench/unwind_report.ts", ["--json", "-h"], 0, /^deno task bench:unwind \[--json\]\n$/],
    ["oracle.ts", ["--help"], 0, /^deno task oracle \[FILE…\]\n$/],
    ["snapshots.ts", ["--instants", "x"], 2, /^Cannot use --instants x: .*--instants N\] .*\n$/],
  ];
  for (const [file, given, status, text] of cases) {
    const script = new URL(file, import.meta.url).pathname;
    const args = ["run", "-A", "--quiet", ...flags, script, ...given];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(code, status);
    assertMatch(new TextDecoder().decode(status === 0 ? stdout : stderr), text);
  }
});

Deno.test("readTask, numbers are those given; help and what is refused take a line", () => {
  const defaults = { cases: 3, seed: 1 };
  assertEquals(readTask("fuzz", ["--seed", "7"], defaults), { numbers: { cases: 3, seed: 7 } });
  const said: string[] = [];
  const { log, error } = console;
  console.log = console.error = (line: string) => void said.push(line);
  try {
    for (const args of [["-h"], ["more"], ["--cases", "1", "--cases", "2"], ["--seed", "x"]]) {
      said.push(JSON.stringify(readTask("fuzz", args, defaults)));
    }
  } finally {
    Object.assign(console, { log, error });
  }
  const usage = "deno task fuzz [--cases N] [--seed N]";
  const refused = ["more", "--cases 1,2", "--seed x"].flatMap((what) => [
    `Cannot use ${what}: expected ${usage}`,
    '{"status":2}',
  ]);
  assertEquals(said, [usage, '{"status":0}', ...refused]);
});
