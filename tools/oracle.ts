/**
 * Compares what the unwinder reads with what independent tools read from the same files, and
 * prints a line per file: unwind tables with `readelf` and `llvm-dwarfdump`, segments and symbols
 * with `readelf`, debugging information entries with `llvm-dwarfdump`, line tables with that,
 * `llvm-symbolizer` and `eu-addr2line`, language-specific data with clang's own assembly,
 * backtraces, and core files of machines, with `eu-stack` and gdb, variables with gdb, functions of
 * addresses with `llvm-symbolizer`, and at every instruction with the calls that a stepped program
 * makes; and what Trapline's CPUs do with what other processors do, in `oracle/processor`, and what
 * programs with Debian's own code for switching contexts do in a machine with what they do outside,
 * in `oracle/foreign`; gdb, reading stacks of generated code, with ours, in `oracle/vm`; gdb, driving
 * a machine by script, with that machine; and the JSON schema of workloads with their reader, by
 * Python's jsonschema. It has gdb, lldb and a debug adapter of VS Code's do what docs/debugging.md
 * says. Arguments are further files whose tables are to be compared. Exits with 1 if anything
 * differs.
 *
 * A check whose tool is not installed is left out, by name. Nothing is compared loosely: see
 * `oracle/tables_check.ts` for what `readelf` leaves unsaid and what is checked instead.
 *
 * @module
 */
import { HOSTILE_TABLES } from "../unwind/testing/hostile_tables.ts";
import { checkBare } from "./oracle/bare_check.ts";
import { checkHostile } from "./oracle/hostile_check.ts";
import { coreChecks } from "./oracle/core_checks.ts";
import { checkElf } from "./oracle/elf_check.ts";
import { checkLsda, type LsdaCase } from "./oracle/lsda_check.ts";
import { assembledFiles, debugFiles, systemFiles } from "./oracle/files.ts";
import { debugChecks } from "./oracle/debug/mod.ts";
import { foreignChecks } from "./oracle/foreign/mod.ts";
import { aarch64Checks } from "./oracle/processor/aarch64/mod.ts";
import { x86Checks } from "./oracle/processor/x86_64/mod.ts";
import { checkLines } from "./oracle/lines_check.ts";
import { checkSchema } from "./oracle/schema_check.ts";
import { checkTables } from "./oracle/tables_check.ts";
import type { CheckResult } from "./oracle/tool.ts";
import { vmChecks } from "./oracle/vm/mod.ts";
import { walkChecks } from "./oracle/walk_checks.ts";
import { Progress } from "../util/progress.ts";
import { readTask } from "./task_numbers.ts";

const SOURCES = new URL("../testdata/unwind/", import.meta.url).pathname;
const CAVEATS = new URL("../CAVEATS.md", import.meta.url);

class Report {
  /** What is being compared, on a terminal. */
  readonly progress = new Progress();
  /** Directory of made files, which are named without it. */
  directory = "";
  passed = 0;
  failed = 0;
  left: string[] = [];

  add(kind: string, name: string, result: CheckResult | undefined): void {
    this.progress.clear();
    if (result === undefined) {
      this.left.push(`${kind} ${name}`);
      return;
    }
    const count = result.differences.length;
    if (count === 0) this.passed++;
    else this.failed++;
    const outcome = count === 0 ? "0 differences" : "DIFFERENT";
    const shown = result.name.replace(`${this.directory}/`, "");
    console.log(`${kind} ${shown}: ${result.figures}, ${outcome}`);
    for (const note of result.notes ?? []) console.log(`  ${note}`);
    for (const difference of result.differences) {
      console.log(`  ${difference.slice(0, 500)}`);
    }
  }
}

function lsdaCases(): LsdaCase[] {
  const cases: LsdaCase[] = [];
  for (const target of ["x86_64-linux-gnu", "aarch64-linux-gnu"]) {
    for (const level of ["-O0", "-O2"]) {
      for (const mode of ["-fPIC", "-fno-pic"]) {
        for (const linked of mode === "-fPIC" ? [false, true] : [false]) {
          const args = ["-std=c++14", "-w", level, mode];
          const name = `${target} ${level} ${mode}${linked ? " linked" : ""}`;
          cases.push({ name, target, args, linked });
        }
      }
    }
  }
  return cases;
}

async function main(): Promise<number> {
  const options = Deno.args.filter((arg) => arg.startsWith("-"));
  const request = readTask("oracle [FILE…]", options, {});
  if ("status" in request) return request.status;
  const report = new Report();
  const directory = Deno.makeTempDirSync();
  report.directory = directory;
  try {
    const files = [
      ...systemFiles(),
      ...assembledFiles(SOURCES, directory),
      ...Deno.args,
    ];
    let fdes = 0;
    let rows = 0;
    for (const file of files) {
      report.progress.at(`tables ${file}`);
      const result = checkTables(file);
      fdes += result?.fdes ?? 0;
      rows += result?.rows ?? 0;
      report.add("tables", file, result);
    }
    for (const file of files) {
      report.progress.at(`elf ${file}`);
      report.add("elf", file, checkElf(file));
    }
    for (const file of [...files, ...debugFiles(SOURCES, directory)]) {
      report.progress.at(`lines ${file}`);
      const result = checkLines(file);
      if (result !== undefined) report.add("lines", file, result);
    }
    for (const file of systemFiles()) {
      report.progress.at(`bare ${file}`);
      const result = checkBare(file);
      if (result !== undefined) report.add("bare", file, result);
    }
    for (const name of HOSTILE_TABLES) {
      report.progress.at(`hostile ${name}`);
      report.add("hostile", name, checkHostile(name, directory));
    }
    for (const each of lsdaCases()) {
      report.progress.at(`lsda ${each.name}`);
      const source = `${SOURCES}exceptions.cpp`;
      report.add("lsda", each.name, checkLsda(source, each));
    }
    const named = [
      ...walkChecks(SOURCES, directory),
      ...foreignChecks(directory),
      ...debugChecks(directory),
      ...vmChecks(directory),
      ...coreChecks(directory),
    ];
    for (const each of named) {
      report.progress.at(`${each.kind} ${each.name}`);
      report.add(each.kind, each.name, await each.check());
    }
    const caveats = Deno.readTextFileSync(CAVEATS);
    const processors = [...x86Checks(caveats, directory), ...aarch64Checks(caveats, directory)];
    for (const { name, check } of processors) {
      report.progress.at(`processor ${name}`);
      report.add("processor", name, await check?.());
    }
    report.add("schema", "sched/workload.schema.json", checkSchema(directory));
    for (const each of report.left) console.log(`left out: ${each}`);
    console.log(`${files.length} files, ${fdes} FDEs, ${rows} rows`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
  console.log(`${report.passed} passed, ${report.failed} failed`);
  return report.failed === 0 && report.passed > 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
