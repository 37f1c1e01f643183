import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { libraryFileName } from "./cache.ts";
import { fetchUnicorn, PINNED_WHEELS, type PinnedWheel, UnicornFetchError } from "./fetch.ts";
import { makeWheel } from "./testing/wheel.ts";

/** A stand-in for pip: copies a wheel into the directory after `--dest`. Deno runs it, so nothing else is needed. */
const FAKE_PIP = `
  const [wheel, ...args] = Deno.args;
  Deno.copyFileSync(wheel, args[args.indexOf("--dest") + 1] + "/unicorn.whl");
`;

interface Scene extends AsyncDisposable {
  directory: string;
  pip: string[];
  wheel: PinnedWheel;
  library: Uint8Array<ArrayBuffer>;
}

async function makeScene(): Promise<Scene> {
  const root = await Deno.makeTempDir();
  const library = Uint8Array.from({ length: 70_000 }, (_, index) => (index * index) % 251);
  const name = `unicorn/lib/${libraryFileName()}`;
  const wheel = await makeWheel([{ name: "unicorn/__init__.py", bytes: library }, {
    name,
    bytes: library,
  }]);
  await Deno.writeFile(`${root}/wheel`, wheel);
  await Deno.writeTextFile(`${root}/pip.ts`, FAKE_PIP);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", wheel));
  return {
    directory: `${root}/cache/deep`,
    pip: [Deno.execPath(), "run", "-A", "--no-config", `${root}/pip.ts`, `${root}/wheel`],
    wheel: {
      platform: "test",
      sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    },
    library,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("fetchUnicorn, keeps the library and nothing else", async () => {
  await using scene = await makeScene();
  const { directory, pip, wheel } = scene;
  const path = await fetchUnicorn({ directory, pip: [["absent-pip"], pip], wheel });
  assertEquals(path, `${directory}/${libraryFileName()}`);
  assertEquals(await Deno.readFile(path), scene.library);
  assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name), [libraryFileName()]);
});

Deno.test("fetchUnicorn, several at once all end with the whole library", async () => {
  await using scene = await makeScene();
  const { directory, pip, wheel } = scene;
  const paths = await Promise.all(
    [1, 2, 3].map(() => fetchUnicorn({ directory, pip: [pip], wheel })),
  );
  for (const path of paths) assertEquals(await Deno.readFile(path), scene.library);
  assertEquals([...Deno.readDirSync(directory)].length, 1);
});

Deno.test("fetchUnicorn, keeps nothing of a wheel that is not the pinned one", async () => {
  await using scene = await makeScene();
  const { directory, pip } = scene;
  const wheel = { platform: "test", sha256: "0".repeat(64) };
  const error = await assertRejects(
    () => fetchUnicorn({ directory, pip: [pip], wheel }),
    UnicornFetchError,
  );
  assertMatch(error.message, /SHA-256 is [0-9a-f]{64}, not the pinned 0{64}/);
  assertEquals([...Deno.readDirSync(directory)], []);
});

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
  await Deno.writeTextFile(`${scene.directory.replace("/deep", "")}`, "a file, not a directory");
  const error = await assertRejects(
    () => fetchUnicorn({ ...scene, pip: [scene.pip] }),
    UnicornFetchError,
  );
  assertEquals(error.tried.map(({ place }) => place), [scene.directory]);
});

Deno.test("PINNED_WHEELS, each has a whole SHA-256 of its own", () => {
  const sums = Object.values(PINNED_WHEELS).map(({ sha256 }) => sha256);
  for (const sum of sums) assertMatch(sum, /^[0-9a-f]{64}$/);
  assertEquals(new Set(sums).size, sums.length);
});
