/**
 * The examples that users read: in README, in the documentation, and in the comments of published
 * modules. Each is a whole program that imports the package by its name.
 *
 * @module
 */
import { path, readConfig, ROOT } from "./world.ts";

/** A block of TypeScript. */
export interface Example {
  /** File and line it begins at. */
  readonly place: string;
  /** Its text. */
  readonly code: string;
  /** What it may do: flags of `deno run`, from its first line. */
  readonly flags: readonly string[];
}

/** Folders that are no part of the package, or have no examples. */
const SKIPPED = /^(?:\.|bench$|offline$|testdata$|tools$|guest$|coverage$)/;

/** The files that may hold examples, relative to the root. */
export function exampleFiles(folder: URL = ROOT): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const url = new URL(name, folder);
    if (isDirectory) {
      if (name === "testing" || (folder.href === ROOT.href && SKIPPED.test(name))) continue;
      found.push(...exampleFiles(new URL(`${name}/`, folder)));
    } else if (name.endsWith(".md") || /(?<!_test|_bench|\.gen)\.ts$/.test(name)) {
      found.push(path(url).slice(path(ROOT).length));
    }
  }
  return found.sort();
}

/** The examples of a file; a file of the folder `examples/` is one. */
export function examplesOf(file: string): Example[] {
  const text = Deno.readTextFileSync(new URL(file, ROOT));
  if (file.startsWith("examples/")) return [{ place: file, code: text, flags: flagsOf(text) }];
  if (file.endsWith(".md")) return blocks(text, { file, line: 1 });
  return Array.from(text.matchAll(/\/\*\*.*?\*\//gs)).flatMap(({ 0: comment, index }) => {
    const line = text.slice(0, index).split("\n").length;
    return blocks(comment.replace(/^[ \t]*\* ?/gm, ""), { file, line });
  });
}

function blocks(text: string, at: { file: string; line: number }): Example[] {
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ({ 1: code = "", index }) => {
    const line = at.line + text.slice(0, index).split("\n").length;
    return { place: `${at.file}:${line}`, code, flags: flagsOf(code) };
  });
}

/** What the first line of an example says that it may do. */
function flagsOf(code: string): string[] {
  const [, flags = ""] = /^\/\/ deno run((?: --\S+)*) /.exec(code) ?? [];
  return flags.split(" ").filter(Boolean);
}

/**
 * Makes a project whose only dependency is the package, as it is published: a configuration that
 * maps each export, and what the package imports from a registry, to where they are.
 */
export function writeProject(folder: string): void {
  const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const named = Object.entries(config.imports as Record<string, string>);
  const imports = Object.fromEntries(named.filter(([, target]) => target.startsWith("npm:")));
  const offline = Deno.env.get("TRAPLINE_OFFLINE") === "1";
  const std = offline
    ? JSON.parse(Deno.readTextFileSync(new URL("offline/import_map.json", ROOT)))
    : config;
  for (const [name, target] of Object.entries(std.imports as Record<string, string>)) {
    if (!name.startsWith("@std/")) continue;
    imports[name] = offline ? new URL(target, new URL("offline/", ROOT)).href : target;
  }
  for (const [name, module] of Object.entries(readConfig().exports)) {
    imports[config.name + name.slice(1)] = new URL(module, ROOT).href;
  }
  const compilerOptions = config.compilerOptions;
  const project = { imports, compilerOptions, lock: false, nodeModulesDir: "none" };
  Deno.writeTextFileSync(`${folder}/deno.json`, JSON.stringify(project));
}
