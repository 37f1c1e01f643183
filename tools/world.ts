/**
 * Which of two worlds the tasks run in: one where `jsr:` specifiers resolve, and one where the
 * modules in `offline/` stand in for them. Only the launcher asks; it must run in both, so this
 * module imports nothing.
 *
 * @module
 */

/** The folder of `deno.json`, with a slash at its end. */
export const ROOT: URL = new URL("../", import.meta.url);

/** The name of the variable that settles the question: `1` for offline, `0` for online. */
const OVERRIDE = "TRAPLINE_OFFLINE";
/** Imports both packages and nothing else. */
const PROBE = new URL("offline/parse_args_test.ts", ROOT);
const CONFIG = new URL("deno.json", ROOT);
const OFFLINE_MAP = new URL("offline/import_map.json", ROOT);

/** The parts of `deno.json` that are read here. */
export interface Config {
  /** Export name to module. */
  exports: Record<string, string>;
}

/** Reads `deno.json`. */
export function readConfig(): Config {
  return JSON.parse(Deno.readTextFileSync(CONFIG));
}

/**
 * Whether `jsr:` specifiers resolve here, from the registry or from Deno's cache.
 *
 * @param timeout How long to wait for the registry, in milliseconds.
 */
export async function jsrReachable(timeout: number): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--config", path(CONFIG), path(PROBE)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(timeout),
  }).output();
  return success;
}

/**
 * Decides the world, printing one line to standard error when it turned out to be the offline one.
 * Children inherit the answer through the environment, so it is asked and told once.
 *
 * @returns Whether the stand-ins are needed.
 */
export async function decideOffline(): Promise<boolean> {
  const override = Deno.env.get(OVERRIDE) || undefined;
  if (override === "0" || override === "1") return override === "1";
  if (override !== undefined) {
    throw new Error(`Cannot read ${OVERRIDE}: expected 0 or 1, got "${override}"`);
  }
  const offline = !await jsrReachable(5000);
  if (offline) console.error("JSR is not reachable; using the offline import map");
  Deno.env.set(OVERRIDE, offline ? "1" : "0");
  return offline;
}

/** The file's path as the operating system writes it. */
export function path(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/**
 * The flags that make `deno run`, `test`, `bench`, `check` and `doc` resolve in the offline world.
 */
export function importMapFlags(offline: boolean): string[] {
  return offline ? ["--import-map", path(OFFLINE_MAP)] : [];
}

/** A configuration file for the commands that take no import map; gone when disposed. */
export interface OfflineConfig extends Disposable {
  /** The flags that select it. */
  readonly flags: string[];
}

/**
 * Writes `deno.json` once more, with Deno's `links` naming packages made of the stand-ins.
 *
 * `deno lint` and `deno publish` resolve by configuration only. Links keep the `jsr:` specifiers in
 * the published graph, and satisfy them from a folder outside of the project, so that the list of
 * published files is the true one. The file must lie beside `deno.json` because its folder is the
 * package's.
 */
export function offlineConfig(offline: boolean): OfflineConfig {
  if (!offline) return { flags: [], [Symbol.dispose]: () => {} };
  const folder = Deno.makeTempDirSync({ prefix: "trapline-links-" });
  const file = path(new URL(`deno.offline-${Deno.pid}.json`, ROOT));
  const links: string[] = [];
  const { imports } = JSON.parse(Deno.readTextFileSync(OFFLINE_MAP));
  for (const specifier of Object.keys(imports).filter((name) => name.startsWith("@std/"))) {
    const [scope, name, ...entry] = specifier.split("/");
    const link = `${folder}/${name}`;
    Deno.mkdirSync(link);
    Deno.copyFileSync(new URL(imports[specifier], OFFLINE_MAP), `${link}/mod.ts`);
    const exports = { [[".", ...entry].join("/")]: "./mod.ts" };
    const manifest = { name: `${scope}/${name}`, version: "1.0.0", exports };
    Deno.writeTextFileSync(`${link}/deno.json`, JSON.stringify(manifest));
    links.push(`file://${link}`);
  }
  Deno.writeTextFileSync(file, JSON.stringify({ ...readConfig(), links }));
  return {
    flags: ["--config", file],
    [Symbol.dispose]: () => {
      Deno.removeSync(file);
      Deno.removeSync(folder, { recursive: true });
    },
  };
}
