import { assertEquals, assertThrows } from "@std/assert";
import { Cursor } from "../../../bytes/mod.ts";
import { ExpressionError } from "../../errors.ts";
import { evaluateExpression } from "./evaluate.ts";
import type { ExpressionContext, ExpressionOptions } from "./machine.ts";
import { DW_OP, FORBIDDEN } from "./operators.ts";
import { sleb, uleb } from "../../../bytes/testing/image_builder.ts";

const CONTEXT: ExpressionContext = {
  register: (register) => register < 40 ? BigInt(register) * 0x100n : undefined,
  memory: (address, size) =>
    address < 0x10000n ? BigInt.asUintN(8 * size, address * 0x101010101010101n) : undefined,
  cfa: 0x7000n,
  bias: 0x400000n,
};

function run(
  bytes: readonly number[],
  options: ExpressionOptions = {},
  context = CONTEXT,
): unknown {
  const cursor = new Cursor(Uint8Array.from(bytes), "test");
  const result = evaluateExpression(cursor, context, options);
  return result.type === "value" ? result.value : result;
}

function kindOf(
  bytes: readonly number[],
  options: ExpressionOptions = {},
  context = CONTEXT,
): string {
  return assertThrows(() => run(bytes, options, context), ExpressionError).kind;
}

/** Signed LEB128 constants, then an operator. */
function calc(op: number, ...operands: readonly (number | bigint)[]): bigint {
  return run([
    ...operands.flatMap((each) => [DW_OP.consts, ...sleb(each)]),
    op,
  ]) as bigint;
}

const MINUS = (value: bigint) => BigInt.asUintN(64, -value);

Deno.test("evaluateExpression, pushes constants of every form", () => {
  const all = 0xffffffffffffffffn;
  assertEquals(run([DW_OP.lit0 + 31]), 31n);
  assertEquals(run([DW_OP.const1u, 0xff]), 0xffn);
  assertEquals(run([DW_OP.const1s, 0xff]), all);
  assertEquals(run([DW_OP.const2u, 0xff, 0xff]), 0xffffn);
  assertEquals(run([DW_OP.const2s, 0xff, 0xff]), all);
  assertEquals(run([DW_OP.const4u, 0xff, 0xff, 0xff, 0xff]), 0xffffffffn);
  assertEquals(run([DW_OP.const4s, 0xff, 0xff, 0xff, 0xff]), all);
  assertEquals(run([DW_OP.const8u, 1, 0, 0, 0, 0, 0, 0, 0x80]), 2n ** 63n + 1n);
  assertEquals(run([DW_OP.const8s, ...new Array(8).fill(0xff)]), all);
  assertEquals(run([DW_OP.constu, ...uleb(2n ** 63n)]), 2n ** 63n);
  assertEquals(run([DW_OP.consts, ...sleb(-5)]), MINUS(5n));
  assertEquals(run([DW_OP.addr, 0, 0x10, 0, 0, 0, 0, 0, 0]), 0x401000n);
  assertEquals(run([DW_OP.gnuEncodedAddr, 0x03, 0, 0x10, 0, 0]), 0x401000n);
});

Deno.test("evaluateExpression, reads registers and memory", () => {
  assertEquals(run([DW_OP.breg0 + 7, ...sleb(-8)]), 0x700n - 8n);
  assertEquals(run([DW_OP.bregx, ...uleb(33), ...sleb(4)]), 0x2104n);
  assertEquals(run([DW_OP.lit0 + 2, DW_OP.deref]), 0x202020202020202n);
  assertEquals(run([DW_OP.lit0 + 2, DW_OP.derefSize, 2]), 0x202n);
  assertEquals(run([DW_OP.callFrameCfa]), 0x7000n);
  assertEquals(kindOf([DW_OP.bregx, 50, 0]), "register");
  assertEquals(kindOf([DW_OP.const4u, 0, 0, 1, 0, DW_OP.deref]), "memory");
  assertEquals(kindOf([DW_OP.lit0, DW_OP.derefSize, 9]), "operator");
  const { cfa: _, ...noCfa } = CONTEXT;
  assertEquals(kindOf([DW_OP.callFrameCfa], {}, noCfa), "operator");
});

Deno.test("evaluateExpression, moves values about", () => {
  const stack = [1n, 2n, 3n];
  const top = (...bytes: number[]) => run(bytes, { stack });
  assertEquals(top(DW_OP.dup, DW_OP.plus), 6n);
  assertEquals(top(DW_OP.drop), 2n);
  assertEquals(top(DW_OP.over), 2n);
  assertEquals(top(DW_OP.pick, 2), 1n);
  assertEquals(top(DW_OP.swap), 2n);
  assertEquals(top(DW_OP.swap, DW_OP.drop), 3n);
  // 1 2 3 becomes 3 1 2.
  assertEquals(top(DW_OP.rot), 2n);
  assertEquals(top(DW_OP.rot, DW_OP.drop), 1n);
  assertEquals(top(DW_OP.rot, DW_OP.drop, DW_OP.drop), 3n);
  for (const op of [DW_OP.dup, DW_OP.drop, DW_OP.over, DW_OP.swap, DW_OP.rot]) {
    assertEquals(kindOf([op]), "stack", `${op}`);
  }
  assertEquals(kindOf([DW_OP.pick, 3], { stack }), "stack");
});

Deno.test("evaluateExpression, calculates in 64 bits", () => {
  assertEquals(calc(DW_OP.abs, -7), 7n);
  assertEquals(calc(DW_OP.neg, 7), MINUS(7n));
  assertEquals(calc(DW_OP.not, 0), MINUS(1n));
  assertEquals(calc(DW_OP.and, 12, 10), 8n);
  assertEquals(calc(DW_OP.or, 12, 10), 14n);
  assertEquals(calc(DW_OP.xor, 12, 10), 6n);
  assertEquals(calc(DW_OP.plus, -1, 3), 2n);
  assertEquals(calc(DW_OP.minus, 3, 5), MINUS(2n));
  assertEquals(calc(DW_OP.mul, 2n ** 62n, 4), 0n);
  assertEquals(calc(DW_OP.div, -7, 2), MINUS(3n));
  assertEquals(calc(DW_OP.mod, -1, 10), 0xffffffffffffffffn % 10n);
  assertEquals(calc(DW_OP.shl, 1, 63), 2n ** 63n);
  assertEquals(calc(DW_OP.shl, 1, 64), 0n);
  assertEquals(calc(DW_OP.shr, -1, 60), 15n);
  assertEquals(calc(DW_OP.shr, -1, 100), 0n);
  assertEquals(calc(DW_OP.shra, -16, 2), MINUS(4n));
  assertEquals(calc(DW_OP.shra, -16, 200), MINUS(1n));
  assertEquals(run([DW_OP.lit0 + 1, DW_OP.plusUconst, ...uleb(300)]), 301n);
  assertEquals(kindOf([DW_OP.lit0, DW_OP.lit0, DW_OP.div]), "division");
  assertEquals(kindOf([DW_OP.lit0, DW_OP.lit0, DW_OP.mod]), "division");
});

Deno.test("evaluateExpression, compares as signed numbers", () => {
  const table = [
    [DW_OP.eq, 0n, 1n, 0n],
    [DW_OP.ne, 1n, 0n, 1n],
    [DW_OP.lt, 1n, 0n, 0n],
    [DW_OP.le, 1n, 1n, 0n],
    [DW_OP.gt, 0n, 0n, 1n],
    [DW_OP.ge, 0n, 1n, 1n],
  ] as const;
  for (const [op, less, same, more] of table) {
    assertEquals(
      [calc(op, -1, 1), calc(op, 1, 1), calc(op, 1, -1)],
      [less, same, more],
    );
  }
});

Deno.test("evaluateExpression, branches inside the expression only", () => {
  // Counts down from 5 and leaves 0, then pushes 9.
  const loop = [
    DW_OP.lit0 + 5, // 0
    DW_OP.lit0 + 1, // 1
    DW_OP.minus, // 2
    DW_OP.dup, // 3
    DW_OP.bra, // 4: back to 1
    0xfa,
    0xff,
    DW_OP.skip, // 7: over the next
    1,
    0,
    DW_OP.drop, // 10
    DW_OP.lit0 + 9,
  ];
  assertEquals(run(loop), 9n);
  assertEquals(run([DW_OP.lit0 + 4, DW_OP.skip, 0, 0]), 4n);
  assertEquals(kindOf([DW_OP.skip, 1, 0]), "branch");
  assertEquals(kindOf([DW_OP.skip, 0xfc, 0xff]), "branch");
  assertEquals(kindOf([DW_OP.skip, 0xfd, 0xff]), "steps");
});

Deno.test("evaluateExpression, keeps its limits", () => {
  const push = [DW_OP.lit0, DW_OP.skip, 0xfc, 0xff];
  assertEquals(kindOf(push), "stack");
  assertEquals(kindOf([DW_OP.nop, DW_OP.nop], { stepLimit: 1 }), "steps");
  assertEquals(kindOf([DW_OP.lit0], { stack: [1n], stackLimit: 1 }), "stack");
  assertEquals(kindOf([]), "result");
  assertEquals(run([DW_OP.nop], { stack: [-1n] }), 0xffffffffffffffffn);
});

Deno.test("evaluateExpression, gives locations", () => {
  assertEquals(run([DW_OP.reg0 + 3]), { type: "register", register: 3 });
  assertEquals(run([DW_OP.regx, ...uleb(200)]), {
    type: "register",
    register: 200,
  });
  assertEquals(run([DW_OP.lit0 + 3, DW_OP.stackValue]), {
    type: "literal",
    value: 3n,
  });
  assertEquals(run([DW_OP.implicitValue, 2, 0x34, 0x12]), {
    type: "literal",
    value: 0x1234n,
  });
  assertEquals(kindOf([DW_OP.reg0, DW_OP.lit0]), "result");
});

Deno.test("evaluateExpression, rejects what no unwinder can do", () => {
  for (const [op, reason] of FORBIDDEN) {
    const error = assertThrows(
      () => run([op, ...new Array(16).fill(0)]),
      ExpressionError,
    );
    assertEquals(error.kind, "operator");
    assertEquals(error.message.includes(reason), true);
  }
  assertEquals(kindOf([0x02]), "operator");
  assertEquals(kindOf([0xff]), "operator");
  assertEquals(run([DW_OP.lit0 + 6, DW_OP.convert, 0]), 6n);
  assertEquals(kindOf([DW_OP.lit0, DW_OP.reinterpret, 9]), "operator");
});

Deno.test("evaluateExpression, computes the CFA inside a linkage table", () => {
  // breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus: one more word on the stack from byte
  // 11 of an entry on.
  const plt = [
    ...[DW_OP.breg0 + 7, 8, DW_OP.breg0 + 16, 0, DW_OP.lit0 + 15, DW_OP.and],
    ...[DW_OP.lit0 + 11, DW_OP.ge, DW_OP.lit0 + 3, DW_OP.shl, DW_OP.plus],
  ];
  const cfa = (pc: bigint) =>
    run(plt, {}, {
      ...CONTEXT,
      register: (register) => register === 7 ? 0x5000n : pc,
    });
  assertEquals(cfa(0x1000n), 0x5008n);
  assertEquals(cfa(0x100an), 0x5008n);
  assertEquals(cfa(0x100bn), 0x5010n);
});
