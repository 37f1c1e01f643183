import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ArchName } from "../arch/arch.ts";
import { unwindProgram } from "../guest/boot_modules.ts";
import type { ModuleOptions } from "../kernel/machine_options.ts";
import { ARCH_NAMES } from "../kernel/testing/programs.ts";
import { Session } from "../kernel/testing/session.ts";
import { frameTablesOf } from "../unwind/cfi/mod.ts";
import { parseElf } from "../elf/mod.ts";
import { toBigAddress } from "../bytes/mod.ts";
import type { WalkMismatch } from "./mod.ts";
import { describeMismatch, verifyWalks } from "./mod.ts";

// What a wrong table is, in the instructions of one function's entry (DWARF 5, 6.4.2; 7.24).
const DEF_CFA_OFFSET = 0x0e;
const OFFSET = 0x80;

interface Damage {
  /** Operation of the call frame instruction. */
  readonly operation: number;
  /** Changes it; gets the table's entry from it on. */
  readonly change: (bytes: Uint8Array) => void;
}

/** Register a function with a body saves, and its number. */
const SAVED = { x86_64: ["rbx", 3], aarch64: ["x19", 19] } as const;

/** The program `unwind`, with the first such instruction of a function changed in its table. */
async function damaged(arch: ArchName, name: string, damage: Damage): Promise<ModuleOptions> {
  const module = await unwindProgram(arch, { args: "panic 0", mode: "user" });
  const bytes = module.bytes.slice();
  const elf = parseElf(bytes, { name: "unwind" });
  const symbol = elf.symbolNamed(name);
  const section = elf.section(".eh_frame");
  const [table] = frameTablesOf(elf);
  assert(symbol !== undefined && section !== undefined && table !== undefined);
  const fde = [...table.fdes()].find(({ start }) => toBigAddress(start) === symbol.value);
  assert(fde !== undefined);
  const entry = bytes.subarray(
    section.offset + fde.instructionsAt,
    section.offset + fde.instructionsEnd,
  );
  const at = entry.indexOf(damage.operation);
  assert(at >= 0, `no operation ${damage.operation} in the entry of ${name}`);
  damage.change(entry.subarray(at));
  return { ...module, bytes };
}

function mismatchOf(arch: ArchName, module: ModuleOptions): WalkMismatch {
  using session = new Session({ arch, programs: [module] });
  const { mismatch } = verifyWalks(session.machine, { scope: "user" });
  assert(mismatch !== null, "a wrong table went unnoticed");
  return mismatch;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`verifyWalks ${arch}, names the instruction at which a CFA is wrong first`, async () => {
    const mismatch = mismatchOf(
      arch,
      await damaged(arch, "level3", {
        operation: DEF_CFA_OFFSET,
        change: (bytes) => bytes[1] = (bytes[1] ?? 0) + 16,
      }),
    );
    // The one after the function's first: push %rbp (a byte), or sub sp, sp, #48.
    assertEquals(mismatch.location, `level3+${arch === "x86_64" ? "0x1" : "0x4"}`);
    assertEquals([mismatch.frame, mismatch.thread.task], [0, "unwind"]);
    const [expected, found] = [mismatch.expected[0], mismatch.found[0]];
    assertEquals((found?.cfa ?? 0n) - (expected?.cfa ?? 0n), 16n);
    const text = describeMismatch(mismatch);
    assertStringIncludes(text, `(${mismatch.location}) of unwind, time ${mismatch.time}, frame #0`);
    assertStringIncludes(text, "level2+");
  });

  Deno.test(`verifyWalks ${arch}, names the register that is restored wrongly`, async () => {
    const [name, number] = SAVED[arch];
    const mismatch = mismatchOf(
      arch,
      await damaged(arch, "level3", {
        operation: OFFSET | number,
        // It is looked for where the return address is: at CFA - 8, or where x30 is.
        change: (bytes) =>
          bytes[1] = arch === "x86_64" ? 1 : bytes[bytes.indexOf(OFFSET | 30) + 1] ?? 0,
      }),
    );
    assertEquals(mismatch.frame, 1);
    assert(mismatch.reason.startsWith(`${name} is `), mismatch.reason);
    assert(mismatch.location.startsWith("level3+"), mismatch.location);
  });

  Deno.test(`verifyWalks ${arch}, a walk that ends too soon is wrong`, async () => {
    const mismatch = mismatchOf(
      arch,
      await damaged(arch, "level4", {
        // DW_CFA_undefined of the return address, of as many bytes.
        operation: DEF_CFA_OFFSET,
        change: (bytes) => bytes.set([0x07, arch === "x86_64" ? 16 : 30]),
      }),
    );
    assert(mismatch.location.startsWith("level4+"), mismatch.location);
    assert(mismatch.found.length < mismatch.expected.length);
  });
}
