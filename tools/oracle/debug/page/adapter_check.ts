/**
 * A debug adapter of VS Code's at a machine, by the page's launch configuration.
 *
 * @module
 */
import type { ArchName } from "../../../../arch/arch.ts";
import { type CheckResult, Differences, isInstalled } from "../../tool.ts";
import { AdapterClient } from "./adapter_client.ts";
import { bootForDebugger, PageFolder } from "./ledger.ts";
import { launchConfiguration } from "./page.ts";

/** The adapter of CDT GDB, as npm has it. */
const ADAPTER = "npm:cdt-gdb-adapter@1.7.0/cdtDebugTargetAdapter";
/** The line of the example's `deposit` where it begins, and that of the call in it. */
const LINES = { begin: 27, call: 28 };

interface Stack {
  readonly stackFrames: readonly {
    readonly id: number;
    readonly name: string;
    readonly line: number;
  }[];
}

interface Scopes {
  readonly scopes: readonly { readonly name: string; readonly variablesReference: number }[];
}

interface Variables {
  readonly variables: readonly {
    readonly name: string;
    readonly value: string;
    readonly variablesReference: number;
  }[];
}

/**
 * Attaches, stops at a line and at the next, looks at the stack and at variables, and goes on to
 * the end; undefined if there is no gdb.
 */
export async function checkAdapter(
  { arch, directory }: { readonly arch: ArchName; readonly directory: string },
): Promise<CheckResult | undefined> {
  if (!isInstalled("gdb-multiarch")) return undefined;
  const folder = new PageFolder(directory, arch);
  await folder.build();
  await using machine = await bootForDebugger(folder);
  await using editor = new AdapterClient(adapter(folder.directory));
  const differences = new Differences();
  const expect = (what: string, found: unknown, wanted: unknown) => {
    const [own, other] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (own !== other) differences.add(`${what}: ${own}, expected ${other}`);
  };
  const { request, ...configuration } = launchConfiguration("gdbtarget");
  const text = JSON.stringify(configuration).replace("${workspaceFolder}", folder.directory)
    .replace('"1234"', `"${machine.port}"`);
  await editor.ask("initialize", { adapterID: "gdbtarget", pathFormat: "path" });
  const attached = editor.ask(`${request}`, JSON.parse(text));
  await editor.event("initialized");
  const source = { path: `${folder.directory}/examples/ledger.c` };
  await editor.ask("setBreakpoints", { source, breakpoints: [{ line: LINES.begin }] });
  await editor.ask("configurationDone");
  await attached;
  const stop = await editor.event<{ reason: string; threadId: number }>("stopped");
  expect("reason", stop.reason, "breakpoint");
  const { threadId } = stop;
  const stack = async () => (await editor.ask<Stack>("stackTrace", { threadId })).stackFrames;
  const frames = await stack();
  const [first] = frames;
  expect("stack", frames.slice(0, 2).map(({ name }) => name), ["deposit", "keep"]);
  expect("line", first?.line, LINES.begin);
  const { scopes } = await editor.ask<Scopes>("scopes", { frameId: first?.id });
  const of = async (variablesReference: number | undefined) =>
    (await editor.ask<Variables>("variables", { variablesReference })).variables;
  const locals = await of(scopes.find(({ name }) => name === "Local")?.variablesReference);
  expect("locals", locals.map(({ name }) => name), ["account", "entry", "amount"]);
  expect("amount", locals.at(-1)?.value, "10");
  const [account] = locals;
  const members = (await of(account?.variablesReference)).map(({ name, value }) => [name, value]);
  expect("balance", members.find(([name]) => name === "balance")?.[1], "100");
  await editor.ask("next", { threadId });
  await editor.event("stopped");
  expect("line after a step", (await stack())[0]?.line, LINES.call);
  await editor.ask("setBreakpoints", { source, breakpoints: [] });
  await editor.ask("continue", { threadId });
  await editor.event("stopped");
  await editor.ask("disconnect");
  const { text: printed } = await machine.end;
  expect("the program's text", printed.includes("ada: 250 of 50"), true);
  return { name: `CDT GDB ${arch}`, figures: "7 facts", differences: differences.texts };
}

function adapter(cwd: string): Deno.ChildProcess {
  const args = ["run", "-A", "--quiet", "--no-config", "--node-modules-dir=none", ADAPTER];
  const piped = { stdin: "piped", stdout: "piped", stderr: "null" } as const;
  return new Deno.Command(Deno.execPath(), { args, cwd, ...piped }).spawn();
}
