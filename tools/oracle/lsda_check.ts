/**
 * Language-specific data against the compiler that made it: clang writes the tables as assembly
 * with comments, and its labels are turned into symbols of the object file, so that every address
 * it meant can be looked up.
 *
 * @module
 */
import { lsdaLines } from "../../unwind/dump/mod.ts";
import { parseElf } from "../../elf/mod.ts";
import { typeNameOf } from "../../unwind/exception/mod.ts";
import { type CheckResult, Differences, outputOf } from "./tool.ts";

interface ExpectedSite {
  readonly begin: string;
  readonly end: string;
  readonly landingPad: string | null;
  readonly actions: readonly string[];
}

interface OurLsda {
  readonly begin: string;
  readonly callSites: readonly ExpectedSite[];
}

/** How a source is compiled. */
export interface LsdaCase {
  /** Name for the report. */
  readonly name: string;
  /** Target triple. */
  readonly target: string;
  /** Further arguments of the compiler. */
  readonly args: readonly string[];
  /** Whether the object is linked into a shared one before it is read. */
  readonly linked: boolean;
}

/** Compiles `source` and compares; undefined if clang or lld is not installed. */
export function checkLsda(
  source: string,
  options: LsdaCase,
): CheckResult | undefined {
  const directory = Deno.makeTempDirSync();
  const target = `--target=${options.target}`;
  const assembly = outputOf("clang", [
    target,
    "-S",
    "-o",
    "-",
    ...options.args,
    source,
  ]);
  if (assembly === undefined) return undefined;
  try {
    const text = assembly.replaceAll(/\.L(\w)/g, "L$1");
    const path = `${directory}/a`;
    Deno.writeTextFileSync(`${path}.s`, text);
    const made = outputOf("clang", [target, "-c", `${path}.s`, "-o", path]);
    if (made === undefined) return undefined;
    if (options.linked) {
      const args = ["-shared", "-o", `${path}.so`, path];
      if (outputOf("ld.lld", args) === undefined) return undefined;
    }
    const object = options.linked ? `${path}.so` : path;
    return compare(options.name, text, Deno.readFileSync(object));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

function compare(name: string, text: string, bytes: Uint8Array): CheckResult {
  const labels = new Map<string, bigint>();
  for (const symbol of parseElf(bytes).symbols.all) {
    labels.set(symbol.name, symbol.value);
  }
  const ours = new Map<string, OurLsda>();
  for (const line of lsdaLines(bytes, name)) {
    const lsda = JSON.parse(line) as OurLsda;
    ours.set(lsda.begin, lsda);
  }
  const differences = new Differences();
  let tables = 0;
  let sites = 0;
  for (const part of text.split(/^GCC_except_table\d+:$/m).slice(1)) {
    const table = expectedTable(part, labels);
    const found = ours.get(table.begin);
    tables++;
    sites += table.sites.length;
    const a = JSON.stringify(found?.callSites);
    const b = JSON.stringify(table.sites);
    if (a !== b) differences.add(`${table.begin}: ours ${a}, clang ${b}`);
  }
  if (tables !== ours.size) {
    differences.add(`${ours.size} LSDAs, clang made ${tables}`);
  }
  return {
    name,
    figures: `${tables} LSDAs, ${sites} call sites`,
    differences: differences.texts,
  };
}

const CALL_SITE =
  /\.uleb128 (\S+)\s+\S+ >> Call Site \d+ <<\n\s+\.uleb128 (\S+).*\n\s+\.\w+\s+(\S+).*\n\s+\.\w+\s+\S+\s+\S+ +On action: (\w+)/g;
const ACTION =
  />> Action Record (\d+) <<\n\s+\S+ +(Cleanup|Catch TypeInfo|Filter TypeInfo)(?: (-?\d+))?\n.*(No further actions|Continue to action (\d+))/g;

function expectedTable(
  text: string,
  labels: ReadonlyMap<string, bigint>,
): { begin: string; sites: ExpectedSite[] } {
  const value = (expression: string): bigint => {
    const [left = "", right = ""] = expression.split("-");
    return labelOf(left) - labelOf(right);
  };
  const labelOf = (name: string): bigint => {
    const found = labels.get(name);
    if (found === undefined) throw new Error(`Label ${name} is not known`);
    return found;
  };
  const types = expectedTypes(text);
  const actions = new Map<string, { text: string; next: string | undefined }>();
  for (const match of text.matchAll(ACTION)) {
    const kind = match[2];
    const index = Number(match[3] ?? 0);
    actions.set(match[1]!, {
      text: kind === "Cleanup"
        ? "cleanup"
        : kind === "Catch TypeInfo"
        ? types.catches.get(index) ?? "?"
        : types.filters.get(index) ?? "?",
      next: match[5],
    });
  }
  const sites: ExpectedSite[] = [];
  let begin = 0n;
  for (const match of text.matchAll(CALL_SITE)) {
    const start = match[1]!;
    begin = labelOf(start.split("-")[1]!);
    const from = begin + value(start);
    const pad = match[3]!;
    const landingPad = pad === "0" ? null : hex(begin + value(pad));
    const list: string[] = [];
    if (landingPad !== null) {
      if (match[4] === "cleanup") list.push("cleanup");
      let next: string | undefined = match[4] === "cleanup" ? undefined : match[4];
      while (next !== undefined) {
        const action = actions.get(next);
        list.push(action?.text ?? "?");
        next = action?.next;
      }
    }
    const end = from + value(match[2]!);
    sites.push({ begin: hex(from), end: hex(end), landingPad, actions: list });
  }
  return { begin: hex(begin), sites };
}

/**
 * Names of the types in a table's comments: by positive index for catches, by negative filter for
 * filters.
 */
function expectedTypes(
  text: string,
): { catches: Map<number, string>; filters: Map<number, string> } {
  const catches = new Map<number, string>();
  // The entry stands on the line of its comment, or after the label that has it.
  const entry =
    /^(?:\w+:\s+\S+ TypeInfo (\d+)\n\s+\.\w+\s+(\S+)|\s+\.\w+\s+(\S+)\s+\S+ TypeInfo (\d+))/gm;
  for (const match of text.matchAll(entry)) {
    const symbol = /_ZTI\w+/.exec(match[2] ?? match[3] ?? "")?.[0];
    catches.set(
      Number(match[1] ?? match[4]),
      symbol === undefined ? "..." : typeNameOf(symbol),
    );
  }
  const filters = new Map<number, string>();
  const [, lists = ""] = text.split(">> Filter TypeInfos <<");
  let from = -1;
  let list: string[] = [];
  [.../^\n(?:\s+\.byte\s+\d+\n)+/.exec(lists)?.[0].matchAll(/\d+/g) ?? []]
    .forEach(([digits], i) => {
      const index = Number(digits);
      if (index === 0) {
        filters.set(from, `filter(${list.join(", ")})`);
        from = -(i + 2);
        list = [];
      } else list.push(catches.get(index) ?? "?");
    });
  return { catches, filters };
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
