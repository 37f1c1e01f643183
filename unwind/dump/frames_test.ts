import { assertEquals, assertThrows } from "@std/assert";
import { DW_CFA, DW_OP } from "../cfi/mod.ts";
import { frameChunks, frameLines } from "./frames.ts";
import { InputError } from "../../bytes/mod.ts";
import { CfiError } from "../errors.ts";
import { ElfError, type Machine } from "../../elf/mod.ts";
import {
  compress,
  compressedSection,
  gnuCompressedSection,
} from "../../elf/testing/compressed_section.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { FrameImage, op } from "../testing/frame_image.ts";

function file(image: FrameImage, machine: Machine = "x86_64"): Uint8Array {
  return elfImage({
    machine,
    sections: [{ name: ".eh_frame", address: 0x10000, data: image.build() }],
  });
}

Deno.test("frameLines, prints one JSON line per FDE", () => {
  const image = new FrameImage();
  const cie = image.cie();
  image.fde(cie, {
    begin: 0x26000,
    size: 0x360,
    instructions: [
      op.defCfaOffset(16),
      op.offset(3, 2),
      op.advance(6),
      op.defCfaOffset(24),
      op.advance(10),
      op.defCfaExpression([DW_OP.lit0]),
    ],
  });
  image.fde(cie, { begin: 0x27000, size: 0x10 });
  const head =
    '"cie":{"offset":"0x0","version":1,"augmentation":"zR","codeAlign":1,"dataAlign":-8,"returnAddress":16},"rows":';
  assertEquals([...frameLines(file(image), "test")], [
    `{"begin":"0x26000","end":"0x26360",${head}[` +
    '{"pc":"0x26000","cfa":"rsp+16","regs":{"rbx":"c-16","ra":"c-8"}},' +
    '{"pc":"0x26006","cfa":"rsp+24","regs":{"rbx":"c-16","ra":"c-8"}},' +
    '{"pc":"0x26010","cfa":"exp","regs":{"rbx":"c-16","ra":"c-8"}}]}',
    `{"begin":"0x27000","end":"0x27010",${head}[` +
    '{"pc":"0x27000","cfa":"rsp+8","regs":{"ra":"c-8"}}]}',
  ]);
});

Deno.test("frameLines, writes every rule as readelf does", () => {
  const image = new FrameImage();
  image.fde(image.cie(), {
    begin: 0x1000,
    size: 8,
    instructions: [
      op.one(DW_CFA.undefined, 0),
      op.one(DW_CFA.sameValue, 1),
      op.one(DW_CFA.register, 2, 5),
      op.one(DW_CFA.valOffset, 3, 0),
      op.expression(4, [DW_OP.lit0]),
      op.valExpression(5, [DW_OP.lit0]),
      op.signed(DW_CFA.offsetExtendedSf, 60, -1),
      op.advance(1),
      op.offset(6, 2),
    ],
  });
  const [line] = frameLines(file(image), "test");
  const { rows } = JSON.parse(line!);
  assertEquals(rows[0].regs, {
    rax: "u",
    rdx: "s",
    rcx: "r5",
    rbx: "v+0",
    rsi: "exp",
    rdi: "vexp",
    // A register mentioned later has a column from the start.
    rbp: "u",
    ra: "c-8",
    r60: "c+8",
  });
  assertEquals(rows[1].regs.rbp, "c-16");
});

Deno.test("frameLines, calls the return column ra on AArch64 too", () => {
  const image = new FrameImage();
  const cie = image.cie({
    codeAlign: 4,
    returnAddress: 30,
    augmentation: "zRB",
    instructions: [op.defCfa(31, 0)],
  });
  image.fde(cie, {
    begin: 0x1000,
    size: 64,
    instructions: [
      op.advance(1),
      [DW_CFA.aarch64NegateRaState],
      op.defCfaOffset(32),
      op.offset(29, 4),
      op.offset(30, 3),
    ],
  });
  const [line] = frameLines(file(image, "aarch64"), "test");
  const { cie: printed, rows } = JSON.parse(line!);
  assertEquals([printed.bKey, printed.codeAlign], [true, 4]);
  assertEquals(rows, [
    { pc: "0x1000", cfa: "sp+0", regs: { x29: "u", ra: "u" } },
    {
      pc: "0x1004",
      cfa: "sp+32",
      regs: { x29: "c-32", ra: "c-24" },
      raSigned: true,
    },
  ]);
});

Deno.test("frameLines, same shapes at other distances keep their own addresses", () => {
  const image = new FrameImage();
  const cie = image.cie();
  const other = image.cie({ dataAlign: -4 });
  const body = (delta: number) => [
    op.advance(delta),
    op.defCfaOffset(16),
    op.offset(6, 2),
    [DW_CFA.advanceLoc1, delta],
    op.defCfaOffset(8),
  ];
  image.fde(cie, { begin: 0x1000, size: 0x100, instructions: body(1) });
  image.fde(cie, { begin: 0x2000, size: 0x100, instructions: body(9) });
  image.fde(other, { begin: 0x3000, size: 0x100, instructions: body(2) });
  const tables = [...frameLines(file(image), "test")].map((line) =>
    JSON.parse(line).rows.map((row: { pc: string; regs: { rbp: string } }) =>
      `${row.pc} ${row.regs.rbp}`
    )
  );
  assertEquals(tables, [
    ["0x1000 u", "0x1001 c-16", "0x1002 c-16"],
    ["0x2000 u", "0x2009 c-16", "0x2012 c-16"],
    ["0x3000 u", "0x3002 c-8", "0x3004 c-8"],
  ]);
});

Deno.test("frameLines, writes addresses of every length", () => {
  const image = new FrameImage();
  const cie = image.cie({ augmentationData: [0] });
  const begins = [
    0,
    0xf,
    0x10,
    0xff,
    0x100,
    0x123456,
    0xffffff,
    0x1000000,
    0x7fffffffffff,
    -0x800000000000,
  ];
  for (const begin of begins) {
    image.fde(cie, { begin, size: 1, encoding: 0 });
  }
  const found = [...frameLines(file(image), "test")].map((line) => BigInt(JSON.parse(line).begin));
  assertEquals(found, begins.map((each) => BigInt.asUintN(64, BigInt(each))));
});

Deno.test("frameChunks, gives whole lines and the lines before damage", () => {
  const image = new FrameImage();
  const cie = image.cie();
  for (let i = 0; i < 5000; i++) {
    image.fde(cie, { begin: 0x1000 + i, size: 1 });
  }
  image.image.u32(8).u32(0x7fffffff).u32(0);
  let text = "";
  const error = assertThrows(() => {
    for (const chunk of frameChunks(file(image), "test")) {
      assertEquals(chunk.at(-1), 10);
      text += new TextDecoder().decode(chunk);
    }
  }, CfiError);
  assertEquals(error.kind, "cie-pointer");
  assertEquals(text.trim().split("\n").length, 5000);
});

Deno.test("frameLines, leaves out what is malformed and goes on if it is told how to say so", () => {
  const image = new FrameImage();
  const cie = image.cie();
  const broken = image.cie({ instructions: [[0x3f]] });
  const cut = image.cie({ augmentation: "zRP", augmentationData: [0x1b, 0x1b] });
  const add = (cie: number, begin: number, ...instructions: number[][]) =>
    image.fde(cie, { begin, size: 16, instructions });
  add(cie, 0x1000);
  add(cie, 0x2000, op.advance(1), [0x3f]);
  add(cie, 0x3000, op.recall());
  add(broken, 0x4000);
  add(broken, 0x4100);
  add(cut, 0x5000);
  image.fde(3, { begin: 0x6000, size: 16 });
  add(cie, 0x7000);
  const problems: string[] = [];
  const onDamage = (error: Error) => problems.push(error.message.replace(/ \(.*/, ""));
  const lines = [...frameLines(file(image), "test", { onDamage })];
  assertEquals(lines.map((line) => JSON.parse(line).begin), ["0x1000", "0x7000"]);
  const pointer = 'Augmentation data of CIE is shorter than "zRP" needs';
  assertEquals(problems, [
    pointer,
    "Call frame instruction is 0x3f",
    "No state to restore",
    "Call frame instruction is 0x3f",
    "Call frame instruction is 0x3f",
    pointer,
    "CIE pointer of FDE leads to 0x3, where no CIE is",
  ]);
  assertThrows(() => [...frameLines(file(image), "test")], InputError);
});

Deno.test("frameLines, reads .debug_frame however it is compressed, and goes on without one", () => {
  const frame = (begin: number) => {
    const image = new FrameImage("debug_frame", 0);
    image.fde(image.cie(), { begin, size: 16 });
    return image.build();
  };
  const { length: size } = frame(0);
  const section = (method: number, stream: Uint8Array) =>
    compressedSection(".debug_frame", { method, size, stream });
  const image = new FrameImage();
  image.fde(image.cie(), { begin: 0x5000, size: 16 });
  const bytes = elfImage({
    sections: [
      section(1, compress(1, frame(0x1000))),
      section(2, compress(2, frame(0x2000))),
      gnuCompressedSection(".zdebug_frame", frame(0x3000)),
      { name: ".debug_frame", flags: 0, data: frame(0x4000) },
      section(1, Uint8Array.of(1, 2, 3)),
      section(9, Uint8Array.of(1, 2, 3)),
      { name: ".eh_frame", address: 0x10000, data: image.build() },
    ],
  });
  const problems: string[] = [];
  const onDamage = (error: InputError) => problems.push(error.kind);
  assertEquals(
    [...frameLines(bytes, "test", { onDamage })].map((line) => JSON.parse(line).begin),
    ["0x1000", "0x2000", "0x3000", "0x4000", "0x5000"],
  );
  assertEquals(problems, ["compression", "compression"]);
});

Deno.test("frameLines, tells of a length that leads nowhere and ends there", () => {
  const image = new FrameImage();
  image.fde(image.cie(), { begin: 0x1000, size: 16 });
  image.image.u32(0x7fffffff).u32(0);
  const problems: string[] = [];
  const onDamage = (error: InputError) => problems.push(error.kind);
  assertEquals([...frameLines(file(image), "test", { onDamage })].length, 1);
  assertEquals(problems, ["length"]);
});

Deno.test("frameLines, a long FDE is written as short ones are", () => {
  const image = new FrameImage();
  const cie = image.cie();
  const rows = 20_000;
  const piece = (i: number) => [...op.defCfaOffset(8 + i % 100), ...op.advance(1)];
  const instructions = Array.from({ length: rows }, (_, i) => piece(i));
  image.fde(cie, { begin: 0x1000, size: 0x10000, instructions });
  image.fde(cie, { begin: 0x20000, size: 0x10000, instructions: [...instructions, [0x3f]] });
  const problems: string[] = [];
  const onDamage = (error: InputError) => problems.push(error.kind);
  const lines = [...frameLines(file(image), "test", { onDamage })];
  assertEquals([lines.length, problems], [1, ["instruction"]]);
  const parsed = JSON.parse(lines[0]!);
  assertEquals(parsed.rows.length, rows + 1);
  for (const [i, { pc, cfa }] of parsed.rows.entries()) {
    const state = i < rows ? 8 + i % 100 : 8 + (rows - 1) % 100;
    if (pc !== `0x${(0x1000 + i).toString(16)}` || cfa !== `rsp+${state}`) {
      throw new Error(`Row ${i} is ${pc} ${cfa}`);
    }
  }
});

Deno.test("frameLines, rejects what is no ELF file", () => {
  assertThrows(() => [...frameLines(new Uint8Array(10), "test")], ElfError);
});
