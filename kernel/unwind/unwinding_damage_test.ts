import { assert, assertEquals } from "@std/assert";
import { ARCHES } from "../../arch/mod.ts";
import { unwindProgram } from "../../guest/boot_modules.ts";
import { parseElf } from "../../elf/mod.ts";
import { Random } from "../../util/random.ts";
import { sweep } from "../../util/testing/sweep.ts";
import { Machine } from "../machine.ts";
import { Audit } from "../testing/audit.ts";
import { programFile } from "../testing/programs.ts";

/** Each damages other bytes. */
const CASES = sweep({ quick: 25, full: 150 });
const LIMIT = 3_000_000;
const CAUSES = ["panic 3", "throw 2", "fault", "kill 4"];

/** A copy of a program with some bytes of its unwind tables changed. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  const elf = parseElf(copy);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const name = random.pick([".eh_frame", ".eh_frame_hdr", ".gcc_except_table"]);
    const section = elf.section(name);
    assert(section !== undefined, name);
    copy[section.offset + random.below(section.size)] = random.below(256);
  }
  return copy;
}

for (const arch of Object.values(ARCHES)) {
  Deno.test(`startUnwinding ${arch.name}, damaged tables end their task and nothing else`, async () => {
    const random = new Random(20);
    const joiner = { commandLine: "jobs wait 1", bytes: programFile("jobs", arch.name) };
    const endings = new Map<string, number>();
    for (let i = 0; i < CASES; i++) {
      const sound = await unwindProgram(arch.name, { args: random.pick(CAUSES), mode: "user" });
      let frames = 0;
      using machine = new Machine({
        arch,
        modules: [{ ...sound, bytes: damaged(sound.bytes, random) }, joiner],
        sinks: [{ write: (event) => void (event.type === "frame" && frames++) }],
      });
      const audit = new Audit(machine);
      const result = machine.run(LIMIT);
      // A changed table may send a program round in circles; then it has been stopped and not the
      // machine.
      if (result.kind === "paused") {
        endings.set("runs on", (endings.get("runs on") ?? 0) + 1);
        continue;
      }
      assertEquals(result, { kind: "halted", reason: "all tasks have ended" }, `case ${i}`);
      audit.check();
      const status = machine.kernel.tasks[1]?.status;
      assert(status !== null && status !== undefined, `case ${i}`);
      const reason = status.kind === "killed" ? status.reason : "exit";
      const kind = reason.includes("unwinding aborted") ? "aborted" : status.kind;
      if (kind === "aborted") assert(frames > 0, `case ${i}: no frames found before the damage`);
      endings.set(kind, (endings.get(kind) ?? 0) + 1);
      assertEquals(machine.kernel.tasks[2]?.status?.kind, "exit", `case ${i}: the joiner goes on`);
    }
    console.log(`${arch.name}:`, Object.fromEntries(endings));
    assert((endings.get("aborted") ?? 0) > 0, "no case was aborted");
    assert((endings.get("runs on") ?? 0) < CASES / 20, "too many run on");
  });
}
