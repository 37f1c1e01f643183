import { assertEquals } from "@std/assert";
import { type Arrival, judge, type Verdict } from "./arrival.ts";
import { type Call, newFlow, type SavePoint, type Stack } from "./stacks.ts";

const BASE = 0x9000;
/** Addresses of code: a function's begin, behind a call, a saved place. */
const [ENTRY, BEHIND, SAVED, ELSEWHERE] = [0x100, 0x210, 0x320, 0x430] as const;

function callOf(ret: number, sp: number): Call {
  return { ret, sp, callee: ENTRY, slot: -1, live: true, doubtful: false, extra: null };
}

/** A stack with two calls, a save point in the frame of the inner one, left below them. */
function stackOf(): { stack: Stack; outer: Call; inner: Call; save: SavePoint } {
  const flow = newFlow({ address: 0, time: 0, pc: ENTRY, sp: BASE });
  const outer = callOf(BEHIND, BASE - 64);
  const inner = callOf(BEHIND + 4, BASE - 256);
  flow.calls.push(outer, inner);
  const save: SavePoint = {
    ...{ pc: SAVED, sp: BASE - 400, fp: 0, owner: inner, flow, saver: 0, time: 0, leftBy: null },
  };
  flow.saves.set(SAVED, new Map([[save.sp, save]]));
  flow.left = { address: 0, time: 0, sp: BASE - 480 };
  const stack: Stack = {
    ...{ id: 0, isThreads: false, allocation: null, base: BASE, low: BASE - 480, floor: 0 },
    ...{ flow, past: [], runner: null },
  };
  return { stack, outer, inner, save };
}

function kindOf(stack: Stack, arrival: Partial<Arrival>): Verdict["kind"] {
  const { pc = ELSEWHERE, sp = BASE - 600 } = arrival;
  const value = arrival.value ?? sp;
  return judge(stack, {
    ...{ pc, sp, value, handle: value, begins: false, exact: false, ...arrival },
  }).kind;
}

Deno.test("judge, what goes on as it was to: behind a call, at a save point, where it was left", () => {
  const { stack, inner, outer, save } = stackOf();
  assertEquals(kindOf(stack, { pc: inner.ret, sp: inner.sp }), "return");
  assertEquals(kindOf(stack, { pc: outer.ret, sp: outer.sp }), "return");
  assertEquals(kindOf(stack, { pc: save.pc, sp: save.sp }), "save");
  assertEquals(kindOf(stack, { value: BASE - 480 }), "left");
  assertEquals(kindOf(stack, { value: BASE - 472, handle: BASE - 480 }), "left");
});

Deno.test("judge, a save point whose frame was left is stale", () => {
  const { stack, inner, save } = stackOf();
  inner.live = false;
  assertEquals(kindOf(stack, { pc: save.pc, sp: save.sp }), "stale");
});

Deno.test("judge, a place that goes on with another stack pointer is misaligned, if that is near", () => {
  const { stack, inner, save } = stackOf();
  const by = (sp: number) =>
    judge(stack, {
      ...{ pc: save.pc, sp, value: save.sp, handle: save.sp, begins: false, exact: false },
    });
  assertEquals(by(save.sp - 8), {
    ...{ kind: "misaligned", expected: save.sp, found: save.sp - 8, save },
  });
  assertEquals(kindOf(stack, { pc: inner.ret, sp: inner.sp + 16 }), "misaligned");
  assertEquals(kindOf(stack, { pc: save.pc, sp: save.sp - 4096 }), "unknown");
  // Even where the stack pointer is that of a stack that was left: a call has moved it since.
  stack.flow.left = { address: 0, time: 0, sp: save.sp };
  assertEquals(by(save.sp - 8).kind, "misaligned");
});

Deno.test("judge, near where it was left counts only for instructions that were exact before", () => {
  const { stack } = stackOf();
  const value = BASE - 480 + 16;
  assertEquals(kindOf(stack, { value }), "unknown");
  assertEquals(kindOf(stack, { value, exact: true }), "misaligned");
  assertEquals(kindOf(stack, { value: value + 128, exact: true }), "unknown");
});

Deno.test("judge, what begins a function, or at the bottom, begins a context", () => {
  const { stack } = stackOf();
  assertEquals(kindOf(stack, { begins: true, value: BASE - 16 }), "fresh");
  assertEquals(kindOf(stack, { value: BASE }), "fresh");
  // A function that is called in the place of a switch goes on where the stack was left.
  assertEquals(kindOf(stack, { begins: true, value: BASE - 480 }), "left");
});

Deno.test("judge, what another context on the same stack has taken the place of is shared", () => {
  const { stack, save } = stackOf();
  stack.past.push(stack.flow);
  stack.flow = newFlow({ address: 0, time: 1, pc: ENTRY, sp: BASE });
  const verdict = judge(stack, {
    ...{ pc: save.pc, sp: save.sp, value: save.sp, handle: save.sp, begins: false, exact: false },
  });
  assertEquals(verdict, { kind: "shared", flow: save.flow });
});

Deno.test("judge, where a stack was left before is stale when the call it was left in is over", () => {
  const { stack, inner } = stackOf();
  const before = (within: { ret: number; sp: number }) =>
    stack.flow.before.set(BASE - 700, { address: 0, time: 0, sp: BASE - 700, within });
  before({ ret: BEHIND + 8, sp: BASE - 680 });
  assertEquals(kindOf(stack, { sp: BASE - 680, value: BASE - 700 }), "gone");
  assertEquals(kindOf(stack, { sp: BASE - 680, handle: BASE - 700 }), "gone");
  assertEquals(kindOf(stack, { sp: BASE - 680, value: BASE - 700, begins: true }), "fresh");
  before(inner);
  assertEquals(kindOf(stack, { sp: BASE - 680, value: BASE - 700 }), "unknown");
});
