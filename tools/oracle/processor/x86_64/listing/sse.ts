/**
 * SSE to SSE4.2 and MMX.
 *
 * @module
 */

import { Chapter, data, type Feature, type Snippet } from "../snippet.ts";

const FLOATS = ["sse bits", "sse numbers", "sse unmasked"] as const;
const BITS = ["sse bits"] as const;

/** Adds the form between registers, and that with memory. */
function both(
  chapter: Chapter,
  op: string,
  { size, immediate }: { size: number; immediate?: number },
) {
  const first = immediate === undefined ? "" : `$${immediate}, `;
  chapter.add(`${op} ${first}%xmm1, %xmm0`);
  chapter.add(`${op} ${first}(%rdi), %xmm0`, { operand: data(size) });
}

function floats(): Snippet[] {
  const chapter = new Chapter("sse", { fp: FLOATS });
  const types = [["ps", 16], ["pd", 16], ["ss", 4], ["sd", 8]] as const;
  for (const op of ["add", "sub", "mul", "div", "min", "max", "sqrt"]) {
    for (const [type, size] of types) both(chapter, `${op}${type}`, { size });
  }
  for (const [type, size] of types) {
    for (const immediate of [0, 1, 3, 6]) both(chapter, `cmp${type}`, { size, immediate });
  }
  for (
    const [op, size] of [["comiss", 4], ["ucomiss", 4], ["comisd", 8], ["ucomisd", 8]] as const
  ) {
    both(chapter, op, { size });
  }
  for (const op of ["and", "andn", "or", "xor", "unpckl", "unpckh"]) {
    both(chapter, `${op}ps`, { size: 16 });
    both(chapter, `${op}pd`, { size: 16 });
  }
  for (
    const [op, size] of [
      ["cvtdq2ps", 16],
      ["cvtps2dq", 16],
      ["cvttps2dq", 16],
      ["cvtpd2dq", 16],
      [
        "cvttpd2dq",
        16,
      ],
      ["cvtdq2pd", 8],
      ["cvtps2pd", 8],
      ["cvtpd2ps", 16],
      ["cvtss2sd", 4],
      ["cvtsd2ss", 8],
    ] as const
  ) both(chapter, op, { size });
  for (
    const [op, size] of [["cvtss2si", 4], ["cvttss2si", 4], ["cvtsd2si", 8], [
      "cvttsd2si",
      8,
    ]] as const
  ) {
    chapter.add(`${op} %xmm1, %eax`);
    chapter.add(`${op} %xmm1, %rax`);
    chapter.add(`${op} (%rdi), %rax`, { operand: data(size) });
  }
  for (const op of ["cvtsi2ss", "cvtsi2sd"]) {
    chapter.add(`${op}l %eax, %xmm0`);
    chapter.add(`${op}q %rax, %xmm0`);
    chapter.add(`${op}q (%rdi), %xmm0`, { operand: data(8) });
  }
  both(chapter, "shufps", { size: 16, immediate: 0x1b });
  both(chapter, "shufpd", { size: 16, immediate: 1 });
  for (const op of ["haddps", "haddpd", "hsubps", "addsubps", "addsubpd"]) {
    both(chapter, op, { size: 16 });
  }
  chapter.add("ldmxcsr (%rdi)", { operand: data(4) });
  chapter.add("stmxcsr (%rdi)", { operand: data(4) });
  const sse4 = [["roundps", 16], ["roundpd", 16], ["roundss", 4], ["roundsd", 8]] as const;
  const rounding = new Chapter("sse", { fp: FLOATS, requires: "sse4_1" });
  for (const [op, size] of sse4) {
    for (const immediate of [0, 1, 4]) both(rounding, op, { size, immediate });
  }
  both(rounding, "dpps", { size: 16, immediate: 0x71 });
  return [...chapter.snippets, ...rounding.snippets];
}

function transfers(): Snippet[] {
  const chapter = new Chapter("sse move", { fp: BITS });
  const moves = [
    ["movaps", 16],
    ["movups", 16],
    ["movdqa", 16],
    ["movdqu", 16],
    ["movapd", 16],
    ["movss", 4],
    ["movsd", 8],
    ["movq", 8],
    ["movd", 4],
    ["movlps", 8],
    ["movhps", 8],
  ] as const;
  for (const [op, size] of moves) {
    chapter.add(`${op} (%rdi), %xmm0`, { operand: data(size) });
    chapter.add(`${op} %xmm1, (%rdi)`, { operand: data(size) });
  }
  chapter.all([
    "movss %xmm1, %xmm0",
    "movsd %xmm1, %xmm0",
    "movq %xmm1, %xmm0",
    "movhlps %xmm1, %xmm0",
  ]);
  chapter.all(["movq %rax, %xmm0", "movq %xmm1, %rax", "movd %eax, %xmm0", "movmskps %xmm1, %eax"]);
  chapter.all(["movmskpd %xmm1, %eax", "pmovmskb %xmm1, %eax", "movlhps %xmm1, %xmm0"]);
  chapter.all(["movntps %xmm1, (%rdi)", "movntdq %xmm1, (%rdi)"], { operand: data(16) });
  chapter.all(["movddup (%rdi), %xmm0"], { operand: data(8) });
  chapter.all(["movshdup (%rdi), %xmm0", "lddqu (%rdi), %xmm0"], { operand: data(16) });
  chapter.add("maskmovdqu %xmm1, %xmm0", { operand: data(16) });
  return chapter.snippets;
}

function integers(): Snippet[] {
  const chapter = new Chapter("sse integer", { fp: BITS });
  const ops = "paddb paddw paddd paddq psubb psubw psubd psubq paddsb paddusw psubsw psubusb " +
    "pmullw pmulhw pmulhuw pmuludq pmaddwd pand pandn por pxor pcmpeqb pcmpeqd pcmpgtb pcmpgtw " +
    "pminub pmaxsw pavgb pavgw psadbw packsswb packssdw packuswb punpcklbw punpckhwd " +
    "punpckldq punpckhqdq psllw pslld psllq psrlw psrad";
  for (const op of ops.split(" ")) both(chapter, op, { size: 16 });
  for (const op of ["pshufd", "pshuflw", "pshufhw"]) {
    both(chapter, op, { size: 16, immediate: 0x1b });
  }
  for (const op of ["psllw", "pslld", "psllq", "psrlq", "psraw", "pslldq", "psrldq"]) {
    for (const count of [0, 3, 17, 65]) chapter.add(`${op} $${count}, %xmm0`);
  }
  chapter.add("pinsrw $5, %eax, %xmm0");
  chapter.add("pinsrw $5, (%rdi), %xmm0", { operand: data(2) });
  chapter.add("pextrw $5, %xmm1, %eax");
  const later: readonly [Feature, string][] = [
    ["ssse3", "pshufb phaddw phaddsw phsubd pmaddubsw pmulhrsw psignb psignd pabsb pabsd"],
    ["sse4_1", "pmulld pmuldq pminsb pmaxud pminuw packusdw pcmpeqq ptest phminposuw"],
    ["sse4_2", "pcmpgtq"],
    ["aes", "aesenc aesdec aesenclast aesimc"],
  ];
  for (const [requires, names] of later) {
    const more = new Chapter("sse integer", { fp: BITS, requires });
    for (const op of names.split(" ")) both(more, op, { size: 16 });
    chapter.snippets.push(...more.snippets);
  }
  const four = new Chapter("sse integer", { fp: BITS, requires: "sse4_1" });
  for (const op of ["pmovsxbw", "pmovzxwd", "pmovsxdq"]) both(four, op, { size: 8 });
  for (const op of ["pblendw", "blendps", "mpsadbw"]) both(four, op, { size: 16, immediate: 5 });
  both(four, "insertps", { size: 4, immediate: 0x1d });
  four.all(["pinsrq $1, %rax, %xmm0", "pextrq $1, %xmm1, %rax", "pinsrb $3, %eax, %xmm0"]);
  four.add("pextrd $2, %xmm1, (%rdi)", { operand: data(4) });
  for (const immediate of [0x0c, 0x41, 0x7b]) {
    for (const op of ["pcmpistri", "pcmpistrm", "pcmpestri", "pcmpestrm"]) {
      const text = `${op} $${immediate}, %xmm1, %xmm0`;
      four.add(text, { requires: "sse4_2", registers: { 0: 9n, 2: 5n } });
    }
  }
  for (const op of ["palignr $5,"]) four.add(`${op} %xmm1, %xmm0`, { requires: "ssse3" });
  for (const immediate of [0, 0x10, 0x11]) {
    four.add(`pclmulqdq $${immediate}, %xmm1, %xmm0`, { requires: "pclmulqdq" });
  }
  return [...chapter.snippets, ...four.snippets];
}

function mmx(): Snippet[] {
  const chapter = new Chapter("mmx", { fp: ["x87 full"] });
  for (const op of ["paddb", "pmullw", "pxor", "pcmpgtd", "packuswb", "punpcklbw", "psrlq"]) {
    chapter.add(`${op} %mm1, %mm0`);
    chapter.add(`${op} (%rdi), %mm0`, { operand: data(8) });
  }
  chapter.all(["movq %rax, %mm3", "movd %mm1, %eax", "emms", "pmovmskb %mm1, %eax"]);
  chapter.all(["movq (%rdi), %mm0", "movq %mm1, (%rdi)", "movntq %mm1, (%rdi)"], {
    operand: data(8),
  });
  chapter.all(["movdq2q %xmm1, %mm2", "movq2dq %mm1, %xmm2", "cvtpi2ps %mm1, %xmm0"]);
  return chapter.snippets;
}

/** The chapter. */
export function sseSnippets(): Snippet[] {
  return [...floats(), ...transfers(), ...integers(), ...mmx()];
}
