// The kernel on every CPU model: programs, snapshots, and which of these may go where.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ARCHES } from "../arch/mod.ts";
import { KernelError } from "./errors.ts";
import { Machine } from "./machine.ts";
import { SnapshotError } from "./snapshot/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot/file.ts";
import { ARCH_NAMES } from "./testing/programs.ts";
import { Session } from "./testing/session.ts";
import { leftToFull } from "../util/testing/sweep.ts";

const PROGRAMS = ["threads", "fpmix", "mapfile", "tls", "jit"];

for (const arch of ARCH_NAMES) {
  const { cpuModels } = ARCHES[arch];
  const [usual = "", ...others] = cpuModels;

  Deno.test(`Machine ${arch}, says the same on each CPU model, programs and panics alike`, {
    ignore: leftToFull(arch === "aarch64"),
  }, () => {
    const streams = new Map<string, string>();
    for (const cpuModel of cpuModels) {
      const programs = [...PROGRAMS, "unwind panic"];
      using session = new Session({ arch, cpuModel, programs, quantum: 700 });
      assertEquals(session.finish().reason, "all tasks have ended");
      assertMatch(session.ending("unwind"), /^killed: panic at .*: out of luck$/);
      for (const program of PROGRAMS) assertEquals(session.ending(program), "exit 0", program);
      assertEquals(session.machine.cpu.save().image.model, cpuModel);
      streams.set(cpuModel, session.json);
    }
    for (const cpuModel of others) assertEquals(streams.get(cpuModel), streams.get(usual));
  });

  Deno.test(`Machine.from ${arch}, opens the CPU model of the snapshot`, () => {
    for (const cpuModel of cpuModels) {
      using session = new Session({ arch, cpuModel, programs: PROGRAMS, quantum: 700 });
      session.machine.run(60_000);
      const snapshot = session.machine.snapshot();
      assertEquals(snapshot.config.cpuModel, cpuModel);
      using other = Machine.from(decodeSnapshot(encodeSnapshot(snapshot)));
      assertEquals(other.cpu.save().image.model, cpuModel);
      session.machine.run(60_000);
      other.run(60_000);
      assertEquals(encodeSnapshot(other.snapshot()), encodeSnapshot(session.machine.snapshot()));
    }
  });

  Deno.test(`Machine.restore ${arch}, refuses a snapshot of another CPU model`, () => {
    using of = new Session({ arch, programs: ["threads"] });
    const snapshot = of.machine.snapshot();
    for (const cpuModel of others) {
      using session = new Session({ arch, cpuModel, programs: ["threads"] });
      const error = assertThrows(() => session.machine.restore(snapshot), SnapshotError);
      assertEquals(error.kind, "machine");
      const [theirs, ours] = [JSON.stringify(usual), JSON.stringify(cpuModel)];
      assertMatch(
        error.message,
        new RegExp(`its cpuModel is ${theirs}, this machine's is ${ours}`),
      );
    }
  });

  Deno.test(`Machine ${arch}, a CPU model that there is not is refused by name`, () => {
    for (
      const cpuModel of [
        "z80",
        "",
        "toString",
        ARCHES[ARCH_NAMES.find((n) => n !== arch)!].cpuModels[0]!,
      ]
    ) {
      const build = () => new Session({ arch, cpuModel, programs: ["threads"] });
      const error = assertThrows(build, KernelError);
      assertEquals(error.kind, "misuse");
      assertEquals(
        error.message,
        `Cannot use cpuModel "${cpuModel}" of ${arch}: expected ${cpuModels.join(" or ")}`,
      );
    }
  });
}
