import { assertEquals, assertThrows } from "@std/assert";
import { sleb, uleb } from "../../../bytes/testing/image_builder.ts";
import { DW_AT, DW_ATE, DW_FORM, DW_TAG } from "../../../elf/dwarf/mod.ts";
import { die } from "../../../elf/dwarf/testing/info_image.ts";
import { DW_OP, ExpressionError } from "../../../unwind/cfi/mod.ts";
import {
  base,
  type FrameInit,
  frameOf,
  location,
  name,
  type,
  ValueWorld,
} from "../testing/value_world.ts";
import { BINARY128, BRAIN, floatFormat } from "./floats.ts";
import { evaluateValue } from "./location_machine.ts";
import { TypedValue, type ValueType } from "./typed_value.ts";

const WORLD = new ValueWorld([
  die(DW_TAG.subprogram, [[DW_AT.frameBase, DW_FORM.exprloc, [DW_OP.callFrameCfa]]], [
    die(
      DW_TAG.variable,
      [name("one"), type("int"), location(DW_OP.addr, ...word(0x5000))],
      [],
      "one",
    ),
    die(
      DW_TAG.variable,
      [name("seven"), type("int"), [DW_AT.constValue, DW_FORM.sdata, 7]],
      [],
      "seven",
    ),
    die(DW_TAG.dwarfProcedure, [location(DW_OP.lit0 + 5, DW_OP.plus)], [], "procedure"),
    die(DW_TAG.dwarfProcedure, [location(DW_OP.call4, 0, 0, 0, 0)], [], "empty"),
  ], "function"),
  base("complex", 8, DW_ATE.complexFloat),
  base("long double", 16, DW_ATE.float),
]);

function word(value: number): number[] {
  return [value & 255, value >> 8 & 255, value >> 16 & 255, value >>> 24, 0, 0, 0, 0];
}

function half(value: number): number[] {
  return word(value).slice(0, 4);
}

const FRAME: FrameInit = {
  function: WORLD.at("function"),
  cfa: 0x7000n,
  bias: 0x100000n,
  registers: { 3: 0x1234n, 7: 0x6f00n },
  vectors: { 17: bytesOf(1.5, 8), 33: bytesOf(0.75, 10) },
  memory: { 0x105000: [0xfe, 0xff, 0xff, 0xff, 9], 0x6f00: [...bytesOf(2.5, 4)] },
  threadStorage: 0x9000n,
};

function locate(...bytes: readonly number[]): unknown {
  return WORLD.context(frameOf(FRAME)).locate(Uint8Array.from(bytes));
}

/** Value on top of the stack: a word, or a number with its encoding and size. */
function compute(...bytes: readonly number[]): unknown {
  const value = evaluateValue(Uint8Array.from(bytes), WORLD.context(frameOf(FRAME)));
  if (!(value instanceof TypedValue)) return value;
  const { encoding, size } = value.type;
  return [value.number, encoding, size];
}

function kindOf(...bytes: readonly number[]): string {
  return assertThrows(() => compute(...bytes), ExpressionError).kind;
}

/** Operand that names a base type. */
function of(label: string): number[] {
  return uleb(WORLD.at(label).offset);
}

Deno.test("evaluateLocation, memory, registers, constants and nothing", () => {
  assertEquals(locate(DW_OP.fbreg, ...sleb(-16)), { type: "value", value: 0x6ff0n });
  assertEquals(locate(DW_OP.addr, ...word(0x5000)), { type: "value", value: 0x105000n });
  assertEquals(locate(DW_OP.lit0 + 8, DW_OP.formTlsAddress), {
    type: "value",
    value: 0x9008n,
  });
  assertEquals(locate(DW_OP.regx, 40), { type: "register", register: 40 });
  const literal = { type: "implicit", bytes: Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0) };
  assertEquals(locate(DW_OP.lit0 + 3, DW_OP.stackValue), literal);
  const block = { type: "implicit", bytes: Uint8Array.of(1, 2, 3) };
  assertEquals(locate(DW_OP.implicitValue, 3, 1, 2, 3), block);
  assertEquals(locate(), { type: "empty" });
});

Deno.test("evaluateLocation, pieces, some of which are nowhere", () => {
  assertEquals(
    locate(
      ...[DW_OP.reg0 + 3, DW_OP.piece, 4],
      ...[DW_OP.piece, 2],
      ...[DW_OP.lit0 + 1, DW_OP.stackValue, DW_OP.bitPiece, 3, 5],
      ...[DW_OP.fbreg, 0, DW_OP.piece, 1],
    ),
    {
      type: "pieces",
      pieces: [
        { location: { type: "register", register: 3 }, bits: 32, offset: 0 },
        { location: { type: "empty" }, bits: 16, offset: 0 },
        {
          location: { type: "implicit", bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) },
          bits: 3,
          offset: 5,
        },
        { location: { type: "value", value: 0x7000n }, bits: 8, offset: 0 },
      ],
    },
  );
  const trailing = [DW_OP.reg0, DW_OP.piece, 4, DW_OP.reg0 + 1];
  assertEquals(assertThrows(() => locate(...trailing), ExpressionError).kind, "result");
  assertEquals(assertThrows(() => locate(DW_OP.reg0, DW_OP.lit0), ExpressionError).kind, "result");
});

Deno.test("evaluateLocation, pointers to what is nowhere", () => {
  const { offset } = WORLD.at("one");
  for (const op of [DW_OP.implicitPointer, DW_OP.gnuImplicitPointer]) {
    const found = locate(op, ...half(offset), ...sleb(-4)) as { entry: { offset: number } };
    assertEquals([found.entry.offset, { ...found, entry: 0 }], [
      offset,
      { type: "implicit-pointer", entry: 0, offset: -4 },
    ]);
  }
  // A compiler has left out what it points to.
  assertEquals(locate(DW_OP.implicitPointer, 0, 0, 0, 0, 0), {
    type: "implicit-pointer",
    entry: undefined,
    offset: 0,
  });
});

Deno.test("evaluateValue, expressions and values of other entries", () => {
  const unit = (label: string) => half(WORLD.at(label).offset);
  assertEquals(compute(DW_OP.lit0 + 1, DW_OP.call4, ...unit("procedure")), 6n);
  assertEquals(compute(DW_OP.lit0 + 1, DW_OP.call2, ...unit("procedure").slice(0, 2)), 6n);
  assertEquals(compute(DW_OP.lit0 + 2, DW_OP.callRef, ...unit("procedure")), 7n);
  // What has no expression changes nothing.
  assertEquals(compute(DW_OP.lit0 + 2, DW_OP.call4, ...unit("seven")), 2n);
  assertEquals(compute(DW_OP.gnuVariableValue, ...unit("seven")), 7n);
  assertEquals(compute(DW_OP.gnuVariableValue, ...unit("one")), 0xfffffffffffffffen);
  assertEquals(kindOf(DW_OP.entryValue, 1, DW_OP.reg0), "entry-value");
  assertEquals(kindOf(DW_OP.pushObjectAddress), "operator");
  assertEquals(kindOf(DW_OP.xderef), "operator");
  assertEquals(kindOf(DW_OP.bregx, 50, 0), "register");
  assertEquals(kindOf(DW_OP.lit0, DW_OP.deref), "memory");
});

Deno.test("evaluateValue, values with types", () => {
  const int = of("int");
  const double = of("double");
  const minusTwo = [DW_OP.constType, ...int, 4, ...half(0xfffffffe)];
  assertEquals(compute(...minusTwo), [-2n, "signed", 4]);
  assertEquals(compute(DW_OP.regvalType, 17, ...double), [1.5, "float", 8]);
  assertEquals(compute(DW_OP.gnuRegvalType, 17, ...double, DW_OP.gnuConvert, ...int), [
    1n,
    "signed",
    4,
  ]);
  assertEquals(compute(DW_OP.breg0 + 7, 0, DW_OP.derefType, 4, ...of("float")), [2.5, "float", 4]);
  assertEquals(
    compute(DW_OP.breg0 + 7, 0, DW_OP.gnuDerefType, 4, ...of("float"), DW_OP.convert, ...double),
    [2.5, "float", 8],
  );
  // Half of minus two, of the same type; the operand without one joins in.
  assertEquals(compute(...minusTwo, DW_OP.lit0 + 2, DW_OP.div), [-1n, "signed", 4]);
  assertEquals(compute(...minusTwo, DW_OP.abs), [2n, "signed", 4]);
  assertEquals(compute(...minusTwo, DW_OP.not), [1n, "signed", 4]);
  assertEquals(compute(...minusTwo, DW_OP.lit0 + 1, DW_OP.shr), [2147483647n, "signed", 4]);
  assertEquals(compute(...minusTwo, ...minusTwo, DW_OP.eq), 1n);
  const real = [DW_OP.regvalType, 17, ...double];
  assertEquals(compute(...real, ...real, DW_OP.mul), [2.25, "float", 8]);
  assertEquals(compute(...real, DW_OP.neg), [-1.5, "float", 8]);
  assertEquals(compute(...real, DW_OP.neg, DW_OP.abs), [1.5, "float", 8]);
  assertEquals(compute(...real, DW_OP.reinterpret, 0), 0x3ff8000000000000n);
  assertEquals(compute(...minusTwo, DW_OP.convert, 0), 0xfffffffffffffffen);
  assertEquals(kindOf(...minusTwo, DW_OP.reinterpret, ...double), "operator");
  assertEquals(kindOf(...real, DW_OP.not), "operator");
  assertEquals(kindOf(...minusTwo, DW_OP.lit0, DW_OP.div), "division");
  assertEquals(kindOf(DW_OP.regvalType, 18, ...double), "register");
  // The same name and size, and another format on each machine.
  const long = [...real, DW_OP.convert, ...of("long double")];
  const onArm = frameOf({ ...FRAME, machine: "aarch64", vectors: { 64: bytesOf(1.5, 8) } });
  const armReal = [DW_OP.regvalType, 64, ...double, ...long.slice(real.length)];
  const arm = evaluateValue(Uint8Array.from(armReal), WORLD.context(onArm)) as TypedValue;
  assertEquals(arm.bytes.toHex(), `${"00".repeat(13)}80ff3f`);
  const x87 = evaluateValue(Uint8Array.from(long), WORLD.context(frameOf(FRAME))) as TypedValue;
  assertEquals(x87.bytes.toHex(), "00000000000000c0ff3f000000000000");
  // Of these nobody computes: a wrong number is worse than none.
  const complex = [DW_OP.regvalType, 17, ...of("complex")];
  assertEquals(kindOf(...complex, ...complex, DW_OP.plus), "operator");
  assertEquals(kindOf(...complex, DW_OP.neg), "operator");
  assertEquals(kindOf(...complex, DW_OP.convert, ...int), "operator");
  assertEquals(kindOf(DW_OP.lit0, DW_OP.convert, ...of("complex")), "operator");
});

Deno.test("evaluateValue, calls are bounded", () => {
  const calling = (offset: number) =>
    new ValueWorld([
      die(DW_TAG.dwarfProcedure, [location(DW_OP.callRef, ...half(offset))], [], "itself"),
    ]);
  const { offset } = calling(0).at("itself");
  const context = calling(offset).context(frameOf());
  const call = Uint8Array.from([DW_OP.callRef, ...half(offset)]);
  const error = assertThrows(() => evaluateValue(call, context), ExpressionError, "deep");
  assertEquals(error.kind, "steps");
});

/** A floating-point type. */
function float(size: number, format = floatFormat(size)): ValueType {
  return { encoding: "float", size, format };
}

function bytesOf(value: number, size: number): Uint8Array {
  return TypedValue.of(float(size), value).bytes;
}

Deno.test("TypedValue, floating-point numbers of every size", () => {
  const through = (value: number | bigint, type: ValueType) => TypedValue.of(type, value).number;
  for (const value of [0, -0, 1, -2.5, 0.1, 1e300, 5e-324, Infinity, -Infinity, NaN]) {
    for (const type of [float(8), float(10), float(16), float(16, BINARY128)]) {
      assertEquals(through(value, type), value);
    }
    assertEquals(through(value, float(4)), Math.fround(value));
  }
  for (const value of [1e-40, 2 ** -149, 2 ** -150, 3 * 2 ** -150, 3.4028235677973366e38, 0.1]) {
    assertEquals(through(value, float(4)), Math.fround(value));
  }
  // Half precision: exact, rounded to even, the least, the greatest, too large.
  const half = [[1.5, 1.5], [2049, 2048], [2051, 2052], [2 ** -24, 2 ** -24], [65504, 65504]];
  for (const [value, rounded] of half) assertEquals(through(value!, float(2)), rounded);
  assertEquals(through(65520, float(2)), Infinity);
  assertEquals(through(257, float(2, BRAIN)), 256);
});

Deno.test("TypedValue, converts between formats and to integers without a loss in between", () => {
  const long: ValueType = { encoding: "signed", size: 8 };
  const odd = 2n ** 63n - 1n;
  for (const type of [float(10), float(16), float(16, BINARY128)]) {
    const value = TypedValue.of(type, odd);
    assertEquals(value.as(long).number, odd);
    assertEquals(value.as(float(8)).number, 2 ** 63);
    // Between two numbers of a float, and above their middle by what no double can tell.
    const above = 2n ** 62n + 2n ** 38n + 1n;
    assertEquals(TypedValue.of(type, above).as(float(4)).number, 2 ** 62 + 2 ** 39);
  }
  const quadruple = TypedValue.of(float(8), -2.5).as(float(16, BINARY128));
  assertEquals(quadruple.bytes.toHex(), `${"00".repeat(13)}4000c0`);
  assertEquals(quadruple.as(float(10)).bytes.toHex(), "00000000000000a000c0");
  assertEquals([quadruple.as(long).number, quadruple.word], [-2n, 2n ** 64n - 2n]);
  assertEquals(TypedValue.of(float(8), NaN).as(long).number, 0n);
});
