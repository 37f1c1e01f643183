/**
 * A backtrace as text, much as gdb writes it.
 *
 * @module
 */
import type { WalkEnd } from "../../unwind/walk/mod.ts";
import type { FrameReport, ThreadReport } from "./report.ts";
import type { VariableReport } from "./variable_report.ts";

/** What to say of ends that are none. */
const ENDS: Readonly<Partial<Record<WalkEnd, string>>> = {
  "no-rule": "The walk ends here: there is no unwind table, and no frame pointer to believe",
  "frame-limit": "The walk ends here: there are as many frames as were asked for",
};

const INDENT = "        ";

/** A thread's stack, a line for each frame and variable, each with a line break. */
export function threadText(thread: ThreadReport): string {
  const { id, name, state, frames, end, error } = thread;
  const called = name === undefined ? "" : ` "${name}"`;
  const lines = [`Thread ${id}${called}${state === undefined ? "" : `, ${state}`}:`];
  for (const frame of frames) lines.push(frameText(frame), ...variableLines(frame));
  const note = error === undefined ? end && ENDS[end] : `The walk ends here: ${error}`;
  if (note !== undefined) lines.push(`  ${note}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** One frame: number, address, function with parameters, place in the source or file of the code. */
export function frameText(frame: FrameReport): string {
  const number = `#${frame.level}`.padEnd(3);
  if (frame.kind === "signal") return `${number} <signal handler called>`;
  if (frame.kind === "trap") return `${number} <trap taken> in ${frame.function ?? "??"}`;
  // An inlined function has no address of its own.
  const at = frame.kind === "inline" ? "" : `0x${frame.pc.toString(16).padStart(16, "0")} in `;
  const values = frame.parameters?.map(({ name, text }) => `${name}=${text}`).join(", ") ?? "";
  const { source, module } = frame;
  const place = source !== undefined
    ? ` at ${source.path}:${source.line}${source.column > 0 ? `:${source.column}` : ""}`
    : module === undefined
    ? ""
    : ` from ${module}`;
  const called = frame.function ?? "??";
  return `${number} ${at}${called} (${values})${place}${codeText(frame)}${certaintyText(frame)}`;
}

function codeText({ code }: FrameReport): string {
  if (code === undefined) return "";
  return code.bytecode === undefined
    ? ` (${code.kind})`
    : ` (${code.kind}, bytecode ${code.bytecode})`;
}

function certaintyText({ certainty, doubt }: FrameReport): string {
  if (certainty === "exact") return "";
  return doubt === undefined ? ` (${certainty})` : ` (${certainty}: ${doubt})`;
}

function variableLines({ locals, damage }: FrameReport): string[] {
  if (damage !== undefined) return [`${INDENT}Variables cannot be told: ${damage}`];
  return locals?.map((each) => `${INDENT}${variableText(each)}`) ?? [];
}

function variableText({ name, text }: VariableReport): string {
  return `${name} = ${text}`;
}
