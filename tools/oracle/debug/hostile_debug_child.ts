/**
 * Asks hostile debug information, made here by its name and size, for everything, and prints what
 * that cost: `{"ms": …, "peakKib": …, "errors": …}`.
 *
 * @module
 */
import { DebugInfo, DwarfSections } from "../../../elf/dwarf/mod.ts";
import { exercise } from "../../../elf/dwarf/testing/exercise.ts";
import { hostileInfo } from "../../../elf/dwarf/testing/hostile_info.ts";

const [name = "", size = ""] = Deno.args;
const built = hostileInfo(name, Number(size));
const before = performance.now();
const info = new DebugInfo(new DwarfSections((each) => built.get(each)));
const errors = exercise(info, {
  addresses: [0x1000, 0x1010],
  offsets: [0x100, 0x1000],
  names: ["a", "b"],
  most: 20,
});
const ms = performance.now() - before;
// The most that was resident at a time; Linux alone tells.
const peak = /^VmHWM:\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/status"))?.[1];
console.log(JSON.stringify({ ms, peakKib: Number(peak), errors: errors.length }));
