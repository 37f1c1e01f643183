import { assertEquals } from "@std/assert";
import type { SourceLine } from "../../../elf/dwarf/mod.ts";
import { parseElf } from "../../../elf/mod.ts";
import { elfImage } from "../../../elf/testing/elf_image.ts";
import { DebugImage, plainSequence } from "../../../elf/dwarf/testing/debug_image.ts";
import { findingText, reportText } from "./finding_text.ts";
import { reportJson } from "./report_json.ts";
import { sourceOf } from "./source.ts";
import { SEED_FINDING, SEED_MAP, SEED_REPORT } from "./testing/seed_report.ts";

/** Knows the lines of the addresses at which green threads switch; says which were asked for. */
function sourceFor(asked: bigint[] = []) {
  const lines = new Map<bigint, number>([[4413214800n, 12], [4413212614n, 88], [4413212615n, 89]]);
  return (address: bigint): SourceLine | undefined => {
    asked.push(address);
    const line = lines.get(address);
    if (line === undefined) return undefined;
    return { path: "/src/green.c", file: "green.c", line, column: 5, address };
  };
}

Deno.test("findingText, a misaligned resume from its switch to the fault", () => {
  const text = findingText(SEED_FINDING, { source: sourceFor() });
  assertEquals(
    text.slice(0, text.indexOf("-- text")),
    `misaligned-resume: gaia was resumed in schedule() with another %rsp than it was saved with
  task green, thread 0xffff800000100000
  resumed gaia, after 12,345 instructions:
    0x1070c5050 switch_context+0x18: callq *%rdx  at green.c:12:5
    expected %rsp 0x7f988f1ff910, found 0x7f988f1ff908: 8 bytes too low
  because
    shifted the stack pointer, after 12,345 instructions:
      0x1070c5050 switch_context+0x18: callq *%rdx  at green.c:12:5
  stack of gaia:
    #0  0x1070c47c7 schedule+0x67     sp 0x7f988f1ff910  at green.c:89:5
    #1  0x1070c4948 spawn+0x1d8       sp 0x7f988f1ffb40
    #2  0x1070c4a82 entry_point+0x62  sp 0x7f988f1ffd40
  stack of mash:
    #0  0x1070c5050 switch_context+0x18  sp 0x7f988f400908  at green.c:12:5
    #1  0x1070c47c7 schedule+0x67        sp 0x7f988f400910  at green.c:88:5
    #2  0x1070c4a82 entry_point+0x62     sp 0x7f988f400d40
  then
    bad-return: schedule() returned to its caller's saved %rbp
      returned, after 23,456 instructions:
        0x1070c481c schedule+0xbc: retq
        expected return address 0x1070c4948, found 0x7f988f1ffd40
    fault: #PF: instruction fetch, protection
      was fetched:
        0x7f988f1ffd40
        found address 0x7f988f1ffd40

`,
  );
  const map = text.split("\n");
  assertEquals(map.includes("0x7f988f1ff908: found %rsp"), true);
  assertEquals(map.includes("0x7f988f1ff910: gaia's schedule()'s %rsp  <- expected %rsp"), true);
  // Where the fault was that ended it.
  assertEquals(map.includes("0x7f988f1ffd40: gaia's entry_point()'s %rsp  <- crashed..."), true);
});

Deno.test("findingText, return addresses are looked up at their call", () => {
  const asked: bigint[] = [];
  findingText(SEED_FINDING, { source: sourceFor(asked) });
  // #0 of gaia is where it goes on, #1 of mash is a return address.
  assertEquals([asked.includes(4413212615n), asked.includes(4413212614n)], [true, true]);
});

Deno.test("reportText, tells the maps at the end of a run without findings, and counts", () => {
  const healthy = { ...SEED_REPORT, findings: [], halted: null, switches: 1 };
  const text = reportText(healthy, { addresses: "decimal" });
  assertEquals(text.startsWith("task green\n\n-- text\n\n4300209264: crashed...\n"), true);
  const last = text.split("\n").at(-2);
  const expected = "no findings, 4 stacks, 1 switch, 34,567 instructions; " +
    "stopped before the program's end";
  assertEquals(last, expected);
  const died = reportText(healthy, { status: 139 });
  assertEquals(died.endsWith(`${expected}; the program's status is 139\n`), true);
});

Deno.test("reportJson, keeps every field, with addresses as text and source lines", () => {
  const json = JSON.parse(reportJson(SEED_REPORT, { source: sourceFor() }));
  assertEquals(json.findings[0].expected, "0x7f988f1ff910");
  const source = { path: "/src/green.c", file: "green.c", line: 12, column: 5 };
  assertEquals(json.findings[0].at.source, source);
  assertEquals(json.findings[0].walks[1].frames[1].source, { ...source, line: 88 });
  const bare = JSON.parse(reportJson(SEED_REPORT));
  const plain = JSON.parse(JSON.stringify(
    SEED_REPORT,
    (_key, value) => typeof value === "bigint" ? `0x${value.toString(16)}` : value,
  ));
  assertEquals(bare, plain);
  assertEquals(JSON.parse(reportJson(SEED_REPORT, { status: 7 })), { ...plain, status: 7 });
  assertEquals(bare.maps[0].points.length, SEED_MAP.points.length);
});

Deno.test("sourceOf, a program without line tables, or with damaged ones, has no lines", () => {
  assertEquals(sourceOf(parseElf(elfImage()))(0x1000n), undefined);
  const image = new DebugImage();
  image.table({ version: 4, files: [["a.c", 0]], program: plainSequence(0x1000, 7, 1) });
  const data = image.build().get(".debug_line")!;
  const find = (bytes: Uint8Array, flags = 0) =>
    sourceOf(parseElf(elfImage({
      sections: [{ name: ".debug_line", flags, data: bytes }],
      segments: [{ address: 0x1000, section: 1 }],
    })));
  assertEquals(find(data)(0x1000n)?.line, 7);
  assertEquals(find(data.subarray(0, data.length - 3))(0x1000n), undefined);
  // A section that says it is compressed and is not.
  assertEquals(find(data, 0x800)(0x1000n), undefined);
  // Rows of a function that is not in the program.
  const left = new DebugImage();
  left.table({ version: 4, files: [["a.c", 0]], program: plainSequence(0, 7, 1) });
  assertEquals(find(left.build().get(".debug_line")!)(0n), undefined);
});
