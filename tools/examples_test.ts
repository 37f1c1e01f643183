// Every example that users read runs, in a project that only imports the package, and is allowed
// nothing but what its first line says.
import { assert, assertEquals } from "@std/assert";
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

for (const [i, { place, flags }] of examples.entries()) {
  Deno.test(`examples, ${place} runs with ${flags.join(" ") || "no permission"}`, async () => {
    const { success, text } = await deno("run", ["--no-prompt", ...flags, files[i] ?? ""], library);
    assert(success, text);
  });
}

Deno.test("examples, each permission of the engine's is needed", async () => {
  const at = examples.findIndex(({ place }) => place.startsWith("README.md"));
  const { flags = [] } = examples[at] ?? {};
  assertEquals(flags, ["--allow-ffi", "--allow-env"]);
  for (const flag of flags) {
    const others = flags.filter((other) => other !== flag);
    const { success, text } = await deno(
      "run",
      ["--no-prompt", ...others, files[at] ?? ""],
      library,
    );
    assert(
      !success && text.includes(`run again with the ${flag} flag`) ||
        text.includes(`without ${flag}`),
      text,
    );
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
