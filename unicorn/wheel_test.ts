import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { extractMember, WheelError } from "./wheel.ts";
import { makeWheel } from "./testing/wheel.ts";

const FIRST = Uint8Array.from({ length: 5000 }, (_, index) => index % 7);
const SECOND = new TextEncoder().encode("second");

function sample(): Promise<Uint8Array<ArrayBuffer>> {
  return makeWheel([
    { name: "unicorn/lib/first", bytes: FIRST },
    { name: "unicorn/lib/second", bytes: SECOND, deflate: false },
  ]);
}

Deno.test("extractMember, takes deflated and stored members", async () => {
  const wheel = await sample();
  assertEquals(await extractMember(wheel, "unicorn/lib/first"), FIRST);
  assertEquals(await extractMember(wheel, "unicorn/lib/second"), SECOND);
});

Deno.test("extractMember, refuses absent members, other methods and what is no archive", async () => {
  const wheel = await sample();
  const absent = await assertRejects(() => extractMember(wheel, "none"), WheelError);
  assertStringIncludes(absent.message, "no such member");
  await assertRejects(() => extractMember(new Uint8Array(0), "x"), WheelError);
  await assertRejects(() => extractMember(new Uint8Array(5000), "x"), WheelError);
  const view = new DataView(wheel.buffer);
  const central = view.getUint32(wheel.length - 6, true);
  view.setUint16(central + 10, 12, true); // bzip2
  await assertRejects(() => extractMember(wheel, "unicorn/lib/first"), WheelError, "method 12");
});

Deno.test("extractMember, ends in the bytes or a typed error however it is cut or damaged", async () => {
  const wheel = await sample();
  for (let length = 0; length < wheel.length; length += 3) {
    await assertRejects(
      () => extractMember(wheel.slice(0, length), "unicorn/lib/first"),
      WheelError,
    );
  }
  for (let at = 0; at < wheel.length; at++) {
    const damaged = wheel.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    try {
      const { length } = await extractMember(damaged, "unicorn/lib/first");
      assertEquals(length, FIRST.length); // the sum over the whole wheel is what guards the content
    } catch (error) {
      if (!(error instanceof WheelError)) throw error;
    }
  }
});
