// Little memory: what can be taken back is, who takes too much ends, and the others do not notice.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { KernelError } from "../errors.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { ScriptProgram, SYS } from "../testing/script_program.ts";
import { type Program, Session, type SessionOptions } from "../testing/session.ts";
import { leftToFull } from "../../util/testing/sweep.ts";

const MIB = 1024 * 1024;
const PAGE = 4096n;
const AT = 0x1000_0000n;
const SHORTAGE = /^killed: no memory left, and no task has more than its \d+ pages$/;

function named(name: string, bytes: Uint8Array): Program {
  return { commandLine: name, bytes };
}

/** Writes to more pages than 8 MiB of RAM have. */
function hog(arch: ArchName, name = "hog"): Program {
  const program = new ScriptProgram(arch).call(SYS.VM_ALLOCATE, AT, 2000n * PAGE)
    .sweep("write", { begin: AT, count: 2000 });
  return named(name, program.exit(0).build());
}

/** Runs in 8 MiB, and checks that innocent programs end well and nothing is lost. */
function run(
  options: Omit<SessionOptions, "memory"> & { memory?: number; innocent: readonly string[] },
): Session {
  const { innocent, ...rest } = options;
  using session = new Session({ memory: 8 * MIB, ...rest });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  for (const name of innocent) assertEquals(session.ending(name), "exit 0", name);
  audit.check();
  return session;
}

const INNOCENT = ["threads", "sleeper", "mapfile"];

/**
 * A file of 3 MiB with a letter for each quarter of a MiB, mapped three times and read twice from
 * end to end.
 */
function reader(arch: ArchName): { program: Program; text: string } {
  const size = 3 * MIB;
  const program = new ScriptProgram(arch);
  const mappings = [0n, 1n, 2n].map((i) => AT + i * 0x100_0000n);
  for (const address of mappings) {
    program.call(SYS.MAP_FILE, address, size, 0, 1).expect(address, 1);
  }
  let text = "";
  for (const address of [...mappings, ...mappings]) {
    for (let begin = address; begin < address + BigInt(size); begin += 64n * PAGE) {
      program.sweep("read", { begin, count: 63 }).call(SYS.PRINT, begin + 63n * PAGE + 5n, 1);
    }
    text += "abcdefghijkl";
  }
  const code = program.exit(0).build();
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = "a".charCodeAt(0) + (i >> 18);
  // The letters begin where a page of each quarter is printed, well behind the code.
  bytes.set(code);
  return { program: named("reader", bytes), text };
}

for (const arch of ARCH_NAMES) {
  for (const load of ["copyout", "demand"] as const) {
    Deno.test(`Memory ${arch}, a task that takes it all ends and the others do not, by ${load}`, () => {
      const programs = ["threads", hog(arch), "sleeper", "mapfile"];
      const session = run({ arch, load, programs, innocent: INNOCENT });
      assertMatch(session.ending("hog"), SHORTAGE);
    });
  }

  Deno.test(`Memory ${arch}, of several tasks that take it all the largest ends first`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    const programs = [hog(arch, "one"), hog(arch, "two"), ...INNOCENT];
    const session = run({ arch, load: "demand", quantum: 500, programs, innocent: INNOCENT });
    assertMatch(session.ending("one"), SHORTAGE);
    assertMatch(session.ending("two"), SHORTAGE);
  });

  Deno.test(`Memory ${arch}, translation tables count too`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    const program = new ScriptProgram(arch);
    // Every page needs tables of its own.
    for (let i = 1n; i < 700n; i++) {
      program.call(SYS.VM_ALLOCATE, i << 30n, PAGE).write(i << 30n);
    }
    const sparse = named("sparse", program.exit(0).build());
    const session = run({ arch, programs: [sparse, ...INNOCENT], innocent: INNOCENT });
    assertMatch(session.ending("sparse"), SHORTAGE);
  });

  Deno.test(`Memory ${arch}, what has been given back can be taken again`, () => {
    const program = new ScriptProgram(arch);
    for (let round = 0; round < 3; round++) {
      program.call(SYS.VM_ALLOCATE, AT, 1000n * PAGE).expect(AT, 1);
      program.sweep("write", { begin: AT, count: 1000 });
      program.call(SYS.VM_DEALLOCATE, AT, 1000n * PAGE).expect(0, 2);
    }
    run({ arch, programs: [named("tidy", program.exit(0).build())], innocent: ["tidy"] });
  });

  Deno.test(`Page-out ${arch}, file pages beyond the size of RAM come and go unchanged`, {
    ignore: leftToFull(arch === "x86_64"),
  }, () => {
    const { program, text } = reader(arch);
    const programs = [program, "threads", "sleeper"];
    const innocent = ["reader", "threads", "sleeper"];
    const session = run({ arch, ioLatency: 100, programs, innocent });
    assertEquals(session.console("reader"), text);
    const pageIns = session.of("irq").filter(({ line }) => line === 1).length;
    assert(pageIns > 3 * 768, `${pageIns} page-ins: some pages came twice`);
  });

  Deno.test(`Page-out ${arch}, file pages give way to a hog and the hog ends`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    const { program, text } = reader(arch);
    const programs = [program, hog(arch), "threads"];
    const innocent = ["reader", "threads"];
    const options = { memory: 10 * MIB, ioLatency: 100, load: "demand" } as const;
    const session = run({ arch, ...options, programs, innocent });
    assertMatch(session.ending("hog"), SHORTAGE);
    assertEquals(session.console("reader"), text);
  });

  Deno.test(`Memory ${arch}, more modules than there is memory for are started one after another`, () => {
    const sleepy = new ScriptProgram(arch).call(SYS.SLEEP, 3_000_000).exit(0).build();
    const names = Array.from({ length: 300 }, (_, i) => `sleepy-${i}`);
    using session = new Session({
      arch,
      memory: 8 * MIB,
      programs: names.map((name) => named(name, sleepy)),
    });
    const audit = new Audit(session.machine);
    assertEquals(session.finish().reason, "all tasks have ended");
    audit.check();
    const started = session.machine.kernel.tasks.length - 1;
    const refused = session.of("message").filter(({ text }) =>
      text.includes("not started, no memory left")
    );
    assertEquals(started + refused.length, names.length);
    assert(started > 50 && refused.length > 10, `${started} started, ${refused.length} not`);
    for (const { status } of session.machine.kernel.tasks.slice(1)) {
      const fine = status?.kind === "exit" || SHORTAGE.test(`killed: ${status?.reason}`);
      assert(fine, Deno.inspect(status));
    }
  });

  Deno.test(`Memory ${arch}, modules that do not fit are refused before the machine is built`, () => {
    const code = new ScriptProgram(arch).exit(0).build();
    for (const size of [7.4 * MIB, 9 * MIB]) {
      const bytes = new Uint8Array(size);
      bytes.set(code);
      const options = { arch, memory: 8 * MIB, programs: [named("large", bytes)] };
      assertEquals(assertThrows(() => new Session(options), KernelError).kind, "memory");
    }
    const half = new Uint8Array(3.7 * MIB);
    half.set(code);
    const programs = [named("a", half), named("b", half)];
    const error = assertThrows(() => new Session({ arch, memory: 8 * MIB, programs }), KernelError);
    assertEquals(error.kind, "memory");
  });

  Deno.test(`Memory ${arch}, a map that is full says so and keeps working`, () => {
    const program = new ScriptProgram(arch);
    for (let i = 0n; i < 4200n; i++) program.call(SYS.VM_ALLOCATE, AT + i * 2n * PAGE, PAGE);
    program.expect(-6, 1)
      .call(SYS.VM_DEALLOCATE, AT, 2n * PAGE).expect(0, 2)
      .call(SYS.VM_ALLOCATE, AT, PAGE).expect(AT, 3).write(AT).exit(0);
    run({ arch, memory: 64 * MIB, programs: [named("a", program.build())], innocent: ["a"] });
  });
}
