// The stack whose root scans are measured: the walk finds what the guest's own collector finds.
import { assert, assertEquals } from "@std/assert";
import { measureRoots } from "./unwind_roots.ts";

Deno.test("measureRoots, 1,000 methods with 10,000 references, by either walker", async () => {
  for (const { machine, frames, roots, guest } of await measureRoots(1)) {
    assertEquals(roots, 10_000, machine);
    // It begins at the native function that asks for it, the walk at the next one that is called; and
    // it has roots that are on no stack.
    assert(guest.roots >= roots && guest.roots < roots + 10, `${guest.roots}`);
    assert(guest.frames <= frames && guest.frames > frames - 10, `${guest.frames} of ${frames}`);
    assert(guest.instructions > roots);
  }
});
