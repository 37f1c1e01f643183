/**
 * Compares our trap round trip, in-guest switch and null system call with a C harness and a Python
 * one over the same libunicorn: builds the C
 * one, gets the Python binding with pip into the cache, runs all in turn for several rounds, and
 * prints a table of medians and ratios. Then our stack switches beside those of corosensei and
 * Boost.Context (`switches/`), and our scheduling simulator beside SimSo (`simso/`). Needs a C
 * compiler, Python 3 and pip; cargo, clang, lld and apt for the switches.
 *
 * @module
 */
import { cacheDirectories, PINNED_VERSION } from "../../unicorn/cache.ts";
import { ensureUnicorn, PINNED_WHEELS } from "../../unicorn/fetch.ts";
import { internalsOf, loadUnicorn } from "../../unicorn/library.ts";
import { findCommand, median, output } from "./commands.ts";
import { LAYOUT, makeRam, type PeerArch } from "./guest_code.ts";
import { makeNullCall } from "./null_call.ts";
import type { Measurement } from "./trap_loop.ts";
import { compareSimso } from "./simso/report.ts";
import { compareSwitches } from "./switches/report.ts";
import { readTask } from "../../tools/task_numbers.ts";
import { Progress } from "../../util/progress.ts";

const HERE = new URL(".", import.meta.url).pathname;
const ARCHES: readonly PeerArch[] = ["x86_64", "aarch64"];
/** `null` is the kernel's null system call, beside the same guest code with no kernel in C. */
const PATHS = ["trap", "switch", "null"] as const;
type PathName = (typeof PATHS)[number];
/**
 * Rounds of each path in one run: enough to take about half a second, as V8 compiles in the
 * background while the first hundred milliseconds run, later still on a busy host.
 */
const COUNT = { ours: 1_000_000, c: 1_000_000, python: 20_000 };

/** One harness: how to measure one path once, in nanoseconds a round. */
interface Peer {
  name: string;
  /** Whether it has the null system call. */
  null: boolean;
  measure(arch: PeerArch, path: PathName): Promise<number>;
}

/**
 * Every number the C and Python harnesses need: where the guest lies, and where the engine keeps
 * its state.
 */
function constants(): Record<string, number> {
  const { x86, aarch64 } = internalsOf(loadUnicorn());
  return {
    ...LAYOUT,
    ENGINE_CPU: x86.cpu,
    CPU_STATE: x86.state,
    CPU_EXCEPTION: x86.exception,
    CONTEXT_HEADER: x86.contextHeader,
    X86_RIP: x86.rip,
    X86_MODE: x86.mode,
    X86_SEGMENTS: x86.segments,
    X86_LATCH: x86.doubleFaultLatch,
    AARCH64_SYNDROME: aarch64.syndrome,
  };
}

async function prepare(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const numbers = constants();
  const lines = Object.entries(numbers).map(([name, value]) => `#define ${name} ${value}\n`);
  await Deno.writeTextFile(`${directory}/constants.h`, lines.join(""));
  await Deno.writeTextFile(`${directory}/constants.json`, JSON.stringify(numbers));
  const headers: string[] = [];
  for (const arch of ARCHES) {
    await Deno.writeFile(`${directory}/${arch}.ram`, makeRam(arch));
    const { ram, header } = makeNullCall(arch);
    await Deno.writeFile(`${directory}/${arch}.null.ram`, ram);
    headers.push(header);
  }
  await Deno.writeTextFile(`${directory}/null_call.h`, headers.join(""));
}

/** Installs the pinned wheel beside the harness; pip checks its hash. */
async function installPython(python: string, directory: string): Promise<string> {
  const target = `${directory}/python-${PINNED_VERSION}`;
  try {
    await Deno.stat(`${target}/unicorn`);
    return target;
  } catch {
    // not yet installed
  }
  const wheel = PINNED_WHEELS[`${Deno.build.os}-${Deno.build.arch}`];
  if (wheel === undefined) throw new Error("Cannot install the Python binding: no wheel is pinned");
  const requirements = `${directory}/requirements.txt`;
  await Deno.writeTextFile(
    requirements,
    `unicorn==${PINNED_VERSION} --hash=sha256:${wheel.sha256}\n`,
  );
  await output(python, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"],
    ...["--only-binary=:all:", "--require-hashes", "--target", target, "-r", requirements],
  ]);
  return target;
}

async function buildC(compiler: string, directory: string, headers: string, library: string) {
  const program = `${directory}/trap_loop`;
  const folder = library.slice(0, library.lastIndexOf("/"));
  await output(compiler, [
    ...["-O2", "-Wall", "-Wextra", "-Werror", `-I${directory}`, `-I${headers}`],
    ...[`${HERE}trap_loop.c`, library, `-Wl,-rpath,${folder}`, "-o", program],
  ]);
  return program;
}

/** The null system call of the whole kernel, as `deno task bench` measures it. */
async function measureNull(arch: PeerArch): Promise<number> {
  const launcher = new URL("../../tools/launch.ts", import.meta.url).pathname;
  const report = new URL("../report.ts", import.meta.url).pathname;
  const text = await output(Deno.execPath(), [
    ...["run", "-A", launcher, "run", "--engine", report],
    ...["--arch", arch, "--path", "null syscall", "--json"],
  ]);
  const { measurements: [first] } = JSON.parse(text) as {
    measurements: { medianNs: number }[];
  };
  return first?.medianNs ?? NaN;
}

function peers(directory: string, c: string, python: string, binding: string): Peer[] {
  const viaC = (name: string, method: string): Peer => ({
    name,
    null: method === "direct",
    async measure(arch, path) {
      const ram = `${directory}/${arch}${path === "null" ? ".null" : ""}.ram`;
      return Number(await output(c, [arch, path, method, `${COUNT.c}`, ram]));
    },
  });
  return [
    {
      name: "ours",
      null: true,
      async measure(arch, path) {
        if (path === "null") return await measureNull(arch);
        const args = ["run", "-A", "--no-check", `${HERE}trap_loop.ts`];
        const text = await output(Deno.execPath(), [...args, arch, path, `${COUNT.ours}`]);
        return (JSON.parse(text) as Measurement).ns;
      },
    },
    viaC("C", "callback"),
    viaC("C direct", "direct"),
    {
      name: "Python",
      null: false,
      async measure(arch, path) {
        const rounds = path === "trap" ? COUNT.python : COUNT.c;
        const files = [`${directory}/${arch}.ram`, `${directory}/constants.json`];
        const args = [`${HERE}trap_loop.py`, arch, path, `${rounds}`, ...files];
        return Number(await output(python, args, { PYTHONPATH: binding }));
      },
    },
  ];
}

function format(value: number, digits: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(digits);
}

/** Runs every harness in turn, and prints the table. */
async function main(rounds: number): Promise<void> {
  using progress = new Progress();
  progress.at("building the harnesses");
  const library = await Deno.realPath(await ensureUnicorn());
  const cache = cacheDirectories()[0];
  if (cache === undefined) throw new Error("Cannot find a cache directory");
  const directory = `${cache}-peers`;
  await prepare(directory);
  const python = await findCommand(["python3", "python"]);
  const binding = await installPython(python, directory);
  const compiler = await findCommand(["gcc", "clang", "cc"]);
  const c = await buildC(compiler, directory, `${binding}/unicorn/include`, library);
  const all = peers(directory, c, python, binding);
  const header = ["arch", "path", ...all.map(({ name }) => `${name} ns`)];
  const table = [[...header, "ours/C", "ours/C direct", "Python/ours", "n"]];
  for (const arch of ARCHES) {
    for (const path of PATHS) {
      const times = all.map((): number[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [index, peer] of all.entries()) {
          if (path === "null" && !peer.null) continue;
          progress.at(`measuring ${arch}, ${path}, ${peer.name}, round ${round + 1} of ${rounds}`);
          times[index]?.push(await peer.measure(arch, path));
        }
      }
      const [ours = NaN, viaC = NaN, direct = NaN, viaPython = NaN] = times.map(median);
      const ns = [ours, viaC, direct, viaPython].map((value) => format(value, 0));
      const ratios = [ours / viaC, ours / direct, viaPython / ours].map((r) => format(r, 2));
      table.push([arch, path, ...ns, ...ratios, `${rounds}`]);
    }
  }
  progress.clear();
  for (const row of table) console.log(row.map((cell) => cell.padStart(13)).join(" "));
  console.log(
    `libunicorn ${loadUnicorn().version}, Deno ${Deno.version.deno}, medians of ${rounds} runs each, in turn\n`,
  );
  const folder = `${directory}/switches`;
  const switches = await compareSwitches({ folder, at: (what) => progress.at(what) });
  progress.clear();
  console.log(switches);
  const simso = await compareSimso({ folder: directory, python, at: (what) => progress.at(what) });
  progress.clear();
  console.log(simso);
}

if (import.meta.main) {
  const request = readTask("bench:peers", Deno.args, { rounds: 7 });
  if ("status" in request) Deno.exit(request.status);
  await main(request.numbers.rounds);
}
