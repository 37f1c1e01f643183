import { assertEquals } from "@std/assert";
import { RegisterSet } from "../unwind/walk/mod.ts";
import { type Activation, ShadowStack } from "./shadow_stack.ts";

function call(sp: bigint): Activation {
  return { how: "call", pc: 0x1000n + sp, sp, registers: new RegisterSet("x86_64") };
}

function stackOf(...sps: bigint[]): ShadowStack {
  const stack = new ShadowStack(0x9000n);
  for (const sp of sps) stack.push(call(sp));
  return stack;
}

Deno.test("ShadowStack.landAt, ends the calls below a stack pointer and the one made with it", () => {
  const stack = stackOf(0x8000n, 0x7000n, 0x6000n, 0x5000n);
  stack.landAt(0x6000n);
  assertEquals(stack.activations.map(({ sp }) => sp), [0x8000n, 0x7000n]);
  stack.landAt(0x6ff0n);
  assertEquals(
    stack.activations.length,
    2,
    "the running function had moved its stack pointer only",
  );
});

Deno.test("ShadowStack.landAt, leaves the outermost code", () => {
  const stack = stackOf(0x8000n);
  stack.landAt(0x9000n);
  assertEquals(stack.activations, []);
  assertEquals(stack.rootCfa, 0x9000n);
});

Deno.test("ShadowStack.pop, gives back what was suspended last", () => {
  const stack = stackOf(0x8000n, 0x7000n);
  assertEquals(stack.top?.sp, 0x7000n);
  assertEquals(stack.pop()?.sp, 0x7000n);
  assertEquals(stack.pop()?.sp, 0x8000n);
  assertEquals(stack.pop(), undefined);
});
