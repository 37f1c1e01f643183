// deno run --allow-ffi --allow-env examples/count_traps.ts
//
// Counts what enters the kernel, and why threads are switched, from the event stream.
import { archByName, type EventSink, Machine, moduleHello } from "@trapline/trapline";

for (const arch of ["x86_64", "aarch64"] as const) {
  const traps = new Map<string, number>();
  const calls = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) =>
    counts.set(name, (counts.get(name) ?? 0) + 1);
  const sink: EventSink = {
    write(event) {
      if (event.type === "exception") count(traps, `${event.name} from ${event.mode} mode`);
      else if (event.type === "irq") count(traps, `interrupt line ${event.line}`);
      else if (event.type === "syscall") count(calls, event.name);
      else if (event.type === "context-switch") count(traps, "(context switches)");
    },
  };
  using machine = new Machine({
    arch: archByName(arch),
    modules: [await moduleHello(arch)],
    sinks: [sink],
  });
  machine.run();
  console.log(arch, `${machine.now} instructions`, traps, calls);
}
