// C++ exceptions of the program `unwind-types`: which handler takes what, what it gets, and in what
// order everything is destroyed. The lines are those that the same sources print when they are
// built for Linux with GCC and its own runtime.
import { assertEquals } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import type { EmbeddedImage } from "../../guest/embedded.ts";
import { image as aarch64 } from "../../guest/images/unwind-types_aarch64.gen.ts";
import { image as x86 } from "../../guest/images/unwind-types_x86_64.gen.ts";
import { Audit } from "../testing/audit.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

const IMAGES: Readonly<Record<ArchName, EmbeddedImage>> = { aarch64, x86_64: x86 };

/** Subjects that come back, and what they print. */
const SUBJECTS = {
  types: [
    "  const Both &e 4",
    "  const Other &e 3",
    "  const Base &e 1",
    "  const Derived &e 3",
    "  const Other &e 32", // its other base is private
    "  const Right & 20", // its base of type Base is not the only one
    "  const Shared &e 5", // a virtual base
    "  const Second &e 12",
    "  const Shared & 40", // reached in private and in public
    "  int64_t number 41",
    "  Counted 1", // one copy
    "  ... 1", // the object
  ],
  pointers: [
    "  Other *p 3", // not the first base: another address
    "  const Base *p 1",
    "  const volatile Derived *p 2",
    "  Shared *p 5",
    "  const void *p 6",
    "  const int64_t *const *p 6",
    "  const char *text 116",
    "  Base *p 1", // null
    "  Other *p 1", // null stays null
  ],
  handlers: [
    "drop throw_on",
    "drop cleanup_only",
    "  thrown on 11",
    "  alive in the handler 1",
    "  replaced 12",
    "  both 35",
    "  outer 3",
    "  out of everything 2",
    "  const Counted & 1",
    "  const Counted & 1",
    "  held 1",
    "  let go 0",
  ],
  construction: [
    "drop third",
    "drop second",
    "drop first",
    "  alive 0",
    "drop one of an array",
    "drop one of an array",
    "  made 3",
    "drop unfinished",
    "drop wrapped",
    "  seen in a constructor 1",
    "  alive 0",
  ],
  frames: [
    "  left of 200 levels 0",
    "drop variable frame",
    "  variable frame 99",
    "drop large frame",
    "  large frame 0",
    "drop called from assembly",
    "  through assembly 0",
  ],
  // Callee-saved registers of every frame that was left, d8 to d15 of AArch64 too.
  registers: [
    "  numbers 654321",
    "  fractions 87654321",
    "  numbers again 765432",
    "  fractions again 98765432",
  ],
} as const;

/** Subjects that end the task, what they print and its reason. */
const ENDS = {
  noexcept: [[], "exception of type (anonymous namespace)::Refused; terminate called"],
  specification: [
    ["drop specified", "  allowed", "drop specified"],
    "exception of type (anonymous namespace)::Refused; terminate called",
  ],
  rethrow: [[], "terminate called"],
  pure: [
    ["drop call_pure"],
    "panic at guest/runtime/cxxabi.cc:LINE: pure virtual function called",
  ],
} as const;

function run(arch: ArchName, subject: string): { lines: string[]; ending: string } {
  const program = { commandLine: `unwind-types ${subject}`, bytes: IMAGES[arch].bytes() };
  using session = new Session({ arch, programs: [program, "sleeper"], quantum: 700 });
  const audit = new Audit(session.machine);
  assertEquals(session.finish().reason, "all tasks have ended");
  audit.check();
  assertEquals(session.ending("sleeper"), "exit 0");
  const lines = session.console("unwind-types").trimEnd().split("\n");
  return { lines, ending: session.ending("unwind-types").replace(/:\d+:/, ":LINE:") };
}

for (const arch of ARCH_NAMES) {
  for (const [subject, lines] of Object.entries(SUBJECTS)) {
    Deno.test(`C++ exceptions ${arch}, ${subject}`, () => {
      assertEquals(run(arch, subject), {
        lines: [`${subject}:`, ...lines, "objects alive 0", "exceptions alive 0"],
        ending: "exit 0",
      });
    });
  }

  for (const [subject, [lines, reason]] of Object.entries(ENDS)) {
    Deno.test(`C++ exceptions ${arch}, ${subject} ends the task`, () => {
      assertEquals(run(arch, subject), {
        lines: [`${subject}:`, ...lines],
        ending: `killed: ${reason}`,
      });
    });
  }
}
