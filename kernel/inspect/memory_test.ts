import { assert, assertEquals, assertThrows } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { loadSegments, parseElf } from "../../elf/mod.ts";
import { KernelError } from "../errors.ts";
import { ARCH_NAMES, programFile } from "../testing/programs.ts";
import { Session } from "../testing/session.ts";

const decoder = new TextDecoder();

function symbol(arch: ArchName, program: string, name: string): bigint {
  const found = parseElf(programFile(program.split(" ")[0] ?? "", arch)).symbolNamed(name);
  assert(found !== undefined, `no symbol ${name}`);
  return found.value;
}

/** Address of a text in a program's file. */
function addressOf(arch: ArchName, program: string, text: string): bigint {
  const file = programFile(program, arch);
  const at = decoder.decode(file).length === 0 ? -1 : indexOf(file, new TextEncoder().encode(text));
  const elf = parseElf(file);
  const segment = loadSegments(elf).find(({ offset, fileSize }) =>
    at >= offset && at < offset + fileSize
  );
  assert(segment !== undefined, `no text ${text}`);
  return segment.vaddr + BigInt(at - segment.offset);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  return bytes.findIndex((_, i) => wanted.every((byte, j) => bytes[i + j] === byte));
}

/** Stops where the program's first instruction is next. */
function atStart(
  arch: ArchName,
  program: string,
  load: "demand" | "copyout" = "copyout",
): Session {
  const session = new Session({ arch, programs: [program], load });
  using _ = session.machine.addBreakpoint(symbol(arch, program, "_start"));
  assertEquals(session.machine.run().kind, "breakpoint");
  return session;
}

// exit(7), in instructions of the program.
const EXIT_7: Readonly<Record<ArchName, Uint8Array>> = {
  // mov $5, %eax; mov $7, %edi; syscall
  x86_64: Uint8Array.fromHex("b805000000bf070000000f05"),
  // mov x8, #5; mov x0, #7; svc #0
  aarch64: Uint8Array.fromHex("a80080d2e00080d2010000d4"),
};

for (const arch of ARCH_NAMES) {
  for (const load of ["demand", "copyout"] as const) {
    Deno.test(`readMemory ${arch}, ${load}, a program's file is where it is linked`, () => {
      using session = atStart(arch, "module-hello", load);
      const elf = parseElf(programFile("module-hello", arch));
      for (const segment of loadSegments(elf)) {
        const bytes = session.machine.readMemory(segment.vaddr, Number(segment.memSize));
        const file = elf.segmentData(segment);
        assertEquals(bytes.subarray(0, file.length), new Uint8Array(file));
        assert(bytes.subarray(file.length).every((byte) => byte === 0));
      }
    });

    Deno.test(`writeMemory ${arch}, ${load}, a program prints what was written`, () => {
      using session = atStart(arch, "module-hello", load);
      const { machine } = session;
      const before = machine.now;
      machine.writeMemory(addressOf(arch, "module-hello", "hello!!"), new Uint8Array([0x6a]));
      assertEquals(machine.now, before);
      session.finish();
      assert(session.console().includes("\njello!!\n"), session.console());
    });

    Deno.test(`writeMemory ${arch}, ${load}, code that has been executed is another`, () => {
      using session = new Session({ arch, programs: ["module-hello"], load });
      const { machine } = session;
      const append = symbol(arch, "module-hello", "append");
      using _ = machine.addBreakpoint(append);
      assertEquals([machine.run().kind, machine.run().kind], ["breakpoint", "breakpoint"]);
      machine.writeMemory(append, EXIT_7[arch]);
      assertEquals(machine.readMemory(append, 12), EXIT_7[arch]);
      machine.run();
      assertEquals(session.ending("module-hello"), "exit 7");
    });
  }

  Deno.test(`writeMemory ${arch}, a page that may be read again from its file is not`, () => {
    using session = atStart(arch, "mapfile", "demand");
    const { machine } = session;
    const { kernel } = machine;
    const [clean] = kernel.cleanPages;
    assert(clean !== undefined);
    machine.writeMemory(clean.address, machine.readMemory(clean.address, 1));
    assert(!kernel.cleanPages.has(clean));
    assertEquals(clean.space.page(clean.address)?.frame, clean.frame);
  });

  Deno.test(`readMemory ${arch}, arguments are on the stack, across pages too`, () => {
    using session = atStart(arch, "spinner 1000");
    const { machine } = session;
    const { sp } = machine.cpu;
    const view = new DataView(machine.readMemory(sp, 24).buffer);
    assertEquals(view.getBigUint64(0, true), 2n);
    const second = view.getBigUint64(16, true);
    assertEquals(decoder.decode(machine.readMemory(second, 5)), "1000\0");
    // It is the last word of the stack: behind it nothing is mapped.
    assertEquals(machine.readText(second), "1000");
    assertEquals(machine.readText(second, { limit: 3 }), "100");
    machine.writeMemory(sp - 5000n, new TextEncoder().encode("ä".repeat(2000) + "\0"));
    assertEquals(machine.readText(sp - 5000n), "ä".repeat(2000), "across a page");
    const unmapped = assertThrows(() => machine.readText(8n), KernelError);
    assertEquals([unmapped.kind, unmapped.address], ["address", 8n]);
    const below = machine.readMemory(sp - 10_000n, 10_024);
    assertEquals(below.subarray(10_000), machine.readMemory(sp, 24));
  });

  Deno.test(`readMemory ${arch}, the upper half is the kernel's for every task`, () => {
    using session = atStart(arch, "threads");
    const { machine } = session;
    const { image } = machine.kernel.arch;
    const [text] = loadSegments(image.elf);
    assert(text !== undefined);
    for (const task of [0, 1, "threads"]) {
      const bytes = machine.readMemory(text.vaddr, text.fileSize, { task });
      assertEquals(bytes, new Uint8Array(image.elf.segmentData(text)));
    }
  });

  Deno.test(`readMemory ${arch}, what is not mapped is named`, () => {
    using session = atStart(arch, "threads");
    const { machine } = session;
    const end = machine.tasks[1]?.mappings.at(-1)?.end ?? 0n;
    const stack = end - 8n;
    const error = assertThrows(() => machine.readMemory(stack, 16), KernelError);
    assertEquals([error.kind, error.address], ["address", end]);
    assertEquals(
      error.message,
      `Cannot read 16 bytes at 0x${stack.toString(16)} of task 1 threads: 0x${
        end.toString(16)
      } is not mapped`,
    );
    for (const address of [0n, 1n << 62n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 8n]) {
      const error = assertThrows(() => machine.readMemory(address, 8), KernelError);
      assertEquals([error.kind, error.address], ["address", address]);
    }
    // The kernel's own task has nothing below the kernel.
    const low = assertThrows(() => machine.readMemory(0x401000n, 1, { task: 0 }), KernelError);
    assertEquals(low.kind, "address");
    for (const [address, size] of [[-1n, 1], [0n, -1], [0n, 0.5], [1n, NaN], [0n, 2 ** 31]]) {
      const error = assertThrows(() => machine.readMemory(address as bigint, size as number));
      assert(error instanceof KernelError && error.kind === "misuse", String(error));
    }
    assertThrows(() => machine.readMemory((1n << 64n) - 8n, 9), KernelError, "to 2^64");
    assertEquals(machine.readMemory(123n, 0).length, 0);
  });

  Deno.test(`writeMemory ${arch}, all of it or nothing`, () => {
    using session = atStart(arch, "threads");
    const { machine } = session;
    const stack = (machine.tasks[1]?.mappings.at(-1)?.end ?? 0n) - 8n;
    const before = machine.readMemory(stack, 8);
    const error = assertThrows(
      () => machine.writeMemory(stack, new Uint8Array(16).fill(0xaa)),
      KernelError,
    );
    assertEquals([error.kind, error.address], ["address", stack + 8n]);
    assertEquals(machine.readMemory(stack, 8), before);
    const frames = machine.kernel.pageFrames.available;
    const [first] = machine.tasks[1]?.mappings ?? [];
    const room = machine.kernel.task(1).space;
    assert(first !== undefined && room !== null);
    const size = (frames + 2) * 4096;
    const begin = room.findSpace(0x1000_0000n, BigInt(size)) ?? 0n;
    const protection = { read: true, write: true, execute: false };
    room.enter({ begin, end: begin + BigInt(size), protection, object: { kind: "zero" } });
    const short = assertThrows(() => machine.writeMemory(begin, new Uint8Array(size)), KernelError);
    assertEquals(short.kind, "memory");
    assertEquals(machine.kernel.pageFrames.available, frames);
    machine.writeMemory(begin + 4000n, new Uint8Array(200).fill(7));
    assertEquals(machine.readMemory(begin + 4199n, 2), new Uint8Array([7, 0]));
  });

  Deno.test(`writeMemory ${arch}, not while the kernel is at work`, () => {
    const errors: unknown[] = [];
    using session = new Session({ arch, programs: ["threads"] });
    const { machine } = session;
    machine.kernel.events.connect([{
      write({ type }): void {
        if (type !== "page-fault" || errors.length > 0) return;
        machine.readMemory(machine.kernel.arch.image.begin, 1);
        errors.push(assertThrows(() => machine.writeMemory(0n, new Uint8Array()), KernelError));
      },
    }]);
    session.finish();
    const [error] = errors;
    assert(error instanceof KernelError);
    assertEquals(
      [error.kind, error.message],
      ["misuse", "Cannot write memory of a machine that is running"],
    );
  });

  Deno.test(`Machine ${arch}, tasks are found by number and by name`, () => {
    using session = new Session({ arch, programs: ["spinner 5", "threads", "spinner 6"] });
    const { machine } = session;
    session.finish();
    const two = assertThrows(() => machine.console.text("spinner"), KernelError);
    assertEquals(
      two.message,
      'Cannot choose task "spinner": there are 1 spinner, 3 spinner; give the number',
    );
    const none = assertThrows(() => machine.readMemory(0n, 1, { task: "nobody" }), KernelError);
    assertEquals([none.kind, none.message.includes("0 gnumach, 1 spinner")], ["misuse", true]);
    assertThrows(() => machine.registers({ thread: 1000 }), KernelError, "threads are 0 to ");
  });
}
