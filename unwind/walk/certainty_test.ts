import { assertEquals } from "@std/assert";
import { op } from "../testing/frame_image.ts";
import { DW_CFA } from "../cfi/mod.ts";
import {
  CALLER,
  RBP,
  RIP,
  RSP,
  STACK,
  words,
  world,
  type WorldInit,
} from "../testing/walk_world.ts";
import { memoryOf } from "./memory.ts";
import { ModuleList } from "./module_list.ts";
import { moduleFromElf } from "./module_sources.ts";
import { RegisterSet } from "./register_set.ts";
import { parseElf } from "../../elf/mod.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { backtrace } from "./walk.ts";

const BARE = { name: "bare", begin: 0x1000 };

/** Certainties of the frames, doubts in parentheses. */
function certainties(init: WorldInit): string[] {
  return backtrace(world(init)).frames.map(({ certainty, doubt }) =>
    doubt === undefined ? certainty : `${certainty} (${doubt})`
  );
}

/** Bytes before the return address 0x2080, as text. */
function before(text: string) {
  const bytes = Uint8Array.from(text.split(" "), (byte) => parseInt(byte, 16));
  return { start: BigInt(0x2080 - bytes.length), bytes };
}

Deno.test("Frame.certainty, is exact where tables lead", () => {
  assertEquals(
    certainties({
      functions: [{ name: "callee", begin: 0x1000, table: [] }, CALLER],
      stack: [0x2080],
      registers: { [RIP]: 0x1010, [RSP]: STACK },
    }),
    ["exact", "exact"],
  );
});

Deno.test("Frame.certainty, is that of the weakest step", () => {
  const middle = { name: "middle", begin: 0x2000, table: [] };
  const outer = { name: "outer", begin: 0x3000, table: [op.one(DW_CFA.undefined, RIP)] };
  assertEquals(
    certainties({
      functions: [BARE, middle, outer],
      stack: [0, 0, 0xb0, 0x2080, 0x3010],
      registers: { [RIP]: 0x1010, [RSP]: STACK, [RBP]: STACK + 16 },
    }),
    ["exact", "guessed", "guessed"],
  );
});

Deno.test("Frame.certainty, doubts a frame pointer that leads elsewhere, x86-64", () => {
  const guess = (init: Partial<WorldInit> & { back?: number; rbp?: number }) =>
    certainties({
      functions: [BARE, CALLER],
      stack: [0, 0, 0xb0, init.back ?? 0x2080],
      registers: { [RIP]: 0x1010, [RSP]: STACK, [RBP]: init.rbp ?? STACK + 16 },
      ...init,
    })[1];
  for (
    const call of [
      "e8 01 02 03 04", // call rel32
      "ff d0", // call *%rax
      "41 ff d4", // call *%r12
      "ff 10", // call *(%rax)
      "ff 14 24", // call *(%rsp)
      "ff 54 24 08", // call *8(%rsp)
      "ff 50 08", // call *8(%rax)
      "ff 90 00 01 00 00", // call *256(%rax)
      "ff 15 01 02 03 04", // call *x(%rip)
      "ff 14 c5 00 01 00 00", // call *256(, %rax, 8)
      "ff 94 c8 00 01 00 00", // call *256(%rax, %rcx, 8)
    ]
  ) assertEquals(guess({ memory: [before(call)] }), "guessed", call);
  for (
    const other of [
      "90 90 90 90 90 90 90", // nop
      "90 90 90 90 90 ff e0", // jmp *%rax
      "90 90 90 90 ff 10 90", // call *(%rax); nop
      "90 90 90 90 90 ff 50", // half a call
    ]
  ) assertEquals(guess({ memory: [before(other)] }), "doubtful (no-call)", other);
  assertEquals(guess({ back: 0x9000 }), "doubtful (no-code)");
  // The frame pointer leads to memory that is not next to the stack.
  const elsewhere = { start: 0x17000n, bytes: words([0, 0x2080]) };
  assertEquals(guess({ rbp: 0x17000, memory: [elsewhere] }), "doubtful (other-stack)");
});

Deno.test("Frame.certainty, doubts a frame pointer that leads elsewhere, AArch64", () => {
  const guess = (init: { back?: number; x29?: number; code?: string }) =>
    certainties({
      machine: "aarch64",
      functions: [BARE, { ...CALLER, table: [op.one(DW_CFA.undefined, 30)] }],
      stack: [0, 0, 0xb0, init.back ?? 0x2080, 0xb0, 0x2080],
      registers: { 32: 0x1010, 31: STACK, 29: init.x29 ?? STACK + 16 },
      memory: init.code === undefined ? [] : [before(init.code)],
    })[1];
  assertEquals(guess({}), "guessed");
  assertEquals(guess({ back: 0x2082 }), "doubtful (misaligned)");
  assertEquals(guess({ x29: STACK + 8, back: 0x2080 }), "doubtful (misaligned)");
  assertEquals(guess({ back: 0x9000 }), "doubtful (no-code)");
  for (
    const call of [
      "00 00 00 94", // bl
      "00 00 3f d6", // blr x0
      "1f 08 3f d6", // blraaz x0
      "01 08 3f d7", // blraa x0, x1
    ]
  ) assertEquals(guess({ code: call }), "guessed", call);
  for (
    const other of [
      "1f 20 03 d5", // nop
      "00 00 1f d6", // br x0
      "00 00 00 14", // b
    ]
  ) assertEquals(guess({ code: other }), "doubtful (no-call)", other);
});

Deno.test("FrameIterator, ends where a program is entered, without a doubtful frame behind that", () => {
  // As old AArch64 C libraries have it: no table for `_start`, which leaves the frame pointer.
  const code = new Uint8Array(0x1000);
  code[0x7f] = 0x94; // bl
  const walk = (entry: bigint, pc: bigint, back = 0xbad) => {
    const file = parseElf(elfImage({
      machine: "aarch64",
      entry,
      sections: [{ name: ".text", flags: 6, address: 0x1000, data: code }],
      segments: [{ address: 0x1000, section: 1 }],
    }));
    const bias = 0x10_0000n;
    const registers = [[32, pc + bias], [31, BigInt(STACK)], [29, BigInt(STACK)]] as const;
    const { frames, end } = backtrace({
      modules: new ModuleList([moduleFromElf(file, { bias })]),
      memory: memoryOf([
        { start: BigInt(STACK), bytes: words([0, back]) },
      ]),
      registers: RegisterSet.of("aarch64", registers),
    }, { start: "return-address" });
    return [...frames.map(({ certainty }) => certainty), end].join(" ");
  };
  assertEquals(walk(0x1000n, 0x102cn), "exact program-entry");
  assertEquals(walk(0x1000n, 0x1040n), "exact program-entry");
  assertEquals(walk(0x1000n, 0x1044n), "exact doubtful no-rule");
  assertEquals(walk(0x1000n, 0x1000n), "exact doubtful no-rule");
  assertEquals(walk(0n, 0x102cn), "exact doubtful no-rule");
  // Nothing is wrong with this one.
  assertEquals(walk(0x1000n, 0x102cn, 0x10_1080), "exact guessed no-rule");
});

Deno.test("Frame.certainty, code is what a file's segments call executable", () => {
  const module = moduleFromElf(
    parseElf(elfImage({
      sections: [
        { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(16) },
        { name: ".data", flags: 3, address: 0x2000, data: new Uint8Array(16) },
      ],
      segments: [{ address: 0x1000, section: 1 }, { address: 0x2000, section: 2, flags: 6 }],
    })),
    { bias: 0x10_0000n },
  );
  const holds = (address: number) => module.holdsCode(address);
  assertEquals([0x100fff, 0x101000, 0x10100f, 0x101010, 0x102000].map(holds), [
    false,
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("Frame.certainty, a jump to nowhere is a guess, and its caller is checked", () => {
  const jump = (code: string) =>
    certainties({
      functions: [CALLER],
      stack: [0x2080],
      registers: { [RIP]: 0, [RSP]: STACK },
      memory: [before(code)],
    });
  assertEquals(jump("ff d0"), ["exact", "guessed"]);
  assertEquals(jump("90 90 90 90 90 90 90"), ["exact", "doubtful (no-call)"]);
});
