/**
 * A registry that speaks as much of JSR's protocol as Deno needs and serves the offline stand-ins,
 * so that the launcher's online world can be tested where the real registry cannot be reached.
 *
 * @module
 */

/** The entry of each package and the file it is, as in `offline/import_map.json`. */
const PACKAGES: Record<string, { entry: string; file: string }> = {
  "@std/assert": { entry: ".", file: "assert.ts" },
  "@std/cli": { entry: "./parse-args", file: "parse_args.ts" },
};

async function respond(path: string): Promise<Response> {
  const [, name = "", rest] = /^\/(@std\/\w+)\/(.*)$/.exec(path) ?? [];
  const found = PACKAGES[name];
  if (found === undefined) return new Response(null, { status: 404 });
  if (rest === "meta.json") return Response.json({ versions: { "1.7.7": {} } });
  const source = Deno.readFileSync(new URL(`../../offline/${found.file}`, import.meta.url));
  if (rest !== "1.7.7_meta.json") return new Response(source);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", source));
  return Response.json({
    manifest: { "/mod.ts": { size: source.length, checksum: `sha256-${digest.toHex()}` } },
    exports: { [found.entry]: "./mod.ts" },
  });
}

/**
 * Starts the registry on a free local port; it stops when disposed.
 *
 * @param options `silent`: take every request and never answer, as a network does that drops
 *   packets.
 * @returns The value for `JSR_URL`.
 */
export function serveFakeJsr({ silent = false } = {}): AsyncDisposable & { url: string } {
  const abort = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, signal: abort.signal, onListen: () => {} },
    ({ url }) => silent ? new Promise<Response>(() => {}) : respond(new URL(url).pathname),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    async [Symbol.asyncDispose]() {
      abort.abort();
      if (!silent) await server.finished;
    },
  };
}
