import { assertEquals } from "@std/assert";

const CHILD = new URL("testing/detach_child.ts", import.meta.url);

Deno.test("Engine, memory that a program takes away is refused or not needed, and never a crash", async () => {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-ffi",
      "--allow-read",
      "--allow-env",
      "--v8-flags=--expose-gc",
      CHILD.href,
    ],
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, signal, out }, { code: 0, signal: null, out: "sound\n" }, err);
});
