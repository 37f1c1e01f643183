import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { libraryFileName } from "./cache.ts";
import { fetchUnicorn, PINNED_WHEELS, type PinnedWheel, UnicornFetchError } from "./fetch.ts";
import { leftToFull } from "../util/testing/sweep.ts";

const LIBRARY = "unicorn/lib/" + libraryFileName();
const CONTENT = Uint8Array.from({ length: 70_000 }, (_, index) => (index * index) % 251);

/**
 * A stand-in for pip: unpacks one file into the directory after `--target`. Deno runs it, so
 * nothing else is needed.
 */
const FAKE_PIP = `
  const [content, name, ...args] = Deno.args;
  const target = args[args.indexOf("--target") + 1] + "/" + name;
  Deno.mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  Deno.copyFileSync(content, target);
`;

/**
 * Makes a wheel that pip takes for the one of unicorn 2.1.4, its members stored, not compressed.
 */
const MAKE_WHEEL = `
import sys, zipfile
path, name, content = sys.argv[1:]
info = "unicorn-2.1.4.dist-info/"
with zipfile.ZipFile(path, "w") as wheel:
    wheel.write(content, name)
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: unicorn\\nVersion: 2.1.4\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

interface Scene extends AsyncDisposable {
  root: string;
  directory: string;
  wheel: PinnedWheel;
  /** The stand-in, unpacking a file of the name. */
  pip(name: string): string[];
}

async function makeScene(): Promise<Scene> {
  const root = await Deno.makeTempDir();
  await Deno.writeFile(`${root}/content`, CONTENT);
  await Deno.writeTextFile(`${root}/pip.ts`, FAKE_PIP);
  const run = [Deno.execPath(), "run", "-A", "--no-config", `${root}/pip.ts`, `${root}/content`];
  return {
    root,
    directory: `${root}/cache/deep`,
    wheel: { platform: "any", sha256: "0".repeat(64) },
    pip: (name) => [...run, name],
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

function list(directory: string): string[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => name);
}

Deno.test("fetchUnicorn, keeps the library and nothing else", async () => {
  await using scene = await makeScene();
  const { directory, wheel } = scene;
  const pip = [["absent-pip"], scene.pip(LIBRARY)];
  const path = await fetchUnicorn({ directory, pip, wheel });
  assertEquals(path, `${directory}/${libraryFileName()}`);
  assertEquals(await Deno.readFile(path), CONTENT);
  assertEquals(list(directory), [libraryFileName()]);
});

/** A stand-in for a pip that has done its work, or half of it, and then fails. */
const FAILING_PIP = `
  import { createHash } from "node:crypto";
  const [content, name, whole, ...args] = Deno.args;
  const target = args[args.indexOf("--target") + 1];
  const info = target + "/unicorn-2.1.4.dist-info";
  Deno.mkdirSync(info, { recursive: true });
  Deno.mkdirSync(target + "/unicorn/lib", { recursive: true });
  const bytes = Deno.readFileSync(content);
  const hash = createHash("sha256").update(bytes).digest("base64url");
  Deno.writeTextFileSync(info + "/RECORD", name + ",sha256=" + hash + "," + bytes.length + "\\n");
  Deno.writeFileSync(target + "/" + name, whole === "whole" ? bytes : bytes.subarray(1));
  console.error("cannot rehash");
  Deno.exit(1);
`;

Deno.test("fetchUnicorn, takes what a pip has unpacked that fails afterwards, if it is whole", async () => {
  await using scene = await makeScene();
  const { root, directory, wheel } = scene;
  const script = `${root}/failing.ts`;
  await Deno.writeTextFile(script, FAILING_PIP);
  const run = [Deno.execPath(), "run", "-A", "--no-config", script, `${root}/content`, LIBRARY];
  const error = await assertRejects(
    () => fetchUnicorn({ directory, pip: [[...run, "half"]], wheel }),
    UnicornFetchError,
  );
  assertMatch(error.message, /cannot rehash/);
  const path = await fetchUnicorn({
    directory,
    pip: [[...run, "half"], [...run, "whole"]],
    wheel,
  });
  assertEquals(await Deno.readFile(path), CONTENT);
  assertEquals(list(directory), [libraryFileName()]);
});

Deno.test("fetchUnicorn, several at once all end with the whole library", async () => {
  await using scene = await makeScene();
  const { directory, wheel } = scene;
  const pip = [scene.pip(LIBRARY)];
  const paths = await Promise.all([1, 2, 3].map(() => fetchUnicorn({ directory, pip, wheel })));
  for (const path of paths) assertEquals(await Deno.readFile(path), CONTENT);
  assertEquals(list(directory), [libraryFileName()]);
});

Deno.test("fetchUnicorn, a wheel without the library is a typed error and leaves nothing", async () => {
  await using scene = await makeScene();
  const { directory, wheel } = scene;
  const pip = [scene.pip("unicorn/__init__.py")];
  const error = await assertRejects(
    () => fetchUnicorn({ directory, pip, wheel }),
    UnicornFetchError,
  );
  assert(error.message.includes(libraryFileName()), error.message);
  assertEquals(list(directory), []);
});

Deno.test("fetchUnicorn with pip, takes the pinned wheel, and no other or damaged one", {
  ignore: leftToFull(),
}, async () => {
  await using scene = await makeScene();
  const { root, directory } = scene;
  const file = `${root}/unicorn-2.1.4-py3-none-any.whl`;
  await python(["-c", MAKE_WHEEL, file, LIBRARY, `${root}/content`]);
  const pip = [["env", "PIP_NO_INDEX=1", `PIP_FIND_LINKS=${root}`, "python3", "-m", "pip"]];
  const wheel = { platform: "any", sha256: await sum(file) };
  const path = await fetchUnicorn({ directory, pip, wheel });
  assertEquals(await Deno.readFile(path), CONTENT);
  await Deno.remove(path);

  const bytes = await Deno.readFile(file);
  bytes[1000] = bytes[1000]! ^ 1; // in the library, which the archive has a CRC of
  await Deno.writeFile(file, bytes);
  const other = await assertRejects(
    () => fetchUnicorn({ directory, pip, wheel }),
    UnicornFetchError,
  );
  assertMatch(other.message, new RegExp(`sha256 ${wheel.sha256}\\s+Got +${await sum(file)}`));
  const damaged = { platform: "any", sha256: await sum(file) };
  await assertRejects(
    () => fetchUnicorn({ directory, pip, wheel: damaged }),
    UnicornFetchError,
    "CRC",
  );
  assertEquals(list(directory), []);
});

async function python(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("python3", { args }).output();
  assert(success, new TextDecoder().decode(stderr));
}

async function sum(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return new Uint8Array(digest).toHex();
}

Deno.test("fetchUnicorn, lists every pip that did not work with its reason", async () => {
  await using scene = await makeScene();
  const failing = [Deno.execPath(), "eval", "console.error('no network'); Deno.exit(3)"];
  const error = await assertRejects(
    () => fetchUnicorn({ ...scene, pip: [["absent-pip"], failing] }),
    UnicornFetchError,
  );
  assertEquals(error.tried.length, 2);
  assertMatch(error.tried[0]?.reason ?? "", /absent-pip/);
  assertEquals(error.tried[1]?.reason, "no network");
});

Deno.test("fetchUnicorn, says so when there is nowhere to keep it", async () => {
  await using scene = await makeScene();
  const { directory, wheel } = scene;
  await Deno.writeTextFile(directory.replace("/deep", ""), "a file, not a directory");
  const error = await assertRejects(
    () => fetchUnicorn({ directory, pip: [scene.pip(LIBRARY)], wheel }),
    UnicornFetchError,
  );
  assertEquals(error.tried.map(({ place }) => place), [directory]);
});

Deno.test("PINNED_WHEELS, each has a whole SHA-256 of its own", () => {
  const sums = Object.values(PINNED_WHEELS).map(({ sha256 }) => sha256);
  for (const sum of sums) assertMatch(sum, /^[0-9a-f]{64}$/);
  assertEquals(new Set(sums).size, sums.length);
});
