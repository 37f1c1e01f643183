// Tasks that come and go while the machine is moved back and forth, as a debugger is told of them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseElf } from "../../../elf/mod.ts";
import { ARCH_NAMES, programFile } from "../../../kernel/testing/programs.ts";
import { Session as Boot } from "../../../kernel/testing/session.ts";
import { hexText } from "../../protocol/mod.ts";
import { field, TestDebugger } from "../testing/debugger.ts";

/** The first task ends long before the second. */
const PROGRAMS = ["spinner 4000", "spinner 40000"];

/** The numbers of the processes whose threads are listed. */
async function listed(client: TestDebugger): Promise<string[]> {
  const threads = await client.ask("qfThreadInfo");
  return [...new Set(threads.matchAll(/p([0-9a-f]+)\./g).map(([, process = ""]) => process))];
}

for (const arch of ARCH_NAMES) {
  const main = parseElf(programFile("spinner", arch)).symbolNamed("main")?.value.toString(16);

  Deno.test(`Population ${arch}, whose end is gone back behind is told of before the stop`, async () => {
    using boot = new Boot({ arch, programs: PROGRAMS, quantum: 500 });
    await using client = await TestDebugger.start(boot.machine);
    const first = field(await client.untilTask(), "thread") ?? "";
    const second = field(await client.untilTask(), "thread") ?? "";
    assert(first.startsWith("p1.") && second.startsWith("p2."), `${first} ${second}`);
    assertEquals(await client.ask("vCont;c"), "W00;process:1");
    assertEquals(await client.ask(`Hg${second}`), "OK");
    assertEquals(await client.ask(`Z0,${main},1`), "OK");
    const fork = await client.ask("bc");
    const { position } = client.history;
    assertEquals(field(fork, "fork"), first);
    const exec = await client.ask("bc");
    assertEquals([field(exec, "exec"), field(exec, "thread")], [
      hexText("/tasks/1/spinner"),
      first,
    ]);
    assert((await listed(client)).includes("1"));
    const hit = await client.ask("bc");
    assertStringIncludes(hit, "swbreak:;");
    assertEquals([field(hit, "thread"), client.history.position], [second, position]);
    // What is pending is forgotten where the machine is moved elsewhere.
    assertStringIncludes(await client.monitor("goto begin"), "instant 0,");
    assertEquals([await client.ask("bs"), await client.ask("bs")].sort(), [
      "W00;process:1",
      "W00;process:2",
    ]);
    assertStringIncludes(await client.monitor("goto end"), "instant ");
    const again = await client.ask("vCont;c");
    assertEquals([field(again, "fork"), field(again, "thread")], [second, "pf4240.1"]);
  });

  Deno.test(`Population ${arch}, a task that begins in the past is listed when that was told`, async () => {
    using boot = new Boot({ arch, programs: PROGRAMS, quantum: 500 });
    await using client = await TestDebugger.start(boot.machine);
    await client.untilTask();
    await client.untilTask();
    await client.monitor("goto begin");
    assertEquals(await client.ask("vCont;c"), "W00;process:1");
    assertEquals(await client.ask("vCont;c"), "W00;process:2");
    const first = field(await client.untilTask(), "thread") ?? "";
    assert(first.startsWith("p1."), first);
    // The second is loaded while the first one runs, and has not executed anything.
    await client.ask(`Hg${first}`);
    const { kernel } = boot.machine;
    while (kernel.threads.every(({ task, userReady }) => task.id !== 2 || !userReady)) {
      assertEquals(field(await client.ask(`vCont;s:${first}`), "thread"), first);
    }
    assertEquals(await listed(client), ["1", "f4240"]);
    const fork = await client.ask("vCont;c");
    assert(field(fork, "fork")?.startsWith("p2."), fork);
    assertEquals(await listed(client), ["1", "2", "f4240"]);
  });
}
