// `deno bench -P`, as a user types it.
import { assert, assertEquals, assertLess } from "@std/assert";
import { x86_64 } from "../arch/mod.ts";
import { OpenPath } from "./paths/measure.ts";
import { PATHS } from "./paths/mod.ts";
import { leftToFull } from "../util/testing/sweep.ts";

const ROOT = new URL("../", import.meta.url);
const PATH = "bare trap";

/** What `deno bench --json` says, as far as it is read here. */
interface Report {
  readonly benches: readonly {
    readonly origin: string;
    readonly name: string;
    readonly results: readonly { readonly ok?: { readonly avg: number } }[];
  }[];
}

Deno.test("deno bench -P, a line is one round, with the permissions of deno.json", {
  ignore: leftToFull(),
}, async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "-P", "--no-check", "--json", "--filter", `/^${PATH}, x86_64$/`],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text.startsWith("{"), new TextDecoder().decode(stderr));
  const { benches }: Report = JSON.parse(text);
  assertEquals(benches.map(({ name }) => name), [`${PATH}, x86_64`]);
  const avg = benches[0]?.results[0]?.ok?.avg ?? NaN;
  const path = PATHS.find(({ name }) => name === PATH);
  assert(path !== undefined);
  using open = new OpenPath(path, x86_64);
  const samples = Array.from({ length: 50 }, () => open.sample()).sort((a, b) => a - b);
  const round = samples[25] ?? NaN;
  // A sample is a hundred rounds.
  assertEquals(open.current.rounds, 100);
  assertLess(avg, 25 * round);
  assertLess(round, 25 * avg);
});

Deno.test("deno bench, every file that it takes has something to measure", () => {
  const { bench } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const files = [...benchFiles(ROOT)].map((url) => url.href.slice(ROOT.href.length))
    .filter((file) => !bench.exclude.some((folder: string) => file.startsWith(`${folder}/`)));
  assertEquals(files, ["bench/kernel_bench.ts"]);
});

/** The files whose names `deno bench` looks for. */
function* benchFiles(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (name.startsWith(".")) continue;
    if (isDirectory) yield* benchFiles(new URL(`${name}/`, folder));
    else if (/^(?:.*[_.])?bench\.(?:ts|tsx|mts|js|mjs|jsx)$/.test(name)) {
      yield new URL(name, folder);
    }
  }
}
