// The boot with module-hello on both architectures: what the log of GNU Mach shows, because it
// happened.
import { assertEquals, assertNotEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { type BootExpectation, checkBoot } from "../../trace/boot_grammar.ts";
import { parseJsonLines } from "../../trace/json_lines.ts";
import { type LogItem, toLogItems } from "../../trace/log_items.ts";
import { parseMachLog } from "../../trace/parse_mach_log.ts";
import { parseElf } from "../../elf/mod.ts";
import { readProgram } from "../program/loader.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session, type SessionOptions } from "../testing/session.ts";
import { pageCeil, pageFloor } from "../vm/vm_map.ts";

const SCRIPT = "module-hello ${host-port} ${device-port} $(task-create) $(task-resume)";
const OUTPUT = "started module-hello 1 2\nhello!!\n" +
  "gnumach-test-success-and-reboot: test module-hello exit code 0\n";

function boot(arch: ArchName, options: Partial<SessionOptions> = {}): Session {
  const session = new Session({ arch, programs: [SCRIPT], ...options });
  assertEquals(session.finish(), { kind: "halted", reason: "reboot" });
  return session;
}

/** Pages of the program's segments that have bytes in the file. */
function filePages(arch: ArchName): bigint[] {
  const pages: bigint[] = [];
  const bytes = programFile("module-hello", arch);
  for (
    const { address, fileSize } of readProgram(bytes, { name: "", arch: archByName(arch) }).segments
  ) {
    const end = pageCeil(address + BigInt(fileSize));
    for (let page = pageFloor(address); page < end; page += 4096n) pages.push(page);
  }
  return pages;
}

function expectation(arch: ArchName): BootExpectation {
  return {
    profile: archByName(arch).bootProfile,
    program: "module-hello",
    args: ["module-hello", "1", "2"],
    output: OUTPUT,
    pages: filePages(arch),
  };
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Boot ${arch}, the events satisfy the grammar, and so do the JSON lines and the log`, () => {
    using session = boot(arch);
    const expected = expectation(arch);
    assertEquals(checkBoot(toLogItems(session.events), expected), []);
    const read = parseJsonLines(session.json);
    assertEquals(read, session.events);
    assertEquals(checkBoot(toLogItems(read), expected), []);
    assertEquals(checkBoot(parseMachLog(session.log), expected), []);
  });

  Deno.test(`Boot ${arch}, two runs are the same to the byte`, () => {
    using first = boot(arch);
    using second = boot(arch);
    assertEquals(first.json, second.json);
    assertEquals(first.log, second.log);
    assertEquals(first.machine.now, second.machine.now);
  });

  for (const policy of ["rr", "priority"]) {
    for (const quantum of [250, 317, 1000, 10_000, 1_000_000]) {
      Deno.test(`Boot ${arch}, policy ${policy} with quantum ${quantum} prints the same text`, () => {
        using session = boot(arch, { policy, quantum });
        assertEquals(session.console(), OUTPUT);
        // Interrupts of a slow timer may all fall into the kernel, or into nothing at all.
        const interrupts = quantum <= 10_000;
        const expected = { ...expectation(arch), interrupts };
        assertEquals(checkBoot(toLogItems(session.events), expected), []);
      });
    }
  }

  Deno.test(`Boot ${arch}, another seed is another interleaving of the same program`, () => {
    const runs = [0, 1, 2, 2 ** 32 - 1].map((seed) => {
      using first = boot(arch, { seed, quantum: 1000 });
      using second = boot(arch, { seed, quantum: 1000 });
      assertEquals(first.json, second.json);
      assertEquals(first.console(), OUTPUT);
      assertEquals(checkBoot(toLogItems(first.events), expectation(arch)), []);
      return first.json;
    });
    assertEquals(new Set(runs).size, runs.length);
  });

  Deno.test(`Boot ${arch}, a timer interrupt comes once a quantum`, () => {
    using session = boot(arch, { quantum: 1000 });
    const times = session.of("irq").map(({ time }) => time);
    assertEquals(times.length, Math.floor(session.machine.now / 1000));
    // An interrupt that finds the kernel masked waits; it is never early.
    for (const [i, time] of times.entries()) {
      const late = time - 1000 * (i + 1);
      assertEquals(late >= 0 && late < 500, true, `interrupt ${i} is ${late} late`);
    }
  });

  Deno.test(`Boot ${arch}, continuations are labels of the image and threads objects in RAM`, () => {
    using session = boot(arch);
    const { image, directMap } = session.machine.kernel.arch;
    const { memory } = session.machine.kernel;
    const labels = session.of("context-switch").flatMap(({ from, to, ...rest }) => {
      for (const { address } of [from, to]) {
        assertEquals(memory.contains(address - directMap, 8), true);
      }
      return [rest.fromContinuation, rest.toContinuation];
    }).filter((label) => label !== 0n).map((label) => image.labelAt(label) ?? "?");
    assertEquals(labels.slice(0, 13), [
      "reaper_thread",
      "reaper_thread_continue",
      "swapin_thread",
      "swapin_thread_continue",
      "task_reaper_thread",
      "task_reaper_thread_continue",
      "timeout_thread",
      "timeout_thread_continue",
      "pageout_thread",
      "page_zero_thread",
      "page_zero_thread_continue",
      "io_done_thread",
      "thread_exception_return",
    ]);
  });

  Deno.test(`Boot ${arch}, the kernel's own instructions depend on nothing but the program`, () => {
    // Where the boot loader put things and how much memory there is changes addresses, not
    // instructions.
    using small = boot(arch, { memory: 8 * 1024 * 1024 });
    using large = boot(arch, { memory: 512 * 1024 * 1024 });
    assertEquals(small.machine.now, large.machine.now);
    assertNotEquals(small.json, large.json);
  });
}

/**
 * A log in words: kinds, syndromes and, for first executions, the function. Interrupts are left
 * out: their places are the clock's.
 */
function transcript(items: readonly LogItem[], arch: ArchName): string[] {
  const elf = parseElf(programFile("module-hello", arch));
  const lines: string[] = [];
  for (const item of items) {
    if (item.type === "irq") {
      // What an interrupt from user mode brings along goes with it.
      if (item.mode === "user") lines.push("interrupt");
      continue;
    }
    if (item.type === "exception-return" && lines.at(-1) === "interrupt") {
      lines.pop();
      continue;
    }
    if (item.type === "exception") {
      const [syndrome, fault] = item.words.map(({ value }) => value);
      const fetch = syndrome === 0x8200000fn;
      const name = fetch ? ` ${elf.symbolAt(fault ?? 0n)?.symbol.name}` : "";
      lines.push(`${item.origin} 0x${syndrome?.toString(16)}${name}`);
    } else if (item.type === "text") lines.push(JSON.stringify(item.text));
    else lines.push(item.type);
  }
  return compress(lines);
}

/** Equal lines in a row as one with their number. */
function compress(lines: readonly string[]): string[] {
  const result: string[] = [];
  for (let i = 0; i < lines.length;) {
    let count = 1;
    while (lines[i + count] === lines[i]) count++;
    result.push(count === 1 ? lines[i] ?? "" : `${lines[i]} x ${count}`);
    i += count;
  }
  return result;
}

function firstExecution(...names: readonly string[]): string[] {
  return names.flatMap((name) => [`EL0 0x8200000f ${name}`, "page-fault", "exception-return"]);
}

function calls(count: number): string[] {
  return Array.from({ length: count }, () => ["EL0 0x56000000", "exception-return"]).flat();
}

function characters(text: string): string[] {
  return [...text].flatMap((c) => ["EL0 0x56000000", JSON.stringify(c), "exception-return"]);
}

Deno.test("Boot aarch64, the whole log has the kinds and syndromes of GNU Mach's, in its order", () => {
  using session = boot("aarch64", { memory: 64 * 1024 * 1024 });
  const pages = filePages("aarch64").length;
  const [started, ...rest] = OUTPUT.split(/(?<=\n)/);
  assertEquals(transcript(parseMachLog(session.log), "aarch64").slice(2), [
    '"Booting in EL1\\n"',
    '"vm_page: page table size: 16384 entries (16k)\\n"',
    `"vm_page: DMA: pages: 16384 (64M), free: ${session.log.match(/free: (\d+)/)?.[1]} (63M)\\n"`,
    '"vm_page: DMA: min:819 low:983 high:1638\\n"',
    '"Model name: Trapline virtual aarch64 machine\\n"',
    JSON.stringify(`module 0: ${SCRIPT}\n`),
    '"1 bootstrap modules\\n"',
    "context-switch x 7",
    "stack-handoff",
    "EL1 0x96000044",
    `EL1 0x96000047 x ${pages - 1}`,
    '"task loaded:"',
    "EL1 0x96000044",
    '" module-hello 1 2"',
    "exception-return",
    "ast",
    "context-switch",
    '"\\n" x 2',
    '"start module-hello: "',
    "context-switch",
    "exception-return",
    ...firstExecution("_start", "main", "floating_point_works"),
    "EL0 0x1fe00000",
    "exception-return",
    ...firstExecution("find_self"),
    ...calls(2),
    ...firstExecution("table_intact", "crc16", "say_started", "append", "put_text"),
    ...characters(started ?? ""),
    ...characters(rest[0] ?? ""),
    ...firstExecution("say_result", "put_format"),
    ...characters(rest[1] ?? ""),
    ...firstExecution("reboot"),
    "EL0 0x56000000",
  ]);
});
