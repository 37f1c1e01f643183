import { assert, assertEquals, assertRejects } from "@std/assert";
import { disassemble, type DisassembleOptions } from "./disassemble.ts";
import { ArchError } from "./errors.ts";

function words(...values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

Deno.test("disassemble, AArch64 code in the upper half", async () => {
  const code = words(0xa9bf7bfd, 0x910003fd, 0x97fffffe, 0xd65f03c0);
  assertEquals(await disassemble(code, { arch: "aarch64", address: 0xffff_0000_4020_0000n }), [
    { address: 0xffff_0000_4020_0000n, size: 4, text: "stp x29, x30, [sp, #-0x10]!" },
    { address: 0xffff_0000_4020_0004n, size: 4, text: "mov x29, sp" },
    { address: 0xffff_0000_4020_0008n, size: 4, text: "bl #0xffff000040200000" },
    { address: 0xffff_0000_4020_000cn, size: 4, text: "ret" },
  ]);
});

Deno.test("disassemble, x86-64 code in the upper half", async () => {
  const code = new Uint8Array([0x55, 0x48, 0x89, 0xe5, 0xe8, 0xf7, 0xff, 0xff, 0xff, 0xc3]);
  assertEquals(await disassemble(code, { arch: "x86_64", address: 0xffff_ffff_8000_0000n }), [
    { address: 0xffff_ffff_8000_0000n, size: 1, text: "push rbp" },
    { address: 0xffff_ffff_8000_0001n, size: 3, text: "mov rbp, rsp" },
    { address: 0xffff_ffff_8000_0004n, size: 5, text: "call 0xffffffff80000000" },
    { address: 0xffff_ffff_8000_0009n, size: 1, text: "ret" },
  ]);
});

Deno.test("disassemble, bytes that are no instruction become data and decoding goes on", async () => {
  assertEquals(await disassemble(words(0xffffffff, 0xd503201f), { arch: "aarch64" }), [
    { address: 0n, size: 4, text: ".inst 0xffffffff" },
    { address: 4n, size: 4, text: "nop" },
  ]);
  assertEquals(await disassemble(new Uint8Array([0x06, 0x90]), { arch: "x86_64" }), [
    { address: 0n, size: 1, text: ".byte 0x06" },
    { address: 1n, size: 1, text: "nop" },
  ]);
});

Deno.test("disassemble, a truncated last instruction becomes data", async () => {
  const arm = await disassemble(words(0xd503201f, 0xd503201f).subarray(0, 7), { arch: "aarch64" });
  assertEquals(arm.map(({ size, text }) => [size, text]), [
    [4, "nop"],
    [3, ".byte 0x1f, 0x20, 0x03"],
  ]);
  const x86 = await disassemble(new Uint8Array([0x90, 0xe8, 0, 0]), { arch: "x86_64" });
  assertEquals(x86[1], { address: 1n, size: 1, text: ".byte 0xe8" });
  assertEquals(x86.reduce((sum, { size }) => sum + size, 0), 4);
});

Deno.test("disassemble, limit and empty input", async () => {
  const code = words(...Array.from({ length: 9 }, () => 0xd503201f));
  assertEquals((await disassemble(code, { arch: "aarch64", limit: 3 })).length, 3);
  assertEquals(await disassemble(new Uint8Array(), { arch: "x86_64" }), []);
});

Deno.test("disassemble, more bytes than the library's stack holds, none skipped at seams", async () => {
  // An instruction of ten bytes straddles every multiple of 4096 but those of 5.
  const movabs = [0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8];
  const code = new Uint8Array(200_000);
  for (let i = 0; i < code.length; i += movabs.length) code.set(movabs, i);
  const found = await disassemble(code, { arch: "x86_64" });
  assertEquals(found.length, 20_000);
  assert(found.every(({ text }) => text === "movabs rax, 0x807060504030201"));
  assertEquals(found.at(-1)?.address, 199_990n);
});

Deno.test("disassemble, addresses wrap around at 2^64", async () => {
  const found = await disassemble(words(0xd503201f, 0xd503201f), {
    arch: "aarch64",
    address: 0xffff_ffff_ffff_fffcn,
  });
  assertEquals(found.map(({ address }) => address), [0xffff_ffff_ffff_fffcn, 0n]);
});

Deno.test("disassemble, rejects what is not code, an address or a limit", async () => {
  const nop = words(0xd503201f);
  const refuse = async (options: DisassembleOptions, message: string, bytes = nop) => {
    const error = await assertRejects(() => disassemble(bytes, options), ArchError);
    assertEquals([error.kind, error.message], ["misuse", message]);
  };
  const aarch64 = { arch: "aarch64" } as const;
  await refuse(
    { arch: "arm" } as unknown as DisassembleOptions,
    'Cannot disassemble code for "arm": unknown architecture',
  );
  await refuse(
    { arch: "toString" } as unknown as DisassembleOptions,
    'Cannot disassemble code for "toString": unknown architecture',
  );
  await refuse({ ...aarch64, address: -1n }, "Cannot disassemble at address -1: not 64 bits");
  await refuse(
    { ...aarch64, address: 1n << 64n },
    "Cannot disassemble at address 18446744073709551616: not 64 bits",
  );
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    await refuse(
      { ...aarch64, limit },
      `Cannot disassemble ${limit} instructions: not a positive integer`,
    );
  }
  await refuse(
    aarch64,
    "Cannot disassemble object: not a Uint8Array",
    [1, 2, 3, 4] as unknown as Uint8Array,
  );
});

Deno.test("disassemble, importing the architectures does not load Capstone", async () => {
  const mod = JSON.stringify(new URL("./mod.ts", import.meta.url).href);
  const script = `
    let compiled = 0;
    for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
      const original = WebAssembly[name];
      WebAssembly[name] = (...values) => {
        compiled++;
        return original(...values);
      };
    }
    const { disassemble } = await import(${mod});
    const atImport = compiled;
    await disassemble(new Uint8Array(4), { arch: "aarch64" });
    console.log(atImport, compiled > atImport);
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", `${import.meta.dirname}/../deno.json`, script],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "0 true\n");
});
