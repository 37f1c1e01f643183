// Every example that users read runs, in a project that only imports the package, and is allowed
// nothing but what its first line says.
import { assert, assertEquals } from "@std/assert";
import { chooseClang, chooseLinker } from "../build/tools.ts";
import { loadUnicorn } from "../unicorn/mod.ts";
import { type Example, exampleFiles, examplesOf, writeProject } from "./examples.ts";
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

/** Writes an example to a file of its own; returns its name. */
function write({ place, code }: Example): string {
  const file = `${place.replace(/\W+/g, "_")}.ts`;
  Deno.writeTextFileSync(`${folder}/${file}`, code);
  return file;
}

const library = { TRAPLINE_UNICORN: loadUnicorn().path };
const files = examples.map(write);

Deno.test("examples, their types are right", async () => {
  const { success, text } = await deno("check", files);
  assert(success, text);
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
    ignore: allowed.includes("--allow-run") && !canBuild,
    async fn() {
      const run = (flags: readonly string[]) =>
        deno("run", ["--no-prompt", ...flags, file], library);
      const { success, text } = await run(flags);
      assert(success, text);
      // Once for all that are allowed the same: each of the flags is needed.
      for (const flag of first ? flags : []) {
        // A checkout that may be read finds its library by itself, a published package does not.
        if (flag === "--allow-env" && flags.includes("--allow-read")) continue;
        const { success } = await run(flags.filter((other) => other !== flag));
        assert(!success, `${place} runs without ${flag}`);
      }
    },
  });
}

Deno.test("examples, without a permission of the engine's its flag is named", async () => {
  const at = examples.findIndex(({ place }) => place.startsWith("README.md"));
  const { flags = [] } = examples[at] ?? {};
  assertEquals(flags, ["--allow-ffi", "--allow-env"]);
  for (const flag of flags) {
    const others = flags.filter((other) => other !== flag);
    const { text } = await deno("run", ["--no-prompt", ...others, files[at] ?? ""], library);
    assert(new RegExp(`(?:with the|without) ${flag}`).test(text), text);
  }
});

Deno.test("examples, README and each export have one", () => {
  const { exports } = readConfig();
  for (const file of ["README.md", ...Object.values(exports).map((name) => name.slice(2))]) {
    assert(examples.some(({ place }) => place.startsWith(`${file}:`)), `${file} has no example`);
  }
});

Deno.test("documents, every task that they name is there", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  for (const file of exampleFiles().filter((name) => name.endsWith(".md"))) {
    const text = Deno.readTextFileSync(new URL(file, ROOT));
    for (const [, name = ""] of text.matchAll(/deno(?:@[\d.]+)? task (?:--quiet )?([\w:]+)/g)) {
      assert(Object.hasOwn(tasks, name), `${file}: no task ${name}`);
    }
  }
});
