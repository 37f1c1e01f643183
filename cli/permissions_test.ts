// What each command is documented to need is enough, and what it prints goes on working.
import { assert, assertEquals } from "@std/assert";
import { moduleHello } from "../guest/boot_modules.ts";
import { cliCommand, runCommand } from "./testing/run_cli.ts";

const ENGINE = ["--allow-ffi", "--allow-env"];
const folder = Deno.makeTempDirSync({ prefix: "trapline-permissions-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const elf = `${folder}/hello.elf`;
const WORKLOADS = new URL("../examples/workloads", import.meta.url).pathname;
Deno.writeFileSync(elf, (await moduleHello("x86_64")).bytes);

const CASES: readonly (readonly [allowed: readonly string[], ...args: string[]])[] = [
  [[], "help"],
  [[], "--version"],
  [ENGINE, "demo"],
  [ENGINE, "panic"],
  [ENGINE, "boot", "--log", "console"],
  [[...ENGINE, `--allow-read=${elf}`], "boot", "--arch", "x86_64", "--module", elf],
  [
    [...ENGINE, `--allow-read=${elf}`, `--allow-write=${folder}/hello.core`],
    ...["core", "--until", "main", "-o", `${folder}/hello.core`, elf],
  ],
  // Behind the one that makes it.
  [
    [`--allow-read=${folder}/hello.core,${elf}`],
    ...["backtrace", "--core", `${folder}/hello.core`],
  ],
  [[...ENGINE, `--allow-write=${folder}/map.svg`], "doctor", "--svg", `${folder}/map.svg`, "green"],
  [[...ENGINE, `--allow-read=${elf}`], "doctor", elf],
  [[`--allow-read=${elf}`], "frames", elf],
  [
    [`--allow-read=${WORKLOADS}/pathfinder.json`],
    "sched",
    `${WORKLOADS}/pathfinder.json`,
    "--policy",
    "rm",
  ],
  [
    [`--allow-read=${WORKLOADS}`, `--allow-write=${folder}/s.svg`],
    ...["sched", `${WORKLOADS}/pathfinder.json`, "--policy", "rm", "--svg", `${folder}/s.svg`],
  ],
  [[`--allow-read=${elf}`], "lsda", elf],
  [[`--allow-write=${folder}/own`], "headers", `${folder}/own`],
];

for (const [allowed, ...args] of CASES) {
  const short = (words: readonly string[]) =>
    words.join(" ").replaceAll(folder, "").replaceAll(WORKLOADS, "");
  const shown = short(args);
  const flags = short(allowed);
  Deno.test(`trapline ${shown}, with ${flags || "no permission"}`, async () => {
    const { code, stderr } = await runCommand(await cliCommand(args, allowed));
    assertEquals([code, stderr], [0, ""]);
    if (allowed.length === 0) return;
    const without = await runCommand(await cliCommand(args, allowed.slice(1)));
    assert(without.code !== 0, "the first of them is not needed");
  });
}
