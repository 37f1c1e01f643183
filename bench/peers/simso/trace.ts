/**
 * What happened to jobs, line by line, and where two accounts of it differ.
 *
 * @module
 */

/** An event of either simulator: time, what, task, job, and the CPU of a `dispatch`. */
const LINE = /^(\d+) (release|dispatch|preempt|complete|miss) (\d+) (\d+)( \d+)?$/;

/**
 * The events of an account by instant, in an order that is the same for all: what happens in one
 * instant has no order of its own.
 * @param placed whether CPUs are told; else a job that goes on elsewhere in the same instant has not
 *   stopped
 * @throws {Error} if a line is no event
 */
function readTrace(text: string, placed: boolean): ReadonlyMap<number, readonly string[]> {
  const instants = new Map<number, Set<string>>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const match = LINE.exec(line);
    if (match === null) throw new Error(`Cannot read the event "${line}"`);
    const [, time, what, task, job, cpu = ""] = match;
    const events = instants.get(Number(time)) ?? new Set();
    instants.set(Number(time), events);
    const inverse = what === "dispatch" ? "preempt" : what === "preempt" ? "dispatch" : "";
    if (placed) events.add(`${what} ${task} ${job}${cpu}`);
    else if (!events.delete(`${inverse} ${task} ${job}`)) events.add(`${what} ${task} ${job}`);
  }
  return new Map([...instants].map(([time, events]) => [time, [...events].sort()]));
}

/**
 * The first instant in which two accounts differ, told in words, or `null`.
 * @param placed whether jobs must run on the same CPUs, too
 */
export function difference(ours: string, theirs: string, placed: boolean): string | null {
  const [a, b] = [readTrace(ours, placed), readTrace(theirs, placed)];
  const times = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  for (const time of times) {
    const [here, there] = [a, b].map((each) => each.get(time)?.join(", ") || "nothing");
    if (here !== there) return `at ${time} ours has ${here}, SimSo ${there}`;
  }
  return null;
}

/** Number of events. */
export function countEvents(text: string): number {
  return text.split("\n").filter((line) => line !== "").length;
}
