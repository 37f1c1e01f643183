import { assertEquals, assertThrows } from "@std/assert";
import { machineRegisters, registerName } from "../cfi/mod.ts";
import { RegisterSet, slotMap } from "./register_set.ts";

Deno.test("RegisterSet, keeps every tracked register whole", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const { tracked } = machineRegisters(machine);
    const value = (register: number) =>
      BigInt.asUintN(64, BigInt(register + 1) * 0xf123456789abcdefn);
    const set = RegisterSet.of(
      machine,
      tracked.map((each) => [each, value(each)] as const),
    );
    assertEquals(
      [...set.entries()],
      tracked.map((each) => [each, value(each)] as [number, bigint]),
    );
    assertEquals(slotMap(machine).count <= 64, true);
  }
});

Deno.test("RegisterSet, knows only what was set", () => {
  const set = new RegisterSet("aarch64");
  assertEquals([set.get(0), set.pc, set.sp], [undefined, undefined, undefined]);
  set.set(0, -1n);
  assertEquals(set.get(0), 0xffffffffffffffffn);
  assertEquals([...set.entries()].length, 1);
  assertEquals(set.get(50), undefined);
  assertThrows(() => set.set(50, 0n), RangeError);
});

Deno.test("RegisterSet.clone, is independent", () => {
  const set = RegisterSet.of("x86_64", [[7, 1n], [16, 2n]]);
  const copy = set.clone();
  copy.set(7, 9n);
  assertEquals([set.sp, copy.sp, copy.pc], [1n, 9n, 2n]);
});

Deno.test("registerName, is what readelf prints", () => {
  const x86 = (register: number) => registerName("x86_64", register);
  const arm = (register: number) => registerName("aarch64", register);
  assertEquals(
    [0, 1, 7, 8, 16, 17, 33, 49, 58, 60, 67, 118, 126].map(x86),
    [
      "rax",
      "rdx",
      "rsp",
      "r8",
      "rip",
      "xmm0",
      "st0",
      "rflags",
      "fs.base",
      "r60",
      "xmm16",
      "k0",
      "r126",
    ],
  );
  assertEquals(
    [0, 29, 30, 31, 32, 33, 34, 46, 48, 64, 96, 128].map(arm),
    ["x0", "x29", "x30", "sp", "r32", "elr", "r34", "vg", "p0", "v0", "z0", "r128"],
  );
});
