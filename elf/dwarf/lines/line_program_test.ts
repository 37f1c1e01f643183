import { assertEquals, assertThrows } from "@std/assert";
import { DW_LNE, DW_LNS } from "../constants.ts";
import { InputError } from "../../../bytes/mod.ts";
import { LineTable } from "./line_table.ts";
import type { LineRow } from "./line_unit.ts";
import { DebugImage, type LineInit, op } from "../testing/debug_image.ts";

function rowsOf(init: LineInit): LineRow[] {
  const image = new DebugImage();
  image.table(init);
  return [...new LineTable(image.sections()).units[0]!.rows()];
}

/** Address, file, line and column of each row. */
function places(init: LineInit): string[] {
  return rowsOf(init).map(({ address, file, line, column }) =>
    `${address.toString(16)} ${file} ${line}:${column}`
  );
}

const VERSIONS = [2, 3, 4, 5];

Deno.test("LineProgram, standard opcodes change what the manual says, in every version", () => {
  for (const version of VERSIONS) {
    const program = [
      op.address(0x1000),
      op.one(DW_LNS.setColumn, 7),
      op.plain(DW_LNS.copy), // 1000 1 1:7
      op.one(DW_LNS.advancePc, 300),
      op.line(-1),
      op.one(DW_LNS.setFile, 2),
      op.special(3, 8), // 303 further, line 8
      op.plain(DW_LNS.constAddPc), // (255 - 13) / 14 = 17
      [DW_LNS.fixedAdvancePc, 0x34, 0x12],
      op.special(0, -5),
      op.end(),
    ];
    const expected = ["1000 1 1:7", "112f 2 8:7", "2374 2 3:7", "2374 2 3:7"];
    for (const wide of [false, true]) {
      assertEquals(places({ version, wide, program }), expected, `version ${version}`);
    }
  }
});

Deno.test("LineProgram, flags hold for one row, is_stmt and isa until they change", () => {
  const rows = rowsOf({
    program: [
      op.plain(DW_LNS.setBasicBlock),
      op.plain(DW_LNS.setPrologueEnd),
      op.plain(DW_LNS.setEpilogueBegin),
      op.extended(DW_LNE.setDiscriminator, 5),
      op.plain(DW_LNS.negateStmt),
      op.one(DW_LNS.setIsa, 3),
      op.plain(DW_LNS.copy),
      op.plain(DW_LNS.copy),
      op.end(),
      op.plain(DW_LNS.copy),
    ],
  });
  const flags = rows.map((row) => [
    row.basicBlock,
    row.prologueEnd,
    row.epilogueBegin,
    row.isStatement,
    row.discriminator,
    row.isa,
    row.endSequence,
  ]);
  assertEquals(flags, [
    [true, true, true, false, 5, 3, false],
    [false, false, false, false, 0, 3, false],
    [false, false, false, false, 0, 3, true],
    [false, false, false, true, 0, 0, false],
  ]);
});

Deno.test("LineProgram, addresses count in instructions and, with several operations, in these", () => {
  const program = [op.address(0x1000), op.special(3, 1), op.special(2, 1)];
  assertEquals(places({ minInstructionLength: 4, program }), ["100c 1 2:0", "1014 1 3:0"]);
  // Three operations, then five: one instruction further, then two.
  const vliw = { minInstructionLength: 16, maxOperations: 2, program };
  assertEquals(places(vliw), ["1010 1 2:0", "1020 1 3:0"]);
  assertEquals(places({ ...vliw, version: 3 }), ["1030 1 2:0", "1050 1 3:0"]);
});

Deno.test("LineProgram, skips opcodes it does not know by the lengths it is given", () => {
  const program = [
    op.address(0x1000),
    [13, 0x80, 0x01, 0x02], // two operands, by the builder's header
    op.extended(0x80, 1, 2, 3),
    op.plain(DW_LNS.copy),
  ];
  assertEquals(places({ opcodeBase: 14, program }), ["1000 1 1:0"]);
});

Deno.test("LineProgram, opcodes from the header's first special one on are special", () => {
  // With 4 as the first special opcode, 9 is: address + 0, line - 5 + 5.
  const program = [op.address(0x1000), [9], [10]];
  assertEquals(places({ opcodeBase: 4, program }), ["1000 1 1:0", "1000 1 2:0"]);
});

Deno.test("LineProgram, addresses of the upper half are exact", () => {
  const program = [op.address(0xffff_ffff_8000_0000n), op.special(4, 1), op.end()];
  assertEquals(places({ program }), ["ffffffff80000004 1 2:0", "ffffffff80000004 1 2:0"]);
});

Deno.test("LineProgram, what is damaged is an error that says where", () => {
  const cases: readonly (readonly [Partial<LineInit>, number[], string, string])[] = [
    [{ lineRange: 0 }, op.special(0, 1), "opcode", "whose line range is 0"],
    [{ lineRange: 0 }, op.plain(DW_LNS.constAddPc), "opcode", "whose line range is 0"],
    [{}, [0, 0], "opcode", "Extended opcode's length is 0, expected 1 to 0"],
    [{}, [0, 9, 2], "opcode", "Extended opcode's length is 9, expected 1 to 1"],
    [{}, op.extended(DW_LNE.setAddress, 1, 2, 3, 4), "address-size", "Address has 4 bytes"],
    [{}, op.extended(DW_LNE.setDiscriminator), "truncated", "Cannot read 1 bytes"],
    [{}, op.one(DW_LNS.advancePc, 2 ** 53 - 1), "address", "expected one of 54 bits"],
    [{}, [DW_LNS.advancePc, 0x80], "truncated", "Cannot read 1 bytes"],
    [{}, new Array<number>(12).fill(0x80).with(0, DW_LNS.setFile), "leb128", "over 10 bytes"],
  ];
  for (const [init, code, kind, message] of cases) {
    const build = () => rowsOf({ ...init, program: [op.address(0x10_0000), code] });
    const error = assertThrows(build, InputError, message);
    assertEquals([error.kind, error.source], [kind, ".debug_line"], message);
    // The opcode of the last program is behind the header and the one that sets the address.
    assertEquals(error.offset! > 40, true, message);
  }
});
