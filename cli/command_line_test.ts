import { assert, assertEquals, assertMatch } from "@std/assert";
import { elfImage } from "../elf/testing/elf_image.ts";
import { FrameImage } from "../unwind/testing/frame_image.ts";
import { callCli, runCli, runShell } from "./testing/run_cli.ts";
import { everySecond } from "../util/testing/sweep.ts";

Deno.test("trapline, --help and -h explain, for every command, and --version tells the version", async () => {
  const whole = await runCli("help");
  assertEquals([whole.code, whole.stderr], [0, ""]);
  for (const asked of [["--help"], ["-h"], []]) assertEquals(await runCli(...asked), whole);
  for (
    const command of [
      "boot",
      "core",
      "backtrace",
      "doctor",
      "demo",
      "panic",
      "frames",
      "lsda",
      "help",
    ]
  ) {
    const { code, text } = await runCli(command, "--help");
    assertEquals(code, 0, command);
    assert(whole.text.includes(text) && text.includes(`trapline ${command}`), command);
    assertEquals((await runCli(command, "x", "-h")).text, text);
    assertEquals((await runCli("help", command)).text, text);
  }
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("../deno.json", import.meta.url)));
  assertEquals((await runCli("--version")).text, `trapline ${version}\n`);
});

const REFUSED: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["bot"], /Cannot run "bot": expected boot, demo/],
  [["help", "nobody"], /Cannot explain "nobody"/],
  [["--version", "more"], /Cannot use more/],
  [["demo", "extra"], /Cannot use extra: "demo" takes no arguments/],
  [["panic", "extra"], /Cannot use extra/],
  [["boot", "--arch="], /Cannot use --arch without a value/],
  [["boot", "--arch"], /Cannot use --arch without a value/],
  [["boot", "--module", "--log", "json"], /Cannot use --module without a value/],
  [["boot", "--arch", "x86_64", "--arch=aarch64"], /Cannot use --arch twice/],
  [["panic", "--why", "panic", "--why", "panic"], /Cannot use --why twice/],
  [["boot", "--arch", "mips"], /Cannot use --arch mips: expected x86_64, aarch64/],
  [["panic", "--arch", "mips"], /Cannot use --arch mips/],
  [["boot", "--policy", "fair"], /fair.*rr/s],
  [["boot", "--cpu", "z80"], /Cannot use cpuModel "z80" of aarch64: expected cortex-a72 or /],
  [["boot", "--policy", "rr:levels=3"], /Cannot set option "levels" of policy "rr"/],
  [["boot", "--policy", "rr:quantum=9"], /its quantum is 9, expected at least 250/],
  [["boot", "--parameters", "prio=3"], /Cannot use "prio=3" of --parameters/],
  [["boot", "--parameters", "nice=20"], /first thread of module-hello the nice 20: expected/],
  [["boot", "--timer", "never"], /Cannot use --timer never: expected periodic, one-shot/],
  [["boot", "--quantum", "3"], /Cannot use quantum 3/],
  [["boot", "--memory", "3"], /Cannot use memory/],
  [["boot", "--seed", "99999999999"], /Cannot use seed/],
  [["boot", "--log", "loud"], /Cannot use --log loud: expected mach, json, console, quiet/],
  [["boot", "--nothing"], /Cannot use --nothing: "boot" has no such option/],
  [["boot", "--nothing="], /Cannot use --nothing=: "boot" has no such option/],
  [["boot", "argument"], /Cannot use argument "argument": arguments need --module/],
  [["core"], /Cannot dump nothing: expected a program/],
  [
    ["core", "--until", "nowhere", "green"],
    /--until nowhere: expected crash, exit, an address such/,
  ],
  [["core", "--until", "0x", "green"], /Cannot use --until 0x/],
  [["core", "--until", "syscalls:print", "green"], /Cannot use --until syscalls:print/],
  [["core", "--times", "0", "green"], /Cannot use --times 0: expected a whole number from 1 on/],
  [["core", "--limit", "x", "green"], /Cannot use --limit x/],
  [["core", "-o", "a", "--output", "b", "green"], /Cannot use --output twice/],
  [["core", "--log", "json", "green"], /"core" has no such option/],
  [["core", "--memory", "3", "green"], /Cannot use memory/],
  [["backtrace"], /Cannot read nothing: expected --core CORE or --remote HOST:PORT/],
  [["backtrace", "--core", "a", "--remote", "b:1"], /Cannot read both --core and --remote/],
  [["backtrace", "core"], /Cannot use core: expected --core CORE/],
  [["backtrace", "--pid", "77"], /stop process 77: write a core of it with "gcore 77", then/],
  [["backtrace", "--core", "a", "--limit", "0"], /Cannot use --limit 0/],
  [["doctor"], /Cannot diagnose nothing: expected a program/],
  [["doctor", "--json=yes", "green"], /Cannot use --json with a value/],
  [["doctor", "--json", "false", "green"], /Cannot use --json with a value/],
  [["doctor", "--nothing", "green"], /"doctor" has no such option/],
  [["doctor", "--allocator"], /Cannot use --allocator without a value/],
  [["doctor", "--allocator", "a", "--allocator=", "green"], /Cannot use --allocator without/],
  [["doctor", "--allocator", ":1", "green"], /--allocator :1: expected NAME\[:NUMBER\]$/m],
  [["doctor", "--releaser", "f:0:1:2", "green"], /f:0:1:2: expected NAME\[:NUMBER\[:NUMBER\]\]$/m],
  [
    ["doctor", "--allocator", "heap_allocate:9", "green"],
    /argument 9 of heap_allocate for its size/,
  ],
  [["doctor", "--switch", "nobody", "green"], /--switch nobody: green has no such function/],
  [["doctor", "--releaser", "nobody:1", "green"], /--releaser nobody: green has no such function/],
  [["doctor", "--svg", "a", "--svg", "b", "green"], /Cannot use --svg twice/],
  [["doctor", "--addresses", "octal", "green"], /octal: expected hex, decimal/],
  [["doctor", "--arch", "mips", "green"], /Cannot use --arch mips: expected x86_64, aarch64/],
  [["doctor", "--memory", "3", "green"], /Cannot use memory/],
  [["doctor", "--limit", "0", "green"], /Cannot use --limit 0/],
  [["frames"], /expected one file name/],
  [["frames", "a", "b"], /expected one file name/],
];

Deno.test("trapline, what cannot be meant is refused with status 2", async () => {
  const [[first, words]] = REFUSED as [(typeof REFUSED)[number]];
  const process = await runCli(...first);
  assertEquals([process.code, process.stdout.length], [2, 0]);
  assertMatch(process.stderr, words);
  for (const [args, message] of REFUSED) {
    const { code, stderr } = await callCli(...args);
    assertEquals(code, 2, args.join(" "));
    assertMatch(stderr, message);
    assertEquals(stderr.trim().split("\n").length, 2, stderr);
  }
});

Deno.test("trapline, files that cannot be read cost one line and status 1", async () => {
  for (
    const [file, message] of [
      ["/dev/zero", /\/dev\/zero: it is a device, expected a file or a pipe/],
      ["/", /\/: it is a directory, expected a file/],
      ["/nobody", /No such file or directory/],
      ["/dev/null/x", /Not a directory/],
    ] as const
  ) {
    const commands = [["boot", "--module", file], ["doctor", file], ["frames", file], [
      "lsda",
      file,
    ]];
    for (const args of commands) {
      const { code, stderr } = await callCli(...args);
      assertEquals(code, 1, args.join(" "));
      assertMatch(stderr, message);
      assertEquals(stderr.trim().split("\n").length, 1, stderr);
    }
  }
});

Deno.test("trapline, a pipe that does not end is refused as a module, one that ends is read", async () => {
  const zeros = await runShell('"$@" --memory 8 --module <(cat /dev/zero)', "boot");
  assertEquals([zeros.code, zeros.stdout.length], [1, 0]);
  assertMatch(zeros.stderr, /it does not end, expected at most 8 MiB/);
  const text = await runShell('"$@" --module <(echo no ELF file)', "boot");
  assertEquals(text.code, 1);
  assertMatch(text.stderr, /ELF/);
});

const LONG: readonly (readonly string[])[] = [
  ["boot", "--log", "json"],
  ["demo"],
  ["panic"],
  ["help"],
  ["frames", "/lib/x86_64-linux-gnu/libc.so.6"],
];

Deno.test("trapline, a reader that goes away and a full disk end in one line", async () => {
  for (const args of everySecond(LONG, 0)) {
    const full = await runShell('"$@" > /dev/full', ...args);
    assertEquals(full.code, 1, args.join(" "));
    assertMatch(full.stderr, /^trapline: Cannot write to standard output: No space left .*\n$/);
    // The reader is gone before the first byte comes.
    const gone = await runShell('"$@" > >(exec true); sleep 0.1', ...args);
    assert(!gone.stderr.includes("    at "), gone.stderr);
  }
  const head = await runShell('set -o pipefail; "$@" | head -1', ...LONG[0]!);
  assertEquals([head.code, head.text.split("\n").length], [1, 2], head.stderr);
  assertMatch(head.stderr, /^trapline: Cannot write to standard output: Broken pipe .*\n$/);
});

Deno.test("trapline frames, tells of a malformed FDE, goes on and ends with status 1", async () => {
  const image = new FrameImage();
  const cie = image.cie();
  image.fde(cie, { begin: 0x1000, size: 16 });
  for (let i = 0; i < 50; i++) image.fde(cie, { begin: 0x2000, size: 16, instructions: [[0x3f]] });
  image.fde(cie, { begin: 0x3000, size: 16 });
  const sections = [{ name: ".eh_frame", address: 0x10000, data: image.build() }];
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(file, elfImage({ sections }));
    const { code, text, stderr } = await runCli("frames", file);
    const begins = text.trim().split("\n").map((line) => JSON.parse(line).begin);
    assertEquals([code, begins], [1, ["0x1000", "0x3000"]]);
    const lines = stderr.trim().split("\n");
    assertEquals(lines.length, 21, "20 are told, and how many there are");
    assertMatch(lines[0]!, /^trapline: Call frame instruction is 0x3f \(.eh_frame\+0x3d\)$/);
    assertEquals(lines.at(-1), "trapline: Left out 50 for what is wrong with them");
  } finally {
    Deno.removeSync(file);
  }
});
