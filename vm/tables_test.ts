// The rows of the VM's code maps, by which its own collector walks, against its unwind tables, by which
// debuggers do: two encodings of the same facts, those of the code in assembly both written by hand.
import { assertEquals } from "@std/assert";
import type { Address } from "../bytes/mod.ts";
import { type ElfFile, parseElf } from "../elf/mod.ts";
import { taskMemory } from "../kernel/unwind/unwind_stack.ts";
import { CFA, FdeIndex, frameTablesOf, RULE, type UnwindRow } from "../unwind/cfi/mod.ts";
import { MapRows } from "../unwind/walk/kinds/map/rows.ts";
import { CodeMap, type FrameRow } from "../unwind/walk/kinds/mod.ts";
import { discoverCode, moduleFromElf, ModuleList } from "../unwind/walk/mod.ts";
import { churn } from "./testing/churn.ts";
import { vmMachine } from "./testing/run_vm.ts";

type Saved = ReadonlyMap<number, number>;

function savedIn(row: UnwindRow): Saved {
  const saved = new Map<number, number>();
  for (let register = 0; register < row.high; register++) {
    if (row.kinds[register] === RULE.offset) saved.set(register, row.values[register]!);
  }
  return saved;
}

/**
 * Whether a row and a table's row are the same, but that a map says of several registers at once that
 * they are saved, and a table may say so of one after the other.
 */
function agree(row: FrameRow, table: UnwindRow, places: Saved): boolean {
  const saved = savedIn(table);
  return table.cfaKind === CFA.register && table.cfaRegister === row.base &&
    table.cfaOffset === row.offset &&
    row.saved.every(([register, offset]) => saved.get(register) === offset) &&
    saved.entries().every(([register, offset]) => places.get(register) === offset);
}

/** Where a file's rows and tables differ, and how many addresses were compared. */
function compare(file: ElfFile): { readonly wrong: readonly string[]; readonly compared: number } {
  const indexes = frameTablesOf(file).map((table) => new FdeIndex(table));
  const map = new CodeMap(file.sectionDataByName(".code_map")!, file.name);
  const step = file.machine === "aarch64" ? 4 : 1;
  const wrong: string[] = [];
  let compared = 0;
  for (let i = 0; i < map.count; i++) {
    const region = map.region(i);
    const rows = new MapRows(region, file.machine);
    const all = new Set<FrameRow>();
    for (let offset = region.begin; offset < region.end; offset += step) all.add(rows.at(offset));
    const places: Saved = new Map([...all].flatMap(({ saved }) => saved));
    let table: UnwindRow | undefined;
    for (let offset = region.begin; offset < region.end; offset += step) {
      compared++;
      const address = map.begin + offset;
      if (table === undefined || address >= table.end) table = rowAt(indexes, address);
      if (table !== undefined && agree(rows.at(offset), table, places)) continue;
      wrong.push(`${region.name}+${offset - region.begin}`);
    }
  }
  return { wrong, compared };
}

function rowAt(indexes: readonly FdeIndex[], address: Address): UnwindRow | undefined {
  for (const index of indexes) {
    const fde = index.find(address);
    if (fde !== undefined) return index.table.rowAt(fde, address)?.clone();
  }
  return undefined;
}

for (const arch of ["x86_64", "aarch64"] as const) {
  Deno.test(`vm ${arch}, code maps and unwind tables say the same of each instruction`, async () => {
    const { machine } = await vmMachine(arch, churn(3), {});
    using _ = machine;
    machine.run(1_500_000);
    const task = machine.kernel.tasks.find(({ name }) => name === "vm")!;
    const file = parseElf(task.module!.bytes, { name: "vm" });
    const modules = new ModuleList([moduleFromElf(file)]);
    const { added, problems } = discoverCode({ memory: taskMemory(machine.kernel, task), modules });
    assertEquals(problems, []);
    const files = added.filter(({ publication }) => publication.type === "file")
      .map(({ publication: { bytes, name } }) => parseElf(bytes, { name }));
    const compared = [file, ...files].map(compare);
    assertEquals(compared.flatMap(({ wrong }) => wrong), []);
    assertEquals(compared.every((each) => each.compared > 0) && compared.length > 10, true);
  });
}
