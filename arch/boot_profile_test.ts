import { assertEquals, assertNotEquals } from "@std/assert";
import { checkBoot } from "../trace/boot_grammar.ts";
import { type BootException, isException } from "../trace/boot_profile.ts";
import { type LogItem, toLogItems } from "../trace/log_items.ts";
import { syntheticBoot } from "../trace/testing/synthetic_boot.ts";
import type { ArchName } from "./arch.ts";
import { ARCHES } from "./mod.ts";

const PAGE = 0x400000n;
const COPY = 0xffff_0000_4022_28e0n;

type Report = readonly [kind: BootException, origin: string, words: Record<string, bigint>];

/** Exceptions as the boot logs of both machines report them. */
const REPORTS: Readonly<Record<ArchName, readonly Report[]>> = {
  aarch64: [
    ["first page copied out", "EL1", { ESR: 0x96000044n, FAR: PAGE, PC: COPY }],
    ["further page copied out", "EL1", { ESR: 0x96000047n, FAR: PAGE, PC: COPY }],
    ["page executed first", "EL0", { ESR: 0x8200000fn, FAR: PAGE }],
    ["floating point used first", "EL0", { ESR: 0x1fe00000n, FAR: PAGE }],
    ["system call", "EL0", { ESR: 0x56000000n, FAR: PAGE }],
  ],
  x86_64: [
    ["first page copied out", "CPL 0", { VEC: 14n, ERR: 2n, CR2: PAGE, PC: COPY }],
    ["page executed first", "CPL 3", { VEC: 14n, ERR: 0x15n, CR2: PAGE }],
    ["floating point used first", "CPL 3", { VEC: 7n }],
    ["system call", "CPL 3", { SYSCALL: 1n }],
  ],
};

for (const [name, { bootProfile: profile, userEnd }] of Object.entries(ARCHES)) {
  const reports = REPORTS[name as ArchName];
  const item = (origin: string, words: Record<string, bigint>): LogItem => ({
    type: "exception",
    at: 0,
    origin,
    words: Object.entries(words).map(([label, value]) => ({ label, value })),
  });

  Deno.test(`bootProfile ${name}, tells the exceptions of a boot apart`, () => {
    for (const [reported, origin, words] of reports) {
      for (const [kind] of reports) {
        const found = isException(item(origin, words), { kind, profile });
        assertEquals(found, kind === reported, `${reported} taken for ${kind}`);
      }
    }
  });

  Deno.test(`bootProfile ${name}, other origins and other causes are no exceptions of a boot`, () => {
    for (const [kind, origin, words] of reports) {
      assertEquals(isException(item("nowhere", words), { kind, profile }), false);
      for (const [label, value] of Object.entries(words)) {
        if (value === PAGE || value === COPY || label === "SYSCALL") continue;
        const changed = item(origin, { ...words, [label]: value + 1n });
        assertEquals(isException(changed, { kind, profile }), false, `${kind}, ${label}`);
      }
    }
  });

  Deno.test(`bootProfile ${name}, the stack is under the last entry of the root table`, () => {
    const entry = 1n << 39n;
    assertEquals(profile.stackFloor, ((userEnd - 1n) / entry) * entry);
  });

  Deno.test(`bootProfile ${name}, a boot satisfies the grammar of its own architecture only`, () => {
    const { events, expectation } = syntheticBoot(profile);
    for (const other of Object.values(ARCHES)) {
      const problems = checkBoot(toLogItems(events), {
        ...expectation,
        profile: other.bootProfile,
      });
      const expected = other.bootProfile === profile ? assertEquals : assertNotEquals;
      expected(problems, []);
    }
  });
}
