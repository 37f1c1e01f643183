/**
 * The x87 unit.
 *
 * @module
 */

import { Chapter, data, type Snippet } from "../snippet.ts";

const ALL = [
  "x87 half",
  "x87 empty",
  "x87 full",
  "x87 mixed",
  "x87 unmasked",
  "x87 pending",
] as const;

/** The chapter. */
export function x87Snippets(): Snippet[] {
  const chapter = new Chapter("x87", { fp: ALL });
  const loads: readonly [string, number][] = [
    ["flds", 4],
    ["fldl", 8],
    ["fldt", 10],
    ["filds", 2],
    ["fildl", 4],
    ["fildll", 8],
    ["fbld", 10],
    ["fsts", 4],
    ["fstl", 8],
    ["fstps", 4],
    ["fstpl", 8],
    ["fstpt", 10],
    ["fists", 2],
    ["fistl", 4],
    ["fistpll", 8],
    ["fisttpl", 4],
    ["fbstp", 10],
    ["fnstcw", 2],
    ["fnstsw", 2],
    ["fldcw", 2],
    ["fadds", 4],
    ["fmull", 8],
    ["fdivrl", 8],
    ["fcoml", 8],
    ["fiaddl", 4],
    ["ficoms", 2],
  ];
  for (const [op, size] of loads) chapter.add(`${op} (%rdi)`, { operand: data(size) });
  for (const op of ["fadd", "fsub", "fsubr", "fmul", "fdiv", "fdivr"]) {
    chapter.add(`${op} %st(1), %st`);
    chapter.add(`${op}p %st, %st(2)`);
  }
  for (const op of ["fcom", "fcomp", "fucom", "fucomi", "fcomi", "fcomip", "fxch", "ffree"]) {
    chapter.add(op.endsWith("i") || op.endsWith("ip") ? `${op} %st(1), %st` : `${op} %st(1)`);
  }
  chapter.all(["fcompp", "fucompp", "ftst", "fxam", "fchs", "fabs", "fsqrt", "frndint", "fscale"]);
  chapter.all(["fld1", "fldz", "fldpi", "fldl2e", "fldlg2", "fldln2", "fldl2t", "fld %st(2)"]);
  chapter.all(["fxtract", "fprem", "fprem1", "fincstp", "fdecstp", "fnop", "fst %st(3)"]);
  chapter.all(["fstp %st(0)", "fnclex", "fninit", "fwait", "fnstsw %ax", "fcmovne %st(1), %st"]);
  chapter.add("fcmovb %st(1), %st", { flags: 1 });
  chapter.all(["fsin", "fcos", "fsincos", "fptan", "fpatan", "f2xm1", "fyl2x", "fyl2xp1"]);
  // Two in a row: what the first has raised is due at the second.
  chapter.all([
    "fldz; fld1; fdivp; fld1",
    "fldz; fld1; fdivp; fnop",
    "fldz; fld1; fdivp; fnstsw %ax",
  ]);
  chapter.add("fldz; fld1; fdivp; fwait");
  chapter.add("fldz; fld1; fdivp; fildl (%rdi)", { operand: data(4) });
  return chapter.snippets;
}
