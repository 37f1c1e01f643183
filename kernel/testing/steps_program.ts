/**
 * Workloads of the simulator as programs of real threads (`guest/programs/scheduling/steps.c`), so
 * that both are held to the same data.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { MUTEX_PROTOCOLS } from "../../sched/locks/mod.ts";
import type { Duration, Step, Workload } from "../../sched/simulator/workload.ts";
import { programFile } from "./programs.ts";
import type { Program } from "./session.ts";

/** What the program has no steps for. */
function refuse(what: unknown): never {
  throw new Error(`The program steps cannot do ${JSON.stringify(what)}`);
}

function exactly(time: Duration): number {
  return typeof time === "number" ? time : refuse(time);
}

/** A program that does what a workload says; run times and sleeps are instructions. */
export function stepsProgram(arch: ArchName, workload: Workload): Program {
  const place = (list: readonly { readonly name: string }[] | undefined, name: string): number => {
    const index = list?.findIndex((each) => each.name === name) ?? -1;
    return index < 0 ? refuse(name) : index;
  };
  const { mutexes = [], semaphores = [], conditions = [], threads } = workload;
  const step = (of: Step): string[] => {
    switch (of.type) {
      case "run":
        return [`r${exactly(of.time)}`];
      case "sleep":
        return [`z${exactly(of.time)}`];
      case "yield":
        return [of.to === undefined ? "y" : `t${place(threads, of.to)}`];
      case "lock":
      case "unlock":
        return [`${of.type[0]}${place(mutexes, of.mutex)}`];
      case "acquire":
        return [`p${place(semaphores, of.semaphore)}`];
      case "release":
        return of.acquire === undefined
          ? [`v${place(semaphores, of.semaphore)}`]
          : [`x${place(semaphores, of.semaphore)}.${place(semaphores, of.acquire)}`];
      case "wait":
        return [`w${place(conditions, of.condition)}.${place(mutexes, of.mutex)}`];
      case "signal":
      case "broadcast":
        return [`${of.type[0]}${place(conditions, of.condition)}`];
      case "mark":
        return [`m${of.label}`];
      case "start":
        return [`c${place(threads, of.thread)}`];
      case "set":
        return [`n${of.parameters.priority ?? refuse(of)}`];
      case "repeat":
        return Array.from({ length: of.times ?? refuse(of) }, () => of.steps.flatMap(step)).flat();
      default:
        return refuse(of);
    }
  };
  const words = [
    ...mutexes.map(({ protocol = "none", ceiling = 0 }) =>
      `mutex=${MUTEX_PROTOCOLS.indexOf(protocol)}:${ceiling}`
    ),
    ...semaphores.map(({ count = 0 }) => `semaphore=${count}`),
    ...conditions.map(() => "condition"),
    ...threads.map(({ name, priority = 0, steps }) =>
      `thread=${name}:${priority}:${steps.flatMap(step).join(",")}`
    ),
  ];
  return { commandLine: `steps ${words.join(" ")}`, bytes: programFile("steps", arch) };
}
