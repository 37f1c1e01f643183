/**
 * Compiles and links guest code with clang and lld, byte for byte the same wherever it is done:
 * paths are relative, and there are no time stamps and no build identifiers.
 *
 * @module
 */
import { BuildError } from "../build/errors.ts";
import { CLANG, findTools, LLD, majorOf, runTool, type Tool } from "../build/tools.ts";
import { OLDEST_CLANG } from "../guest/flags.ts";
import type { GuestBuild } from "../guest/manifest.ts";
import { cachedFolder } from "./cached.ts";
import { guestSources, normalize } from "./guest_sources.ts";
import { path } from "./world.ts";

/** The tools found on this machine. */
export interface Toolchain {
  /** Compilers, the preferred one first; at least one. */
  readonly clangs: readonly [Tool, ...Tool[]];
  /** The linker. */
  readonly lld: Tool;
  /** Rust compilers; only programs in Rust need one. */
  readonly rustcs: readonly Tool[];
}

// Images are built with the clang their entry names; others make correct code, but not the same
// bytes.
const CLANGS = ["clang-14", "clang-16", "clang", "clang-19", "clang-18", "clang-17", "clang-15"];
// Linkers from version 15 on refuse the layout constants that all sources of a kernel define alike.
const LLDS = ["ld.lld-14", "ld.lld"];
const OLDEST = OLDEST_CLANG.x86_64;

async function run(
  command: string,
  args: string[],
  cwd?: URL,
  variables: Record<string, string> = {},
): Promise<string> {
  const { out } = await runTool(command, args, {
    kind: "compile",
    // Messages and warnings must not depend on the user's language.
    env: { LC_ALL: "C", ...variables },
    ...(cwd === undefined ? {} : { cwd }),
  });
  return out;
}

/** Those of some commands that run and are new enough. */
async function find(commands: string[], pattern: RegExp): Promise<Tool[]> {
  return (await findTools(commands, pattern)).filter(({ version }) => majorOf(version) >= OLDEST);
}

/**
 * Finds clang and lld.
 *
 * @throws {BuildError} If one is missing.
 */
export async function findToolchain(): Promise<Toolchain> {
  const [clang, ...others] = await find(CLANGS, CLANG);
  const [lld] = await find(LLDS, LLD);
  if (clang === undefined || lld === undefined) {
    throw new BuildError(
      "tools",
      `Cannot find ${clang === undefined ? "clang" : "ld.lld"}: guest code needs clang and lld, ` +
        `version ${OLDEST} or newer (on Debian: apt-get install clang clang-16 lld)`,
    );
  }
  return { clangs: [clang, ...others], lld, rustcs: await findRust() };
}

/** The Rust compilers: what `tools/fetch_rust.sh` fetched, and those on the search path. */
async function findRust(): Promise<readonly Tool[]> {
  const path = (Deno.env.get("PATH") ?? "").split(":").filter((folder) => folder !== "");
  const folders = [`${cachedFolder("rust")}/bin`, ...path];
  const commands = [...new Set(folders)].map((folder) => `${folder}/rustc`);
  return await findTools(commands, /rustc (\d+\.\d+)/);
}

/** The Rust compiler an entry names. */
function rustFor(build: GuestBuild, { rustcs }: Toolchain): Tool {
  const rustc = rustcs.find(({ version }) => version === build.rust);
  if (rustc !== undefined) return rustc;
  throw new BuildError(
    "tools",
    `Cannot build ${build.name} (${build.arch}): it needs rustc ${build.rust}, found ` +
      `${
        rustcs.map(({ version }) => version).join(", ") || "none"
      } (on Debian: bash tools/fetch_rust.sh)`,
  );
}

/**
 * The compiler for an entry: of the version it names, else a newer one; the first if it names none.
 */
function compilerFor(build: GuestBuild, { clangs }: Toolchain): Tool {
  const { clang: least = OLDEST } = build;
  const fit = clangs.find(({ version }) => majorOf(version) === least) ??
    clangs.find(({ version }) => majorOf(version) > least);
  if (fit !== undefined) return fit;
  throw new BuildError(
    "tools",
    `Cannot build ${build.name} (${build.arch}): it needs clang ${least} or newer, found ` +
      `${
        clangs.map(({ version }) => version).join(", ")
      } (on Debian: apt-get install clang-${least})`,
  );
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
 * @throws {BuildError} If a tool fails, or if the compiler read a file that the hash does not
 *   cover.
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
    const libraries: string[] = [];
    const compilers: string[] = [];
    const clang = compilerFor(build, toolchain);
    for (const [index, source] of compiled.entries()) {
      const object = `${scratch}/${index}.o`;
      if (source.endsWith(".rs")) {
        const rustc = rustFor(build, toolchain);
        await compileRust(source, object, build, { rustc, root, files });
        libraries.push(await coreLibrary(rustc, rustTarget(build)));
        compilers.push(`rustc ${rustc.version}`);
      } else {
        await compile(source, object, build, { clang, root, files });
      }
      objects.push(object);
    }
    const output = `${scratch}/image.elf`;
    const script = build.linkerScript === undefined ? [] : ["-T", build.linkerScript];
    const { lld } = toolchain;
    await run(
      lld.command,
      [...build.linkFlags, ...script, "-o", output, ...objects, ...libraries],
      root,
    );
    const versions = [`clang ${clang.version}`, ...compilers, `LLD ${lld.version}`].join(", ");
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
  checkDependencies(source, build, { rule: Deno.readTextFileSync(`${object}.d`), root, files });
}

/** The target whose core library is used: no part of that knows the system it is made for. */
function rustTarget({ arch }: GuestBuild): string {
  return `${arch}-unknown-linux-gnu`;
}

async function compileRust(
  source: string,
  object: string,
  build: GuestBuild,
  { rustc, root, files }: { rustc: Tool; root: URL; files: readonly string[] },
): Promise<void> {
  await run(
    rustc.command,
    [
      "--edition=2021",
      "--crate-type=lib",
      "--crate-name=guest",
      `--target=${rustTarget(build)}`,
      `--emit=obj=${object},dep-info=${object}.d`,
      "-Cpanic=unwind",
      "-Copt-level=1",
      "-Ccodegen-units=1",
      "-Crelocation-model=static",
      `--remap-path-prefix=${path(root)}=`,
      source,
    ],
    root,
    // A program without a standard library must say what a panic calls, which only unstable
    // features can.
    { RUSTC_BOOTSTRAP: "1" },
  );
  const rule = Deno.readTextFileSync(`${object}.d`).split("\n", 1)[0] ?? "";
  checkDependencies(source, build, { rule, root, files });
}

/** The compiler's core library for a target. */
async function coreLibrary(rustc: Tool, target: string): Promise<string> {
  const folder = (await run(rustc.command, ["--print", "target-libdir", "--target", target]))
    .trim();
  for (const { name } of Deno.readDirSync(folder)) {
    if (/^libcore-[0-9a-f]+\.rlib$/.test(name)) return `${folder}/${name}`;
  }
  throw new BuildError("tools", `Cannot find Rust's core library for ${target}`);
}

/** Refuses a build whose compiler read what its hash does not cover. */
function checkDependencies(
  source: string,
  build: GuestBuild,
  { rule, root, files }: { rule: string; root: URL; files: readonly string[] },
): void {
  for (const file of dependencies(rule)) {
    // Absolute names are the compiler's own headers.
    if (file.startsWith("/") || files.includes(normalize(file, root))) continue;
    throw new BuildError(
      "sources",
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
