import { assertEquals, assertThrows } from "@std/assert";
import type { TrapFrame } from "../../../../arch/mod.ts";
import { signalOf } from "./linux.ts";

/** A frame of which Linux, as told here, touches no more than this. */
function frameOf(pc: bigint) {
  const set: [string, bigint][] = [];
  const frame = {
    pc,
    sp: 0x1238n,
    setRegister: (name: string, value: bigint) => set.push([name, value]),
  } as unknown as TrapFrame;
  return { frame, set };
}

const PC = 0x4000n;

Deno.test("signalOf, every kind of exception", () => {
  const cases: readonly (readonly [bigint, bigint, string])[] = [
    [0x9200_0007n, 0x5000n, "11/1 5000"], // read, translation fault
    [0x9200_004fn, 0x5000n, "11/2 5000"], // write, permission fault
    [0x9200_000bn, 0x5000n, "11/2 5000"], // access flag fault
    [0x9200_0021n, 0x5001n, "7/1 5001"], // alignment
    [0x8200_000fn, 0x4000n, "11/2 4000"], // fetch
    [0x9200_0004n, 0xab00_0000_0000_5000n, "11/1 5000"], // the tag goes
    [0x9200_0004n, 0xffff_0000_0000_5000n, "11/1 ffff000000005000"],
    [0x8a00_0000n, 0x4002n, "7/1 4002"], // PC alignment
    [0x9a00_0000n, 0n, "7/1 1238"], // SP alignment
    [0xf200_0001n, 0n, "5/1 4000"],
    [0x0200_0000n, 0n, "4/1 4000"],
    [0x3a00_0000n, 0n, "4/1 4000"],
    [0x6230_0001n, 0n, "4/1 4000"],
  ];
  for (const [esr, far, expected] of cases) {
    const result = signalOf({ esr, far, pc: PC }, frameOf(PC).frame);
    assertEquals(
      result && `${result.signal}/${result.code} ${result.address.toString(16)}`,
      expected,
      esr.toString(16),
    );
  }
});

Deno.test("signalOf, Linux goes on after WFI and after a system call it does not have", () => {
  const wait = frameOf(PC);
  assertEquals(signalOf({ esr: 0x07e0_0000n, far: 0n, pc: PC }, wait.frame), undefined);
  assertEquals(wait.frame.pc, PC + 4n);
  const call = frameOf(PC);
  assertEquals(signalOf({ esr: 0x5600_0000n, far: 0n, pc: PC }, call.frame), undefined);
  assertEquals([call.frame.pc, call.set], [PC, [["x0", 0xffff_ffff_ffff_ffdan]]]);
});

Deno.test("signalOf, an external abort is refused", () => {
  assertThrows(() => signalOf({ esr: 0x9200_0010n, far: 0n, pc: PC }, frameOf(PC).frame), Error);
});
