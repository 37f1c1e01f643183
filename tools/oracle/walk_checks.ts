/**
 * The walks that are compared: programs that stop and are dumped, programs that are stepped, and
 * stubs of procedure linkage tables of every linker.
 *
 * @module
 */
import { checkBacktrace, EU_STACK, GDB } from "./backtrace_check.ts";
import { compiledProgram } from "./files.ts";
import { checkStubs, STUB_RECIPES } from "./stub_check.ts";
import { checkSteps } from "./step_check.ts";
import { stepUnderQemu } from "./step_qemu.ts";
import { stepNatively } from "./step_records.ts";
import type { CheckResult } from "./tool.ts";

/** A check that has a name before it is done. */
export interface NamedCheck {
  /** What kind of check. */
  readonly kind: string;
  /** What is checked. */
  readonly name: string;
  /** Does it; undefined if a tool is missing. */
  check(): CheckResult | undefined | Promise<CheckResult | undefined>;
}

/** Options that link a program in a way of its own. */
const LINKED: Readonly<Record<string, readonly string[]>> = {
  "GNU ld, lazy": ["-Wl,-z,lazy"],
  "GNU ld, bound": ["-Wl,-z,now"],
  "GNU ld, lazy, stubs without tables": ["-Wl,-z,lazy", "-Wl,--no-ld-generated-unwind-info"],
  "GNU ld, lazy with IBT, stubs without tables": [
    "-Wl,-z,lazy",
    "-Wl,-z,ibtplt",
    "-Wl,--no-ld-generated-unwind-info",
  ],
  "static": ["-static"],
  "LLD, lazy": ["-fuse-ld=lld", "-Wl,-z,lazy"],
  "LLD, lazy with IBT": ["-fuse-ld=lld", "-Wl,-z,lazy", "-Wl,-z,force-ibt"],
  "LLD, bound": ["-fuse-ld=lld", "-Wl,-z,now"],
  "LLD, lazy retpolines": ["-fuse-ld=lld", "-Wl,-z,lazy", "-Wl,-z,retpolineplt"],
  "LLD, bound retpolines": ["-fuse-ld=lld", "-Wl,-z,now", "-Wl,-z,retpolineplt"],
};

/** Options that compile a program for AArch64 in a way of its own. */
const ARM_COMPILED: Readonly<Record<string, readonly string[]>> = {
  "AArch64, static": [],
  "AArch64, static, signed return addresses": ["-mbranch-protection=standard"],
};

/** All checks of walks, with programs compiled from `sources` into a directory. */
export function walkChecks(sources: string, directory: string): NamedCheck[] {
  return [
    ...stopped(sources, directory),
    ...stepped(sources, directory),
    ...STUB_RECIPES.map((recipe): NamedCheck => ({
      kind: "stubs",
      name: recipe.name,
      check: () => checkStubs(recipe, directory),
    })),
  ];
}

function stopped(sources: string, directory: string): NamedCheck[] {
  const made = (name: string, out: string, how = {}) =>
    compiledProgram(`${sources}${name}`, `${directory}/${out}`, how);
  const signal = made("signal.c", "signal");
  const musl = { compiler: "musl-gcc", options: ["-O1", "-g", "-static"] };
  const programs: readonly (readonly [name: string, path: string | undefined])[] = [
    ["a call of address 0", made("nowhere.c", "nowhere")],
    ["a call of address 0, musl", made("nowhere.c", "nowhere-musl", musl)],
  ];
  const commands: [string, ...string[]][] = [
    ["sleep", "60"],
    ["python3", "-c", "import time; time.sleep(60)"],
    ["bash", "-c", "f() { read x < <(sleep 60); }; f"],
    ...(signal === undefined ? [] : [[signal]] as [string][]),
  ];
  return [
    ...commands.map((command): NamedCheck => {
      const name = command.join(" ");
      return { kind: "backtrace", name, check: () => checkBacktrace(name, command, EU_STACK) };
    }),
    ...programs.map(([name, path]): NamedCheck => ({
      kind: "gdb",
      name,
      check: () => path === undefined ? undefined : checkBacktrace(name, [path], GDB),
    })),
  ];
}

function stepped(sources: string, directory: string): NamedCheck[] {
  const made = (name: string, out: string, how = {}) =>
    compiledProgram(`${sources}${name}`, `${directory}/${out}`, how);
  const tracer = made("step_trace.c", "step_trace");
  const step = (name: string, compiler: string, options: readonly string[]): NamedCheck => ({
    kind: "steps",
    name,
    check() {
      const path = made("steps.c", `steps ${name}`, { compiler, options: ["-O2", ...options] });
      if (tracer === undefined || path === undefined) return undefined;
      const trace = stepNatively(tracer, path);
      return trace === undefined
        ? undefined
        : checkSteps({ name, trace, hasBlindCode: compiler === "musl-gcc" });
    },
  });
  return [
    ...Object.entries(LINKED).map(([name, options]) => step(name, "gcc", options)),
    step("musl", "musl-gcc", ["-static"]),
    ...Object.entries(ARM_COMPILED).map(([name, options]): NamedCheck => ({
      kind: "steps",
      name,
      async check() {
        const how = { compiler: "aarch64-linux-gnu-gcc", options: ["-O2", "-static", ...options] };
        const path = made("steps.c", `steps ${name}`, how);
        const trace = path === undefined ? undefined : await stepUnderQemu(path);
        return trace === undefined ? undefined : checkSteps({ name, trace });
      },
    })),
  ];
}
