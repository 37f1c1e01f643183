import { assertEquals, assertMatch } from "@std/assert";
import { decideOffline, importMapFlags } from "./world.ts";

async function fuzz(how: "piped" | "on a terminal"): Promise<{ out: string; err: string }> {
  const flags = importMapFlags(await decideOffline());
  const script = new URL("fuzz_unwind.ts", import.meta.url).pathname;
  const command = [Deno.execPath(), "run", "-A", "--quiet", ...flags, script, "--cases", "1500"];
  // script(1) gives its command a terminal, to which it writes both streams.
  const [program = "", ...args] = how === "piped"
    ? command
    : ["script", "-qefc", command.join(" "), "/dev/null"];
  const { stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("fuzz, shows progress on a terminal and only there", async () => {
  const piped = await fuzz("piped");
  assertEquals(piped.err, "");
  assertMatch(piped.out, /1500 cases/);
  const { out } = await fuzz("on a terminal");
  const lines = out.split("\r\x1b[K");
  assertEquals(lines.slice(0, 3), ["", "cases: 0/1500", "cases: 1000/1500"]);
  assertMatch(lines.at(-2)!, /1500 cases/);
});
