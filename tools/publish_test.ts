// What is published: nothing that nobody reaches, and everything that is.
import { assert, assertEquals } from "@std/assert";
import { loadUnicorn } from "../unicorn/mod.ts";
import { decideOffline, offlineConfig, path, readConfig, ROOT } from "./world.ts";

/** The files that `deno publish` would take, as it says itself. */
async function published(): Promise<Map<string, number>> {
  using config = offlineConfig(await decideOffline());
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check", ...config.flags],
    cwd: path(ROOT),
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert(success, text);
  const files = new Map<string, number>();
  for (const [, url = ""] of text.matchAll(/^ +(file:\S+) \([\d.]+[KM]?B\)$/gm)) {
    const file = decodeURIComponent(url.slice(ROOT.href.length));
    // The stand-ins' configuration, while it lasts.
    if (/^deno\.offline-\d+\.json$/.test(file)) continue;
    files.set(file, Deno.statSync(new URL(file, ROOT)).size);
  }
  return files;
}

/** The modules that the exports import, however far. */
async function reached(): Promise<Set<string>> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const modules = Object.values(readConfig().exports);
    const text = modules.map((name) => `import "${new URL(name, ROOT).href}";\n`).join("");
    await Deno.writeTextFile(entry, text);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-config", "--no-npm", "--no-remote", entry],
    }).output();
    const graph: { modules: { specifier: string }[] } = JSON.parse(
      new TextDecoder().decode(stdout),
    );
    const files = graph.modules.map(({ specifier }) => specifier);
    return new Set(
      files.filter((url) => url.startsWith(ROOT.href)).map((url) => url.slice(ROOT.href.length)),
    );
  } finally {
    await Deno.remove(entry);
  }
}

/** Files and folders that a document points to, by a link or by name, relative to the root. */
function pointedTo(file: string): { links: string[]; names: string[] } {
  const text = Deno.readTextFileSync(new URL(file, ROOT));
  const base = new URL(file, ROOT);
  const links = Array.from(text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g), ([, to = ""]) => to)
    .filter((to) => !to.includes(":"))
    .map((to) => new URL(to, base).href.slice(ROOT.href.length));
  const names = Array.from(text.matchAll(/`([\w./-]+\/)`/g), ([, name = ""]) => name);
  return { links, names };
}

const files = await published();
const graph = await reached();
const documents = [...files.keys()].filter((file) => file.endsWith(".md"));
const user = documents.filter((file) => file === "README.md" || file.startsWith("docs/"));

Deno.test("deno publish, each file is reached from an export or from what users read", () => {
  const pointed = new Set(documents.flatMap((file) => pointedTo(file).links));
  const folders = user.flatMap((file) => [...pointedTo(file).names, ...pointedTo(file).links])
    .filter((name) => name.endsWith("/"));
  const own = ["README.md", "LICENSE", "deno.json"];
  const lost = [...files.keys()].filter((file) =>
    !graph.has(file) && !pointed.has(file) && !own.includes(file) &&
    !["examples/", "guest/coro/", "guest/include/"].some((folder) =>
      file.startsWith(folder) && folders.includes(folder)
    )
  );
  assertEquals(lost, []);
});

Deno.test("deno publish, has every module of the graph and every file that is linked to", () => {
  const absent = [...graph].filter((file) => !files.has(file) && file !== "deno.json");
  assertEquals(absent, []);
  for (const file of documents) {
    for (const to of pointedTo(file).links) {
      const there = to.endsWith("/")
        ? [...files.keys()].some((name) => name.startsWith(to))
        : files.has(to);
      assert(there, `${file} points to ${to}, which is not published`);
    }
  }
});

Deno.test("deno publish, headers and documents are there", () => {
  for (const file of ["guest/include/trapline.h", "docs/tour.md", "examples/hello.c"]) {
    assert(files.has(file), file);
  }
  for (const file of files.keys()) assert(!/_test\.ts$|\/testing\/|\.rs$|fuzz/.test(file), file);
});

Deno.test("deno publish, the published files alone boot a program, from another host", async () => {
  // As a registry would: only what is published, over HTTP, so that nothing can be read as a file.
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const file = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (!files.has(file)) return new Response(null, { status: 404 });
    const headers = { "content-type": "application/typescript" };
    return new Response(Deno.readFileSync(new URL(file, ROOT)), { headers });
  });
  const host = `127.0.0.1:${server.addr.port}`;
  const folder = Deno.makeTempDirSync({ prefix: "trapline-published-" });
  try {
    Deno.writeTextFileSync(
      `${folder}/main.ts`,
      `import { archByName, Machine, moduleHello } from "http://${host}/mod.ts";
       import { writeProgramFiles } from "http://${host}/build/mod.ts";
       for (const arch of ["x86_64", "aarch64"] as const) {
         using machine = new Machine({ arch: archByName(arch), modules: [await moduleHello(arch)] });
         console.log(machine.run().kind, machine.console.text().split("\\n")[1]);
       }
       await writeProgramFiles("own");
       console.log(Deno.statSync("own/include/crt0.S").isFile);`,
    );
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--no-check", "--no-config", `--allow-import=${host}`],
        ...["--allow-ffi", "--allow-env", "--allow-read=own", "--allow-write=own", "main.ts"],
      ],
      cwd: folder,
      // Modules from a port that is nobody's tomorrow are not to stay in the cache.
      env: { NO_COLOR: "1", DENO_DIR: `${folder}/cache`, TRAPLINE_UNICORN: loadUnicorn().path },
    }).output();
    const decoder = new TextDecoder();
    const hello = "halted hello!!\n";
    assertEquals(decoder.decode(stdout), `${hello}${hello}true\n`, decoder.decode(stderr));
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
