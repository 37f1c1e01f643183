import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { serveFakeJsr } from "./testing/fake_jsr.ts";
import { leftToFull } from "../util/testing/sweep.ts";

const TREE = new URL("../", import.meta.url);
const NOTICE = "JSR is not reachable; using the offline import map\n";
// Nothing listens on port 9 of the loopback device, so a connection is refused at once.
const NOWHERE = "http://127.0.0.1:9/";

/** A small project with the launcher in it, and caches of its own. */
class Project implements Disposable {
  readonly root: string = Deno.makeTempDirSync({ prefix: "trapline-launch-" });

  constructor() {
    for (const name of ["tools", "offline", "unicorn", "util"]) {
      Deno.mkdirSync(`${this.root}/${name}`);
    }
    const offline = ["assert.ts", "parse_args.ts", "parse_args_test.ts", "import_map.json"];
    for (
      const file of [
        "tools/launch.ts",
        "tools/world.ts",
        "util/runtime_flags.ts",
        ...offline.map((name) => `offline/${name}`),
      ]
    ) {
      Deno.copyFileSync(new URL(file, TREE), `${this.root}/${file}`);
    }
    const real = JSON.parse(Deno.readTextFileSync(new URL("deno.json", TREE)));
    const imports = Object.fromEntries(
      Object.entries(real.imports as Record<string, string>).filter(([name]) =>
        name.startsWith("@std/")
      ),
    );
    this.write(
      "deno.json",
      JSON.stringify({
        ...real,
        imports,
        exports: { ".": "./mod.ts" },
        tasks: { "say": "deno run -A tools/launch.ts run --engine-for=loud say.ts" },
      }),
    );
    this.write(
      "unicorn/fetch.ts",
      `export async function ensureUnicorn(): Promise<void> { await 0; console.error("engine"); }\n`,
    );
    this.write(
      "say.ts",
      `import { parseArgs } from "@std/cli/parse-args";
       const { code, _ } = parseArgs(Deno.args, { string: ["code"], default: { code: "0" } });
       console.log(JSON.stringify({ words: _, cwd: Deno.cwd(), init: Deno.env.has("INIT_CWD"), from: import.meta.resolve("@std/assert") }));
       if (code === "wait") setInterval(() => {}, 1000);
       else Deno.exit(Number(code));\n`,
    );
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.root}/${name}`, text);
  }

  command(args: string[], env: Record<string, string>): Deno.Command {
    return new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.root,
      env: {
        DENO_DIR: `${this.root}/.cache/deno`,
        JSR_URL: NOWHERE,
        NO_COLOR: "1",
        TRAPLINE_OFFLINE: "",
        INIT_CWD: "",
        ...env,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async run(
    args: string[],
    env: Record<string, string> = {},
  ): Promise<{ code: number; out: string; err: string }> {
    const { code, stdout, stderr } = await this.command(args, env).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  launch(args: string[], env: Record<string, string> = {}): ReturnType<Project["run"]> {
    return this.run(["run", "-A", "tools/launch.ts", ...args], env);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("launch run, offline: one notice, clean output, the child's exit code", async () => {
  using project = new Project();
  const { code, out, err } = await project.launch(["run", "say.ts", "quiet", "--code", "7"]);
  assertEquals(code, 7);
  assertEquals(err, NOTICE);
  const { words, from } = JSON.parse(out);
  assertEquals(words, ["quiet"]);
  assertStringIncludes(from, "/offline/assert.ts");
});

Deno.test("launch run, online: registry modules, no notice", async () => {
  using project = new Project();
  await using jsr = serveFakeJsr();
  const { code, out, err } = await project.launch(["run", "say.ts"], { JSR_URL: jsr.url });
  assertEquals(code, 0, err);
  assert(!err.includes("offline"), err);
  assertEquals(JSON.parse(out).from, "jsr:@std/assert@^1.0.0");
});

Deno.test("jsrReachable, with the packages in Deno's cache no registry is needed", async () => {
  using project = new Project();
  project.write(
    "ask.ts",
    `import { jsrReachable } from "./tools/world.ts";
     console.log(await jsrReachable(5000));\n`,
  );
  const ask = ["run", "-A", "--no-config", "ask.ts"];
  assertEquals((await project.run(ask)).out, "false\n");
  let JSR_URL: string;
  {
    await using jsr = serveFakeJsr();
    JSR_URL = jsr.url;
    assertEquals((await project.run(ask, { JSR_URL })).out, "true\n");
  }
  assertEquals((await project.run(ask, { JSR_URL })).out, "true\n", "the registry is gone");
  Deno.removeSync(`${project.root}/.cache/deno/remote`, { recursive: true });
  assertEquals((await project.run(ask, { JSR_URL })).out, "false\n", "the cache is gone too");
});

Deno.test("jsrReachable, a registry that never answers is given up", async () => {
  using project = new Project();
  await using jsr = serveFakeJsr({ silent: true });
  project.write(
    "ask.ts",
    `import { jsrReachable } from "./tools/world.ts";
     console.log(await jsrReachable(300));\n`,
  );
  const { out } = await project.run(["run", "-A", "--no-config", "ask.ts"], { JSR_URL: jsr.url });
  assertEquals(out, "false\n");
});

Deno.test("launch run, override: neither probes nor tells", async () => {
  using project = new Project();
  const { out, err } = await project.launch(["run", "say.ts"], { TRAPLINE_OFFLINE: "1" });
  assertEquals(err, "");
  assertStringIncludes(JSON.parse(out).from, "/offline/assert.ts");
  const bad = await project.launch(["run", "say.ts"], { TRAPLINE_OFFLINE: "maybe" });
  assertEquals(bad.code, 1);
  assertEquals(bad.err, `Cannot read TRAPLINE_OFFLINE: expected 0 or 1, got "maybe"\n`);
});

Deno.test("launch, --engine-for sees to the engine for the named commands only", async () => {
  using project = new Project();
  const env = { TRAPLINE_OFFLINE: "1" };
  const job = ["run", "--engine-for=boot,loud", "say.ts"];
  assertEquals((await project.launch([...job, "loud"], env)).err, "engine\n");
  assertEquals((await project.launch([...job, "quiet"], env)).err, "");
  assertEquals((await project.launch(job, env)).err, "");
  assertEquals((await project.launch(["run", "--engine", "say.ts"], env)).err, "engine\n");
});

Deno.test("launch, a failing engine search ends the job with its message", async () => {
  using project = new Project();
  project.write(
    "unicorn/fetch.ts",
    `export function ensureUnicorn(): never { throw new Error("No libunicorn serves"); }\n`,
  );
  const { code, out, err } = await project.launch(["run", "--engine", "say.ts"]);
  assertEquals([code, out, err], [1, "", `${NOTICE}No libunicorn serves\n`]);
});

Deno.test("deno task, runs where the user stands and keeps standard output clean", async () => {
  using project = new Project();
  Deno.mkdirSync(`${project.root}/below`);
  const { code, out } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "say", "word"],
    cwd: `${project.root}/below`,
    env: { JSR_URL: NOWHERE, TRAPLINE_OFFLINE: "" },
  }).output().then(({ code, stdout }) => ({ code, out: new TextDecoder().decode(stdout) }));
  assertEquals(code, 0);
  const { words, cwd, init } = JSON.parse(out);
  assertEquals([words, init], [["word"], false]);
  assertEquals(cwd, Deno.realPathSync(`${project.root}/below`));
});

Deno.test("launch, an unknown job is refused with the list of jobs", async () => {
  using project = new Project();
  const { code, err } = await project.launch(["fly"]);
  assertEquals(code, 1);
  assertMatch(err, /^Cannot launch "fly": the jobs are run, test, .*, ok\n$/);
});

Deno.test("launch, a signal reaches the child and its end is passed on", async () => {
  using project = new Project();
  const child = project.command(
    ["run", "-A", "tools/launch.ts", "run", "say.ts", "--code", "wait"],
    { TRAPLINE_OFFLINE: "1" },
  ).spawn();
  const reader = child.stdout.getReader();
  assertEquals((await reader.read()).done, false);
  child.kill("SIGTERM");
  const rest = await reader.read();
  assertEquals(rest.done, true, "the grandchild closed its output");
  await child.stderr.cancel();
  assertEquals((await child.status).signal, "SIGTERM");
});

Deno.test("launch publish and lint, same files and no registry in either world", {
  ignore: leftToFull(),
}, async () => {
  using project = new Project();
  project.write(
    "mod.ts",
    `/** A module.\n * @module */\nimport { parseArgs } from "@std/cli/parse-args";
/** Counts. */\nexport function count(args: string[]): number {\n  return parseArgs(args, { boolean: ["all"] })._.length;\n}\n`,
  );
  const dry = ["publish", "--dry-run", "--allow-dirty"];
  await using jsr = serveFakeJsr();
  const online = await project.launch(dry, { JSR_URL: jsr.url });
  Deno.removeSync(`${project.root}/.cache`, { recursive: true });
  const offline = await project.launch(dry);
  assertEquals([online.code, offline.code], [0, 0], online.err + offline.err);
  assertStringIncludes(offline.err, NOTICE);
  assertEquals(published(offline.err), published(online.err));
  assertEquals(published(offline.err), ["deno.json", "mod.ts", "unicorn/fetch.ts"]);
  const lint = await project.launch(["lint", "mod.ts"]);
  assertEquals([lint.code, lint.err], [0, `${NOTICE}Checked 1 file\n`]);
  const left = [...Deno.readDirSync(project.root)].map((entry) => entry.name);
  assertEquals(left.filter((name) => name.startsWith("deno.")), ["deno.json"]);
});

/** The files of a dry run's list, without the configuration file made for it. */
function published(report: string): string[] {
  return [...report.matchAll(/file:\/\/\S*?\/trapline-launch-[^/]*\/(\S+) \(/g)]
    .map((match) => match[1] ?? "")
    .filter((name) => !name.startsWith("deno.offline-"));
}
