import { assert, assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { loadSegments, parseElf } from "../../elf/mod.ts";
import { image as conformance } from "../../guest/images/conformance_x86_64.gen.ts";
import { image as fpmix } from "../../guest/images/fpmix_x86_64.gen.ts";
import { image as unwind } from "../../guest/images/unwind_x86_64.gen.ts";
import { disassemble } from "../disassemble.ts";
import { image as kernel } from "./guest/kernel_image.gen.ts";
import { instructionLength } from "./instruction_length.ts";

function codeOf(bytes: Uint8Array): Uint8Array[] {
  const elf = parseElf(bytes, { name: "an image" });
  return [...loadSegments(elf)].filter(({ flags }) => (flags & 1) !== 0)
    .map((segment) => elf.segmentData(segment));
}

Deno.test("instructionLength, is Capstone's for all the guest code there is", async () => {
  let count = 0;
  for (const image of [kernel, conformance, fpmix, unwind]) {
    for (const code of codeOf(image.bytes())) {
      for (const { address, size, text } of await disassemble(code, { arch: "x86_64" })) {
        // Makers differ about a ModRM byte of UD0 and UD1.
        if (text.startsWith(".byte") || /^ud[01]/.test(text)) continue;
        const at = Number(address);
        const length = instructionLength(code.subarray(at, at + 15));
        assertEquals(length, size, `${text} at ${at}`);
        count++;
      }
    }
  }
  assert(count > 5000, `${count} instructions`);
});

Deno.test("instructionLength, is Capstone's for random bytes, if both know them", async () => {
  const random = new Random(3);
  let count = 0;
  for (let round = 0; round < 4000; round++) {
    const code = Uint8Array.from({ length: 15 }, () => random.next() & 0xff);
    const [first] = await disassemble(code, { arch: "x86_64", limit: 1 });
    const length = instructionLength(code);
    if (first === undefined || first.text.startsWith(".byte") || length === undefined) continue;
    // An operand-size prefix shortens the distance of a near jump for some makers' processors only.
    if (/^(j|call|loop)/.test(first.text)) continue;
    assertEquals(length, first.size, `${first.text}: ${code}`);
    count++;
  }
  assert(count > 1000, `${count} instructions`);
});

Deno.test("instructionLength, is Capstone's for random instructions with a VEX prefix", async () => {
  const random = new Random(4);
  let count = 0;
  for (let round = 0; round < 8000; round++) {
    const code = Uint8Array.from({ length: 15 }, () => random.next() & 0xff);
    if ((round & 1) === 0) code[0] = 0xc5;
    else code.set([0xc4, (code[1]! & 0xe0) | (1 + round % 3)]);
    const [first] = await disassemble(code, { arch: "x86_64", limit: 1 });
    if (first === undefined || first.text.startsWith(".byte")) continue;
    assertEquals(instructionLength(code), first.size, `${first.text}: ${code}`);
    count++;
  }
  assert(count > 500, `${count} instructions`);
});

Deno.test("instructionLength, bytes that end too early have none", () => {
  const code = [0x48, 0x81, 0x84, 0xcb, 1, 2, 3, 4, 5, 6, 7, 8]; // addq $imm, disp32(%rbx,%rcx,8)
  for (let size = 0; size < code.length; size++) {
    assertEquals(instructionLength(new Uint8Array(code.slice(0, size))), undefined);
  }
  assertEquals(instructionLength(new Uint8Array(code)), code.length);
});
