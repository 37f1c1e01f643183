/**
 * Prints the backtrace of a core file as text, and nothing without one: what the runtime costs.
 *
 * @module
 */
const [core] = Deno.args;
if (core !== undefined) {
  const { openCore } = await import("../debug/core/mod.ts");
  const { FrameReader } = await import("../debug/frames/mod.ts");
  const { backtraceReport, threadText } = await import("../debug/report/mod.ts");
  using target = openCore(core);
  const reader = new FrameReader(target.process);
  // As eu-stack: functions, inlined ones, files and lines.
  const threads = backtraceReport(reader, target.process.threads, { variables: "none" });
  console.log(threads.map(threadText).join("\n"));
}
