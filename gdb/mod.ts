/**
 * gdb at a machine: {@linkcode serveGdb} opens a port at which it finds one, wherever it has stopped.
 *
 * ```ts
 * // deno run --allow-ffi --allow-env --allow-net=127.0.0.1 example.ts
 * import { archByName, Machine, moduleHello } from "@trapline/trapline";
 * import { serveGdb } from "@trapline/trapline/gdb";
 *
 * using machine = new Machine({
 *   arch: archByName("x86_64"),
 *   modules: [await moduleHello("x86_64")],
 * });
 * machine.run(20_000);
 * await using server = serveGdb(machine);
 * console.log(`gdb-multiarch -ex 'target extended-remote :${server.address.port}'`);
 * // In a test: await server.done;
 * ```
 *
 * @module
 */
export * from "./server/mod.ts";
