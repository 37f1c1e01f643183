/**
 * Builds guest code: `deno task build:guest [--check] [NAME …]`.
 *
 * Without options it writes the generated modules that differ. `--check` writes nothing and fails
 * if one differs. Names choose entries of the manifest.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { type GuestBuild, MANIFEST } from "../guest/manifest.ts";
import { buildGuest, findToolchain, renderModule } from "./guest_build.ts";
import { PROGRAM_FILES_MODULE, renderProgramFiles } from "./program_files.ts";
import { ROOT } from "./world.ts";

/** How a build compares with the tree. */
export interface Comparison {
  /**
   * The module in the tree is the one that was built, but for the record of the tools' versions.
   */
  readonly same: boolean;
  /** One line for the report. */
  readonly line: string;
}

/** A generated module as it is in the tree. */
export interface TreeModule {
  /** Its text. */
  readonly text: string;
  /** The tools it was built with. */
  readonly toolchain: string;
}

/** Compares a rendered module with the one in the tree, if there is one. */
export function compare(
  output: string,
  built: { text: string; toolchain: string },
  tree: TreeModule | undefined,
): Comparison {
  if (tree === undefined) return { same: false, line: `missing    ${output}` };
  if (tree.text === built.text) return { same: true, line: `unchanged  ${output}` };
  const versions = tree.toolchain === built.toolchain
    ? ""
    : `: the tree's was built with ${tree.toolchain}, this one with ${built.toolchain}`;
  const record = JSON.stringify(built.toolchain);
  const same = tree.text.replace(JSON.stringify(tree.toolchain), record) === built.text;
  return { same, line: `${same ? "same bytes" : "different "} ${output}${versions}` };
}

function readModule(output: string): TreeModule | undefined {
  try {
    const text = Deno.readTextFileSync(new URL(output, ROOT));
    return { text, toolchain: /^ {2}toolchain: "(.*)",$/m.exec(text)?.[1] ?? "unknown tools" };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function write(output: string, text: string): void {
  const url = new URL(output, ROOT);
  Deno.mkdirSync(new URL(".", url), { recursive: true });
  Deno.writeTextFileSync(url, text);
}

function select(names: string[]): readonly GuestBuild[] {
  for (const name of names) {
    if (!MANIFEST.some((build) => build.name === name)) {
      throw new Error(`Cannot build "${name}": it is not in guest/manifest.ts`);
    }
  }
  return names.length === 0 ? MANIFEST : MANIFEST.filter((build) => names.includes(build.name));
}

/** Renders the module of the files for users' programs; returns whether the tree's is the same. */
function buildProgramFiles(check: boolean): boolean {
  const text = renderProgramFiles(ROOT);
  const same = readModule(PROGRAM_FILES_MODULE)?.text === text;
  if (!same && !check) write(PROGRAM_FILES_MODULE, text);
  console.log(
    `${same ? "unchanged " : check ? "different " : "written   "} ${PROGRAM_FILES_MODULE}`,
  );
  return same || !check;
}

async function main(args: string[]): Promise<number> {
  const { check, _: names } = parseArgs(args, {
    boolean: ["check"],
    unknown: (arg) => {
      if (arg.startsWith("-")) throw new Error(`Unknown option "${arg}"; the only one is --check`);
    },
  });
  const builds = select(names.map(String));
  const files = buildProgramFiles(check);
  const toolchain = await findToolchain();
  let different = files ? 0 : 1;
  for (const build of builds) {
    const built = await buildGuest(build, toolchain, { root: ROOT });
    const text = renderModule(built);
    const tree = readModule(build.output);
    const { same, line } = compare(build.output, { text, toolchain: built.toolchain }, tree);
    if (!same) different++;
    if (!check && tree?.text !== text) {
      write(build.output, text);
      console.log(`written    ${build.output}`);
    } else {
      console.log(line);
    }
  }
  if (!check) return 0;
  console.log(`${builds.length} images, ${different} different`);
  return different === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exitCode = 1;
  }
}
