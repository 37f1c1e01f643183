/**
 * Builds the peers' stack switches into a program for Trapline's guest: corosensei from crates.io
 * by Rust 1.96, and Debian's build of Boost.Context as it is. Needs cargo, clang, lld and apt;
 * what is downloaded and built is kept in the cache.
 *
 * @module
 */
import type { ArchName } from "../../../arch/arch.ts";
import { chooseClang, chooseLinker, runTool } from "../../../build/tools.ts";
import {
  COMPILE_FLAGS,
  LINK_FLAGS,
  OLDEST_CLANG,
  PROGRAM_LINK_FLAGS,
} from "../../../guest/flags.ts";

const ROOT = new URL("../../../", import.meta.url);
const CRATE = new URL("./", import.meta.url);

/** The loops of Boost.Context, `main`, and what every C program is linked with. */
const SOURCES = [
  "bench/peers/switches/boost.c",
  "guest/bench/switches/main.c",
  ...["crt0.S", "tls.c", "format.c", "string.c"].map((file) => `guest/include/${file}`),
];

/** Runs a script of ours that fetches something; returns the last line it prints. */
async function fetch(script: string): Promise<string> {
  const path = new URL(`tools/${script}`, ROOT).pathname;
  const { out } = await runTool("bash", [path], { kind: "tools" });
  return out.trim().split("\n").at(-1) ?? "";
}

/** Builds the crate for an architecture; returns the static library. */
async function buildCrate(arch: ArchName, folder: string): Promise<string> {
  await fetch("fetch_rust.sh");
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  const target = `${arch}-unknown-linux-gnu`;
  await runTool("cargo", ["build", "--release", "--quiet", "--locked", "--target", target], {
    kind: "compile",
    cwd: CRATE,
    env: { RUSTC: `${cache}/trapline/rust/bin/rustc`, CARGO_TARGET_DIR: folder },
  });
  return `${folder}/${target}/release/libswitch_peer.a`;
}

/**
 * Builds the program for an architecture, with its files in a folder; returns the ELF file.
 *
 * @throws {BuildError} in the words of the tool that failed or is missing
 */
export async function buildPeerSwitches(
  arch: ArchName,
  folder: string,
): Promise<Uint8Array<ArrayBuffer>> {
  await Deno.mkdir(folder, { recursive: true });
  const crate = await buildCrate(arch, folder);
  const libraries = `${await fetch("fetch_static_libs.sh")}/${arch}/usr/lib/${arch}-linux-gnu`;
  const clang = await chooseClang(OLDEST_CLANG[arch], "the peers' loops");
  const linker = await chooseLinker("the peers' loops");
  const objects: string[] = [];
  for (const [i, source] of SOURCES.entries()) {
    const object = `${folder}/${arch}-${i}.o`;
    const flags = [`--target=${arch}-none-elf`, ...COMPILE_FLAGS, "-O2", "-I."];
    await runTool(clang.command, [...flags, "-c", "-o", object, source], {
      kind: "compile",
      cwd: ROOT,
    });
    objects.push(object);
  }
  const program = `${folder}/${arch}.elf`;
  const flags = [...LINK_FLAGS, ...PROGRAM_LINK_FLAGS, "-o", program];
  await runTool(linker.command, [...flags, ...objects, crate, `${libraries}/libboost_context.a`], {
    kind: "link",
  });
  return await Deno.readFile(program);
}
