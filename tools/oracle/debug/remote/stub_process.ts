/**
 * Programs that are started for a debugger to connect to.
 *
 * @module
 */
import { RemoteError, Stub } from "../../../../gdb/remote/mod.ts";
import { spawnTool } from "../../tool.ts";

/** A program that serves its own debugger at an address. */
export interface StubProcess {
  /** `HOST:PORT`. */
  readonly address: string;
  /** Its process. */
  readonly child: Deno.ChildProcess;
}

/** A port of this host that nobody listens to. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/**
 * Starts a program, which is given a port, does something with it and ends it; undefined if the
 * program is not installed.
 */
export async function withStub<T>(
  command: (port: number) => readonly [program: string, ...args: string[]],
  action: (process: StubProcess) => T | Promise<T>,
): Promise<T | undefined> {
  const port = freePort();
  const [program, ...args] = command(port);
  const child = spawnTool(program, args);
  if (child === undefined) return undefined;
  try {
    return await action({ address: `127.0.0.1:${port}`, child });
  } finally {
    await endChild(child);
  }
}

/** Ends a process, if it has not ended already, and waits for that. */
export async function endChild(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // It has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
  await child.status;
}

/** Does what connects, again until the stub listens. */
export async function whenListening<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0;; attempt++) {
    try {
      return await action();
    } catch (error) {
      const isEarly = error instanceof RemoteError && error.kind === "refused";
      if (!isEarly || attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Connects to a stub as soon as it listens. */
export function connectStub(address: string): Promise<Stub> {
  return whenListening(() => Stub.connect(address));
}
