/**
 * The page's machine: its program is built, and waits for a debugger, by the page's commands.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { decideOffline, importMapFlags, path, ROOT } from "../../../world.ts";
import { endChild } from "../remote/stub_process.ts";
import { trapline } from "./page.ts";

/** A folder in which the page's commands are executed for one architecture. */
export class PageFolder {
  /** The folder. */
  readonly directory: string;
  /** The architecture. */
  readonly arch: ArchName;

  /** Makes the folder, with what the commands find in a checkout. */
  constructor(directory: string, arch: ArchName) {
    this.arch = arch;
    this.directory = `${directory}/page-${arch}`;
    Deno.mkdirSync(`${this.directory}/examples`, { recursive: true });
    const source = "examples/ledger.c";
    Deno.copyFileSync(new URL(source, ROOT), `${this.directory}/${source}`);
  }

  /** One of the page's commands, with this architecture in it, as a process to be started. */
  async command(name: string, change: (args: string[]) => string[] = (args) => args) {
    const found = trapline().find(([first]) => first === name);
    if (found === undefined) throw new Error(`The page has no command ${name}`);
    return await this.process(change(found.map((arg) => arg === "aarch64" ? this.arch : arg)));
  }

  /** Executes `trapline` here; its status and what it has printed. */
  async run(args: readonly string[]): Promise<{ code: number; text: string }> {
    const { code, stdout, stderr } = await (await this.process(args)).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  }

  /** `trapline` with arguments. */
  async process(args: readonly string[]): Promise<Deno.Command> {
    const flags = importMapFlags(await decideOffline());
    return new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", ...flags, path(new URL("cli.ts", ROOT)), ...args],
      cwd: this.directory,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    });
  }

  /** Builds the program, once. Throws if that fails. */
  async build(): Promise<void> {
    if (existsSync(`${this.directory}/ledger.elf`)) return;
    const { code, stderr } = await (await this.command("build")).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  }
}

/** A machine that waits for debuggers. */
export interface WaitingMachine extends AsyncDisposable {
  /** The port. */
  readonly port: string;
  /** How it ends: its status and what it has printed. */
  readonly end: Promise<{ readonly code: number; readonly text: string }>;
}

/** Boots the page's machine at a port that is free. */
export async function bootForDebugger(folder: PageFolder): Promise<WaitingMachine> {
  const command = await folder.command("boot", (args) => {
    const at = args.indexOf("--gdb") + 1;
    return [...args.slice(0, at), "0", ...args.slice(at + 1)];
  });
  const child = command.spawn();
  const printed = text(child.stdout);
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`The machine does not wait for a debugger: ${said}`);
    said += value;
    const [, port] = /debugger at \S+:(\d+)/.exec(said) ?? [];
    if (port === undefined) continue;
    const rest = drain(reader);
    const end = Promise.all([child.status, printed, rest])
      .then(([{ code }, text]) => ({ code, text }));
    return {
      port,
      end,
      async [Symbol.asyncDispose]() {
        await endChild(child);
        await end;
      },
    };
  }
}

function existsSync(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function text(stream: ReadableStream<Uint8Array>): Promise<string> {
  return await new Response(stream).text();
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}
