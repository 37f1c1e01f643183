import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { UnicornNotFoundError } from "./errors.ts";
import { checkVersion, loadUnicorn } from "./library.ts";

function reasonFor(path: string): string {
  const error = assertThrows(() => loadUnicorn({ path }), UnicornNotFoundError);
  assertStrictEquals(error.explicit, true);
  assertEquals(error.tried.map(({ place }) => place), [path]); // no other is taken in its stead
  // With pip, without it, and how to name a library; nothing that only a checkout has.
  for (const remedy of ["ensureUnicorn()", "ZIP archive", "TRAPLINE_UNICORN", "--allow-ffi"]) {
    assert(error.message.includes(remedy), error.message);
  }
  assert(!error.message.includes(".ts"), error.message);
  return error.tried[0]?.reason ?? "";
}

Deno.test("loadUnicorn, gives the same library again", () => {
  const library = loadUnicorn();
  assertStrictEquals(loadUnicorn(), library);
  assertStrictEquals(loadUnicorn({ path: library.path }), library);
  assertMatch(library.version, /^2\.[1-9]\d*\.\d+$/);
});

Deno.test("loadUnicorn, says why a named library does not serve", async () => {
  const directory = await Deno.makeTempDir();
  try {
    assertMatch(reasonFor(`${directory}/absent.so`), /absent\.so/);
    await Deno.writeTextFile(`${directory}/text.so`, "not a library\n");
    assertMatch(reasonFor(`${directory}/text.so`), /text\.so/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("loadUnicorn, the environment's choice is not replaced by another", () => {
  // A fresh process, as this one may have loaded a library already.
  const code = `import { loadUnicorn } from "${new URL("library.ts", import.meta.url)}";
    try { loadUnicorn(); } catch (error) { console.log(error.name, error.tried[0].place); }`;
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    env: { TRAPLINE_UNICORN: "/absent.so" },
  }).outputSync();
  assertEquals(new TextDecoder().decode(stdout).trim(), "UnicornNotFoundError /absent.so");
});

Deno.test("checkVersion, refuses those before 2.1 by name and reason", () => {
  assertEquals(checkVersion(0x020104ff), "2.1.4");
  assertEquals(checkVersion(0x03000000), "3.0.0");
  for (const word of [0x020001ff, 0x010003ff]) {
    const version = word === 0x020001ff ? /2\.0\.1 is too old/ : /1\.0\.3 is too old/;
    const { message } = assertThrows(() => checkVersion(word), Error);
    assertMatch(message, version);
    assertMatch(message, /paging.*exception levels.*TLB/);
  }
});
