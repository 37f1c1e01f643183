import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { Recorder } from "../../trace/recorder.ts";
import { UnwindLog } from "../../trace/unwind_log.ts";
import type { ProgramMode } from "../program/loader.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { programFile } from "../testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";

const ARCHES: readonly ArchName[] = ["aarch64", "x86_64"];
const MODES: readonly ProgramMode[] = ["user", "kernel"];
const LIMIT = 20_000_000;

/** Destructors in the order they must run, innermost first. */
const GUARDS = ["trouble", "level5", "level4", "level3", "level2", "level1"];

interface Outcome {
  readonly lines: readonly string[];
  readonly drops: readonly string[];
  readonly events: readonly KernelEvent[];
  readonly status: string;
  readonly transcript: string;
}

/**
 * Runs the program `unwind` to the end of its machine; beside it one that waits for it, and one
 * that waits for that one.
 */
async function run(arch: ArchName, mode: ProgramMode, args: string): Promise<Outcome> {
  const recorder = new Recorder();
  let transcript = "";
  const bytes = programFile("jobs", arch);
  const joiners = ["jobs wait 1", "jobs wait 2"].map((commandLine) => ({ commandLine, bytes }));
  using machine = new Machine({
    arch: archByName(arch),
    modules: [await unwindProgram(arch, { args, mode }), ...joiners],
    sinks: [recorder, new UnwindLog((text) => transcript += text)],
  });
  const audit = new Audit(machine);
  assertEquals(machine.run(LIMIT), { kind: "halted", reason: "all tasks have ended" });
  assert(machine.kernel.tasks[1]?.reaped, "the task's memory is free");
  audit.check();
  const { events } = recorder;
  const text = events
    .map((event) => event.type === "console" && event.thread.task === "unwind" ? event.text : "")
    .join("");
  const lines = text.split("\n").slice(0, -1);
  const status = machine.kernel.tasks[1]?.status;
  return {
    lines,
    drops: lines.flatMap((line) => line.startsWith("drop ") ? [line.slice(5)] : []),
    events,
    status: status?.kind === "exit" ? `exit ${status.code}` : status?.reason ?? "alive",
    transcript,
  };
}

/** The guards that are dropped when a level catches: that level has one more, inside its try. */
function withCatcher(catcher: number): string[] {
  return GUARDS.flatMap((guard) =>
    guard === `level${catcher}` ? [`try${catcher}`, guard] : [guard]
  );
}

/**
 * Who catches: the quick sweep has nobody and a level in the middle; panic_test.ts has the others.
 */
const CATCHERS = sweep({ quick: [0, 3], full: [0, 1, 2, 3, 4, 5] });

const CAUSES = ["panic", "throw", "fault", "leaf", "kill", "syscall", "spin", "overflow"] as const;

for (const arch of ARCHES) {
  for (const mode of MODES) {
    for (const cause of CAUSES) {
      Deno.test(`startUnwinding ${arch} ${mode} ${cause}, every destructor runs once, innermost first, whoever catches`, async () => {
        for (const catcher of CATCHERS) {
          const { lines, drops, status } = await run(arch, mode, `${cause} ${catcher}`);
          const own = drops.filter((name) => name !== "killer");
          assertEquals(own, withCatcher(catcher), `catcher ${catcher}`);
          const killed = cause === "kill" || cause === "syscall" || cause === "spin";
          if (catcher > 0 && !killed) {
            const value = 100 * catcher + catcher - 1;
            assertEquals(lines.at(-1), `result ${value}, objects alive 0, exceptions alive 0`);
            assertEquals(status, "exit 0");
          } else {
            assertMatch(status, REASONS[cause]);
          }
        }
      });
    }

    Deno.test(`startUnwinding ${arch} ${mode} double, a panic in a cleanup ends the task with both reasons`, async () => {
      const { drops, status } = await run(arch, mode, "double");
      assertEquals(drops, ["trouble", "level5", "level4"]);
      assertMatch(status, /^double panic: "panic .*destructor" while unwinding "panic .*luck"$/);
    });

    Deno.test(`startUnwinding ${arch} ${mode} nested, an exception caught in a cleanup does not disturb the one outside`, async () => {
      const { lines, drops, status } = await run(arch, mode, "nested");
      assertEquals(drops, GUARDS);
      assert(lines.includes("caught inside a destructor"));
      assertMatch(status, REASONS.panic);
    });

    Deno.test(`startUnwinding ${arch} ${mode}, two runs give the same events`, async () => {
      const first = await run(arch, mode, "throw 3");
      const second = await run(arch, mode, "throw 3");
      assertEquals(first.events, second.events);
    });

    Deno.test(`startUnwinding ${arch} ${mode}, the transcripts are as recorded`, async () => {
      for (const cause of ["panic", "throw", "fault", "null", "kill"]) {
        for (const catcher of [0, 3]) {
          const { transcript } = await run(arch, mode, `${cause} ${catcher}`);
          const name = `${cause}_${catcher}_${mode}_${arch}.txt`;
          const file = new URL(`../../testdata/transcripts/${name}`, import.meta.url);
          if (Deno.env.has("TRAPLINE_RECORD")) await Deno.writeTextFile(file, transcript);
          assertEquals(transcript, await Deno.readTextFile(file), name);
        }
      }
    });
  }
}

const REASONS: Readonly<Record<(typeof CAUSES)[number], RegExp>> = {
  panic: /^panic at guest\/unwind\/main\.cc:\d+: out of luck$/,
  throw: /^uncaught exception of type \(anonymous namespace\)::Failure$/,
  fault: /^read of 0x10: not mapped, at 0x[0-9a-f]+$/,
  leaf: /^read of 0x10: not mapped, at 0x[0-9a-f]+$/,
  kill: /^terminated by unwind$/,
  syscall: /^terminated by unwind$/,
  spin: /^terminated by unwind$/,
  overflow: /^stack overflow: /,
};
