import { assertEquals } from "@std/assert";

const CHILD = new URL("testing/deopt_child.ts", import.meta.url);

Deno.test("startGuest, a callback may change what compiled code was built upon", async () => {
  const { code, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--allow-ffi", "--allow-read", "--allow-env", CHILD.href],
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, signal, out }, { code: 0, signal: null, out: "access\n" }, err);
});
