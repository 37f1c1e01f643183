import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { GuestBuild } from "../guest/manifest.ts";
import { GuestSourceError, guestSources } from "./guest_sources.ts";

const BUILD: GuestBuild = {
  name: "sample",
  arch: "x86_64",
  kind: "program",
  sources: ["guest/sample/*.c", "guest/lib/start.S"],
  linkerScript: "guest/sample/sample.ld",
  compileFlags: ["-O1"],
  cxxFlags: ["-frtti"],
  linkFlags: ["-static"],
  output: "guest/images/sample_x86_64.gen.ts",
};

const FILES: Record<string, string> = {
  "guest/sample/b.c": `#include "b.h"\n#include <stdint.h>\nint b;\n`,
  "guest/sample/a.c": `  #  include "../lib/shared.h"\nint a;\n`,
  "guest/sample/b.h": `#include "guest/lib/shared.h"\n`,
  "guest/sample/unused.txt": "not a source\n",
  "guest/sample/sample.ld": "SECTIONS {}\n",
  "guest/lib/shared.h": `#pragma once\n// #include in a comment: "nothing.h"\n`,
  "guest/lib/start.S": `.include "guest/lib/layout.inc"\n`,
  "guest/lib/layout.inc": `.set X, 1\n`,
};

/** A tree of files; gone when disposed. */
class Tree implements Disposable {
  readonly #folder: string = Deno.makeTempDirSync({ prefix: "trapline-sources-" });
  readonly root: URL = new URL(`file://${this.#folder}/`);

  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const url = new URL(name, this.root);
    Deno.mkdirSync(new URL(".", url), { recursive: true });
    Deno.writeTextFileSync(url, text);
  }

  remove(name: string): void {
    Deno.removeSync(new URL(name, this.root));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

Deno.test("guestSources, patterns are sorted and includes are followed", async () => {
  using tree = new Tree(FILES);
  const { compiled, files } = await guestSources(BUILD, tree.root);
  assertEquals(compiled, ["guest/sample/a.c", "guest/sample/b.c", "guest/lib/start.S"]);
  assertEquals(files, [
    "guest/lib/layout.inc",
    "guest/lib/shared.h",
    "guest/lib/start.S",
    "guest/sample/a.c",
    "guest/sample/b.c",
    "guest/sample/b.h",
    "guest/sample/sample.ld",
  ]);
});

Deno.test("guestSources, the hash does not depend on where the tree is", async () => {
  using one = new Tree(FILES);
  using other = new Tree(FILES);
  assertEquals(
    (await guestSources(BUILD, one.root)).hash,
    (await guestSources(BUILD, other.root)).hash,
  );
});

Deno.test("guestSources, the hash changes with every file, the set of files and the flags", async () => {
  using tree = new Tree(FILES);
  const { files, hash } = await guestSources(BUILD, tree.root);
  const seen = new Set([hash]);
  for (const file of files) {
    tree.write(file, `${FILES[file]} `);
    seen.add((await guestSources(BUILD, tree.root)).hash);
    tree.write(file, FILES[file]!);
  }
  tree.write("guest/sample/c.c", "");
  seen.add((await guestSources(BUILD, tree.root)).hash);
  tree.remove("guest/sample/c.c");
  for (
    const change of [{ compileFlags: ["-O2"] }, { linkFlags: [] }, { arch: "aarch64" } as const]
  ) {
    seen.add((await guestSources({ ...BUILD, ...change }, tree.root)).hash);
  }
  assertEquals(seen.size, 1 + files.length + 1 + 3);
  assertEquals((await guestSources(BUILD, tree.root)).hash, hash, "restored");
});

Deno.test("guestSources, text moved between two files is a change", async () => {
  using tree = new Tree({ ...FILES, "guest/sample/a.c": "xy", "guest/sample/b.c": "z" });
  const before = await guestSources(BUILD, tree.root);
  tree.write("guest/sample/a.c", "x");
  tree.write("guest/sample/b.c", "yz");
  assertNotEquals((await guestSources(BUILD, tree.root)).hash, before.hash);
});

Deno.test("guestSources, a missing include and an empty pattern are named", async () => {
  using tree = new Tree(FILES);
  tree.remove("guest/lib/layout.inc");
  const include = await assertRejects(() => guestSources(BUILD, tree.root), GuestSourceError);
  assertEquals([include.file, include.from], ["guest/lib/layout.inc", "guest/lib/start.S"]);
  const none = { ...BUILD, sources: ["guest/none/*.c"] };
  const pattern = await assertRejects(() => guestSources(none, tree.root), GuestSourceError);
  assertEquals(
    pattern.message,
    `Cannot find guest source "guest/none/*.c", named by sample (x86_64)`,
  );
});
