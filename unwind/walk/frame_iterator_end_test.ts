import { assertEquals, assertThrows } from "@std/assert";
import { DW_CFA, DW_OP } from "../cfi/mod.ts";
import { WalkError } from "../errors.ts";
import { FrameIterator } from "./frame_iterator.ts";
import { op } from "../testing/frame_image.ts";
import { CALLER, RBP, RBX, RIP, RSP, STACK, trace, world } from "../testing/walk_world.ts";
import { backtrace } from "./walk.ts";
import type { WalkOptions } from "./walk_types.ts";

Deno.test("FrameIterator, ends where the stack ends", () => {
  const callee = { name: "callee", begin: 0x1000, table: [] };
  const at = (back: number, options?: WalkOptions) =>
    trace({
      functions: [callee, CALLER],
      stack: [back],
      registers: { [RIP]: 0x1000, [RSP]: STACK },
    }, options).at(-1);
  assertEquals(at(0), "return-address-zero");
  assertEquals(at(0x2080), "return-address-undefined");
  assertEquals(at(0x9000), "no-rule");
  assertEquals(at(0x2080, { maxFrames: 1 }), "frame-limit");
  assertEquals(at(0x2080, { maxFrames: 0 }), "frame-limit");
});

Deno.test("FrameIterator, believes the frame pointer where there is no table", () => {
  const x86 = {
    functions: [{ name: "bare", begin: 0x1000 }, CALLER],
    stack: [0, 0, 0xb9, 0x2080],
    registers: { [RIP]: 0x1010, [RSP]: STACK, [RBP]: STACK + 16 },
  };
  assertEquals(trace(x86), [
    "bare+16 call frame-pointer",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
  assertEquals(trace(x86, { framePointer: false }), [
    "bare+16 call none",
    "no-rule",
  ]);
  const { frames } = backtrace(world(x86));
  assertEquals(frames[1]!.registers.get(RBP), 0xb9n);
  assertEquals(
    trace({
      machine: "aarch64",
      functions: [
        { name: "bare", begin: 0x1000 },
        { name: "caller", begin: 0x2000, table: [op.one(DW_CFA.undefined, 30)] },
      ],
      stack: [0, 0, 0xf9, 0x2080],
      registers: { 32: 0x1010, 31: STACK, 29: STACK + 16 },
    }),
    [
      "bare+16 call frame-pointer",
      "caller+128 call registered",
      "return-address-undefined",
    ],
  );
});

Deno.test("FrameIterator, does not believe a frame pointer that cannot be one", () => {
  for (const fp of [0, STACK - 8, STACK + 17]) {
    const end = trace({
      functions: [{ name: "bare", begin: 0x1000 }],
      stack: [0, 0, 0, 0x2080],
      registers: { [RIP]: 0x1010, [RSP]: STACK, [RBP]: fp },
    });
    assertEquals(end, ["bare+16 call none", "no-rule"], `${fp}`);
  }
});

Deno.test("FrameIterator, finds the caller of a jump to nowhere", () => {
  assertEquals(
    trace({
      functions: [CALLER],
      stack: [0x2080],
      registers: { [RIP]: 0x66660000, [RSP]: STACK },
    }),
    [
      "0x66660000 call entry",
      "caller+128 call registered",
      "return-address-undefined",
    ],
  );
  assertEquals(
    trace({
      machine: "aarch64",
      functions: [
        { name: "caller", begin: 0x2000, table: [op.one(DW_CFA.undefined, 30)] },
      ],
      registers: { 32: 8, 31: STACK, 30: 0x2080 },
    }),
    ["0x8 call entry", "caller+128 call registered", "return-address-undefined"],
  );
});

Deno.test("FrameIterator, goes on from a call of address 0 that was interrupted", () => {
  // A handler with a table, a signal frame over it: the interrupted PC, then its stack pointer.
  const handler = { name: "handler", begin: 0x1000, table: [] };
  const restore = {
    name: "restore",
    begin: 0x3000,
    signal: true,
    table: [op.defCfaOffset(24), op.offset(RIP, 3), op.offset(RSP, 2)],
  };
  const interrupted = (pc: number, back: number) =>
    trace({
      functions: [handler, restore, CALLER],
      stack: [0x3001, pc, STACK + 32, 0, back],
      registers: { [RIP]: 0x1010, [RSP]: STACK },
    });
  const inner = ["handler+16 call registered", "restore+1 signal registered"];
  assertEquals(interrupted(0, 0x2080), [
    ...inner,
    "0x0 call entry",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
  // It is a stack frame even if nothing leads on.
  assertEquals(interrupted(0, 0), [...inner, "0x0 call none", "no-rule"]);
  const arm = (link: number) =>
    trace({
      machine: "aarch64",
      functions: [{ ...handler, returnAddress: 33, signal: true, table: [op.offset(33, 1)] }, {
        ...CALLER,
        table: [op.one(DW_CFA.undefined, 30)],
      }],
      registers: { 32: 0x1010, 31: STACK + 8, 30: link },
      stack: [0],
    });
  assertEquals(arm(0x2080), [
    "handler+16 signal registered",
    "0x0 call entry",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
  assertEquals(arm(0), ["handler+16 signal registered", "0x0 call none", "no-rule"]);
});

Deno.test("FrameIterator, says what is damaged", () => {
  const callee = (table: readonly (readonly number[])[]) => ({
    functions: [{ name: "callee", begin: 0x1000, table }, CALLER],
    stack: [0x2080, 0x1000],
    registers: { [RIP]: 0x1010, [RSP]: STACK },
  });
  const kind = (table: readonly (readonly number[])[]) => trace(callee(table)).slice(1);
  assertEquals(kind([op.defCfaOffset(4096)]), ["memory"]);
  const { error } = backtrace(world(callee([op.defCfaOffset(4096)])));
  assertEquals(
    error instanceof WalkError && [error.frame, error.address],
    [0, 0x1010n],
  );
  assertEquals(kind([op.defCfa(RBX, 8)]), ["cfa"]);
  assertEquals(kind([op.defCfa(20, 8)]), ["registers"]);
  assertEquals(
    kind([op.defCfaExpression([DW_OP.breg0 + RBX, 0])]),
    ["registers"],
  );
  assertEquals(kind([op.one(DW_CFA.register, RIP, RBX)]), ["return-address"]);
  assertEquals(kind([[0x3e]]), ["instruction"]);
  assertEquals(
    trace({
      ...callee([]),
      stack: [0x1234567890abcdefn],
    }).slice(1),
    ["return-address"],
  );
});

Deno.test("FrameIterator, ends where the stack leads back", () => {
  // Each frame says that its caller is itself, one word up, then back.
  const functions = [{
    name: "again",
    begin: 0x1000,
    table: [op.signed(DW_CFA.valOffsetSf, RSP, 0), op.offset(RIP, 1)],
  }];
  const same = {
    functions: [{
      ...functions[0]!,
      // CFA is RSP, and the caller's RSP is the CFA: nothing ever moves.
      table: [op.defCfa(RSP, 0), op.signed(DW_CFA.offsetExtendedSf, RIP, 0)],
    }],
    stack: [0x1010],
    registers: { [RIP]: 0x1010, [RSP]: STACK },
  };
  assertEquals(trace(same).at(-1), "loop");
  const down = {
    functions: [{
      name: "down",
      begin: 0x1000,
      table: [op.defCfa(RBX, 8), op.offset(RBX, 1), op.signed(DW_CFA.offsetExtendedSf, RIP, -1)],
    }],
    stack: [0, 0, STACK, 0, 0x1010],
    registers: { [RIP]: 0x1010, [RSP]: STACK, [RBX]: STACK + 16 },
  };
  assertEquals(trace(down).at(-1), "cfa");
});

Deno.test("FrameIterator, needs PC and SP", () => {
  const input = world({ functions: [], registers: { [RSP]: STACK } });
  const error = assertThrows(() => new FrameIterator(input), WalkError);
  assertEquals([error.kind, error.frame], ["registers", 0]);
});
