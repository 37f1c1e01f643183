import { assertEquals } from "@std/assert";
import { DW_CFA } from "../cfi/mod.ts";
import { op } from "../testing/frame_image.ts";
import { CALLER, RIP, RSP, STACK, trace, type WorldInit } from "../testing/walk_world.ts";

/** Where the stub's code is. */
const CODE = 0x3000;

const ARM_CALLER = { ...CALLER, table: [op.one(DW_CFA.undefined, 30)] };

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text.trim().split(/\s+/), (byte) => parseInt(byte, 16));
}

/** A stub: each instruction's bytes, and how many bytes are on the stack before it runs. */
type StubCase = readonly (readonly [bytes: string, pushed: number])[];

const X86_64: Readonly<Record<string, StubCase>> = {
  "lazy": [
    ["ff 25 e2 2f 00 00", 0], // jmp *puts@got(%rip)
    ["68 07 00 00 00", 0], // push $7
    ["e9 70 ff ff ff", 8], // jmp header
  ],
  "header": [
    ["ff 35 ca 2f 00 00", 8], // push got+8(%rip)
    ["ff 25 cc 2f 00 00", 16], // jmp *got+16(%rip)
    ["0f 1f 40 00", NaN], // nop
  ],
  "header with bnd": [
    ["ff 35 ca 2f 00 00", 8], // push got+8(%rip)
    ["f2 ff 25 cc 2f 00 00", 16], // bnd jmp *got+16(%rip)
    ["0f 1f 00", NaN], // nop
  ],
  "bound": [
    ["ff 25 e2 2f 00 00", 0], // jmp *puts@got(%rip)
    ["66 90", NaN], // nop
  ],
  "bound with bnd": [
    ["f2 ff 25 e2 2f 00 00", 0], // bnd jmp *puts@got(%rip)
    ["90", NaN], // nop
  ],
  "IBT, LLD": [
    ["f3 0f 1e fa", 0], // endbr64
    ["68 07 00 00 00", 0], // push $7
    ["e9 70 ff ff ff", 8], // jmp header
    ["66 90", NaN], // nop
  ],
  "IBT, GNU": [
    ["f3 0f 1e fa", 0], // endbr64
    ["68 07 00 00 00", 0], // push $7
    ["f2 e9 71 ff ff ff", 8], // bnd jmp header
    ["90", NaN], // nop
  ],
  "bnd": [
    ["68 07 00 00 00", 0], // push $7
    ["f2 e9 71 ff ff ff", 8], // bnd jmp header
    ["0f 1f 44 00 00", NaN], // nop
  ],
  "second, LLD": [
    ["f3 0f 1e fa", 0], // endbr64
    ["ff 25 e2 2f 00 00", 0], // jmp *puts@got(%rip)
    ["66 0f 1f 44 00 00", NaN], // nop
  ],
  "second, GNU": [
    ["f3 0f 1e fa", 0], // endbr64
    ["f2 ff 25 e2 2f 00 00", 0], // bnd jmp *puts@got(%rip)
    ["0f 1f 44 00 00", NaN], // nop
  ],
  "header with retpoline": [
    ["ff 35 5a 23 00 00", 8], // push got+8(%rip)
    ["4c 8b 1d 5b 23 00 00", 16], // mov got+16(%rip), %r11
    ["e8 0e 00 00 00", 16], // call 2f
    ["f3 90 0f ae e8 eb f9", NaN], // 1: pause; lfence; jmp 1b
    ["cc cc cc cc cc cc cc", NaN],
    ["4c 89 1c 24", NaN], // 2: mov %r11, (%rsp)
    ["c3", 24], // ret
  ],
  "retpoline": [
    ["4c 8b 1d 39 23 00 00", 0], // mov puts@got(%rip), %r11
    ["e8 e4 ff ff ff", 0], // call 2b of the header
    ["e9 d1 ff ff ff", NaN], // jmp 1b
    ["68 00 00 00 00", 0], // push $0
    ["e9 b5 ff ff ff", 8], // jmp header
    ["cc cc cc cc cc", NaN],
  ],
  "bound retpoline": [
    ["4c 8b 1d 99 12 00 00", 0], // mov puts@got(%rip), %r11
    ["e9 d4 ff ff ff", 0], // jmp header
    ["cc cc cc cc", NaN],
  ],
  "header of bound retpolines": [
    ["e8 0b 00 00 00", 0], // call 2f
    ["f3 90 0f ae e8 eb f9", NaN], // 1: pause; lfence; jmp 1b
    ["cc cc cc cc", NaN],
    ["4c 89 1c 24", NaN], // 2: mov %r11, (%rsp)
    ["c3", 8], // ret
  ],
};

const AARCH64: Readonly<Record<string, StubCase>> = {
  "header": [
    ["f0 7b bf a9", 0], // stp x16, x30, [sp, #-16]!
    ["10 01 00 90", 16], // adrp x16, page of got+16
    ["11 0a 40 f9", 16], // ldr x17, [x16, #16]
    ["10 42 00 91", 16], // add x16, x16, #16
    ["20 02 1f d6", 16], // br x17
    ["1f 20 03 d5", NaN], // nop
  ],
  "header with BTI": [
    ["5f 24 03 d5", 0], // bti c
    ["f0 7b bf a9", 0], // stp x16, x30, [sp, #-16]!
    ["10 01 00 90", 16], // adrp x16, page of got+16
    ["11 0a 40 f9", 16], // ldr x17, [x16, #16]
    ["10 42 00 91", 16], // add x16, x16, #16
    ["20 02 1f d6", 16], // br x17
  ],
  "plain": [
    ["10 01 00 90", 0], // adrp x16, page of puts@got
    ["11 0e 40 f9", 0], // ldr x17, [x16, #24]
    ["10 62 00 91", 0], // add x16, x16, #24
    ["20 02 1f d6", 0], // br x17
  ],
  "BTI and PAC": [
    ["5f 24 03 d5", 0], // bti c
    ["10 01 00 90", 0], // adrp x16, page of puts@got
    ["11 0e 40 f9", 0], // ldr x17, [x16, #24]
    ["10 62 00 91", 0], // add x16, x16, #24
    ["9f 21 03 d5", 0], // autia1716
    ["20 02 1f d6", 0], // br x17
  ],
  "veneer": [
    ["10 00 00 90", 0], // adrp x16, page of the target
    ["10 02 00 91", 0], // add x16, x16, #0
    ["00 02 1f d6", 0], // br x16
  ],
  "far veneer": [
    ["50 00 00 58", 0], // ldr x16, 8 further
    ["00 02 1f d6", 0], // br x16
  ],
};

function programAt(
  machine: "x86_64" | "aarch64",
  place: { code: Uint8Array; at: number; pushed: number },
): WorldInit {
  const { code, at, pushed } = place;
  const isArm = machine === "aarch64";
  // What has been pushed, then the return address or what the caller keeps on its stack.
  const stack = [...Array(pushed / 8).fill(0x414141), isArm ? 0x4242 : 0x2080, 0x4343];
  return {
    machine,
    functions: [isArm ? ARM_CALLER : CALLER],
    stack,
    memory: [{ start: BigInt(CODE), bytes: code }],
    registers: isArm
      ? { 32: CODE + at, 31: STACK, 30: 0x2080, 29: 0 }
      : { [RIP]: CODE + at, [RSP]: STACK, 6: 0 },
  };
}

for (const [machine, cases] of [["x86_64", X86_64], ["aarch64", AARCH64]] as const) {
  for (const [name, parts] of Object.entries(cases)) {
    Deno.test(`FrameIterator, finds the caller of a stub without a table: ${machine}, ${name}`, () => {
      // A stub of the same kind before it, as in a real section.
      const one = parts.map(([bytes]) => bytes).join(" ");
      const code = bytesOf(`${one} ${one}`);
      let at = code.length / 2;
      for (const [bytes, pushed] of parts) {
        if (pushed === pushed) {
          assertEquals(
            trace(programAt(machine, { code, at, pushed })),
            [
              `0x${(CODE + at).toString(16)} call plt`,
              "caller+128 call registered",
              "return-address-undefined",
            ],
            bytes,
          );
        }
        at += bytes.split(" ").length;
      }
    });
  }
}

Deno.test("FrameIterator, takes no other code for a stub", () => {
  const none = (machine: "x86_64" | "aarch64", text: string, at = 0) =>
    assertEquals(
      trace(programAt(machine, { code: bytesOf(text), at, pushed: 0 })),
      [`0x${(CODE + at).toString(16)} call none`, "no-rule"],
      text,
    );
  none("x86_64", "68 07 00 00 00 e9 70 ff ff ff"); // push $7; jmp: anyone may do that
  none("x86_64", "ff 25 e2 2f"); // cut off
  none("x86_64", "90 ff 25 e2 2f 00 00"); // nop before
  none("aarch64", "10 01 00 90 11 0e 40 f9 20 00 1f d6"); // adrp; ldr; br x1
  none("aarch64", "01 01 00 90 20 02 1f d6"); // adrp x1; br x17
  none("aarch64", "f0 7b bf a9 1f 20 03 d5"); // stp; nop
});

Deno.test("FrameIterator, knows a stub across two pages and in a file", () => {
  const code = bytesOf("ff 25 e2 2f 00 00 68 07 00 00 00 e9 70 ff ff ff");
  const { memory: _, ...init } = programAt("x86_64", { code, at: 11, pushed: 8 });
  const parts = [
    { start: BigInt(CODE), bytes: code.slice(0, 8) },
    { start: BigInt(CODE + 8), bytes: code.slice(8) },
  ];
  assertEquals(trace({ ...init, memory: parts })[1], "caller+128 call registered");
});

Deno.test("FrameIterator, goes from what a retpoline calls through its stub to the caller", () => {
  const header = "ff 35 5a 23 00 00 4c 8b 1d 5b 23 00 00 e8 0e 00 00 00 f3 90 0f ae e8 eb f9 " +
    "cc cc cc cc cc cc cc 4c 89 1c 24 c3 cc cc cc cc cc cc cc cc cc cc cc ";
  const stub = "4c 8b 1d 39 23 00 00 e8 e4 ff ff ff e9 d1 ff ff ff 68 00 00 00 00 e9 b5 ff ff ff";
  const at = (stack: readonly number[]) =>
    trace({
      functions: [CALLER],
      stack,
      memory: [{ start: BigInt(CODE), bytes: bytesOf(header + stub) }],
      registers: { [RIP]: CODE + 32, [RSP]: STACK, 6: 0 },
    });
  // Called by the stub, and by the header for a stub that has pushed its index.
  assertEquals(at([CODE + 60, 0x2080]), [
    "0x3020 call plt",
    "0x303c call plt",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
  assertEquals(at([CODE + 18, 0x414141, 0, 0x2080]), [
    "0x3020 call plt",
    "0x3012 call plt",
    "caller+128 call registered",
    "return-address-undefined",
  ]);
});

Deno.test("FrameIterator, takes no stub for the place where a call returns to", () => {
  const code = bytesOf("ff 25 e2 2f 00 00");
  const init = programAt("x86_64", { code, at: 0, pushed: 0 });
  assertEquals(trace(init, { start: "return-address" }), ["0x3000 call none", "no-rule"]);
});
