/**
 * A registry that speaks as much of JSR's protocol as Deno needs, serving the offline stand-ins as `@std/assert` and
 * `@std/cli`, so that the launcher's online world can be tested where the real registry cannot be reached.
 *
 * @module
 */

const OFFLINE = new URL("../offline/", import.meta.url);

interface FakePackage {
  readonly exports: Record<string, string>;
  readonly file: string;
}

const PACKAGES: Record<string, FakePackage> = {
  "/@std/assert": { exports: { ".": "./assert.ts" }, file: "assert.ts" },
  "/@std/cli": {
    exports: { ".": "./parse_args.ts", "./parse-args": "./parse_args.ts" },
    file: "parse_args.ts",
  },
};

const VERSION = "1.7.7";

async function respond(path: string): Promise<Response> {
  const [, scope, name] = path.split("/");
  const root = `/${scope}/${name}`;
  const found = PACKAGES[root];
  if (found === undefined) return new Response("no such package", { status: 404 });
  const source = Deno.readFileSync(new URL(found.file, OFFLINE));
  if (path === `${root}/meta.json`) {
    const [, bare] = root.split("/@");
    return Response.json({ name: bare, latest: VERSION, versions: { [VERSION]: {} } });
  }
  if (path === `${root}/${VERSION}_meta.json`) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", source));
    const manifest = {
      [`/${found.file}`]: { size: source.length, checksum: `sha256-${digest.toHex()}` },
    };
    return Response.json({ manifest, exports: found.exports });
  }
  if (path === `${root}/${VERSION}/${found.file}`) {
    return new Response(source, { headers: { "content-type": "application/typescript" } });
  }
  return new Response("no such file", { status: 404 });
}

/** A running registry; stops when disposed. */
export interface FakeJsr extends AsyncDisposable {
  /** The value for `JSR_URL`. */
  readonly url: string;
}

/**
 * Starts the registry on a free local port.
 *
 * @param options `silent`: take every request and never answer, as a network does that drops packets.
 */
export function serveFakeJsr({ silent = false }: { silent?: boolean } = {}): FakeJsr {
  const abort = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: abort.signal, onListen: () => {} },
    (request) => {
      if (silent) return new Promise<Response>(() => {});
      return respond(new URL(request.url).pathname);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose]() {
      abort.abort();
      if (!silent) await server.finished;
    },
  };
}
