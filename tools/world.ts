/**
 * Which of two worlds the tasks run in: one where `jsr:` specifiers resolve, and one where the offline import map stands in
 * for them. Only the launcher asks; it must run in both, so this module imports nothing.
 *
 * @module
 */

/** The folder of `deno.json`, with a slash at its end. */
export const ROOT: URL = new URL("../", import.meta.url);
/** The project's own cache, never committed. */
export const CACHE: URL = new URL(".cache/", ROOT);
/** The name of the variable that settles the question: `1` for offline, `0` for online. */
export const OVERRIDE = "TRAPLINE_OFFLINE";

const PROBE = new URL("tools/probe.ts", ROOT);
const CONFIG = new URL("deno.json", ROOT);
const OFFLINE_MAP = new URL("offline/import_map.json", ROOT);
const MEMORY = new URL("jsr.json", CACHE);
const NOTICE = "JSR is not reachable; using the offline import map";

/** The parts of `deno.json` the launcher reads. */
export interface Config {
  /** Export name to module. */
  exports: Record<string, string>;
  /** Bare name to specifier. */
  imports: Record<string, string>;
  /** Everything else is passed on as it stands. */
  [key: string]: unknown;
}

/** Reads `deno.json`. */
export function readConfig(): Config {
  return JSON.parse(Deno.readTextFileSync(CONFIG));
}

interface GraphModule {
  kind?: string;
  local?: string | null;
  error?: string;
}

/** Whether every file of an earlier complete probe is still in Deno's cache. */
function remembered(): boolean {
  try {
    const { deno, files }: { deno: string; files: string[] } = JSON.parse(
      Deno.readTextFileSync(MEMORY),
    );
    return deno === Deno.version.deno && files.length > 0 &&
      files.every((file) => Deno.statSync(file).isFile);
  } catch {
    return false;
  }
}

function remember(files: string[]): void {
  try {
    Deno.mkdirSync(CACHE, { recursive: true });
    const scratch = new URL(`jsr.json.${Deno.pid}`, CACHE);
    Deno.writeTextFileSync(scratch, JSON.stringify({ deno: Deno.version.deno, files }));
    Deno.renameSync(scratch, MEMORY);
  } catch {
    // A tree that cannot be written to is probed every time.
  }
}

/**
 * Whether `jsr:` specifiers resolve here. Asks Deno to load the probe's graph, and remembers a complete one by its files, so that
 * emptying Deno's cache asks again.
 *
 * @param timeout How long to wait for the registry, in milliseconds.
 */
export async function jsrReachable(timeout: number): Promise<boolean> {
  if (remembered()) return true;
  const args = ["info", "--json", "--no-npm", "--config", path(CONFIG), path(PROBE)];
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
  const { success, stdout } = await child.output();
  clearTimeout(timer);
  if (!success) return false;
  const { modules }: { modules: GraphModule[] } = JSON.parse(new TextDecoder().decode(stdout));
  const files: string[] = [];
  for (const { kind, local, error } of modules) {
    if (kind === "node") continue;
    if (error !== undefined || typeof local !== "string") return false;
    files.push(local);
  }
  remember(files);
  return true;
}

/**
 * Decides the world, printing one line to standard error when the probe chose the offline one. Children inherit the answer
 * through the environment, so it is asked and told once.
 *
 * @returns Whether the offline import map is needed.
 */
export async function decideOffline(): Promise<boolean> {
  const override = Deno.env.get(OVERRIDE);
  if (override === "0" || override === "1") return override === "1";
  if (override !== undefined && override !== "") {
    throw new Error(`Cannot read ${OVERRIDE}: expected 0 or 1, got "${override}"`);
  }
  const offline = !await jsrReachable(5000);
  if (offline) console.error(NOTICE);
  Deno.env.set(OVERRIDE, offline ? "1" : "0");
  return offline;
}

/** The file's path as the operating system writes it. */
export function path(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/** The flags that make `deno run`, `test`, `bench`, `check` and `doc` resolve in the offline world. */
export function importMapFlags(offline: boolean): string[] {
  return offline ? ["--import-map", path(OFFLINE_MAP)] : [];
}

/** A configuration file for the commands that take no import map; gone when disposed. */
export interface OfflineConfig extends Disposable {
  /** The flags that select it. */
  readonly flags: string[];
}

/**
 * Writes `deno.json` once more, with Deno's `links` naming stand-in packages built from the offline import map.
 *
 * `deno lint` and `deno publish` resolve by configuration only. Links keep the `jsr:` specifiers in the published graph,
 * as they will be online, and satisfy them from folders outside of the package, so that the list of published files is the
 * true one. The file must lie beside `deno.json` because its folder is the package's.
 */
export function offlineConfig(offline: boolean): OfflineConfig {
  if (!offline) return { flags: [], [Symbol.dispose]: () => {} };
  const config = readConfig();
  const folder = Deno.makeTempDirSync({ prefix: "trapline-links-" });
  const file = path(new URL(`deno.offline-${Deno.pid}.json`, ROOT));
  const links = writeLinks(config, folder);
  Deno.writeTextFileSync(file, JSON.stringify({ ...config, links }, undefined, 2));
  return {
    flags: ["--config", file],
    [Symbol.dispose]: () => {
      Deno.removeSync(file);
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

/** Writes one package for each `jsr:` import of the configuration; returns their folders. */
function writeLinks(config: Config, folder: string): string[] {
  const map: Config["imports"] = JSON.parse(Deno.readTextFileSync(OFFLINE_MAP)).imports;
  const links: string[] = [];
  for (const [name, specifier] of Object.entries(config.imports)) {
    const version = /^jsr:.*@\D*([\d.]+)$/.exec(specifier)?.[1];
    if (version === undefined) continue;
    const link = `${folder}/${name.replaceAll("/", "_")}`;
    Deno.mkdirSync(link);
    const exports: Record<string, string> = {};
    for (const [key, target] of Object.entries(map)) {
      if (key !== name && !key.startsWith(`${name}/`)) continue;
      exports[`.${key.slice(name.length)}`] = target;
      Deno.copyFileSync(new URL(target, OFFLINE_MAP), `${link}/${target}`);
    }
    Deno.writeTextFileSync(`${link}/deno.json`, JSON.stringify({ name, version, exports }));
    links.push(`file://${link}`);
  }
  return links;
}
