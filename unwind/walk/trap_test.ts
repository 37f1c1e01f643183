import { assertEquals } from "@std/assert";
import { DW_CFA } from "../cfi/mod.ts";
import { fromBigAddress } from "../../bytes/mod.ts";
import { WordReader } from "./memory.ts";
import { op } from "../testing/frame_image.ts";
import { STACK, world, type WorldInit } from "../testing/walk_world.ts";
import { describeTrap, type TrapLayout, type TrapStub } from "./trap.ts";
import { backtrace } from "./walk.ts";

const RSP = 7;
const RIP = 16;

/**
 * What a stub pushed and the processor before it, from low to high addresses: rbx, rax, then the
 * hardware frame: (error code), rip, cs, rflags, rsp, ss.
 */
const LAYOUT: TrapLayout = {
  saved: new Map([[3, 0], [0, 8], [RIP, 16], [51, 24], [49, 32], [RSP, 40], [52, 48]]),
  errorCodeAt: 16,
};

/**
 * A stub at 0x3000 whose trap frame is at the stack pointer, at 0x3100 for frames with an error
 * code.
 */
function stub(withErrorCode: boolean): TrapStub {
  const begin = withErrorCode ? 0x3100n : 0x3000n;
  return {
    begin,
    end: begin + 0x100n,
    describe({ pc, registers, memory }) {
      // The first instruction has not saved anything yet; the table is right there.
      if (pc === begin) return undefined;
      const base = registers.sp!;
      const plain = describeTrap(LAYOUT, { base, from: "kernel", withErrorCode });
      const cs = new WordReader(memory).number(
        base + BigInt(plain.saved.get(51)!),
        8,
      );
      return describeTrap(LAYOUT, {
        base,
        withErrorCode,
        from: (cs! & 3n) === 3n ? "user" : "kernel",
        label: withErrorCode ? "#PF" : "IRQ",
      });
    },
  };
}

const CODE = [
  { name: "irq_stub", begin: 0x3000 },
  { name: "fault_stub", begin: 0x3100 },
  { name: "handler", begin: 0x4000, table: [op.defCfaOffset(16)] },
  { name: "victim", begin: 0x1000, table: [op.defCfaOffset(24)] },
  { name: "caller", begin: 0x2000, table: [op.one(DW_CFA.undefined, RIP)] },
];

function walk(init: Omit<WorldInit, "functions">, stopAtUser = false) {
  const input = world({ functions: CODE, ...init });
  input.modules.addTrapStub(stub(false));
  input.modules.addTrapStub(stub(true));
  return backtrace(input, { stopAtUser });
}

const KERNEL_CS = 0x08;
const USER_CS = 0x23;

Deno.test("FrameIterator, goes through a trap from the kernel", () => {
  const { frames, end } = walk({
    // handler's frame: one local, return address into the stub; then the trap frame; then victim's
    // frame.
    stack: [
      ...[7, 0x3020],
      ...[0xbb, 0xaa, 0x1010, KERNEL_CS, 0x246, STACK + 72, 0x10],
      ...[1, 2, 0x2080],
    ],
    registers: { [RIP]: 0x4004, [RSP]: STACK },
  });
  assertEquals(end, "return-address-undefined");
  assertEquals(
    frames.map((each) => `${each.function?.name} ${each.kind} ${each.source}`),
    [
      "handler call registered",
      "irq_stub trap trap",
      "victim call registered",
      "caller call registered",
    ],
  );
  const [, trap, victim] = frames;
  assertEquals([trap?.trap?.label, trap?.trap?.from], ["IRQ", "kernel"]);
  assertEquals(trap?.cfa, BigInt(STACK + 16));
  assertEquals(victim?.interrupted, true);
  assertEquals(victim?.pc, 0x1010n);
  assertEquals(victim?.registers.get(0), 0xaan);
  assertEquals(victim?.registers.get(49), 0x246n);
  assertEquals(victim?.registers.sp, BigInt(STACK + 72));
});

Deno.test("FrameIterator, allows for an error code", () => {
  const { frames } = walk({
    stack: [
      ...[7, 0x3120],
      ...[0xbb, 0xaa, 0xe, 0x1010, KERNEL_CS, 0x246, STACK + 80, 0x10],
      ...[1, 2, 0x2080],
    ],
    registers: { [RIP]: 0x4004, [RSP]: STACK },
  });
  assertEquals(frames.map((each) => each.function?.name), [
    "handler",
    "fault_stub",
    "victim",
    "caller",
  ]);
  assertEquals(frames[1]?.trap?.label, "#PF");
});

Deno.test("FrameIterator, goes through nested traps to another stack and to user mode", () => {
  const user = 0x6000;
  const init = {
    stack: [
      // An IRQ interrupts the fault stub itself, after it saved its registers.
      ...[0xb1, 0xa1, 0x3140, KERNEL_CS, 0x46, STACK + 56, 0x10],
      // The fault came from user mode, whose stack is elsewhere, below.
      ...[0xb2, 0xa2, 0x6, 0x1010, USER_CS, 0x246, user, 0x1b],
    ],
    registers: { [RIP]: 0x3010, [RSP]: STACK },
    memory: [{ start: BigInt(user), bytes: wordsOf(1, 2, 0x2080) }],
  };
  const { frames, end } = walk(init);
  assertEquals(
    frames.map((each) => `${each.function?.name} ${each.kind}`),
    ["irq_stub trap", "fault_stub trap", "victim call", "caller call"],
  );
  assertEquals(frames[1]?.trap?.from, "user");
  assertEquals(frames[2]?.registers.get(3), 0xb2n);
  assertEquals(frames[3]?.registers.sp, BigInt(user + 24));
  assertEquals(end, "return-address-undefined");
  const stopped = walk(init, true);
  assertEquals([stopped.frames.length, stopped.end], [2, "user"]);
});

Deno.test("FrameIterator, asks the table where the describer knows nothing", () => {
  const { frames } = walk({
    stack: [0x2080],
    registers: { [RIP]: 0x3000, [RSP]: STACK },
  });
  assertEquals(frames[0]?.source, "none");
});

Deno.test("FrameIterator, rejects descriptions that do not fit", () => {
  const kind = (stub: Pick<TrapStub, "describe">) => {
    const input = world({
      functions: CODE,
      stack: [1, 2, 3],
      registers: { [RIP]: 0x3010, [RSP]: STACK },
    });
    input.modules.addTrapStub({ begin: 0x3000n, end: 0x3100n, ...stub });
    const { frames, error } = backtrace(input);
    assertEquals(frames.length, 1);
    return error?.kind;
  };
  const base = BigInt(STACK);
  const trap = (saved: [number, number][], at = base) => ({
    describe: () => ({ base: at, saved: new Map(saved), from: "kernel" }) as const,
  });
  assertEquals(kind(trap([[RSP, 0]])), "trap");
  assertEquals(kind(trap([[RIP, 0], [20, 8]])), "trap");
  assertEquals(kind(trap([[RIP, 400]])), "memory");
  assertEquals(kind(trap([[RIP, 0]], 0x1234567890abcdefn)), "trap");
});

Deno.test("FrameIterator, takes register values a description gives", () => {
  const input = world({
    functions: CODE,
    stack: [0x1010, 1, 2, 0x2080],
    registers: { [RIP]: 0x3010, [RSP]: STACK },
  });
  input.modules.addTrapStub({
    begin: 0x3000n,
    end: 0x3100n,
    describe: ({ registers }) => ({
      base: registers.sp!,
      saved: new Map([[RIP, 0]]),
      values: new Map([[RSP, registers.sp! + 8n]]),
      cfa: registers.sp! + 8n,
      from: "kernel",
    }),
  });
  const { frames } = backtrace(input);
  assertEquals(frames.map((each) => each.function?.name), [
    "irq_stub",
    "victim",
    "caller",
  ]);
  assertEquals(fromBigAddress(frames[0]!.cfa!), STACK + 8);
});

function wordsOf(...values: readonly number[]): Uint8Array {
  return new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer);
}
