// Coroutines on stacks with guards, from pools and growing; what traps in them comes to; coroutines
// that change threads; bad use. What the program checks itself is in `guest/programs/coroutines/`.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { everySecond, sweep } from "../../util/testing/sweep.ts";
import { Audit } from "../testing/audit.ts";
import { StreamModel } from "../testing/invariants.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { Session, type SessionOptions } from "../testing/session.ts";

const STACKS = ["sizes", "many", "pools", "grows", "leaps"];
const TRAPS = ["traps", "nested", "bad-drop", "state"];
const MISUSE = ["finished", "running", "outside", "foreign-stack", "bad-stacks", "shared"];

const HEX = "0x[0-9a-f]+";

/** Cases that end their task, and how. */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  "does-not-grow": new RegExp(`^killed: write of ${HEX}: not allowed, at ${HEX}$`),
  "yield-outside": /^exit 125$/,
  "yield-foreign": /^exit 125$/,
  "trap-outside": new RegExp(`^killed: write of 0x0: not mapped, at ${HEX}$`),
  "on-stack": new RegExp(`^killed: write of 0x0: not mapped, at ${HEX}$`),
  "disabled": new RegExp(`^killed: write of 0x0: not mapped, at ${HEX}$`),
};

/** Runs a case beside innocent programs, which end as always; nothing is lost. */
function run(arch: ArchName, name: string, options: Partial<SessionOptions> = {}): Session {
  const session = new Session({
    arch,
    programs: [`coroutines ${name}`, "sleeper", "tls"],
    ...options,
  });
  const audit = new Audit(session.machine);
  const { machine } = session;
  assertEquals(machine.run(100_000_000), { kind: "halted", reason: "all tasks have ended" }, name);
  assertEquals([session.ending("sleeper"), session.ending("tls")], ["exit 0", "exit 0"], name);
  audit.check();
  StreamModel.check(session.events);
  return session;
}

function runGood(arch: ArchName, names: readonly string[], options: Partial<SessionOptions>): void {
  for (const name of names) {
    using session = run(arch, name, options);
    assertEquals(session.ending("coroutines"), "exit 0", name);
  }
}

const WAYS: readonly (readonly [string, Partial<SessionOptions>])[] = [
  ["as it comes", {}],
  ["paged in on demand under a fast timer", { load: "demand", quantum: 353, ioLatency: 900 }],
];

for (const arch of ARCH_NAMES) {
  // The quick sweep has each way on one architecture.
  for (const [what, options] of everySecond(WAYS, ARCH_NAMES.indexOf(arch))) {
    Deno.test(`coro_stack ${arch}, sizes, guards, pools and growth are as they say ${what}`, () => {
      runGood(arch, STACKS, options);
    });

    Deno.test(`coro_trap ${arch}, what traps ends and its stack is used again ${what}`, () => {
      runGood(arch, TRAPS, options);
    });

    Deno.test(`coro ${arch}, bad use is an error ${what}`, () => runGood(arch, MISUSE, options));
  }

  Deno.test(`coro ${arch}, bad use that is no error ends only its task`, () => {
    for (const [name, ending] of Object.entries(ENDINGS)) {
      using session = run(arch, name);
      assertMatch(session.ending("coroutines"), ending, name);
    }
  });

  Deno.test(`coro ${arch}, coroutines go on in whatever thread resumes them`, () => {
    const seeds = sweep({ quick: 1, full: 40 });
    for (let seed = 1; seed <= seeds; seed++) {
      const quantum = [250, 401, 1500, 10_000][seed % 4] ?? 250;
      using session = run(arch, "threads", { quantum, seed, policy: seed % 2 ? "rr" : "priority" });
      assertEquals(session.ending("coroutines"), "exit 0", `seed ${seed}`);
      assert(session.of("handler-entry").length > 12, "stacks have grown");
    }
  });
}
