// What commands of `monitor` say of a machine with two programs, at an instant of each kind.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ARCHES } from "../../arch/mod.ts";
import { formatPosition, History, HistoryError } from "../../history/mod.ts";
import { KernelError, Machine } from "../../kernel/mod.ts";
import { ARCH_NAMES, programFile } from "../../kernel/testing/programs.ts";
import type { KernelEvent } from "../../trace/events.ts";
import { formatJsonLine } from "../../trace/json_lines.ts";
import { monitorCommand, MonitorError } from "./mod.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`monitorCommand ${arch}, says what there is of a machine and its history`, () => {
    const heard: KernelEvent[] = [];
    using machine = new Machine({
      arch: ARCHES[arch],
      modules: ["locking kernel", "threads"].map((commandLine) => ({
        commandLine,
        bytes: programFile(commandLine.split(" ")[0]!, arch),
      })),
      load: "demand",
      quantum: 700,
      sinks: [{ write: (event) => void heard.push(event) }],
    });
    using history = new History(machine, { interval: 5_000 });
    const say = (command: string): string => {
      const { position } = history;
      const { text, moved } = monitorCommand(history, command);
      assertEquals(moved, formatPosition(position) !== formatPosition(history.position));
      assert(text.endsWith("\n"), command);
      return text;
    };
    history.run(15_000);
    for (let i = 0; i < 400 && !machine.locks.some(({ waiters }) => waiters.length > 0); i++) {
      history.run(97);
    }
    const here = formatPosition(history.position);

    assertMatch(say("help"), /^monitor commands:\n {2}when .*\n {2}goto N/);
    assertMatch(say("frob 1"), /^"frob" is no command\nmonitor commands:\n/);
    assertMatch(say("t"), /^"t" is the beginning of several commands\n/);
    assertEquals(say("w"), say("when"));
    assertMatch(
      say("when"),
      new RegExp(`^instant ${here}, clock \\d+; history from 0 to ${here}\nCPU 0 at 0x`),
    );

    const tasks = say("tasks").trimEnd().split("\n");
    assertEquals(tasks.length, 3);
    assertMatch(tasks[1]!, /^Task 1 locking: alive, \d+ threads, \d+ pages$/);
    const threads = say("threads locking");
    assertEquals(threads, say("threads 1"));
    assertMatch(threads, /^Thread \d+ of locking: .* on mutex \d+.*, program at 0x[0-9a-f]+ \w+/m);
    assert(say("threads").includes("of gnumach: blocked on the queue "));
    assertMatch(say("locks"), /^mutex \d+: held by thread \d+, waited for by \d+.* of locking$/m);
    assertMatch(
      say("runq"),
      /^policy rr\nCPU 0 (runs thread \d+|is idle)[^]*\d+ ready[^]*keeps \{/,
    );
    assertMatch(say("ports"), /^no ports: /);

    const { pc } = machine.cpu;
    const kernelPage = say(`pages 0 0x${machine.kernel.label("exit_to_user").toString(16)}`);
    assertMatch(
      kernelPage,
      /^0xffff[0-9a-f]+ of task 0 gnumach: root 0x[0-9a-f]+, 0x[0-9a-f]+, page r-x, entry at 0x/,
    );
    const list = say("pages threads");
    assertMatch(list, /^tables of task 2 threads from 0x[0-9a-f]+:\n0x[0-9a-f]+\.\.0x/);
    assertMatch(list, /its map, of which pages come into memory[^]*zeros\n/);
    assertMatch(say("pages"), /^tables of task 0 gnumach from /);
    assertMatch(say("pages 2 0x400000"), /its map has 0x400000\.\.0x.* (not )?in memory\n$/);
    assertMatch(say("pages 2 4096"), /not mapped: the entry at .* is invalid; its map has nothing/);
    assertEquals(machine.cpu.pc, pc);

    const lines = (events: readonly KernelEvent[]) => events.map(formatJsonLine).join("");
    // Those before the history began nobody can repeat.
    const begin = heard.findIndex(({ time }) => time > 0);
    assertEquals(say("events 7"), lines(heard.slice(-7)));
    assertEquals(say("events 10000"), lines(heard.slice(begin)));
    assertEquals(say("events").split("\n").length, 21);
    const count = heard.length;

    assertMatch(say("goto 9000"), /^instant 9000, in the past, /);
    assertEquals(
      say("events 5"),
      lines(heard.filter(({ seq }) => seq < machine.kernel.events.seq).slice(-5)),
    );
    assertMatch(say("goto begin"), /^instant 0, in the past/);
    assertEquals(say("events"), "no events yet\n");
    say("goto end");
    assertEquals(formatPosition(history.position), here);
    assertEquals(heard.length, count);
    history.injectInterrupt(2);
    assertMatch(
      say("snapshots"),
      /^\d+ snapshots, about \d+ MiB, at 0, .*\n1 changes from outside:\n {2}\d+.* interrupt\n$/,
    );

    assertThrows(() => say("goto 1e3"), MonitorError, 'Cannot go to "1e3": expected a number');
    assertThrows(() => say("goto"), MonitorError, 'Cannot go to ""');
    assertThrows(() => say("goto 99999999"), HistoryError, "history is from 0 to");
    assertThrows(() => say("events 0"), MonitorError, "expected 1 to 10000");
    assertThrows(() => say("pages 1 zz"), MonitorError, 'Cannot read an address "zz"');
    assertThrows(() => say("threads 17"), KernelError, "Cannot find task 17");
  });
}
