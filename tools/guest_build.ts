/**
 * Compiles and links guest code with clang and lld, byte for byte the same wherever it is done: paths are relative, and there are
 * no time stamps and no build identifiers.
 *
 * @module
 */
import type { GuestBuild } from "../guest/manifest.ts";
import { guestSources, normalize } from "./guest_sources.ts";
import { path } from "./world.ts";

/** A tool found on this machine. */
export interface Tool {
  /** Its command. */
  readonly command: string;
  /** Its version, such as `14.0.6`. */
  readonly version: string;
}

/** The tools found on this machine. */
export interface Toolchain {
  /** Compilers, the preferred one first; at least one. */
  readonly clangs: readonly [Tool, ...Tool[]];
  /** The linker. */
  readonly lld: Tool;
}

/** A tool that is missing or that refused its input. */
export class GuestBuildError extends Error {
  override readonly name = "GuestBuildError";
}

// Images are built with the clang their entry names; others make correct code, but not the same bytes.
const CLANGS = ["clang-14", "clang-16", "clang", "clang-19", "clang-18", "clang-17", "clang-15"];
// Linkers from version 15 on refuse the layout constants that all sources of a kernel define alike.
const LLDS = ["ld.lld-14", "ld.lld"];
const OLDEST_CLANG = 14;

async function run(command: string, args: string[], cwd?: URL): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    // Messages and warnings must not depend on the user's language.
    env: { LC_ALL: "C" },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new GuestBuildError(`Cannot run ${command} ${args.join(" ")}\n${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}

/** Those of some commands that run; a version is the pattern's first group. */
async function find(commands: string[], pattern: RegExp): Promise<Tool[]> {
  const found: Tool[] = [];
  for (const command of commands) {
    try {
      const version = pattern.exec(await run(command, ["--version"]))?.[1];
      if (version !== undefined && majorOf(version) >= OLDEST_CLANG) {
        found.push({ command, version });
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof GuestBuildError)) throw error;
    }
  }
  return found;
}

function majorOf(version: string): number {
  return parseInt(version);
}

/**
 * Finds clang and lld.
 *
 * @throws {GuestBuildError} If one is missing.
 */
export async function findToolchain(): Promise<Toolchain> {
  const [clang, ...others] = await find(CLANGS, /clang version (\d+\.\d+\.\d+)/);
  const [lld] = await find(LLDS, /LLD (\d+\.\d+\.\d+)/);
  if (clang === undefined || lld === undefined) {
    throw new GuestBuildError(
      `Cannot find ${clang === undefined ? "clang" : "ld.lld"}: guest code needs clang and lld, ` +
        `version ${OLDEST_CLANG} or newer (on Debian: apt-get install clang clang-16 lld)`,
    );
  }
  return { clangs: [clang, ...others], lld };
}

/** The compiler for an entry: of the version it names, else the first. */
function compilerFor(build: GuestBuild, { clangs }: Toolchain): Tool {
  return clangs.find(({ version }) => majorOf(version) === build.clang) ?? clangs[0];
}

/** A linked ELF file with what its generated module says of it. */
export interface BuiltImage {
  /** The manifest's entry. */
  readonly build: GuestBuild;
  /** The ELF file. */
  readonly elf: Uint8Array<ArrayBuffer>;
  /** Hash of sources and flags. */
  readonly hash: string;
  /** The files it was built from. */
  readonly files: readonly string[];
  /** The tools' versions. */
  readonly toolchain: string;
}

/**
 * Builds one entry of the manifest.
 *
 * @param build The entry.
 * @param toolchain The tools to use.
 * @param options `root` is the project's root, with a slash at its end.
 * @throws {GuestBuildError} If a tool fails, or if the compiler read a file that the hash does not cover.
 */
export async function buildGuest(
  build: GuestBuild,
  toolchain: Toolchain,
  { root }: { root: URL },
): Promise<BuiltImage> {
  const { compiled, files, hash } = await guestSources(build, root);
  const scratch = Deno.makeTempDirSync({ prefix: "trapline-guest-" });
  try {
    const objects: string[] = [];
    const clang = compilerFor(build, toolchain);
    for (const [index, source] of compiled.entries()) {
      const object = `${scratch}/${index}.o`;
      await compile(source, object, build, { clang, root, files });
      objects.push(object);
    }
    const output = `${scratch}/image.elf`;
    const script = build.linkerScript === undefined ? [] : ["-T", build.linkerScript];
    const { lld } = toolchain;
    await run(lld.command, [...build.linkFlags, ...script, "-o", output, ...objects], root);
    const versions = `clang ${clang.version}, LLD ${lld.version}`;
    return { build, elf: Deno.readFileSync(output), hash, files, toolchain: versions };
  } finally {
    Deno.removeSync(scratch, { recursive: true });
  }
}

async function compile(
  source: string,
  object: string,
  build: GuestBuild,
  { clang, root, files }: { clang: Tool; root: URL; files: readonly string[] },
): Promise<void> {
  await run(clang.command, [
    `--target=${build.arch}-none-elf`,
    ...build.compileFlags,
    ...(source.endsWith(".cc") ? build.cxxFlags : []),
    `-ffile-prefix-map=${path(root)}=`,
    "-I.",
    "-MD",
    "-MF",
    `${object}.d`,
    "-c",
    "-o",
    object,
    source,
  ], root);
  for (const file of dependencies(Deno.readTextFileSync(`${object}.d`))) {
    // Absolute names are the compiler's own headers.
    if (file.startsWith("/") || files.includes(normalize(file, root))) continue;
    throw new GuestBuildError(
      `Cannot vouch for ${build.name} (${build.arch}): the compiler read "${file}" for ${source}, ` +
        `which its source hash does not cover`,
    );
  }
}

/** The prerequisites in a rule of the Make form `target: file file \`. */
function dependencies(rule: string): string[] {
  return rule.replaceAll("\\\n", " ").split(/\s+/).slice(1).filter((name) => name !== "");
}

/** The text of an image's generated module. */
export function renderModule({ build, elf, hash, files, toolchain }: BuiltImage): string {
  const up = "../".repeat(build.output.split("/").length - 1);
  const base64 = elf.toBase64().replace(/.{1,100}/g, "$&\n");
  return `// Generated by \`deno task build:guest\`. Do not edit.
import { embed, type EmbeddedImage } from "${up}guest/embedded.ts";

/** ${
    build.kind === "kernel" ? "The guest kernel" : `The program ${build.name}`
  } for ${build.arch}. */
export const image: EmbeddedImage = embed({
  name: ${JSON.stringify(build.name)},
  arch: ${JSON.stringify(build.arch)},
  kind: ${JSON.stringify(build.kind)},
  sourceHash: ${JSON.stringify(hash)},
  sources: [
${files.map((file) => `    ${JSON.stringify(file)},\n`).join("")}  ],
  toolchain: ${JSON.stringify(toolchain)},
  size: ${elf.length},
  base64: \`
${base64}\`,
});
`;
}
