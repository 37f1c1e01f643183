import { assertEquals } from "@std/assert";
import { fromBigAddress } from "../../bytes/mod.ts";
import { DW_CFA, DW_OP } from "../cfi/mod.ts";
import { FrameIterator } from "./frame_iterator.ts";
import { memoryOf } from "./memory.ts";
import { moduleFromTable } from "./module_sources.ts";
import { ModuleList } from "./module_list.ts";
import { buildStack, callPlaces } from "../testing/stack_builder.ts";
import { FrameImage, op } from "../testing/frame_image.ts";
import { sleb } from "../../bytes/testing/image_builder.ts";
import {
  CALLER,
  describe,
  RBP,
  RBX,
  RIP,
  RSP,
  STACK,
  trace,
  world,
  type WorldInit,
} from "../testing/walk_world.ts";
import { backtrace } from "./walk.ts";

Deno.test("FrameIterator, walks built stacks of both machines", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const arm = machine === "aarch64";
    const [sp, fp, ra, saved] = arm ? [31, 29, 30, 19] : [7, 6, 16, 3];
    const image = new FrameImage();
    const cie = image.cie(
      arm
        ? {
          codeAlign: 4,
          returnAddress: 30,
          instructions: [op.defCfa(31, 0)],
        }
        : {},
    );
    for (let i = 0; i < 6; i++) {
      image.fde(cie, {
        begin: 0x1000 + i * 0x100,
        size: 0x100,
        instructions: [
          op.advance(1),
          op.defCfa(sp, 32 + 16 * i),
          op.offset(ra, 1),
          op.offset(fp, 2),
          ...(i % 2 === 0 ? [op.offset(saved, 3)] : []),
          ...(i % 3 === 0 ? [op.defCfaRegister(fp)] : []),
        ],
      });
    }
    const module = moduleFromTable({
      name: "built",
      begin: 0x1000n,
      end: 0x2000n,
      ehFrame: image.build(),
      ehFrameAddress: 0x10000n,
    });
    const places = callPlaces(module, { machine, count: 6 });
    assertEquals(places.length, 6);
    const calls = Array.from({ length: 100 }, (_, i) => places[i * 5 % 6]!);
    const stack = buildStack(calls, { machine });
    const iterator = new FrameIterator({
      registers: stack.registers,
      memory: memoryOf([stack.window]),
      modules: new ModuleList([module]),
    }, { start: "return-address" });
    const frames = [...iterator];
    assertEquals(frames.map((frame) => frame.pcAddress), stack.pcs);
    assertEquals(frames.map((frame) => frame.cfaAddress), stack.cfas);
    assertEquals(iterator.end, "return-address-zero");
    // The outermost frame has what the builder began with.
    assertEquals(frames.at(-1)!.registers.get(saved) !== undefined, true);
    assertEquals(iterator.next().done, true);
  }
});

Deno.test("FrameIterator, unwinds every instruction of an x86-64 prologue", () => {
  // 0x1000 push rbp; 0x1001 mov rbp, rsp; 0x1004 push rbx; 0x1005 …; 0x1010 pop rbx; 0x1011 pop
  // rbp; 0x1012 ret
  const callee = {
    name: "callee",
    begin: 0x1000,
    table: [
      op.advance(1),
      op.defCfaOffset(16),
      op.offset(RBP, 2),
      op.advance(3),
      op.defCfaRegister(RBP),
      op.advance(1),
      op.offset(RBX, 3),
      op.advance(13),
      op.defCfa(RSP, 8),
    ],
  };
  // Stack: rbx, rbp, return address, caller's frame.
  const stack = [0xbb, 0xb9, 0x2080, 0x1111, 0x2222];
  const states = [
    { pc: 0x1000, sp: STACK + 16, rbp: 0xb9, rbx: 0xbb },
    { pc: 0x1001, sp: STACK + 8, rbp: 0xb9, rbx: 0xbb },
    { pc: 0x1004, sp: STACK + 8, rbp: STACK + 8, rbx: 0xbb },
    { pc: 0x1005, sp: STACK, rbp: STACK + 8, rbx: 0x77 },
    { pc: 0x1010, sp: STACK, rbp: STACK + 8, rbx: 0x77 },
    { pc: 0x1012, sp: STACK + 16, rbp: 0xb9, rbx: 0xbb },
  ];
  for (const { pc, sp, rbp, rbx } of states) {
    const { frames, end } = backtrace(world({
      functions: [callee, CALLER],
      stack,
      registers: { [RIP]: pc, [RSP]: sp, [RBP]: rbp, [RBX]: rbx },
    }));
    const hex = pc.toString(16);
    assertEquals(end, "return-address-undefined", hex);
    assertEquals(frames.map((each) => each.function?.name), [
      "callee",
      "caller",
    ], hex);
    const { registers, pc: back } = frames[1]!;
    assertEquals(
      [back, registers.get(RSP), registers.get(RBP), registers.get(RBX)],
      [0x2080n, BigInt(STACK + 24), 0xb9n, 0xbbn],
      hex,
    );
    assertEquals(frames[0]!.cfa, BigInt(STACK + 24), hex);
  }
});

Deno.test("FrameIterator, unwinds every instruction of an AArch64 prologue", () => {
  // 0x1000 stp x29, x30, [sp, -32]!; 0x1004 mov x29, sp; 0x1008 …; 0x1010 ldp x29, x30, [sp], 32;
  // 0x1014 ret
  const callee = {
    name: "callee",
    begin: 0x1000,
    table: [
      op.advance(4),
      op.defCfaOffset(32),
      op.offset(29, 4),
      op.offset(30, 3),
      op.advance(4),
      op.defCfaRegister(29),
      op.advance(12),
      op.defCfa(31, 0),
      op.restore(29),
      op.restore(30),
    ],
  };
  const caller = {
    name: "caller",
    begin: 0x2000,
    table: [op.one(DW_CFA.undefined, 30)],
  };
  const stack = [0xf9, 0x2080, 1, 2, 3, 4];
  const states = [
    { pc: 0x1000, sp: STACK + 32, fp: 0xf9, lr: 0x2080 },
    { pc: 0x1004, sp: STACK, fp: 0xf9, lr: 0x2080 },
    { pc: 0x1008, sp: STACK, fp: STACK, lr: 0x5555 },
    { pc: 0x1014, sp: STACK + 32, fp: 0xf9, lr: 0x2080 },
  ];
  for (const { pc, sp, fp, lr } of states) {
    const { frames, end } = backtrace(world({
      machine: "aarch64",
      functions: [callee, caller],
      stack,
      registers: { 32: pc, 31: sp, 29: fp, 30: lr },
    }));
    const hex = pc.toString(16);
    assertEquals(end, "return-address-undefined", hex);
    const { registers, pc: back } = frames[1]!;
    assertEquals(
      [back, registers.get(31), registers.get(29)],
      [0x2080n, BigInt(STACK + 32), 0xf9n],
      hex,
    );
  }
});

Deno.test("FrameIterator, looks up calls one byte before the return address", () => {
  // The call is the last instruction of `first`, so the return address is the first of `second`.
  const functions = [
    { name: "first", begin: 0x1000, table: [op.one(DW_CFA.undefined, RIP)] },
    { name: "second", begin: 0x1100, table: [op.defCfaOffset(4096)] },
  ];
  const registers = { [RIP]: 0x1100, [RSP]: STACK };
  assertEquals(
    trace({ functions, registers }, { start: "return-address" }),
    ["first+256 call registered", "return-address-undefined"],
  );
  assertEquals(
    trace({ functions, registers }),
    ["second+0 call registered", "memory"],
  );
});

Deno.test("FrameIterator, looks up interrupted code at its own address", () => {
  const functions = [
    {
      name: "restorer",
      begin: 0x3000,
      signal: true,
      // A signal frame: PC, SP and RBX lie in memory above the stack pointer.
      table: [op.defCfa(RSP, 24), op.offset(RIP, 3), op.offset(RSP, 2), op.offset(RBX, 1)],
    },
    { name: "leaf", begin: 0x1100, table: [] },
    CALLER,
  ];
  const input = world({
    functions,
    stack: [0x1100, STACK + 24, 0xbb, 0x2080],
    registers: { [RIP]: 0x3010, [RSP]: STACK, 0: 0xaa },
  });
  const { frames, end } = backtrace(input);
  assertEquals(frames.map(describe), [
    "restorer+16 signal registered",
    "leaf+0 call registered",
    "caller+128 call registered",
  ]);
  assertEquals(end, "return-address-undefined");
  assertEquals(frames.map((each) => each.interrupted), [true, true, false]);
  // A handler has every register of the code it interrupted, a caller only those that survive
  // calls.
  assertEquals(frames[1]!.registers.get(RBX), 0xbbn);
  assertEquals(frames[1]!.registers.get(0), 0xaan);
  assertEquals(frames[2]!.registers.get(0), undefined);
  assertEquals(frames[2]!.registers.get(RBX), 0xbbn);
});

Deno.test("FrameIterator, walks a whole-register trap frame with its own return column", () => {
  // AArch64 vector code with CFI: ELR is column 33, SP and x30 are saved with it.
  const vector = {
    name: "vector",
    begin: 0x3000,
    signal: true,
    returnAddress: 33,
    table: [
      op.defCfa(31, 32),
      op.offset(33, 4),
      op.offset(31, 3),
      op.offset(30, 2),
      op.offset(0, 1),
    ],
  };
  const leaf = { name: "leaf", begin: 0x1000, table: [] };
  const caller = {
    name: "caller",
    begin: 0x2000,
    table: [op.one(DW_CFA.undefined, 30)],
  };
  const input = world({
    machine: "aarch64",
    functions: [vector, leaf, caller],
    stack: [0x1010, STACK + 0x400, 0x2080, 0xaa],
    registers: { 32: 0x3004, 31: STACK, 30: 0x9999 },
  });
  const { frames, end } = backtrace(input);
  assertEquals(end, "return-address-undefined");
  assertEquals(frames.map((each) => each.function?.name), [
    "vector",
    "leaf",
    "caller",
  ]);
  assertEquals(frames[1]!.registers.get(0), 0xaan);
  assertEquals(frames[2]!.registers.get(31), BigInt(STACK + 0x400));
});

Deno.test("FrameIterator, recovers registers by every rule", () => {
  const functions = [{
    name: "odd",
    begin: 0x1000,
    table: [
      op.one(DW_CFA.register, 12, 3), // r12 is in rbx
      op.one(DW_CFA.register, 3, 12), // and rbx in r12: both read before both are written
      op.one(DW_CFA.valOffset, 13, 2), // r13 = CFA - 16
      op.expression(14, [DW_OP.lit0 + 16, DW_OP.plus]), // r14 at CFA + 16
      op.valExpression(15, [DW_OP.breg0 + RSP, 1, DW_OP.plus]), // r15 = CFA + RSP + 1
      op.one(DW_CFA.undefined, 6),
      op.one(DW_CFA.sameValue, 0), // kept although calls do not keep it
    ],
  }, CALLER];
  const input = world({
    functions,
    stack: [0x2080, 1, 2, 3],
    registers: { [RIP]: 0x1010, [RSP]: STACK, 3: 33, 12: 12, 6: 66, 0: 7, 2: 5 },
  });
  const { registers } = backtrace(input).frames[1]!;
  const cfa = BigInt(STACK + 8);
  assertEquals([3, 12, 13, 14, 15, 6, 0, 2].map((each) => registers.get(each)), [
    12n,
    33n,
    cfa - 16n,
    3n,
    cfa + BigInt(STACK) + 1n,
    undefined,
    7n,
    undefined,
  ]);
});

Deno.test("FrameIterator, computes the CFA by an expression", () => {
  const functions = [{
    name: "plt",
    begin: 0x1000,
    table: [op.defCfaExpression([DW_OP.breg0 + RSP, ...sleb(24)])],
  }, CALLER];
  const input = world({
    functions,
    stack: [0, 0, 0x2080],
    registers: { [RIP]: 0x1000, [RSP]: STACK },
  });
  assertEquals(backtrace(input).frames.map((each) => each.cfa), [
    BigInt(STACK + 24),
    BigInt(STACK + 32),
  ]);
});

Deno.test("FrameIterator, strips signatures of return addresses", () => {
  const signed = (address: number) => BigInt(address) | 0x5a7a_0000_0000_0000n & ~(1n << 55n);
  const functions = (negate: boolean) => [{
    name: "signed",
    begin: 0x1000,
    table: [
      ...(negate ? [[DW_CFA.aarch64NegateRaState]] : []),
      op.defCfa(31, 16),
      op.offset(30, 1),
    ],
  }, { name: "caller", begin: 0x2000, table: [op.one(DW_CFA.undefined, 30)] }];
  const init = (negate: boolean): WorldInit => ({
    machine: "aarch64",
    functions: functions(negate),
    stack: [0, signed(0x2080)],
    registers: { 32: 0x1010, 31: STACK },
  });
  assertEquals(trace(init(true)), [
    "signed+16 call registered",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
  assertEquals(trace(init(false)), [
    "signed+16 call registered",
    "return-address",
  ]);
});

Deno.test("FrameIterator, follows a table to another stack", () => {
  // The root of a coroutine: its caller's CFA is stored on its own, higher, stack.
  const functions = [{
    name: "coroutine",
    begin: 0x1000,
    table: [],
  }, {
    name: "root",
    begin: 0x3000,
    table: [op.defCfaExpression([DW_OP.breg0 + RSP, 0, DW_OP.deref])],
  }, CALLER];
  assertEquals(
    trace({
      functions,
      stack: [0, 0, 0x2080, 0, 0, 0, 0x3010, STACK + 24],
      registers: { [RIP]: 0x1000, [RSP]: STACK + 48 },
    }),
    [
      "coroutine+0 call registered",
      "root+16 call registered",
      "caller+128 call registered",
      "return-address-undefined",
    ],
  );
});

Deno.test("FrameIterator, uses tables that are registered while it is warm", () => {
  const input = world({
    functions: [CALLER],
    stack: [0, 0, 0xb9, 0x2080, 0x2080],
    registers: { [RIP]: 0x8010, [RSP]: STACK, [RBP]: STACK + 16 },
  });
  const sources = () =>
    backtrace(input, { start: "return-address" }).frames.map((each) => each.source);
  assertEquals(sources(), ["frame-pointer", "registered"]);
  const image = new FrameImage("eh_frame", 0x20000);
  image.fde(image.cie(), {
    begin: 0x8000,
    size: 0x100,
    instructions: [op.defCfaOffset(40)],
  });
  const generated = input.modules.add(moduleFromTable({
    name: "generated",
    begin: 0x8000n,
    end: 0x9000n,
    ehFrame: image.build(),
    ehFrameAddress: 0x20000n,
  }));
  assertEquals(sources(), ["registered", "registered"]);
  assertEquals(sources(), ["registered", "registered"]);
  assertEquals(input.modules.remove(generated), true);
  assertEquals(sources(), ["frame-pointer", "registered"]);
  assertEquals(input.modules.remove(generated), false);
});

Deno.test("Frame, keeps its registers while the walk goes on", () => {
  const input = world({
    functions: [{ name: "callee", begin: 0x1000, table: [] }, CALLER],
    stack: [0x2080],
    registers: { [RIP]: 0x1000, [RSP]: STACK },
  });
  const iterator = new FrameIterator(input);
  const first = iterator.next().value!;
  const before = first.registers;
  iterator.next();
  assertEquals(before.sp, BigInt(STACK));
  assertEquals(first.registers.pc, 0x1000n);
  assertEquals(fromBigAddress(first.functionStart!), 0x1000);
});

Deno.test("FrameIterator, takes a register popped below the stack pointer for restored", () => {
  // push rbx; …; pop rbx; ret: tables of compilers change the CFA at the pop and leave the rule of
  // rbx.
  const epilogue: WorldInit = {
    functions: [{
      name: "leaf",
      begin: 0x1000,
      table: [op.offset(RBX, 2)],
    }, CALLER],
    // The slot rbx was popped from, overwritten by an interrupt, then the return address.
    stack: [0xbad, 0x2080],
    registers: { [RIP]: 0x1010, [RSP]: STACK + 8, [RBX]: 0x600d },
  };
  const callerRbx = (redZone?: number) =>
    backtrace(world(epilogue), redZone === undefined ? {} : { redZone }).frames[1]?.registers
      .get(RBX);
  assertEquals(callerRbx(), 0xbadn, "the table is believed");
  assertEquals(callerRbx(8), 0xbadn, "the word is in the red zone");
  assertEquals(callerRbx(0), 0x600dn);
  // A register not known cannot have been restored.
  const { [RBX]: _, ...unknown } = epilogue.registers;
  const frames = backtrace(world({ ...epilogue, registers: unknown }), { redZone: 0 }).frames;
  assertEquals(frames[1]?.registers.get(RBX), 0xbadn);
  // A frame that made a call owns what is below its stack pointer no longer, but has not popped
  // anything.
  const called = backtrace(world(epilogue), { redZone: 0, start: "return-address" }).frames;
  assertEquals(called[1]?.registers.get(RBX), 0xbadn);
});

Deno.test("FrameIterator, takes what cannot be read below the stack pointer for popped", () => {
  // The same epilogue, with memory that begins at the stack pointer.
  const epilogue: WorldInit = {
    functions: [{ name: "leaf", begin: 0x1000, table: [op.offset(RBX, 2)] }, CALLER],
    stack: [0x2080],
    registers: { [RIP]: 0x1010, [RSP]: STACK, [RBX]: 0x600d },
  };
  const walk = backtrace(world(epilogue));
  assertEquals([walk.error, walk.end], [undefined, "return-address-undefined"]);
  assertEquals(walk.frames[1]?.registers.get(RBX), 0x600dn);
  // What is not known cannot have been popped, and a call pops nothing.
  const { [RBX]: _, ...unknown } = epilogue.registers;
  assertEquals(trace({ ...epilogue, registers: unknown }).at(-1), "memory");
  assertEquals(trace(epilogue, { start: "return-address" }).at(-1), "memory");
  // Above the stack pointer everything is still there.
  const table = [op.signed(DW_CFA.offsetExtendedSf, RBX, -9)];
  const above = { ...epilogue, functions: [{ name: "leaf", begin: 0x1000, table }, CALLER] };
  assertEquals(trace(above).at(-1), "memory");
});
