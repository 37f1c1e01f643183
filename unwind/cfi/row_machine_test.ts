import { assertEquals, assertThrows } from "@std/assert";
import { DW_CFA } from "./opcodes.ts";
import { CfiError } from "../errors.ts";
import { DecodeError } from "../../bytes/mod.ts";
import { DW_OP } from "./expression/operators.ts";
import { cfaText, ruleText } from "./rule_text.ts";
import { FrameImage, op } from "../testing/frame_image.ts";

/** Rows of a function at 0x1000 of 0x100 bytes: `start..end cfa register=rule …`. */
function rows(
  ...instructions: readonly (readonly number[])[]
): string[] {
  const image = new FrameImage();
  image.fde(image.cie(), { begin: 0x1000, size: 0x100, instructions });
  const table = image.table();
  const [fde] = table.fdes();
  return [...table.rows(fde!)].map((row) => {
    const rules = [];
    for (let i = 0; i < row.high; i++) {
      if (row.kinds[i] !== 0) {
        rules.push(`${i}=${ruleText(row.kinds[i]!, row.values[i]!)}`);
      }
    }
    const range = `${row.start.toString(16)}..${row.end.toString(16)}`;
    return [range, cfaText("x86_64", row), ...rules].join(" ");
  });
}

function kindOf(...instructions: readonly (readonly number[])[]): string {
  return assertThrows(() => rows(...instructions), CfiError).kind;
}

Deno.test("RowMachine, begins with the rules of the CIE", () => {
  assertEquals(rows(), ["1000..1100 rsp+8 16=c-8"]);
});

Deno.test("RowMachine, follows a prologue and an epilogue", () => {
  // push rbp; mov rbp, rsp; …; pop rbp; ret
  assertEquals(
    rows(
      op.advance(1),
      op.defCfaOffset(16),
      op.offset(6, 2),
      op.advance(3),
      op.defCfaRegister(6),
      op.advance(20),
      op.defCfa(7, 8),
      op.restore(6),
    ),
    [
      "1000..1001 rsp+8 16=c-8",
      "1001..1004 rsp+16 6=c-16 16=c-8",
      "1004..1018 rbp+16 6=c-16 16=c-8",
      "1018..1100 rsp+8 16=c-8",
    ],
  );
});

Deno.test("RowMachine, remembers and restores states, the CFA with them", () => {
  assertEquals(
    rows(
      op.offset(3, 2),
      op.defCfaOffset(16),
      op.remember(),
      op.advance(4),
      op.restore(3),
      op.remember(),
      op.defCfaOffset(8),
      op.advance(4),
      op.recall(),
      op.advance(4),
      op.recall(),
    ),
    [
      "1000..1004 rsp+16 3=c-16 16=c-8",
      "1004..1008 rsp+8 16=c-8",
      "1008..100c rsp+16 16=c-8",
      "100c..1100 rsp+16 3=c-16 16=c-8",
    ],
  );
});

Deno.test("RowMachine, advances by every width", () => {
  assertEquals(
    rows(
      op.advance(0x3f),
      [DW_CFA.advanceLoc1, 0x10],
      [DW_CFA.advanceLoc2, 0x11, 0],
      [DW_CFA.advanceLoc4, 0x12, 0, 0, 0],
      [DW_CFA.mipsAdvanceLoc8, 0x13, 0, 0, 0, 0, 0, 0, 0],
    ).map((row) => row.split(" ")[0]),
    ["1000..103f", "103f..104f", "104f..1060", "1060..1072", "1072..1085", "1085..1100"],
  );
});

Deno.test("RowMachine, sets the location with the CIE's encoding", () => {
  const image = new FrameImage("debug_frame");
  const cie = image.cie();
  image.fde(cie, {
    begin: 0x1000,
    size: 0x100,
    instructions: [
      [DW_CFA.setLoc, 0x40, 0x10, 0, 0, 0, 0, 0, 0],
      op.defCfaOffset(24),
    ],
  });
  const table = image.table();
  const [fde] = table.fdes();
  assertEquals([...table.rows(fde!)].map((row) => row.start), [0x1000, 0x1040]);
});

Deno.test("RowMachine, leaves out empty rows", () => {
  assertEquals(rows(op.advance(0), op.defCfaOffset(16), op.advance(0)), [
    "1000..1100 rsp+16 16=c-8",
  ]);
});

Deno.test("RowMachine, knows every register rule", () => {
  const after = (...instructions: readonly (readonly number[])[]) =>
    rows(...instructions)[0]!.replace("1000..1100 rsp+8 ", "")
      .replace("16=c-8", "").trim();
  assertEquals(after(op.one(DW_CFA.undefined, 3)), "3=u");
  assertEquals(after(op.one(DW_CFA.sameValue, 3)), "3=s");
  assertEquals(after(op.one(DW_CFA.register, 3, 5)), "3=r5");
  assertEquals(after(op.one(DW_CFA.offsetExtended, 3, 4)), "3=c-32");
  assertEquals(after(op.signed(DW_CFA.offsetExtendedSf, 3, -4)), "3=c+32");
  assertEquals(after(op.one(DW_CFA.gnuNegativeOffsetExtended, 3, 4)), "3=c+32");
  assertEquals(after(op.one(DW_CFA.valOffset, 3, 0)), "3=v+0");
  assertEquals(after(op.signed(DW_CFA.valOffsetSf, 3, 2)), "3=v-16");
  assertEquals(after(op.expression(3, [DW_OP.lit0])), "3=exp");
  assertEquals(after(op.valExpression(3, [DW_OP.lit0])), "3=vexp");
  assertEquals(
    after(op.offset(3, 4), op.one(DW_CFA.restoreExtended, 3)),
    "",
  );
});

Deno.test("RowMachine, knows every CFA rule", () => {
  const cfa = (...instructions: readonly (readonly number[])[]) =>
    rows(...instructions)[0]!.split(" ")[1];
  assertEquals(cfa(op.defCfa(6, 32)), "rbp+32");
  assertEquals(cfa(op.signed(DW_CFA.defCfaSf, 6, -4)), "rbp+32");
  assertEquals(cfa([DW_CFA.defCfaOffsetSf, 0x7d]), "rsp+24");
  assertEquals(cfa(op.defCfaExpression([DW_OP.lit0])), "exp");
  // After an expression the old offset counts again, as for GCC.
  assertEquals(
    cfa(op.defCfaExpression([DW_OP.lit0]), op.defCfaRegister(6)),
    "rbp+8",
  );
});

Deno.test("RowMachine, keeps the signed return address in remembered states", () => {
  const image = new FrameImage();
  image.fde(image.cie(), {
    begin: 0,
    size: 40,
    instructions: [
      op.advance(4),
      [DW_CFA.aarch64NegateRaState],
      op.remember(),
      op.advance(4),
      [DW_CFA.aarch64NegateRaState],
      op.advance(4),
      op.recall(),
      op.advance(4),
      [DW_CFA.aarch64NegateRaState],
      op.advance(4),
      [DW_CFA.aarch64NegateRaStateWithPc],
    ],
  });
  const table = image.table();
  const [fde] = table.fdes();
  const states = [...table.rows(fde!)].map((row) => [row.raSigned, row.raSignedWithPc]);
  assertEquals(states, [
    [false, false],
    [true, false],
    [false, false],
    [true, false],
    [false, false],
    [true, true],
  ]);
});

Deno.test("RowMachine, counts pushed arguments", () => {
  const image = new FrameImage();
  image.fde(image.cie(), {
    begin: 0,
    size: 8,
    instructions: [op.one(DW_CFA.gnuArgsSize, 48)],
  });
  const table = image.table();
  const [fde] = table.fdes();
  assertEquals(table.rowAt(fde!, 4)?.argsSize, 48);
});

Deno.test("FrameTable.rowAt, finds the row of each address", () => {
  const image = new FrameImage();
  image.fde(image.cie(), {
    begin: 0x1000,
    size: 8,
    instructions: [op.advance(4), op.defCfaOffset(16)],
  });
  const table = image.table();
  const [fde] = table.fdes();
  const at = (address: number) => table.rowAt(fde!, address)?.cfaOffset;
  assertEquals(
    [0xfff, 0x1000, 0x1003, 0x1004, 0x1007, 0x1008].map(at),
    [undefined, 8, 8, 16, 16, undefined],
  );
});

Deno.test("RowMachine, names what is wrong", () => {
  assertEquals(kindOf([0x3f]), "instruction");
  assertEquals(kindOf(op.recall()), "state-stack");
  assertEquals(
    kindOf(...Array.from({ length: 65 }, () => op.remember())),
    "state-stack",
  );
  assertEquals(kindOf(op.one(DW_CFA.undefined, 192)), "register");
  assertEquals(kindOf(op.one(DW_CFA.register, 3, 500)), "register");
  assertEquals(kindOf(op.defCfa(192, 0)), "register");
  assertEquals(kindOf(op.one(DW_CFA.offsetExtended, 3, 2 ** 52)), "register");
  assertEquals(
    assertThrows(() => rows([DW_CFA.defCfaExpression, 100]), DecodeError).kind,
    "truncated",
  );
});

Deno.test("RowMachine, rejects a location that goes back", () => {
  const image = new FrameImage("debug_frame");
  image.fde(image.cie(), {
    begin: 0x1000,
    size: 0x100,
    instructions: [[DW_CFA.setLoc, 0, 0, 0, 0, 0, 0, 0, 0]],
  });
  const table = image.table();
  const [fde] = table.fdes();
  const error = assertThrows(() => [...table.rows(fde!)], CfiError);
  assertEquals(error.kind, "location");
});

Deno.test("RowMachine, rejects restoring inside a CIE", () => {
  const image = new FrameImage();
  image.fde(image.cie({ instructions: [op.restore(3)] }), {
    begin: 0,
    size: 1,
  });
  const table = image.table();
  const [fde] = table.fdes();
  assertThrows(() => [...table.rows(fde!)], CfiError);
});
