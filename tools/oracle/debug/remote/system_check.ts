/**
 * The CPUs of a machine of QEMU's, which runs no program that anybody knows, beside gdb at the same
 * stub.
 *
 * @module
 */
import { openRemote } from "../../../../gdb/remote/mod.ts";
import { type CheckResult, Differences } from "../../tool.ts";
import { readThere } from "../dead/gdb_frames.ts";
import { whenListening, withStub } from "./stub_process.ts";

/** A board without devices that want files, stopped before its first instruction. */
const BOARD = ["-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-net", "none", "-S"];
const SILENT = ["-display", "none", "-serial", "none", "-monitor", "none"];

/** Compares; undefined if QEMU or gdb are not installed. */
export function checkSystem(directory: string): Promise<CheckResult | undefined> {
  return withStub(
    (port) => ["qemu-system-aarch64", ...BOARD, ...SILENT, "-gdb", `tcp:127.0.0.1:${port}`],
    async ({ address }) => {
      const ours = await whenListening(async () => {
        using target = await openRemote(address);
        const threads = target.processes.flatMap((process) => process.threads);
        return threads.map(({ id, registers }) => `${id} at ${registers.pc}`);
      });
      const found = await readThere({ remote: address }, directory);
      if (found === undefined) return undefined;
      const differences = new Differences();
      const theirs = "error" in found
        ? [found.error]
        : found.threads.map(({ id, frames }) => `${id} at ${frames[0]?.pc}`);
      if (ours.join() !== theirs.join()) differences.add(`${ours}, gdb has ${theirs}`);
      return {
        name: "CPUs of qemu-system-aarch64",
        figures: `${ours.length} CPUs`,
        differences: differences.texts,
      };
    },
  );
}
