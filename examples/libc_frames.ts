// deno run --allow-read examples/libc_frames.ts [FILE [FUNCTION]]
//
// How to leave a function of a library at each of its instructions: the rows of its unwind table,
// as `readelf --debug-dump=frames-interp` prints them. No engine, only bytes.
import { parseElf } from "@trapline/trapline/elf";
import { fromBigAddress, hexAddress } from "@trapline/trapline/unwind/cfi";
import { cfaText, registerName, RULE, ruleText } from "@trapline/trapline/unwind/cfi";
import { moduleFromElf } from "@trapline/trapline/unwind";

const [path = "/lib/x86_64-linux-gnu/libc.so.6", name = "qsort_r"] = Deno.args;
const file = parseElf(Deno.readFileSync(path), { name: path });
const symbol = file.symbolNamed(name);
if (symbol === undefined) throw new Error(`${path} has no function ${name}`);

const found = moduleFromElf(file).find(fromBigAddress(symbol.value));
if (found === undefined) throw new Error(`${path} has no unwind table for ${name}`);
for (const row of found.table.rows(found.fde)) {
  // "c-16": the caller's value is in memory, 16 bytes below the canonical frame address.
  const saved = Array.from(row.kinds, (kind, register) => ({ kind, register }))
    .filter(({ kind }) => kind === RULE.offset)
    .map(({ kind, register }) =>
      `${registerName(file.machine, register)}=${ruleText(kind, row.values[register] ?? 0)}`
    );
  console.log(`${hexAddress(row.start)}  CFA=${cfaText(file.machine, row)}  ${saved.join(" ")}`);
}
