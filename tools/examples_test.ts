// Every example that users read runs, in a project that only imports the package, and is allowed
// nothing but what its first line says.
import { assert, assertEquals } from "@std/assert";
import { chooseClang, chooseLinker } from "../build/tools.ts";
import { COMMAND_NAMES } from "../cli/help.ts";
import { loadUnicorn } from "../unicorn/mod.ts";
import { type Example, exampleFiles, examplesOf, writeProject } from "./examples.ts";
import { leftToFull, sweep } from "../util/testing/sweep.ts";
import { decideOffline, readConfig, ROOT } from "./world.ts";

await decideOffline();
const examples = exampleFiles().flatMap(examplesOf);
const folder = Deno.makeTempDirSync({ prefix: "trapline-examples-" });
writeProject(folder);
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Runs Deno in the project; nothing may come from the network. */
async function deno(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", "--cached-only", ...args],
    cwd: folder,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Programs of the folder `examples/` and what they are made of, as a user would copy them. */
copyFolder("examples");

function copyFolder(name: string): void {
  Deno.mkdirSync(`${folder}/${name}`);
  for (const entry of Deno.readDirSync(new URL(`${name}/`, ROOT))) {
    const inner = `${name}/${entry.name}`;
    if (entry.isDirectory) copyFolder(inner);
    else Deno.copyFileSync(new URL(inner, ROOT), `${folder}/${inner}`);
  }
}

/** Writes an example to a file of its own; returns its name. */
function write({ place, code }: Example): string {
  if (place.startsWith("examples/")) return place;
  const file = `${place.replace(/\W+/g, "_")}.ts`;
  Deno.writeTextFileSync(`${folder}/${file}`, code);
  return file;
}

const library = { TRAPLINE_UNICORN: loadUnicorn().path };
const files = examples.map(write);

// Most of its time goes into the types of the package, which `deno task check` has seen.
Deno.test({
  name: "examples, their types are right",
  ignore: leftToFull(),
  async fn() {
    const { success, text } = await deno("check", files);
    assert(success, text);
  },
});

// Only those who build programs need the tools.
const canBuild = await Promise.all([chooseClang(14, "a test"), chooseLinker("a test")])
  .then(() => true, () => false);
const seen = new Set<string>();

for (const [i, { place, flags }] of examples.entries()) {
  const file = files[i] ?? "";
  const allowed = flags.join(" ");
  const first = !seen.has(allowed);
  seen.add(allowed);
  Deno.test({
    name: `examples, ${place} runs with ${allowed || "no permission"}`,
    // The quick sweep has one of each kind.
    ignore: leftToFull(!first) || allowed.includes("--allow-run") && !canBuild,
    async fn() {
      const run = (flags: readonly string[]) =>
        deno("run", ["--no-prompt", ...flags, file], library);
      const { success, text } = await run(flags);
      assert(success, text);
      // Once for all that are allowed the same, and in the full sweep: each of the flags is needed.
      for (const flag of sweep({ quick: [], full: first ? flags : [] })) {
        // A checkout has its library beside it, a published package has to look for it.
        if (flag === "--allow-env") continue;
        const { success } = await run(flags.filter((other) => other !== flag));
        assert(!success, `${place} runs without ${flag}`);
      }
    },
  });
}

Deno.test("examples, without the permission of the engine its flag is named", async () => {
  const at = examples.findIndex(({ place }) => place.startsWith("README.md"));
  assertEquals(examples[at]?.flags, ["--allow-ffi", "--allow-env"]);
  const { text } = await deno("run", ["--no-prompt", "--allow-env", files[at] ?? ""], library);
  assert(text.includes("with the --allow-ffi flag"), text);
});

Deno.test("examples, README and each export have one", () => {
  const { exports } = readConfig();
  for (const file of ["README.md", ...Object.values(exports).map((name) => name.slice(2))]) {
    assert(examples.some(({ place }) => place.startsWith(`${file}:`)), `${file} has no example`);
  }
});

Deno.test("documents, every task and command that they name is there", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  for (const file of exampleFiles().filter((name) => name.endsWith(".md"))) {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    for (const [, name = ""] of text.matchAll(/deno(?:@[\d.]+)? task (?:--quiet )?([\w:]+)/g)) {
      assert(Object.hasOwn(tasks, name), `${file}: no task ${name}`);
    }
    for (const [, name = ""] of text.matchAll(/task (?:--quiet )?trapline (\w+)/g)) {
      assert(COMMAND_NAMES.includes(name), `${file}: no command ${name}`);
    }
  }
});

Deno.test("documents, versions agree", () => {
  const read = (file: string): string => Deno.readTextFileSync(new URL(file, ROOT));
  const { version } = JSON.parse(read("deno.json"));
  assert(read("CHANGELOG.md").includes(`\n## ${version}\n`), `CHANGELOG.md has no ${version}`);
  const runtimes = ["README.md", ".ci/run", ".github/workflows/ci.yml", "CONTRIBUTING.md"]
    .flatMap((file) =>
      Array.from(
        read(file).matchAll(/(?:deno@|deno-version: "|Deno )(\d+\.\d+\.\d+)/g),
        ([, v]) => v,
      )
    );
  assert(runtimes.length >= 5);
  assertEquals([...new Set(runtimes)], ["2.9.6"]);
});
