/**
 * Checks who imports whom: no import circle between files, and no import from one room to another
 * that the table "Which room may import which" in `docs/tour.md` does not allow. Imports of types
 * count, and so do dynamic imports of a literal.
 *
 *     deno task imports
 *
 * A room is what a row of the table names, a folder or a file; of several the longest name counts.
 * Rows stand lowest first: a row may name rooms of rows above it (`folder/*` for all in a folder)
 * and rooms in its own top-level folder. Tests (`*_test.ts` and files in `testing/`) may besides
 * import every room above their own, all of their own top-level folder, and `@std/assert`.
 *
 * @module
 */

/** Rooms from lowest to highest, each with what it may import. */
export type RoomTable = ReadonlyMap<
  string,
  { readonly rooms: readonly string[]; readonly packages: readonly string[] }
>;

/** One import of a file of the project. */
export interface Import {
  /** Path of the importing file, from the project's root. */
  readonly from: string;
  /** Line of the specifier, from 1. */
  readonly line: number;
  /** Path of the imported file, or the specifier of a package. */
  readonly to: string;
  /** Which of the two it is. */
  readonly kind: "file" | "package";
}

const HEADING = "## Which room may import which";

/**
 * Reads the table out of the tour's text.
 *
 * @throws {Error} When there is none, or a row names what no row above or in the same top-level
 *   folder defines.
 */
export function readTable(tour: string): RoomTable {
  const section = tour.split(`${HEADING}\n`)[1]?.split("\n## ")[0] ?? "";
  const table = new Map<string, { rooms: string[]; packages: string[] }>();
  for (const [, row = ""] of section.matchAll(/^\|(.*)\|$/gm)) {
    const [[room] = [], rooms = [], packages = []] = row.split("|").map(names);
    if (room !== undefined) table.set(room, { rooms, packages });
  }
  if (table.size === 0) throw new Error(`Cannot check imports: no table under "${HEADING}"`);
  const above = new Set<string>();
  for (const [room, { rooms }] of table) {
    for (const name of rooms.filter((name) => !name.endsWith("/*"))) {
      if (above.has(name) || (table.has(name) && top(name) === top(room))) continue;
      throw new Error(`Cannot check imports: the row ${room} names ${name}, which is no row above`);
    }
    for (const name of rooms.filter((name) => name.endsWith("/*"))) {
      rooms.push(...[...above].filter((other) => other.startsWith(name.slice(0, -1))));
    }
    above.add(room);
  }
  return table;
}

/** The names in backquotes. */
function names(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
}

function top(path: string): string {
  return path.split("/")[0]!;
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts") || path.includes("/testing/");
}

/** The room of a file; undefined when no row names it. */
function roomOf(path: string, table: RoomTable): string | undefined {
  let found: string | undefined;
  for (const room of table.keys()) {
    const inside = path === room || path.startsWith(`${room}/`);
    if (inside && room.length > (found?.length ?? 0)) found = room;
  }
  return found;
}

/** The imports the table does not allow, one line of text each. */
export function findForbidden(imports: readonly Import[], table: RoomTable): string[] {
  const order = [...table.keys()];
  const unused = new Set(order);
  const faults: string[] = [];
  for (const { from, line, to, kind } of imports) {
    const room = roomOf(from, table);
    const target = kind === "file" ? roomOf(to, table) : to;
    for (const name of [room, target]) if (name !== undefined) unused.delete(name);
    if (room === undefined || target === undefined) {
      faults.push(`${from}:${line}: ${room === undefined ? from : to} is in no room of the table`);
      continue;
    }
    const { rooms, packages } = table.get(room)!;
    const allowed = kind === "file"
      ? room === target || rooms.includes(target) || (isTest(from) &&
        (order.indexOf(target) < order.indexOf(room) || top(to) === top(from)))
      : packages.some((name) => to === name || to.startsWith(`${name}/`)) ||
        (isTest(from) && to === "@std/assert");
    if (!allowed) faults.push(`${from}:${line}: ${room} may not import ${to}`);
  }
  return [...faults, ...[...unused].map((room) => `docs/tour.md: the room ${room} is empty`)];
}

/** For each file on a circle one of the shortest through it, as text; each circle once. */
export function findCircles(imports: readonly Import[]): string[] {
  const targets = Map.groupBy(imports.filter(({ kind }) => kind === "file"), ({ from }) => from);
  const circles = new Map<string, string>();
  for (const start of targets.keys()) {
    const circle = shortestCircle(start, targets);
    if (circle === undefined) continue;
    const key = [...circle].sort().join();
    if (!circles.has(key)) circles.set(key, [...circle, start].join(" -> "));
  }
  return [...circles.values()];
}

/** A breadth-first search from a file back to itself. */
function shortestCircle(
  start: string,
  targets: ReadonlyMap<string, readonly Import[]>,
): string[] | undefined {
  const paths = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const { to } of targets.get(path.at(-1)!) ?? []) {
      if (to === start) return path;
      if (seen.has(to)) continue;
      seen.add(to);
      paths.push([...path, to]);
    }
  }
  return undefined;
}

/** What `deno info --json` says of a module; of what it says, the part read here. */
interface GraphModule {
  specifier: string;
  error?: string;
  dependencies?: {
    specifier: string;
    code?: Resolution;
    type?: Resolution;
  }[];
}

interface Resolution {
  specifier?: string;
  span: { start: { line: number } };
}

/**
 * Reads the imports of every TypeScript file below a folder. Packages are named as the source names
 * them and are not loaded, so this needs no registry.
 */
export async function readImports(root: URL): Promise<Import[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const files = [...typescriptFiles(root)];
    await Deno.writeTextFile(entry, files.map((file) => `import "${file}";\n`).join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-config", "--no-npm", "--no-remote", entry],
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(`Cannot read the module graph: ${text.decode(stderr)}`);
    const { modules }: { modules: GraphModule[] } = JSON.parse(text.decode(stdout));
    return modules.flatMap((module) => importsOf(module, root.href));
  } finally {
    await Deno.remove(entry);
  }
}

function importsOf({ specifier: from, error, dependencies = [] }: GraphModule, root: string) {
  if (!from.startsWith(root)) return [];
  if (error !== undefined) throw new Error(`Cannot read the module graph: ${error}`);
  return dependencies.map(({ specifier, code, type }): Import => {
    const { specifier: resolved, span } = (code ?? type)!;
    const line = span.start.line + 1;
    return resolved?.startsWith(root)
      ? { from: from.slice(root.length), line, to: resolved.slice(root.length), kind: "file" }
      : { from: from.slice(root.length), line, to: specifier, kind: "package" };
  });
}

function* typescriptFiles(folder: URL): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && !name.startsWith(".")) yield* typescriptFiles(new URL(`${name}/`, folder));
    if (!isDirectory && name.endsWith(".ts")) yield new URL(name, folder).href;
  }
}

/** Every fault of the project in a folder, one line of text each. */
export async function checkImports(root: URL): Promise<string[]> {
  const table = readTable(await Deno.readTextFile(new URL("docs/tour.md", root)));
  const imports = await readImports(root);
  return [
    ...findCircles(imports).map((circle) => `circle: ${circle}`),
    ...findForbidden(imports, table),
  ];
}

if (import.meta.main) {
  const faults = await checkImports(new URL("../", import.meta.url));
  for (const fault of faults) console.error(fault);
  console.error(faults.length === 0 ? "no circle, no forbidden import" : `${faults.length} faults`);
  Deno.exitCode = faults.length === 0 ? 0 : 1;
}
