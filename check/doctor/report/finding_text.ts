/**
 * Findings as text.
 *
 * @module
 */
import type {
  CodePlace,
  Consequence,
  DoctorReport,
  Evidence,
  Finding,
  FindingKind,
  StackFrame,
  StackMap,
  StackWalk,
} from "../finding.ts";
import type { MapMark } from "./map_layout.ts";
import { type AddressForm, addressText, grouped, mapText } from "./map_text.ts";
import { noSource, sourceAt, type SourceFinder, sourceText } from "./source.ts";

/** Options of {@linkcode reportText} and {@linkcode findingText}. */
export interface ReportTextOptions {
  /** Finds source lines; by default there are none. */
  readonly source?: SourceFinder;
  /** How addresses in maps are written; default `hex`. */
  readonly addresses?: AddressForm;
  /** Exit status of the program, to be told of if it is not 0. */
  readonly status?: number | undefined;
}

/** Lines of a finding's text, each with its indentation. */
class Lines {
  readonly #source: SourceFinder;
  readonly #lines: string[] = [];

  constructor(source: SourceFinder) {
    this.#source = source;
  }

  get text(): string {
    return this.#lines.map((line) => `${line.trimEnd()}\n`).join("");
  }

  add(line: string): void {
    this.#lines.push(line);
  }

  evidence(lead: string, each: Evidence): void {
    const when = each.time < 0 ? "" : `, after ${grouped(each.time)} instructions`;
    this.add(`${lead}${each.did}${when}:`);
    const code = each.text === "" ? "" : `: ${each.text}`;
    this.add(`${lead}  ${placeText(each)}${code}${this.#sourceOf(each)}`);
  }

  frames(frames: readonly StackFrame[]): void {
    const places = frames.map((each) => placeText(each));
    const width = Math.max(0, ...places.map(({ length }) => length));
    for (const [i, each] of frames.entries()) {
      const place = `#${String(i).padEnd(2)} ${places[i]!.padEnd(width)}`;
      this.add(`    ${place}  sp ${addressText(each.sp)}${this.#sourceOf(each)}`);
    }
  }

  #sourceOf(place: CodePlace): string {
    const line = sourceAt(this.#source, place);
    return line === undefined ? "" : `  at ${sourceText(line)}`;
  }
}

/** `0x401020 schedule+0x12`. */
export function placeText({ address, function: name, offset }: CodePlace): string {
  if (name === "") return addressText(address);
  return `${addressText(address)} ${name}${offset === 0 ? "" : `+0x${offset.toString(16)}`}`;
}

/** What a finding expected and found, in words; `%` and its name where it is a register. */
function valueName(kind: FindingKind, map: StackMap): string {
  switch (kind) {
    case "overwritten-return":
    case "bad-return":
      return "return address";
    case "foreign-frame":
      return `%${map.framePointer}`;
    default:
      return `%${map.stackPointer}`;
  }
}

function differenceText(expected: bigint, found: bigint): string {
  const difference = found - expected;
  const bytes = difference < 0n ? -difference : difference;
  if (difference === 0n || bytes >= 0x10000n) return "";
  return `: ${grouped(bytes)} bytes too ${difference < 0n ? "low" : "high"}`;
}

function valuesText(
  what: string,
  { expected, found }: { readonly expected: bigint | null; readonly found: bigint | null },
  compares: boolean,
): string | undefined {
  const parts = [
    ...(expected === null ? [] : [`expected ${what} ${addressText(expected)}`]),
    ...(found === null
      ? []
      : [`found ${expected === null ? `${what} ` : ""}${addressText(found)}`]),
  ];
  if (parts.length === 0) return undefined;
  const known = expected !== null && found !== null && compares;
  return `${parts.join(", ")}${known ? differenceText(expected, found) : ""}`;
}

/** What a map is to mark for a finding. */
export function marksOf({ kind, map, expected, found, consequences }: Finding): MapMark[] {
  const what = valueName(kind, map);
  const faults = consequences.filter((each) => each.kind === "fault");
  return [
    ...faults.map(({ address }) => ({ address, text: "crashed..." })),
    ...(expected === null ? [] : [{ address: expected, text: `expected ${what}` }]),
    ...(found === null ? [] : [{ address: found, text: `found ${what}` }]),
  ];
}

/**
 * One finding: what it is, where it shows, what made it so, both stacks' walks, what came of it,
 * and the map of the stacks at that instant. Each line ends with a newline.
 */
export function findingText(finding: Finding, options: ReportTextOptions = {}): string {
  const lines = new Lines(options.source ?? noSource);
  lines.add(`${finding.kind}: ${finding.summary}`);
  lines.add(`  task ${finding.task}, thread ${addressText(finding.thread)}`);
  lines.evidence("  ", finding.at);
  const what = valueName(finding.kind, finding.map);
  const values = valuesText(what, finding, what.startsWith("%"));
  if (values !== undefined) lines.add(`    ${values}`);
  if (finding.evidence.length > 0) lines.add("  because");
  for (const each of finding.evidence) lines.evidence("    ", each);
  for (const walk of finding.walks) addWalk(lines, finding, walk);
  if (finding.consequences.length > 0) lines.add("  then");
  for (const each of finding.consequences) addConsequence(lines, finding, each);
  const { addresses = "hex" } = options;
  const map = mapText(finding.map, { addresses, marks: marksOf(finding) });
  return `${lines.text}\n${map}`;
}

function addWalk(lines: Lines, { map }: Finding, { stack, frames }: StackWalk): void {
  const name = map.stacks.find(({ id }) => id === stack)?.name ?? `number ${stack}`;
  lines.add(`  stack of ${name}:${frames.length === 0 ? " no frames" : ""}`);
  lines.frames(frames);
}

function addConsequence(lines: Lines, { map }: Finding, each: Consequence): void {
  lines.add(`    ${each.kind}: ${each.summary}`);
  lines.evidence("      ", each);
  const what = each.kind === "fault" ? "address" : valueName(each.kind, map);
  const values = valuesText(what, each, what.startsWith("%"));
  if (values !== undefined) lines.add(`        ${values}`);
}

/**
 * All that the doctor has to say of a run: its findings, or the maps of the stacks at the end if
 * there are none.
 */
export function reportText(report: DoctorReport, options: ReportTextOptions = {}): string {
  const { findings, maps, switches, stacks, instructions, halted } = report;
  const parts = findings.map((each) => findingText(each, options));
  if (findings.length === 0) {
    const { addresses = "hex" } = options;
    for (const map of maps) parts.push(`task ${map.task}\n\n${mapText(map, { addresses })}`);
  }
  const counted = [
    count(findings.length, "finding"),
    count(stacks, "stack"),
    count(switches, "switch", "switches"),
    count(instructions, "instruction"),
  ];
  const { status = 0 } = options;
  const end = halted === null ? "stopped before the program's end" : halted;
  const ended = status === 0 ? "" : `; the program's status is ${status}`;
  return [...parts, `${counted.join(", ")}; ${end}${ended}\n`].join("\n");
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number === 0 ? "no" : grouped(number)} ${number === 1 ? one : many}`;
}
