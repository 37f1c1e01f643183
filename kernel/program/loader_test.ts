import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { archByName } from "../../arch/mod.ts";
import { Random } from "../../util/random.ts";
import { KernelError } from "../errors.ts";
import { type Program, readProgram, STACK_SIZE } from "./loader.ts";
import { elfProgram, type ProgramSpec } from "../testing/elf_program.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";

function load(bytes: Uint8Array, name: ArchName = "x86_64"): Program {
  return readProgram(bytes, { name: "victim", arch: archByName(name) });
}

const CODE = new Uint8Array(64).fill(0x90);

function program(spec: Partial<ProgramSpec> = {}): Uint8Array<ArrayBuffer> {
  return elfProgram({
    machine: "x86_64",
    segments: [{ address: 0x400000n, bytes: CODE }],
    ...spec,
  });
}

/** The refusal of a file; every one names the file and is a KernelError. */
function refusal(bytes: Uint8Array, name?: ArchName): KernelError {
  const error = assertThrows(() => load(bytes, name), KernelError);
  assertEquals(error.kind, "program");
  assert(error.message.startsWith("Cannot load victim: "), error.message);
  return error;
}

function assertRefused(bytes: Uint8Array, ...parts: readonly (string | RegExp)[]): KernelError {
  const error = refusal(bytes);
  for (const part of parts) {
    const found = typeof part === "string"
      ? error.message.includes(part)
      : part.test(error.message);
    assert(found, `${error.message} lacks ${part}`);
  }
  return error;
}

Deno.test("readProgram, reads segments with address, sizes and protection", () => {
  const { entry, segments } = load(program({
    entry: 0x400010n,
    segments: [
      { address: 0x400000n, bytes: CODE },
      { address: 0x401010n, bytes: CODE, flags: "r" },
      { address: 0x402000n, bytes: CODE, memorySize: 0x3000n, flags: "rw" },
    ],
  }));
  assertEquals(entry, 0x400010n);
  const brief = segments.map(({ address, fileSize, memorySize, protection }) =>
    [address, fileSize, memorySize, ...Object.values(protection)] as const
  );
  assertEquals(brief, [
    [0x400000n, 64, 64n, true, false, true],
    [0x401010n, 64, 64n, true, false, false],
    [0x402000n, 64, 0x3000n, true, true, false],
  ]);
});

Deno.test("readProgram, leaves out empty segments and those that are not loaded", () => {
  const { segments } = load(program({
    segments: [
      { address: 0x400000n, bytes: CODE },
      { address: 0x400000n, bytes: new Uint8Array(0) },
      { address: 0n, bytes: CODE, type: 4 },
    ],
  }));
  assertEquals(segments.length, 1);
});

for (const arch of ARCH_NAMES) {
  Deno.test(`readProgram ${arch}, refuses every truncation of a real program`, () => {
    const bytes = programFile("threads", arch);
    const whole = load(bytes, arch);
    const needed = Math.max(...whole.segments.map(({ offset, fileSize }) => offset + fileSize));
    const lengths = new Set([0, 1, 3, 4, 5, 15, 16, 17, 19, 24, 31, 32, 63, 64, 65, needed - 1]);
    for (let length = 64; length < 64 + 56 * 8; length += 8) lengths.add(length);
    for (const { offset, fileSize } of whole.segments) {
      for (const at of [offset - 1, offset, offset + 1, offset + fileSize - 1]) {
        if (at >= 0 && at < needed) lengths.add(at);
      }
    }
    for (const length of lengths) refusal(bytes.subarray(0, length), arch);
    // What follows the segments (symbols, section names) is not needed to load a program.
    assertEquals(load(bytes.slice(0, needed), arch).segments.length, whole.segments.length);
  });

  Deno.test(`readProgram ${arch}, refuses the other architecture's program by both names`, () => {
    const other = ARCH_NAMES.find((name) => name !== arch) ?? arch;
    const { message } = refusal(programFile("threads", other), arch);
    assert(message.endsWith(`it is for ${other}, this machine is ${arch}`), message);
  });
}

Deno.test("readProgram, refuses what is not an ELF file at all", () => {
  assertRefused(new TextEncoder().encode("#!/bin/sh\n".repeat(20)), "ELF header", "7f 45 4c 46");
  assertRefused(new Uint8Array(4096), "ELF header");
});

for (
  const [what, at, value, ...parts] of [
    ["class", 4, 1, "class", "64-bit"],
    ["byte order", 5, 2, "encoding", "little-endian"],
    ["machine", 18, 3, "ELF machine is 3"],
    ["type", 16, 9, "ELF type is 9"],
    ["program header size", 54, 32, "32", "56"],
  ] as const
) {
  Deno.test(`readProgram, refuses a wrong ${what} with what it found and expected`, () => {
    const bytes = program();
    bytes[at] = value;
    const error = assertRefused(bytes, ...parts);
    assertInstanceOf(error.cause, Error);
  });
}

for (const [type, name] of [[1, "relocatable"], [3, "shared"], [4, "core"]] as const) {
  Deno.test(`readProgram, refuses a file of type ${name}`, () => {
    assertRefused(program({ type }), `its type is ${name}, expected executable`);
  });
}

Deno.test("readProgram, refuses a file without segments", () => {
  assertRefused(program({ segments: [] }), "it has no segment to load");
  const empty = { address: 0x400000n, bytes: new Uint8Array(0) };
  assertRefused(program({ segments: [empty] }), "it has no segment to load");
});

Deno.test("readProgram, refuses segments that overlap or share a page, by both addresses", () => {
  const at = (address: bigint) => ({ address, bytes: CODE });
  for (const address of [0x400000n, 0x400020n, 0x400040n, 0x400fffn, 0x3fffffn]) {
    const error = assertRefused(
      program({ segments: [at(0x400000n), at(address)], entry: 0x400000n }),
      `segment 1 at 0x${address.toString(16)}`,
      "shares a page with the segment at 0x400000",
    );
    assertEquals(error.address, address);
  }
  assertEquals(load(program({ segments: [at(0x400000n), at(0x401000n)] })).segments.length, 2);
});

for (
  const [what, address, memorySize] of [
    ["in the null page", 0n, 64n],
    ["that begins in the null page", 0xff0n, 64n],
    ["in the stack's place", (1n << 47n) - 4096n - STACK_SIZE, 64n],
    ["that reaches into the stack", (1n << 47n) - 4096n - STACK_SIZE - 64n, 65n],
    ["at the end of the user half", (1n << 47n) - 4096n, 64n],
    ["in the non-canonical hole", 1n << 47n, 64n],
    ["in the kernel half", 0xffff_8000_0020_0000n, 64n],
    ["that wraps", 0x400000n, (1n << 64n) - 0x400000n],
    ["of nearly 2^64 bytes", 0x400000n, (1n << 64n) - 1n],
  ] as const
) {
  Deno.test(`readProgram, refuses a segment ${what}`, () => {
    const segment = { address, bytes: CODE, memorySize };
    const error = assertRefused(
      program({ segments: [segment], entry: address }),
      `segment 0 at 0x${address.toString(16)}`,
      "is outside of 0x1000 to 0x7ffffffbf000",
    );
    assertEquals(error.address, address);
  });
}

Deno.test("readProgram, refuses a segment with more bytes in the file than in memory", () => {
  const segment = { address: 0x400000n, bytes: CODE, memorySize: 63n };
  const error = assertRefused(program({ segments: [segment] }), "more bytes in the file");
  assertEquals(error.address, 0x400000n);
});

Deno.test("readProgram, refuses a segment whose bytes are not in the file", () => {
  for (const claimedSize of [65n, 1n << 40n, (1n << 53n) - 1n]) {
    const segment = { address: 0x400000n, bytes: CODE, claimedSize, memorySize: claimedSize };
    assertRefused(program({ segments: [segment] }), "0x400000", / of a file of | file /);
  }
  const wild = { address: 0x400000n, bytes: CODE, claimedSize: (1n << 64n) - 1n };
  assertRefused(program({ segments: [wild] }));
});

Deno.test("readProgram, refuses an entry outside the executable segments", () => {
  const data = { address: 0x500000n, bytes: CODE, flags: "rw" };
  const segments = [{ address: 0x400000n, bytes: CODE }, data];
  for (const entry of [0n, 0x3fffffn, 0x400040n, 0x500000n, 0xffff_8000_0020_0000n]) {
    const error = assertRefused(
      program({ segments, entry }),
      `its entry 0x${entry.toString(16)} is in no executable segment`,
    );
    assertEquals(error.address, entry);
  }
  assertEquals(load(program({ segments, entry: 0x40003fn })).entry, 0x40003fn);
});

Deno.test("readProgram, takes or refuses damaged files and throws nothing else", () => {
  const good = programFile("threads", "x86_64");
  const random = new Random(7);
  let taken = 0;
  for (let i = 0; i < 3000; i++) {
    const bytes = good.slice();
    for (let n = random.between(1, 4); n > 0; n--) {
      bytes[random.between(0, 64 + 56 * 5)] = random.between(0, 255);
    }
    try {
      const { segments } = load(bytes);
      assert(segments.every(({ offset, fileSize }) => offset + fileSize <= bytes.length));
      taken++;
    } catch (error) {
      assertInstanceOf(error, KernelError);
      assertEquals(error.kind, "program");
    }
  }
  assert(taken > 100 && taken < 2900, `${taken} of 3000 taken`);
});
