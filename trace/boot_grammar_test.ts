import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { checkBoot } from "./boot_grammar.ts";
import type { BootProfile } from "./boot_profile.ts";
import type { EventBody, KernelEvent } from "./events.ts";
import { formatJsonLine, parseJsonLines } from "./json_lines.ts";
import { toLogItems } from "./log_items.ts";
import { MachLog } from "./mach_log.ts";
import { parseMachLog } from "./parse_mach_log.ts";
import { PROFILES } from "./testing/profiles.ts";
import { renumber, syntheticBoot } from "./testing/synthetic_boot.ts";

function textOf(events: readonly KernelEvent[]): string {
  let text = "";
  const log = new MachLog((piece) => text += piece);
  for (const event of events) log.write(event);
  return text;
}

function without(events: readonly KernelEvent[], index: number): KernelEvent[] {
  return renumber(events.filter((_, place) => place !== index));
}

function replaced(
  events: readonly KernelEvent[],
  index: number,
  body: Partial<EventBody>,
): KernelEvent[] {
  return events.map((event, place) =>
    place === index ? { ...event, ...body } as KernelEvent : event
  );
}

function testBootsOf(name: string, profile: BootProfile): void {
  const { events, mandatory, expectation } = syntheticBoot(profile);

  function problems(changed: readonly KernelEvent[]): string[] {
    return checkBoot(toLogItems(changed), expectation).map(({ message }) => message);
  }

  function find(accepts: (event: KernelEvent) => boolean, skip = 0): number {
    const places = [...events.keys()].filter((index) => {
      const event = events[index];
      return event !== undefined && accepts(event);
    });
    const place = places[skip];
    assert(place !== undefined);
    return place;
  }

  Deno.test(`checkBoot ${name}, accepts a boot as events, as JSON lines and as text`, () => {
    assertEquals(problems(events), []);
    assertEquals(problems(parseJsonLines(events.map(formatJsonLine).join(""))), []);
    assertEquals(checkBoot(parseMachLog(textOf(events)), expectation), []);
  });

  Deno.test(`checkBoot ${name}, rejects a boot without any one mandatory event`, () => {
    assert(mandatory.size > 40);
    for (const index of mandatory) {
      const mutant = without(events, index);
      const what = `without event ${index} (${events[index]?.type})`;
      assertNotEquals(problems(mutant), [], what);
      assertNotEquals(checkBoot(parseMachLog(textOf(mutant)), expectation), [], `text ${what}`);
    }
  });

  Deno.test(`checkBoot ${name}, accepts a boot without the events that are not mandatory`, () => {
    assertEquals(problems(renumber(events.filter(({ seq }) => mandatory.has(seq)))), []);
  });

  Deno.test(`checkBoot ${name}, rejects a boot with two neighbors exchanged`, () => {
    const visible = events.filter(({ seq, type }) => mandatory.has(seq) && type !== "irq");
    for (let index = 0; index + 1 < visible.length; index++) {
      const mutant = [...visible];
      const [a, b] = visible.slice(index, index + 2);
      if (a === undefined || b === undefined || a.type === "irq" || b.type === "irq") continue;
      mutant.splice(index, 2, b, a);
      const what = `${a.type} ${a.seq} after ${b.type} ${b.seq}`;
      assertNotEquals(
        checkBoot(toLogItems(renumber(mutant)), { ...expectation, interrupts: false }),
        [],
        what,
      );
    }
  });

  Deno.test(`checkBoot ${name}, rejects a changed word of any exception`, () => {
    for (const [index, event] of events.entries()) {
      if (event.type !== "exception") continue;
      for (const place of event.words.keys()) {
        const word = event.words[place];
        // Where the kernel stood, which call was made and how many arguments there were is not for
        // the grammar to say.
        if (word === undefined || word.label === "PC" || word.label === "CALL") continue;
        if (word.value > 0x7f80_0000_0000n) continue;
        const words = event.words.with(place, { ...word, value: word.value ^ 0x10_0000n });
        assertNotEquals(problems(replaced(events, index, { words })), [], `${index} ${word.label}`);
      }
    }
  });

  Deno.test(`checkBoot ${name}, accepts interrupts in the kernel anywhere`, () => {
    const irq = events[find(({ type }) => type === "irq")];
    assert(irq !== undefined);
    for (let index = 0; index <= events.length; index++) {
      assertEquals(problems(renumber(events.toSpliced(index, 0, irq))), [], `at ${index}`);
    }
  });

  Deno.test(`checkBoot ${name}, accepts other threads' turns while the program runs`, () => {
    const at = find((event) => event.type === "irq" && event.mode === "user") + 1;
    const turn = events.filter(({ type }) => type === "context-switch" || type === "ast").slice(-3);
    assertEquals(turn.map(({ type }) => type), ["ast", "context-switch", "context-switch"]);
    assertEquals(problems(renumber(events.toSpliced(at, 0, ...turn))), []);
    const early = find(({ type }) => type === "stack-handoff") + 2;
    assertNotEquals(problems(renumber(events.toSpliced(early, 0, ...turn))), []);
  });

  Deno.test(`checkBoot ${name}, rejects what relates items wrongly, and says what`, () => {
    const stranger = { address: 0x1234n, task: "gnumach" };
    const cases: [KernelEvent[], RegExp][] = [
      [
        replaced(events, find(({ type }) => type === "context-switch", 3), { from: stranger }),
        /^Expected 0xffff00007f944678 to give up the CPU, found 0x1234$/,
      ],
      [
        replaced(events, find(({ type }) => type === "context-switch"), { toContinuation: 0n }),
        /^Expected a thread that starts at a continuation/,
      ],
      [
        replaced(events, find(({ type }) => type === "stack-handoff"), { from: stranger }),
        /found 0x1234$/,
      ],
      [
        replaced(events, find(({ type }) => type === "ast"), {
          thread: { address: 0x1234n, task: "module-hello" },
        }),
        /^Expected thread 0xffff00007f926ad0 throughout, found 0x1234,/,
      ],
      [
        replaced(events, find(({ type }) => type === "context-switch", 7), { toContinuation: 1n }),
        /^Expected the kernel thread to keep its stack$/,
      ],
      [
        replaced(events, find(({ type }) => type === "context-switch", 8), { from: stranger }),
        /^Expected thread 0xffff00007f944000 to give the CPU back, found 0x1234$/,
      ],
      [
        replaced(events, find(({ type }) => type === "context-switch", 8), { toContinuation: 8n }),
        /^Expected the program to resume at its continuation 0xffff000040222a90, found 0x8$/,
      ],
      [
        replaced(events, find(({ type }) => type === "exception-return"), { pc: 0x401004n }),
        /^Expected the program to start at 0x401004, found/,
      ],
      [
        replaced(events, find(({ type }) => type === "exception-return", 2), { pc: 0x401004n }),
        /^Expected a return to 0x401000, found 0x401004$/,
      ],
      [
        replaced(events, find(({ type }) => type === "page-fault"), { kr: 2 }),
        /^Expected a resolved page fault, found/,
      ],
      [
        replaced(events, find(({ type }) => type === "console"), { text: "hi" }),
        /^Expected one character a system call, found "hi"$/,
      ],
      [
        replaced(events, find(({ type }) => type === "console"), { text: "x" }),
        /^Expected the program to print "hi\\n", found "xi\\n"$/,
      ],
    ];
    for (const [mutant, message] of cases) {
      const found = problems(mutant);
      assert(found.some((problem) => message.test(problem)), `${message} not in ${found}`);
    }
  });

  Deno.test(`checkBoot ${name}, a page executed twice or copied out twice is wrong`, () => {
    const fetch = find(({ type }) => type === "page-fault", 1) - 1;
    const again = events.slice(fetch, fetch + 3);
    assertEquals(problems(renumber(events.toSpliced(fetch, 0, ...again))), [
      "Expected a page not executed before, found 0x402004",
    ]);
    const copy = find((event) => event.type === "exception" && event.mode === "kernel", 2);
    const [twice] = events.slice(copy);
    assert(twice !== undefined);
    assert(
      problems(renumber(events.toSpliced(copy, 0, twice))).includes(
        "Expected a page above 0x402000 to be copied out, found 0x402000",
      ),
    );
  });

  Deno.test(`checkBoot ${name}, a stack in the middle of the user half is wrong`, () => {
    const copy = find((event) => event.type === "exception" && event.mode === "kernel", 4);
    const event = events[copy];
    assert(event?.type === "exception");
    const words = event.words.map(({ label, value }) => ({
      label,
      value: label === profile.addressLabel ? value & 0x3f_ffff_ffffn : value,
    }));
    assertEquals(problems(replaced(events, copy, { words })), [
      `Expected the stack to be above 0x${profile.stackFloor.toString(16)}, found 0x3fffffefb0`,
    ]);
  });

  Deno.test(`checkBoot ${name}, reports the place and what would have fit there`, () => {
    const index = find(({ type }) => type === "stack-handoff");
    const [problem] = checkBoot(toLogItems(without(events, index)), expectation);
    assertEquals(problem?.at, index);
    assert(problem?.message.startsWith("Expected a stack handoff to module-hello, found {"));
    const cut = checkBoot(toLogItems(events.slice(0, index)), expectation);
    assertEquals(cut.map(({ at, message }) => [at, message]), [
      [-1, "Expected a stack handoff to module-hello, found the end"],
    ]);
  });

  Deno.test(`checkBoot ${name}, a log of another machine is rejected`, () => {
    for (const other of Object.values(PROFILES)) {
      if (other !== profile) assertNotEquals(problems(syntheticBoot(other).events), []);
    }
  });

  Deno.test(`checkBoot ${name}, interrupts are wanted only if asked for`, () => {
    const kernelOnly = renumber(
      events.filter((event) => event.type !== "irq" || event.mode !== "kernel"),
    );
    assertEquals(problems(kernelOnly), ["Expected an interrupt in kernel mode, found none"]);
    assertEquals(checkBoot(toLogItems(kernelOnly), { ...expectation, interrupts: false }), []);
  });
}

for (const [name, profile] of Object.entries(PROFILES)) testBootsOf(name, profile);
