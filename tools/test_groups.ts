/**
 * Which test files run in one isolate. Deno gives each module of tests one of its own, which loads
 * the same code, finds the engine's layout and is compiled anew: a third of a second before the
 * first test. Modules that import several files each share that; tests are reported by where they
 * stand, as ever.
 *
 * @module
 */
/** Enough that no CPU waits long for the last of them. */
const GROUPS = 24;

/** The test files of a project, sorted. */
export function testFiles(root: URL): URL[] {
  return [...findTests(root)].sort().map((href) => new URL(href));
}

function* findTests(folder: URL): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory && !name.startsWith(".") && name !== "coverage") {
      yield* findTests(new URL(`${name}/`, folder));
    }
    if (!isDirectory && name.endsWith("_test.ts")) yield new URL(name, folder).href;
  }
}

/**
 * Spreads files over at most `count` groups, neighbors to different ones: the long tests of a room
 * stand side by side.
 */
export function groupTests<T>(files: readonly T[], count: number = GROUPS): T[][] {
  return Array.from(
    { length: Math.min(count, files.length) },
    (_, first) => files.filter((_, i) => i % count === first),
  );
}

/** Whether a command line of `deno test` names what is to be tested, besides options. */
export function namesTests(args: readonly string[]): boolean {
  return args.some((arg) => !arg.startsWith("-") && exists(arg));
}

function exists(name: string): boolean {
  try {
    Deno.statSync(name);
    return true;
  } catch {
    return name.includes("*");
  }
}

/** Writes a module for each group of a project's tests into a folder, and gives their names. */
export function writeTestGroups(root: URL, folder: string): string[] {
  return groupTests(testFiles(root)).map((files, i) => {
    const name = `${folder}/${String(i).padStart(2, "0")}_test.ts`;
    Deno.writeTextFileSync(name, files.map(({ href }) => `import "${href}";\n`).join(""));
    return name;
  });
}

/** Calls `run` with the modules of all tests of a project, which are there while it runs. */
export async function withTestGroups<T>(
  root: URL,
  run: (modules: readonly string[]) => Promise<T>,
): Promise<T> {
  const folder = Deno.makeTempDirSync({ prefix: "trapline-tests-" });
  try {
    return await run(writeTestGroups(root, folder));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
