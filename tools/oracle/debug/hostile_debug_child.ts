/**
 * Asks hostile debug information, made here by its name and size, for everything, and prints what
 * that cost.
 *
 * @module
 */
import { DebugInfo, DwarfSections } from "../../../elf/dwarf/mod.ts";
import { exercise } from "../../../elf/dwarf/testing/exercise.ts";
import { hostileInfo } from "../../../elf/dwarf/testing/hostile_info.ts";
import { tellCost } from "../cost.ts";

const [name = "", size = ""] = Deno.args;
const built = hostileInfo(name, Number(size));
const before = performance.now();
const info = new DebugInfo(new DwarfSections((each) => built.get(each)));
exercise(info, {
  addresses: [0x1000, 0x1010],
  offsets: [0x100, 0x1000],
  names: ["a", "b"],
  most: 20,
});
tellCost(before);
