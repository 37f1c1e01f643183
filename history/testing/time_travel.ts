/**
 * Random machines whose histories are held against a log of the run forward.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { Machine, type RunResult } from "../../kernel/machine.ts";
import type { MachineOptions } from "../../kernel/machine_options.ts";
import type { Snapshot } from "../../kernel/snapshot/mod.ts";
import { findDifference, randomMachine } from "../../kernel/testing/truth.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import type { Random } from "../../util/random.ts";
import { History } from "../history.ts";
import { comparePositions, formatPosition, type Position, positionOf } from "../position.ts";
import { finish } from "../replay.ts";

/** Instructions of a run at most, and of the part that is logged step by step. */
const LONGEST = 60_000;
const WINDOW = 300;
/** Stops that are gone back to. */
const STOPS = 12;

/** What a sweep has seen. */
export interface TravelReport {
  /** Machines. */
  machines: number;
  /** Least steps that were compared. */
  steps: number;
  /** Of them, entries of exceptions or interrupts. */
  entries: number;
  /** Changes of the running thread. */
  switches: number;
  /** Stops at breakpoints and watchpoints that were compared. */
  breakpoints: number;
  watchpoints: number;
  /** Edits that were repeated. */
  edits: number;
  /** What was not as it should be. */
  readonly faults: string[];
}

/** The machine as it is, less the breakpoint it is about to pass. */
function stateOf(machine: Machine): Snapshot {
  machine.cpu.passBreakpoint(false);
  return machine.snapshot();
}

interface LogEntry {
  readonly position: Position;
  readonly pc: bigint;
  readonly sp: bigint;
  readonly thread: number;
  readonly task: number;
  readonly userMode: boolean;
  readonly registers: string;
}

function look(machine: Machine): LogEntry {
  const { cpu, kernel } = machine;
  const current = kernel.cpus[0]!.current;
  const registers = Object.values(machine.registers());
  return {
    position: positionOf(machine),
    pc: cpu.pc,
    sp: cpu.sp,
    thread: current.id,
    task: current.task.id,
    userMode: cpu.userMode,
    registers: [...registers, kernel.events.seq].join(),
  };
}

function isSame(a: LogEntry, b: LogEntry | undefined): boolean {
  return b !== undefined && comparePositions(a.position, b.position) === 0 && a.pc === b.pc &&
    a.thread === b.thread && a.registers === b.registers;
}

/** A random instant; often one that another thread comes soon after. */
function instantOf(options: MachineOptions, random: Random): number {
  const instant = 1 + random.below(LONGEST);
  if (random.chance(0.4)) return instant;
  using scout = new Machine(options);
  scout.run(instant);
  const current = (): number => scout.kernel.cpus[0]!.current.id;
  for (let i = 0; i < 100; i++) {
    const [before, thread] = [scout.cpu.instructions, current()];
    scout.run(WINDOW - 100);
    if (current() !== thread) return Math.max(1, before);
  }
  return instant;
}

/** One random machine. */
export function travel(arch: ArchName, random: Random, report: TravelReport): void {
  const options = randomMachine(arch, random);
  const name = `${arch} ${options.modules.map(({ commandLine }) => commandLine).join(" + ")}`;
  const fault = (text: string): void => void report.faults.push(`${name}: ${text}`);
  report.machines++;

  // The truth: a machine that only ever goes forward, in least steps at the end.
  let truthEvents = "";
  const truthSink = { write: (event: KernelEvent) => void (truthEvents += formatJsonLine(event)) };
  using truth = new Machine({ ...options, sinks: [truthSink] });
  const first = positionOf(truth);
  truth.run(instantOf(options, random));
  const log: LogEntry[] = [look(truth)];
  while (log.length < WINDOW && truth.halted === null) {
    truth.step();
    log.push(look(truth));
  }
  const end = stateOf(truth);
  const last = log.at(-1)!.position;

  let events = "";
  const sink = { write: (event: KernelEvent) => void (events += formatJsonLine(event)) };
  using machine = new Machine({ ...options, sinks: [sink] });
  const interval = 1_000 + random.below(20_000);
  using history = new History(machine, { interval, memory: random.pick([2 ** 20, 2 ** 28]) });
  const left = last.instructions - machine.cpu.instructions;
  if (left > 0) history.run(left);
  while (comparePositions(history.position, last) < 0) history.step();
  const there = findDifference(stateOf(machine), end);
  if (there !== null) return fault(`recording has changed the ${there}`);

  // Back and forth.
  let at = log.length - 1;
  for (let i = 0; i < 12; i++) {
    const back = 1 + random.below(i < 4 ? 3 : 80);
    const moved = history.reverseStep(back);
    const expected = at - back;
    if (expected < 0) {
      // Before the log; forward again to its first instant.
      if (moved === "beginning" && comparePositions(history.position, first) !== 0) {
        return fault("beginning elsewhere");
      }
      history.goTo(log[0]!.position);
      at = 0;
    } else at = expected;
    if (!isSame(look(machine), log[at])) {
      return fault(
        `${back} back to ${formatPosition(history.position)}, expected ${
          formatPosition(log[at]!.position)
        }`,
      );
    }
    const forth = random.below(log.length - at);
    if (forth > 0) history.step(forth);
    for (let j = at + 1; j <= at + forth; j++) {
      report.steps++;
      if (log[j]!.position.entries > 0) report.entries++;
      if (log[j]!.thread !== log[j - 1]!.thread) report.switches++;
    }
    at += forth;
    if (!isSame(look(machine), log[at])) return fault(`${forth} forth is elsewhere`);
  }
  // Where each thread's program left off last.
  for (const id of new Set(log.map(({ thread }) => thread))) {
    history.goTo(last);
    const { kernel } = machine;
    const found = finish(
      history.searchEntry(({ fromUser }) => fromUser && kernel.cpus[0]!.current.id === id),
    );
    const i = log.findLastIndex(({ thread, userMode }, j) =>
      userMode && thread === id && log[j + 1]?.userMode === false
    );
    if (i >= 0 && (found === undefined || !isSame(look(machine), log[i]))) {
      return fault(
        `thread ${id} left off at ${formatPosition(history.position)}, expected ${
          formatPosition(log[i]!.position)
        }`,
      );
    }
  }
  history.goTo(last);
  const again = findDifference(stateOf(machine), end);
  if (again !== null) return fault(`the way back has changed the ${again}`);

  const stops = travelStops({ history, log, random, options, last, report });
  if (stops !== null) return fault(stops);

  // Each event was told once, and the run goes on as it would have.
  history.goTo(last);
  truth.run(2_000);
  history.run(2_000);
  const on = findDifference(stateOf(machine), stateOf(truth));
  if (on !== null) return fault(`going on has led to another ${on}`);
  if (events !== truthEvents) return fault("events are not those of the run");

  const edits = travelEdits({ history, random, report });
  if (edits !== null) fault(edits);
}

/** Breakpoints and watchpoints, backwards, held against a run forward. */
function travelStops(
  { history, log, random, options, last, report }: {
    history: History;
    log: readonly LogEntry[];
    random: Random;
    options: MachineOptions;
    last: Position;
    report: TravelReport;
  },
): string | null {
  const places = Array.from({ length: 2 }, () => random.pick([...log]));
  const task = random.chance(0.5) ? places[0]!.task : null;
  const watch = random.pick([...log]);
  const where = {
    address: watch.sp - BigInt(8 * random.below(4)),
    size: random.pick([1, 8, 24]),
    kind: random.pick(["write", "access"] as const),
  };
  using other = new Machine(options);
  using forward = new History(other);
  const arm = (to: History): DisposableStack => {
    const all = new DisposableStack();
    all.use(to.addBreakpoint(places[0]!.pc, { task }));
    all.use(to.addBreakpoint(places[1]!.pc));
    all.use(to.addWatchpoint(where.address, where.size, where.kind, {}));
    return all;
  };
  using _forward = arm(forward);
  const found: { result: RunResult; position: Position }[] = [];
  while (comparePositions(forward.position, last) < 0) {
    const left = last.instructions - forward.now;
    const result = left > 0 ? other.run(left) : other.step();
    const { position } = forward;
    if (result.kind === "halted") break;
    if (result.kind === "paused" || comparePositions(position, last) > 0) continue;
    if (result.kind === "breakpoint") {
      const current = other.kernel.cpus[0]!.current.task.id;
      const isMeant = result.address === places[1]!.pc || task === null || task === current;
      if (!isMeant || comparePositions(position, last) === 0) continue;
    }
    found.push({ result: result as RunResult, position });
  }
  using _back = arm(history);
  for (const { result, position } of found.slice(-STOPS).reverse()) {
    // The instruction of a breakpoint that accesses watched memory: one stop for both.
    const isThere = comparePositions(history.position, position) === 0;
    if (result.kind === "breakpoint" && isThere) continue;
    const stop = history.reverseRun();
    const name = `${result.kind} at ${formatPosition(position)}`;
    if (stop.kind !== result.kind) return `${name}: backwards a ${stop.kind}`;
    if (stop.kind === "watchpoint" && result.kind === "watchpoint") {
      report.watchpoints++;
      if (describeHits(stop) !== describeHits(result)) return `${name}: other hits`;
      const before = history.position;
      history.step();
      if (comparePositions(history.position, position) !== 0) return `${name}: not just before`;
      history.goTo(before);
    } else {
      report.breakpoints++;
      if (comparePositions(history.position, position) !== 0) {
        return `${name}: at ${formatPosition(history.position)}`;
      }
    }
  }
  if (found.length <= STOPS) {
    const stop = history.reverseRun();
    const isThere = comparePositions(history.position, history.begin) === 0;
    if (stop.kind !== "beginning" || !isThere) return "more stops backwards than forward";
    // And all of them forward again, up to the end of what is known.
    for (const { result, position } of found) {
      const stop = history.run();
      if (stop.kind !== result.kind || comparePositions(history.position, position) !== 0) {
        return `forward again a ${stop.kind} at ${formatPosition(history.position)}, expected ${
          formatPosition(position)
        }`;
      }
    }
    if (history.inPast && history.run().kind !== "end") return "forward again there are more stops";
  }
  return null;
}

function describeHits(result: Extract<RunResult, { readonly kind: "watchpoint" }>): string {
  return result.hits.map(({ access, address, before, value, pc, by, task }) =>
    [access, address, before, value, pc, by, task].join()
  ).join(";");
}

/** Changes from outside are repeated; one in the past forks history. */
function travelEdits(
  { history, random, report }: { history: History; random: Random; report: TravelReport },
): string | null {
  const { machine } = history;
  for (let i = 0; i < 5 && machine.halted === null; i++) {
    history.run(1 + random.below(2_000));
    report.edits++;
    if (random.chance(0.3)) {
      machine.kernel.clock.schedule({ time: machine.now + 50, line: 2 });
      history.changed();
    } else if (random.chance(0.4)) {
      const { sp } = machine.cpu;
      try {
        history.writeMemory(sp - 64n, Uint8Array.of(1, 2, 3, 4));
      } catch {
        report.edits--;
      }
    } else history.injectInterrupt(2);
  }
  if (machine.halted === null) history.run(1 + random.below(2_000));
  const { end } = history;
  const state = stateOf(machine);
  const middle = history.begin.instructions +
    random.below(end.instructions - history.begin.instructions);
  history.goTo(history.begin);
  history.goTo(middle);
  const between = stateOf(machine);
  history.goTo(end);
  const difference = findDifference(stateOf(machine), state);
  if (difference !== null) return `a replay of edits has led to another ${difference}`;
  history.goTo(middle);
  const same = findDifference(stateOf(machine), between);
  if (same !== null) return `the middle is another ${same}`;
  if (!history.inPast) return null;
  const fork = history.injectInterrupt(2);
  if (fork === undefined || comparePositions(fork.dropped, end) !== 0) return "no fork was told";
  if (history.inPast || comparePositions(history.end, history.position) !== 0) {
    return "a fork has left a future";
  }
  return null;
}
