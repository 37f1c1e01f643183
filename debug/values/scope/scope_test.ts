import { assertEquals } from "@std/assert";
import { DW_AT, DW_FORM, DW_TAG } from "../../../elf/dwarf/mod.ts";
import { type AttributeInit, die, type EntryInit } from "../../../elf/dwarf/testing/info_image.ts";
import { DW_OP } from "../../../unwind/cfi/mod.ts";
import type { VariableFrame } from "../frame/variable_frame.ts";
import {
  code,
  type FrameInit,
  frameOf,
  location,
  name,
  type,
  ValueWorld,
} from "../testing/value_world.ts";
import { valueText } from "../text/text.ts";
import { variablesOf } from "./scope.ts";

function variable(label: string, ...attributes: readonly AttributeInit[]): EntryInit {
  return die(DW_TAG.variable, [name(label), type("int"), ...attributes], [], label);
}

function number(value: number): AttributeInit {
  return [DW_AT.constValue, DW_FORM.sdata, value];
}

function origin(to: string): AttributeInit {
  return [DW_AT.abstractOrigin, DW_FORM.ref4, { to }];
}

/** Variables of a scope: parameters, then each block, as text. */
function shown(world: ValueWorld, scope: string, frame: VariableFrame): string {
  const { parameters, blocks } = variablesOf({ frame, scope: world.at(scope), types: world.types });
  return [parameters, ...blocks.map(({ variables }) => variables)]
    .map((all) => all.map(({ name, value }) => `${name} = ${valueText(value)}`).join(", "))
    .join("; ");
}

Deno.test("variablesOf, blocks that hold the place, innermost first", () => {
  const world = new ValueWorld([
    die(DW_TAG.subprogram, [name("f"), ...code(0x1000, 0x100)], [
      die(DW_TAG.formalParameter, [name("p"), type("int"), number(1)]),
      die(DW_TAG.formalParameter, [type("int"), number(9)]),
      variable("a", number(2)),
      die(DW_TAG.lexicalBlock, code(0x1000, 0x20), [
        variable("a", number(3)),
        die(DW_TAG.lexicalBlock, [], [variable("flat", number(4))]),
        die(DW_TAG.lexicalBlock, code(0x1010, 0x8), [
          variable("deep", number(5)),
          die(DW_TAG.inlinedSubroutine, code(0x1010, 4), [variable("other", number(6))]),
        ]),
      ]),
      die(DW_TAG.lexicalBlock, code(0x1020, 0x20), [variable("b", number(7))]),
    ], "f"),
  ]);
  const at = (pc: bigint) => shown(world, "f", frameOf({ pc, function: world.at("f") }));
  assertEquals(at(0x1010n), "p = 1; deep = 5; a = 3, flat = 4; a = 2");
  assertEquals(at(0x1018n), "p = 1; a = 3, flat = 4; a = 2");
  assertEquals(at(0x1020n), "p = 1; b = 7; a = 2");
  assertEquals(at(0x1040n), "p = 1; a = 2");
});

Deno.test("variablesOf, instances have what their origins have", () => {
  const world = new ValueWorld([
    die(DW_TAG.subprogram, [name("inlined")], [
      die(DW_TAG.formalParameter, [name("p"), type("int")], [], "p"),
      variable("kept"),
      variable("lost"),
      die(DW_TAG.lexicalBlock, [], [variable("inner")], "block"),
    ], "inlined"),
    die(DW_TAG.subprogram, [name("f"), ...code(0x1000, 0x100)], [
      variable("around", number(1)),
      die(DW_TAG.inlinedSubroutine, [origin("inlined"), ...code(0x1010, 8)], [
        die(DW_TAG.formalParameter, [origin("p"), number(2)]),
        die(DW_TAG.variable, [origin("kept"), number(3)]),
        // The third child of both; LLVM does not say of which block it is an instance.
        die(DW_TAG.callSite, []),
        die(DW_TAG.variable, [name("own"), type("int"), number(5)]),
        die(DW_TAG.lexicalBlock, code(0x1010, 4), [
          die(DW_TAG.variable, [origin("inner"), number(4)]),
        ]),
      ], "instance"),
    ], "f"),
  ]);
  const frame = frameOf({ pc: 0x1012n, function: world.at("f") });
  assertEquals(
    shown(world, "instance", frame),
    "p = 2; inner = 4; kept = 3, own = 5, lost = <optimized out>",
  );
  assertEquals(shown(world, "f", frame), "; around = 1");
});

const ALL: AttributeInit = [DW_AT.callAllCalls, DW_FORM.flagPresent, []];
const EXTERNAL: AttributeInit = [DW_AT.external, DW_FORM.flagPresent, []];

/** `DW_TAG_call_site` that returns to 0x2010, with a value in register 5. */
function call(
  to: readonly AttributeInit[],
  value: readonly number[],
  ...more: readonly AttributeInit[]
): EntryInit {
  return die(DW_TAG.callSite, [[DW_AT.callReturnPc, DW_FORM.addr, 0x2010], ...to], [
    die(DW_TAG.callSiteParameter, [
      location(DW_OP.reg0 + 5),
      [DW_AT.callValue, DW_FORM.exprloc, value],
      ...more,
    ]),
  ]);
}

function callers(
  site: EntryInit,
  body: readonly EntryInit[] = [],
  asked: readonly number[] = [DW_OP.reg0 + 5],
): ValueWorld {
  return new ValueWorld([
    die(DW_TAG.subprogram, [name("callee"), ALL, EXTERNAL, ...code(0x1000, 0x100)], [
      die(DW_TAG.formalParameter, [
        name("p"),
        type("int"),
        location(DW_OP.entryValue, asked.length, ...asked, DW_OP.stackValue),
      ]),
      ...body,
    ], "callee"),
    die(DW_TAG.subprogram, [name("other"), ...code(0x3000, 0x10)], [], "other"),
    die(DW_TAG.subprogram, [name("caller"), ...code(0x2000, 0x100)], [
      die(DW_TAG.lexicalBlock, code(0x2000, 0x80), [site]),
    ], "caller"),
    die(
      DW_TAG.subprogram,
      [name("callee"), [DW_AT.declaration, DW_FORM.flagPresent, []]],
      [],
      "declared",
    ),
  ]);
}

function passed(world: ValueWorld, caller: FrameInit = {}): string {
  const outer = frameOf({ pc: 0x2010n, function: world.at("caller"), ...caller });
  return shown(world, "callee", frameOf({ function: world.at("callee"), caller: outer }));
}

function of(label: string): AttributeInit[] {
  return [[DW_AT.callOrigin, DW_FORM.ref4, { to: label }]];
}

Deno.test("variablesOf, values on entry are what the caller says it passed", () => {
  const value = [DW_OP.breg0 + 3, 2];
  const registers = { 3: 40n };
  assertEquals(passed(callers(call(of("callee"), value)), { registers }), "p = 42");
  assertEquals(passed(callers(call(of("declared"), value)), { registers }), "p = 42");
  const target: AttributeInit = [DW_AT.callTarget, DW_FORM.exprloc, [DW_OP.breg0 + 6, 0]];
  const indirect = callers(call([target], value));
  const bias = 0x100000n;
  assertEquals(passed(indirect, { registers: { 3: 40n, 6: 0x1000n } }), "p = 42");
  assertEquals(passed(indirect, { registers: { 3: 40n, 6: 0x3000n } }), "p = <optimized out>");
  assertEquals(
    passed(callers(call(of("callee"), value)), { registers, bias }),
    "p = <optimized out>",
  );
  // A register that is asked for with a type, as those of floating-point numbers are.
  for (const op of [DW_OP.regvalType, DW_OP.gnuRegvalType]) {
    const typed = callers(call(of("callee"), value), [], [op, 5, 0]);
    assertEquals(passed(typed, { registers }), "p = 42");
  }
  // What it pointed to then.
  const pointed = [DW_OP.breg0 + 5, 0, DW_OP.derefSize, 4];
  const data: AttributeInit = [DW_AT.callDataValue, DW_FORM.exprloc, [DW_OP.lit0 + 9]];
  assertEquals(
    passed(callers(call(of("callee"), value, data), [], pointed), { registers }),
    "p = 9",
  );
  const without = callers(call(of("callee"), value), [], pointed);
  assertEquals(passed(without, { registers }), "p = <optimized out>");
  // The caller's register is not known; that is something else.
  assertEquals(passed(callers(call(of("callee"), value))), "p = <not saved>");
});

Deno.test("variablesOf, values on entry that nobody can be sure of are optimized out", () => {
  const lost = "p = <optimized out>";
  const value = [DW_OP.lit0 + 7];
  assertEquals(passed(callers(call(of("callee"), value))), "p = 7");
  assertEquals(passed(callers(call(of("other"), value))), lost);
  assertEquals(passed(callers(call([], value))), lost);
  assertEquals(passed(callers(call(of("callee"), value)), { pc: 0x2020n }), lost);
  const jump = (to: readonly AttributeInit[]) =>
    die(DW_TAG.callSite, [[DW_AT.callTailCall, DW_FORM.flagPresent, []], ...to]);
  assertEquals(passed(callers(call(of("callee"), value), [jump(of("other"))])), "p = 7");
  assertEquals(passed(callers(call(of("callee"), value), [jump(of("callee"))])), lost);
  assertEquals(passed(callers(call(of("callee"), value), [jump([])])), lost);
  const world = callers(call(of("callee"), value));
  assertEquals(shown(world, "callee", frameOf({ function: world.at("callee") })), lost);
});

Deno.test("variablesOf, what is passed on a thousand times is known", () => {
  const entry = [DW_OP.entryValue, 1, DW_OP.reg0 + 5];
  const passes = (returnPc: number, value: readonly number[]) =>
    die(DW_TAG.callSite, [[DW_AT.callReturnPc, DW_FORM.addr, returnPc], ...of("f")], [
      die(DW_TAG.callSiteParameter, [
        location(DW_OP.reg0 + 5),
        [DW_AT.callValue, DW_FORM.exprloc, value],
      ]),
    ]);
  const world = new ValueWorld([
    die(DW_TAG.subprogram, [name("f"), ALL, ...code(0x1000, 0x100)], [
      die(DW_TAG.formalParameter, [name("p"), type("int"), location(...entry, DW_OP.stackValue)]),
      // Each passes one more.
      passes(0x1010, [...entry, DW_OP.lit0 + 1, DW_OP.plus]),
    ], "f"),
    die(DW_TAG.subprogram, [name("main"), ...code(0x2000, 0x100)], [
      passes(0x2010, [DW_OP.lit0 + 7]),
    ], "main"),
  ]);
  let frame = frameOf({ pc: 0x2010n, function: world.at("main") });
  for (let i = 0; i <= 1000; i++) {
    frame = frameOf({ pc: 0x1010n, function: world.at("f"), caller: frame });
  }
  assertEquals(shown(world, "f", frame), "p = 1007");
});
