// The command as a process, on cores of machines; `deno task oracle` compares what it reads in cores
// of Linux with gdb's.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { archByName } from "../arch/mod.ts";
import { ImageBuilder } from "../bytes/testing/image_builder.ts";
import { status } from "../debug/core/testing/core_image.ts";
import { encodeCore, parseElf, PF } from "../elf/mod.ts";
import { serveGdb } from "../gdb/mod.ts";
import { framePacket } from "../gdb/protocol/mod.ts";
import { Machine } from "../kernel/mod.ts";
import { programFile } from "../kernel/testing/programs.ts";
import { callCli, runCli } from "./testing/run_cli.ts";

const folder = Deno.makeTempDirSync({ prefix: "trapline-backtrace-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A core of `threads` where its threads work, and the program's file. */
function coreOfThreads(): { readonly core: string; readonly program: string } {
  const program = `${folder}/threads`;
  const bytes = programFile("threads", "aarch64");
  Deno.writeFileSync(program, bytes);
  const modules = [{ commandLine: "threads", bytes }];
  using machine = new Machine({ arch: archByName("aarch64"), modules, quantum: 700 });
  machine.addBreakpoint(parseElf(bytes).symbolNamed("work")!.value);
  for (let i = 0; i < 3; i++) machine.run();
  const core = `${folder}/threads.core`;
  Deno.writeFileSync(core, machine.core({ task: 1, file: program }));
  return { core, program };
}

const { core, program } = coreOfThreads();

Deno.test("trapline backtrace, one thread as text, all threads as JSON", async () => {
  const [plain, json] = await Promise.all([
    runCli("backtrace", "--core", core),
    runCli("backtrace", "--core", core, "--all-threads", "--variables", "--json"),
  ]);
  assertEquals([plain.code, plain.stderr], [0, ""]);
  assertMatch(plain.text, /^Process \d+ threads\n\nThread \d+:\n#0 +0x0{8}[0-9a-f]{8} in work \(/);
  assertEquals(plain.text.match(/^Thread /gm)?.length, 1);
  assertEquals([json.code, json.stderr], [0, ""]);
  const { target, processes: [process], problems } = JSON.parse(json.text);
  assertEquals([target, problems], [{ kind: "core", name: core, machine: "aarch64" }, []]);
  assertEquals([process.name, process.missing], ["threads", []]);
  assert(process.threads.length > 2, json.text);
  const [{ level, kind, function: name, module, certainty }] = process.threads[0].frames;
  assertEquals([level, kind, name, module, certainty], [0, "call", "work", program, "exact"]);
});

Deno.test("trapline backtrace, a core that is cut off is told of with what is left", async () => {
  const cut = `${folder}/cut`;
  const whole = Deno.readFileSync(core);
  Deno.writeFileSync(cut, whole.subarray(0, whole.length - 5000));
  const { code, text, stderr } = await runCli("backtrace", "--core", cut);
  assertEquals(code, 1);
  assertMatch(text, / in work \(/);
  assertMatch(stderr, /^trapline: File ends after \d+ bytes, 5000 more are missing/);
});

Deno.test("trapline backtrace, a stack that ends for lack of a file has status 1, and names the file", async () => {
  const [begin, stack] = [0x5555_0000, 0x6666_0000];
  const files = new ImageBuilder().u64(1n).u64(4096n)
    .u64(BigInt(begin)).u64(BigInt(begin + 4096)).u64(0n).text("/gone/lib.so");
  const segment = (address: number, flags: number, contents: Uint8Array[]) => ({
    address: BigInt(address),
    size: 4096n,
    flags,
    contents,
  });
  const path = `${folder}/lacking`;
  const bytes = encodeCore({
    machine: "x86_64",
    notes: [
      { owner: "CORE", type: 1, bytes: status(begin + 8, stack) },
      { owner: "CORE", type: 0x46494c45, bytes: files.build() },
    ],
    segments: [
      segment(begin, PF.read | PF.execute, []),
      segment(stack, PF.read | PF.write, [new Uint8Array(4096)]),
    ],
  });
  Deno.writeFileSync(path, bytes);
  const { code, text, stderr } = await runCli("backtrace", "--core", path);
  assertMatch(text, /^#0 +0x0{8}55550008 in \?\? \(\) from \/gone\/lib\.so$/m);
  assertMatch(stderr, /^trapline: Without \/gone\/lib\.so: cannot be opened$/m);
  assertEquals(code, 1, text);
});

Deno.test("trapline backtrace, what is no core, or of another program, is refused", async () => {
  const other = `${folder}/other`;
  Deno.writeFileSync(other, programFile("sleeper", "aarch64"));
  const cases: [args: string[], message: RegExp][] = [
    [["--core", program], /ELF file is executable, expected a core file \(.*threads\+0x10\)/],
    [["--core", core, "--exe", other], /^trapline: File has .*, expected .*\(.*other\)$/],
    [["--core", `${folder}/none`], /No such file or directory/],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await callCli("backtrace", ...args);
    assertEquals(code, 1, stderr);
    assertMatch(stderr, message);
  }
});

Deno.test("trapline backtrace, a machine that waits for debuggers: kernel and task", async () => {
  const bytes = programFile("threads", "x86_64");
  const modules = [{ commandLine: "threads", bytes }];
  using machine = new Machine({ arch: archByName("x86_64"), modules });
  machine.addBreakpoint(parseElf(bytes).symbolNamed("work")!.value);
  machine.run();
  await using server = serveGdb(machine, { detached: "wait" });
  const { hostname, port } = server.address;
  const { code, text, stderr } = await runCli(
    ...["backtrace", "--remote", `${hostname}:${port}`, "--all-threads"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertMatch(text, /^Process 1 threads/m);
  assertMatch(text, /^#0 .* in work /m);
  assertMatch(text, /^Process 1000000 kernel/m);
  assertMatch(text, /in startup_thread/);
});

Deno.test("trapline backtrace, where nobody serves it says so, and where", async () => {
  const nowhere = await callCli("backtrace", "--remote", "127.0.0.1:1");
  assertEquals(nowhere.code, 1);
  assertMatch(nowhere.stderr, /Cannot connect.*expected a stub there.*127\.0\.0\.1:1/);
  const wrong = await callCli("backtrace", "--remote", "somewhere");
  assertMatch(wrong.stderr, /expected \[HOST\]:PORT/);
});

Deno.test("trapline backtrace, what a stub answers that cannot be read is told", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const stub = listener.accept().then(async (connection) => {
    await connection.write(framePacket("hello"));
    return connection;
  });
  const { code, stderr } = await callCli(
    ...["backtrace", "--remote", `127.0.0.1:${listener.addr.port}`],
  );
  using _connection = await stub;
  assertEquals(code, 1);
  assertMatch(stderr, /^trapline: Cannot read the feature "hello", expected .*packet hello/);
});
