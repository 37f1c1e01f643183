import { assert, assertEquals, assertMatch } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import { initialStack } from "../kernel/boot/initial_stack.ts";
import { readProgram } from "../kernel/program/loader.ts";
import { programFile } from "../kernel/testing/programs.ts";
import { DATA, ScriptProgram, SYS } from "../kernel/testing/script_program.ts";
import { callCli, cliCommand, runCli } from "./testing/run_cli.ts";
import { leftToFull } from "../util/testing/sweep.ts";

/** A file that is gone afterwards. */
class Scratch implements Disposable {
  readonly #folder = Deno.makeTempDirSync();

  file(name: string, bytes: Uint8Array): string {
    const path = `${this.#folder}/${name}`;
    Deno.writeFileSync(path, bytes);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

for (const arch of ["aarch64", "x86_64"] as const) {
  Deno.test(`trapline boot ${arch}, ends with the program's code, or 128 and what ended it`, async () => {
    using scratch = new Scratch();
    const file = scratch.file("bad.elf", programFile("bad", arch));
    const unwind = scratch.file("unwind.elf", programFile("unwind", arch));
    const cases: readonly (readonly [file: string, args: string, status: number])[] = [
      [file, "exit-negative", 255],
      [file, "exit-minimum", 0],
      [file, "allocate-absurd", 0],
      [file, "read-null", 139],
      [file, "write-text", 139],
      [file, "undefined", 132],
      [file, "breakpoint", 133],
      [file, "divide-by-zero", arch === "x86_64" ? 136 : 133],
      [file, "terminate-self", 137],
      ...(arch === "aarch64" ? [[file, "jump-unaligned-1", 135] as const] : []),
      [unwind, "panic 0", 134],
      [unwind, "throw 0", 134],
      [unwind, "fault 0", 139],
      [unwind, "kill 0", 137],
      [unwind, "panic 2", 0],
    ];
    for (const [module, words, status] of cases) {
      const args = ["--arch", arch, "--log", "quiet", "--module", module, ...words.split(" ")];
      const { code, stderr } = await callCli("boot", ...args);
      assertEquals([code, stderr], [status, ""], words);
    }
  });

  Deno.test(`trapline boot ${arch}, green threads are there by name`, {
    ignore: leftToFull(arch === "x86_64"),
  }, async () => {
    for (
      const [words, status] of [["green", 0], ["green-crash", 139], ["green rusty", 2]] as const
    ) {
      const args = ["--arch", arch, "--log", "console", "--module", ...words.split(" ")];
      const { code, text, stderr } = await runCli("boot", ...args);
      assertEquals([code, stderr], [status, ""], words);
      assertMatch(text, /^(\*\* regular stack \(main\)|green: there is no defect rusty)\n/);
    }
  });

  Deno.test(`trapline boot ${arch}, a machine that stops before its program is status 1`, {
    ignore: leftToFull(arch === "aarch64"),
  }, async () => {
    for (const log of ["mach", "quiet"]) {
      const { code, stderr } = await runCli(
        "boot",
        "--arch",
        arch,
        "--limit",
        "9000",
        "--log",
        log,
      );
      assertEquals([code, stderr], [1, "trapline: Stopped after 9000 instructions\n"]);
    }
  });
}

/** Writes bytes into its data and prints them in two pieces, then some more one by one. */
function printer(bytes: Uint8Array): Uint8Array {
  const program = new ScriptProgram("x86_64");
  const cut = bytes.length >> 1;
  bytes.forEach((byte, i) => program.write(DATA + BigInt(i), byte));
  program.call(SYS.PRINT, DATA, cut).call(SYS.YIELD);
  program.call(SYS.PRINT, DATA + BigInt(cut), bytes.length - cut).call(SYS.YIELD);
  for (const byte of bytes) program.call(SYS.PUTC, byte);
  return program.exit(7).build();
}

Deno.test("trapline boot, --log console and quiet print what programs print, byte for byte", async () => {
  using scratch = new Scratch();
  const bytes = new Uint8Array([
    ...new TextEncoder().encode("grün €\n"),
    ...[0, 0xff, 0x80, 0xc3, 0xef, 0xbb, 0xbf],
  ]);
  const file = scratch.file("print", printer(bytes));
  for (const log of ["console", "quiet"]) {
    const args = ["--arch", "x86_64", "--module", file, "--log", log];
    const { code, stdout, stderr } = await runCli("boot", ...args);
    assertEquals([code, stderr], [7, ""]);
    assertEquals([...stdout], [...bytes, ...bytes]);
  }
  const hello = await runCli("boot", "--log", "console");
  assertMatch(hello.text, /^started module-hello 1 2\nhello!!\n/);
});

Deno.test("trapline boot, --log mach has each line of the program whole, in its bytes", async () => {
  using scratch = new Scratch();
  const line = new TextEncoder().encode("grün, länger als ein Zeichen €\n");
  const args = ["--arch", "x86_64", "--module", scratch.file("print", printer(line))];
  const { code, text } = await runCli("boot", ...args);
  assertEquals(code, 7);
  const lines = text.split("\n");
  assertEquals(lines.filter((each) => each.includes("grün, länger als ein Zeichen €")).length, 2);
  assertEquals(lines.filter((each) => each.startsWith("grün")).length, 2, text);
  assert(text.includes("Trap from CPL 3!"));
});

/** Prints the stack it starts on, as it must be with these arguments. */
function stackPrinter(argv: readonly string[]): { program: Uint8Array; stack: Uint8Array } {
  const arch = archByName("aarch64");
  const printer = (address: bigint, size: number) =>
    new ScriptProgram("aarch64").call(SYS.PRINT, address, size).exit(0).build();
  // Whatever it prints, it begins at the same place.
  const likeIt = readProgram(printer(0n, 0), { name: "printer", arch });
  const { bytes, sp } = initialStack(argv, { top: arch.userEnd, program: likeIt });
  const program = printer(sp, bytes.length);
  return { program, stack: bytes };
}

Deno.test("trapline boot, a module keeps its name and its arguments", async () => {
  using scratch = new Scratch();
  const words = ["x y", "$(task-create)", "${host-port}", '"', "", "007", " \t", "é\\", "--", "-v"];
  for (
    const [file, name] of [["my prog.elf", "my prog"], [".elf", ".elf"], ["a.elf.b", "a.elf.b"]]
  ) {
    const { program, stack } = stackPrinter([name!, ...words]);
    const path = scratch.file(file!, program);
    const options = ["--module", path, "--log", "console"];
    const { code, stdout, stderr } = await runCli("boot", ...options, "--", ...words);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout, stack);
    const { text } = await runCli("boot", "--module", path);
    assert(text.includes(`(${name}, cont `) && text.includes(`\n\nstart ${name}: `), text);
  }
});

Deno.test("trapline boot, --abi linux has a program make Linux's system calls", async () => {
  using scratch = new Scratch();
  const [write, exitGroup] = [64, 94];
  const script = new ScriptProgram("aarch64").write(DATA, 0x6c).call(write, 1, DATA, 1)
    .call(exitGroup, 3);
  const module = ["--module", scratch.file("linux", script.build()), "--log", "console"];
  const { code, text } = await runCli("boot", ...module, "--abi", "linux");
  assertEquals([code, text], [3, "l"]);
  const refused = await runCli("boot", ...module, "--abi", "posix");
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /Cannot use --abi posix: expected trapline, linux/);
  const alone = await runCli("boot", "--abi", "linux");
  assertEquals(alone.code, 2);
  assertMatch(alone.stderr, /Cannot use --abi linux: it needs --module/);
});

Deno.test("trapline boot, a policy with options, parameters and a timer", async () => {
  using scratch = new Scratch();
  const file = scratch.file("periodic.elf", programFile("periodic", "aarch64"));
  const args = ["--log", "mach", "--policy", "mlfq:levels=3,boost=50000", "--timer", "one-shot"];
  const parameters = ["--parameters", "period=9000,deadline=5000"];
  const { code, text, stderr } = await runCli(
    ...["boot", ...args, ...parameters, "--module", file, "90000", "3", "6000"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertMatch(text, /\(periodic\) misses the deadline 95000 of job 1\n/);
  assertMatch(text, /periodic: 3 jobs, 3 missed, 0 late to begin\n/);
});

Deno.test("trapline boot --gdb, waits at this host alone, and ends as it does without", async () => {
  const wrong = [
    ["--gdb", "nowhere"],
    ["--gdb", "70000"],
    ["--gdb", "1234", "--limit", "5"],
  ];
  for (const args of wrong) {
    const { code, stderr } = await callCli("boot", ...args);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, /--gdb/);
  }
  using busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = await callCli("boot", "--gdb", `${busy.addr.port}`);
  assertEquals(taken.code, 1);
  assertMatch(
    taken.stderr,
    /^trapline: Cannot listen at 127\.0\.0\.1:\d+: Address already in use;/,
  );
  const allowed = ["--allow-ffi", "--allow-env", "--allow-net=127.0.0.1"];
  const args = ["boot", "--arch", "x86_64", "--log", "console", "--gdb", "0"];
  const [program = "", ...rest] = await cliCommand(args, allowed);
  const child = new Deno.Command(program, {
    args: rest,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const errors = child.stderr.getReader();
  const line = new TextDecoder().decode((await errors.read()).value);
  const port = /at 127\.0\.0\.1:(\d+): gdb-multiarch .*'target extended-remote :\1'\n$/.exec(line);
  assert(port !== null, line);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port[1]) });
  await connection.write(new TextEncoder().encode("$D#44"));
  const reply = new Uint8Array(64);
  const size = await connection.read(reply);
  assertEquals(new TextDecoder().decode(reply.subarray(0, size ?? 0)).slice(0, 1), "+");
  const [text, { code }, more] = await Promise.all([
    new Response(child.stdout).text(),
    child.status,
    errors.read(),
  ]);
  assertEquals([code, more.done], [0, true]);
  assertMatch(text, /^started module-hello.*\nhello!!\n/);
});
