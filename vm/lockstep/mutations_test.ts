// What would go unnoticed if walks were not checked at every instruction, or values not compared: the
// same checks fail when the guest is made wrong.
import { assert, assertEquals } from "@std/assert";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { assemble, VM_FLAGS, type VmProgram } from "../mod.ts";
import { bitsFor } from "../testing/map_bits.ts";
import { followed } from "../testing/followed.ts";
import { orderOf, orderProgram } from "../testing/order_program.ts";

for (const arch of ARCH_NAMES) {
  Deno.test(`lockstep ${arch}, notices anchors that are stored or cleared wrongly`, async () => {
    const program = orderProgram([orderOf(1023)]);
    const swapped = await followed(arch, program, {
      every: 100,
      settings: { flags: VM_FLAGS.swapAnchorStores },
    });
    assert(swapped.mismatch?.includes("From the anchor"), swapped.mismatch);
    const kept = await followed(arch, program, {
      every: 100,
      settings: { flags: VM_FLAGS.noClearPc },
    });
    assert(kept.mismatch?.includes("The anchor is set"), kept.mismatch);
  });
}

/** Its only compiled method has values of both types in locals and operands, all of them different. */
function target(kind: string): VmProgram {
  return assemble(`
class Box refs 1 ints 1
method main() interpreter
  iconst 1111
  new Box
  iconst 2222
  invoke target
  invoke print
  return
end
method target(int a, ref b, int c): int ${kind}
  local x box y
  iconst 3333
  store x
  new Box
  store box
  iconst 4444
  store y
  load box
  load x
  load b
  iconst 5555
  invoke leaf
  load y
  add
  load a
  add
  load c
  add
  load x
  add
  puti 1
  load box
  geti 1
  load b
  load box
  same
  add
  return_value
end
method leaf(int v, ref o, int w): int interpreter
  load w
  return_value
end`);
}

for (const arch of ARCH_NAMES) {
  for (const kind of ["jit", "optimized"]) {
    Deno.test(`lockstep ${arch}, notices each bit of the map of ${kind} code`, async () => {
      const program = target(kind);
      const used = new Set<number>();
      const clean = await followed(arch, program, {
        onFrame(frame) {
          const { code } = frame;
          if (code?.name !== "target" || code.kind.name !== kind) return;
          for (const bit of bitsFor(frame)) used.add(bit);
        },
      });
      assertEquals([clean.mismatch, clean.printed], [undefined, [16_665n]]);
      const bits = [...used].sort((a, b) => a - b);
      assert(bits.length > 500, `${bits.length}`);
      const step = sweep({ quick: Math.ceil(bits.length / 4), full: 11 });
      const missed: number[] = [];
      for (let i = 3; i < bits.length; i += step) {
        const bit = bits[i]!;
        const settings = { flags: VM_FLAGS.flipMapBit, reserved: [BigInt(bit), 1n] };
        const { mismatch } = await followed(arch, program, { settings });
        if (mismatch === undefined) missed.push(bit);
      }
      assertEquals(missed, []);
    });
  }
}
