/**
 * Runs Deno's commands for the tasks of `deno.json`, wherever they run: with JSR or without, with
 * libunicorn in place or still to be fetched. It imports nothing from a registry, prints nothing to
 * standard output, and ends as its child ended.
 *
 *     deno run -A tools/launch.ts JOB [--engine | --engine-for=NAME,…] [ARGUMENT …]
 *
 * Jobs are `run SCRIPT`, `test`, `sweeps`, `bench`, `check`, `imports`, `lint`, `doc-lint`, `fmt`,
 * `publish` and `ok`, which is the whole gate.
 * `--engine` sees to libunicorn first; `--engine-for` does so when the script's first argument is
 * one of the names.
 *
 * @module
 */
import { RUNTIME_FLAGS } from "../util/runtime_flags.ts";
import { decideOffline, importMapFlags, offlineConfig, path, readConfig, ROOT } from "./world.ts";

/** How a child ended. */
interface End {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

const FORWARDED: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs Deno with our standard streams, passing signals on. */
async function deno(args: string[], cwd: string = path(ROOT)): Promise<End> {
  // Where this task was started says nothing of tasks the child starts, and Deno leaves the
  // variable alone if it is there.
  Deno.env.delete("INIT_CWD");
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const listeners = FORWARDED.map((signal) => {
    // A terminal has sent its interrupt to the child too.
    const listener = () => {
      if (signal !== "SIGINT" || !Deno.stdin.isTerminal()) child.kill(signal);
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  const { code, signal } = await child.status;
  for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  return { code, signal };
}

/** Ends this process as the child ended: with its code, or by its signal. */
async function endAs({ code, signal }: End): Promise<never> {
  if (signal !== null) {
    Deno.kill(Deno.pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  Deno.exit(code);
}

async function run(offline: boolean, [script, ...args]: string[]): Promise<End> {
  if (script === undefined) throw new Error("Cannot run: no script was named");
  // File names on a task's command line are relative to where the user stands, not to the folder of
  // deno.json.
  const cwd = Deno.env.get("INIT_CWD") || Deno.cwd();
  const config = path(new URL("deno.json", ROOT));
  const main = path(new URL(script, ROOT));
  return await deno(
    ["run", "-A", ...RUNTIME_FLAGS, "--config", config, ...importMapFlags(offline), main, ...args],
    cwd,
  );
}

async function withConfig(offline: boolean, command: string, args: string[]): Promise<End> {
  using config = offlineConfig(offline);
  return await deno([command, ...config.flags, ...args]);
}

type Job = (offline: boolean, args: string[]) => Promise<End>;

const JOBS: Record<string, Job> = {
  run,
  // On all CPUs, or as many as DENO_JOBS says: no test may count on having the process alone. Types
  // are the business of `check`.
  test: async (offline, args) => {
    const { namesTests, withTestGroups } = await import("./test_groups.ts");
    const run = (modules: readonly string[]) =>
      deno([
        ...["test", "-A", "--no-check", "--parallel"],
        ...importMapFlags(offline),
        ...args,
        ...modules,
      ]);
    return namesTests(args) ? await run([]) : await withTestGroups(ROOT, run);
  },
  // Those tests that are shorter in `test`, in full length.
  sweeps: async (offline, args) => {
    const { readImports } = await import("./check_imports.ts");
    const { sweptTests } = await import("./swept_tests.ts");
    Deno.env.set("TRAPLINE_SWEEP", "full");
    return await JOBS.test!(offline, [...args, ...sweptTests(await readImports(ROOT))]);
  },
  bench: (offline, args) => deno(["bench", "-A", ...importMapFlags(offline), ...args]),
  check: (offline, args) => deno(["check", ...importMapFlags(offline), ...args]),
  imports: (offline) => run(offline, ["tools/check_imports.ts"]),
  lint: (offline, args) => withConfig(offline, "lint", args),
  "doc-lint": (offline, args) =>
    deno([
      "doc",
      "--lint",
      ...importMapFlags(offline),
      ...args,
      ...Object.values(readConfig().exports),
    ]),
  fmt: (_offline, args) => deno(["fmt", ...args]),
  publish: (offline, args) => withConfig(offline, "publish", args),
};

/** The whole gate, in order. */
const STAGES: readonly (readonly [job: string, ...args: string[]])[] = [
  ["fmt", "--check"],
  ["lint"],
  ["check"],
  ["imports"],
  ["doc-lint"],
  ["test"],
  ["publish", "--dry-run", "--allow-dirty"],
];

async function ok(offline: boolean): Promise<End> {
  const failed: string[] = [];
  for (const [job, ...args] of STAGES) {
    console.error(`== ${[job, ...args].join(" ")}`);
    if (job === "test") await ensureEngine();
    const end = await JOBS[job]!(offline, args);
    if (end.signal !== null) return end;
    if (end.code !== 0) failed.push(job);
  }
  console.error(
    failed.length === 0 ? "ok: every stage passed" : `ok: failed: ${failed.join(", ")}`,
  );
  return { code: failed.length === 0 ? 0 : 1, signal: null };
}

async function ensureEngine(): Promise<void> {
  const { ensureUnicorn } = await import("../unicorn/fetch.ts");
  await ensureUnicorn();
}

/** Takes the launcher's own options off the front of a job's arguments. */
function needsEngine(args: string[]): boolean {
  const option = args[0];
  if (option === "--engine") {
    args.shift();
    return true;
  }
  if (!option?.startsWith("--engine-for=")) return false;
  args.shift();
  const [, command] = args;
  return command !== undefined &&
    option.slice(option.indexOf("=") + 1).split(",").includes(command);
}

async function main([name, ...args]: string[]): Promise<End> {
  const jobs: Record<string, Job> = { ...JOBS, ok };
  const job = jobs[name ?? ""];
  if (job === undefined) {
    throw new Error(`Cannot launch "${name ?? ""}": the jobs are ${Object.keys(jobs).join(", ")}`);
  }
  const engine = needsEngine(args);
  const offline = await decideOffline();
  if (engine) await ensureEngine();
  return await job(offline, args);
}

if (import.meta.main) {
  let end: End;
  try {
    end = await main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    end = { code: 1, signal: null };
  }
  await endAs(end);
}
