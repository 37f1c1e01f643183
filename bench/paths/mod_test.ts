import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { aarch64, x86_64 } from "../../arch/mod.ts";
import type { Arch } from "../../arch/arch.ts";
import { OpenPath } from "./measure.ts";
import { PATHS } from "./mod.ts";
import { everySecond, leftToFull } from "../../util/testing/sweep.ts";

const ARCHES = [x86_64, aarch64];
/** Paths of which a round executes no guest instruction. */
const HOST_ONLY = ["open and dispose", "restore", "snapshot", "encode", "decode"];

/** Guest instructions of a round of a path, by opening it. */
function instructions(arch: Arch, name: string): number {
  const path = PATHS.find((other) => other.name === name);
  assert(path !== undefined, `There is no path ${name}`);
  using open = new OpenPath(path, arch);
  return open.current.instructions;
}

for (const arch of ARCHES) {
  // The quick sweep has each path on one architecture.
  for (const path of everySecond(PATHS, ARCHES.indexOf(arch))) {
    Deno.test(`PATHS, ${path.name} on ${arch.name}: every sample and every opening takes the same instructions`, () => {
      const counts = [0, 1].map(() => {
        using open = new OpenPath(path, arch);
        // Each sample checks its own count.
        for (let i = 0; i < 3; i++) assertGreater(open.sample(), 0);
        return open.current.instructions;
      });
      assertEquals(counts[0], counts[1]);
      assert(Number.isSafeInteger(counts[0]));
      if (HOST_ONLY.includes(path.name)) assertEquals(counts[0], 0);
      else assertGreater(counts[0], 0);
    });
  }

  Deno.test(`PATHS, on ${arch.name} the TypeScript kernel adds no guest instruction to a trap`, () => {
    // The loop of the null system call has one instruction more: it loads the number.
    assertEquals(instructions(arch, "null syscall"), instructions(arch, "bare trap") + 1);
  });

  Deno.test(`PATHS, on ${arch.name} more work is more instructions`, {
    ignore: leftToFull(arch === x86_64),
  }, () => {
    const count = (path: string) => instructions(arch, path);
    assertLess(count("guest switch"), count("guest switch, space"));
    assertLess(count("stack handoff"), count("full switch"));
    assertLess(count("null syscall"), count("yield, same task"));
    assertLess(count("yield, same task"), count("yield, other task"));
    assertLess(count("demand-zero fault"), count("file page-in"));
    assertEquals(count("copyin"), count("copyout"));
  });
}

Deno.test("PATHS, names are unique", () => {
  assertEquals(new Set(PATHS.map(({ name }) => name)).size, PATHS.length);
});
