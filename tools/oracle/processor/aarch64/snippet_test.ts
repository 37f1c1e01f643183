import { assertEquals } from "@std/assert";
import { readState, startOf, STATE_SIZE, writeState } from "./snippet.ts";

Deno.test("writeState, readState gives the state back", () => {
  const snippet = {
    name: "",
    code: "",
    x: { 3: 7n },
    v: { 31: (5n << 64n) | 6n },
    fpcr: 1n << 24n,
  };
  const state = startOf(snippet, { pc: 0x1000n, sp: 0x2000n });
  const view = new DataView(new ArrayBuffer(STATE_SIZE));
  writeState(view, state);
  assertEquals(readState(view), state);
  assertEquals([state.x[3], state.v[31], state.pc, state.sp], [
    7n,
    (5n << 64n) | 6n,
    0x1000n,
    0x2000n,
  ]);
});
