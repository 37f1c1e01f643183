import { assertEquals } from "@std/assert";
import { Progress, type ProgressScreen } from "./progress.ts";

function screen(terminal: boolean): ProgressScreen & { text: string } {
  return {
    text: "",
    isTerminal: () => terminal,
    writeSync(bytes) {
      // One byte at a time, as a slow terminal may.
      this.text += String.fromCharCode(bytes[0]!);
      return 1;
    },
  };
}

Deno.test("Progress, shows one line that is written over, and wipes it", () => {
  const on = screen(true);
  {
    using progress = new Progress(on);
    progress.at("first");
    for (let i = 0; i <= 10_000; i++) progress.at("second", i, 10_000);
    progress.at("x".repeat(200));
  }
  const lines = on.text.split("\r\x1b[K");
  assertEquals(lines.slice(0, 3), ["", "first", "second: 0/10000"]);
  assertEquals(lines.slice(-3), ["second: 10000/10000", "x".repeat(79), ""]);
});

Deno.test("Progress, most updates that are counted are dropped", () => {
  const on = screen(true);
  using progress = new Progress(on);
  for (let i = 0; i < 1000; i++) progress.at("many", i);
  assertEquals(on.text.startsWith("\r\x1b[Kmany: 0"), true);
  assertEquals(on.text.length < 1000, true);
});

Deno.test("Progress, is silent where there is no terminal", () => {
  const off = screen(false);
  {
    using progress = new Progress(off);
    progress.at("first");
    progress.at("second", 1, 2);
  }
  assertEquals(off.text, "");
});
