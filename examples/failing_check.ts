// deno run --allow-ffi --allow-env examples/failing_check.ts
//
// A check of a machine fails, as in a test: with GDB=1 in the environment, and --allow-net=127.0.0.1,
// it waits for a debugger at that instant. The machine has its history, so gdb can go back to where
// it went wrong: GDB=1 deno test -A, and gdb-multiarch as it says.
import { archByName, Machine, moduleHello } from "@trapline/trapline";
import { serveGdb } from "@trapline/trapline/gdb";
import { History } from "@trapline/trapline/history";

using machine = new Machine({
  arch: archByName("x86_64"),
  modules: [await moduleHello("x86_64")],
});
using history = new History(machine);
history.run(125_000);

if (!machine.console.text().includes("goodbye")) {
  console.log(`Nobody said goodbye by ${machine.now}`);
  if (Deno.env.get("GDB") !== undefined) {
    await using server = serveGdb(history);
    console.log(`gdb-multiarch -ex 'target extended-remote :${server.address.port}'`);
    await server.done;
  }
}
