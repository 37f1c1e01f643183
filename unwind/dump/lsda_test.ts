import { assertEquals, assertThrows } from "@std/assert";
import { lsdaLines } from "./lsda.ts";
import { LsdaError } from "../errors.ts";
import { elfImage, symbolTable } from "../../elf/testing/elf_image.ts";
import { FrameImage } from "../testing/frame_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

const LSDA = 0x20000;
const SLOT = 0x30000;

/** A file with one function that catches the type in the slot, then anything. */
function file(lsdaAddress = LSDA, symbols = true): Uint8Array {
  const frames = new FrameImage();
  const cie = frames.cie({
    augmentation: "zLR",
    augmentationData: [0x00, 0x1b],
  });
  frames.fde(cie, {
    begin: 0x1000,
    size: 0x100,
    augmentationData: [0, 8, 16, 24, 32, 40, 48, 56].map((shift) =>
      shift < 32 ? lsdaAddress >>> shift & 255 : 0
    ),
  });
  const table = new ImageBuilder();
  table.bytes(0xff, 0x9b).number(1, () => table.at("types") - 3)
    .bytes(1, 13, 0, 0x10, 0x80, 1, 3, 0x10, 0x10, 0, 0, 0x20, 8, 0x60, 0)
    .bytes(1, 0, 2, 0x7d).align(4);
  table.u32(SLOT - (LSDA + table.size)).u32(0).label("types");
  // The type information: vtable, then its name.
  const data = new ImageBuilder().u64(0n).u64(0n).u64(0n).text("8MyError_");
  const names = symbolTable(
    symbols ? [{ name: "_ZTIN4deep5ErrorE", value: SLOT + 8, type: 1, section: 3 }] : [],
  );
  const relative = (at: number, to: number) => [BigInt(at), 8n, BigInt(to)] as const;
  const relocations = new ImageBuilder();
  for (
    const [at, type, to] of [
      relative(SLOT, SLOT + 8),
      relative(SLOT + 16, SLOT + 24),
    ]
  ) relocations.u64(at).u64(type).u64(to);
  return elfImage({
    sections: [
      { name: ".eh_frame", address: 0x10000, data: frames.build() },
      { name: ".gcc_except_table", address: LSDA, data: table.build() },
      { name: ".data.rel.ro", address: SLOT, data: data.build() },
      {
        name: ".symtab",
        type: 2,
        flags: 0,
        data: names.symbols,
        link: 5,
        entrySize: 24,
      },
      { name: ".strtab", type: 3, flags: 0, data: names.strings },
      {
        name: ".rela.dyn",
        type: 4,
        flags: 2,
        data: relocations.build(),
        link: 4,
        entrySize: 24,
      },
    ],
  });
}

function expected(type: string): unknown {
  return {
    begin: "0x1000",
    end: "0x1100",
    lsda: "0x20000",
    callSites: [
      {
        begin: "0x1000",
        end: "0x1010",
        landingPad: "0x1080",
        actions: [type, "..."],
      },
      { begin: "0x1010", end: "0x1020", landingPad: null, actions: [] },
      {
        begin: "0x1020",
        end: "0x1028",
        landingPad: "0x1060",
        actions: ["cleanup"],
      },
    ],
  };
}

Deno.test("lsdaLines, prints call sites with the names of types", () => {
  const lines = [...lsdaLines(file(), "test")];
  assertEquals(lines.map((line) => JSON.parse(line)), [expected("deep::Error")]);
});

Deno.test("lsdaLines, reads names from the type information of stripped files", () => {
  const [line] = lsdaLines(file(LSDA, false), "test");
  assertEquals(JSON.parse(line!), expected("MyError_"));
});

Deno.test("lsdaLines, prints nothing for functions without data", () => {
  assertEquals([...lsdaLines(file(0), "test")], []);
});

Deno.test("lsdaLines, rejects data that no section holds", () => {
  const error = assertThrows(
    () => [...lsdaLines(file(0x99990), "test")],
    LsdaError,
  );
  assertEquals([error.kind, error.address], ["memory", 0x99990n]);
});

/** A file with so many functions, all with the one LSDA, and perhaps one type of that name. */
function sharing(functions: number, lsda: Uint8Array, strings = new Uint8Array(0)): Uint8Array {
  const frames = new FrameImage();
  const cie = frames.cie({ augmentation: "zLR", augmentationData: [0x03, 0x1b] });
  for (let i = 0; i < functions; i++) {
    const augmentationData = [LSDA, LSDA >> 8, LSDA >> 16, 0].map((byte) => byte & 255);
    frames.fde(cie, { begin: 0x1000 + 16 * i, size: 16, augmentationData });
  }
  const symbols = symbolTable(
    strings.length === 0 ? [] : [
      { name: `_ZTI${new TextDecoder().decode(strings)}`, value: SLOT, type: 1, section: 2 },
    ],
  );
  return elfImage({
    sections: [
      { name: ".eh_frame", address: 0x10000, data: frames.build() },
      { name: ".gcc_except_table", address: LSDA, data: lsda },
      { name: ".symtab", type: 2, flags: 0, data: symbols.symbols, link: 4, entrySize: 24 },
      { name: ".strtab", type: 3, flags: 0, data: symbols.strings },
    ],
  });
}

/** An LSDA with so many call sites, whose handlers are those of `actions`. */
function area(callSites: number, actions: readonly number[], types: readonly number[] = []) {
  const sized = (value: number) => [0, 7, 14].map((shift) => value >> shift & 127 | 128);
  const sites = new ImageBuilder();
  for (let i = 0; i < callSites; i++) sites.bytes(1, 1, 1, 1);
  const rest = new ImageBuilder().bytes(...actions).align(4);
  for (const type of types) rest.u32(type);
  const length = callSites * 4;
  const distance = 1 + 4 + length + rest.size;
  return new ImageBuilder().bytes(0xff, 0x03, ...sized(distance), 0)
    .bytes(1, ...sized(length), 0).append(sites.build()).append(rest.build()).build();
}

/** Kinds of the errors of a dump, and how many lines it has. */
function outcome(bytes: Uint8Array): [lines: number, kinds: Set<string>] {
  const kinds = new Set<string>();
  let lines = 0;
  const before = performance.now();
  for (const _ of lsdaLines(bytes, "test", { onDamage: ({ kind }) => void kinds.add(kind) })) {
    lines++;
  }
  assertEquals(performance.now() - before < 5000, true);
  return [lines, kinds];
}

Deno.test("lsdaLines, functions that share one area cost no more than the file has room for", () => {
  const shared = sharing(5000, area(20_000, [0, 0]));
  const [lines, kinds] = outcome(shared);
  assertEquals([lines > 10, lines < 5000, [...kinds]], [true, true, ["limit"]]);
  assertEquals(outcome(sharing(3, area(100, [0, 0]))), [3, new Set()]);
});

Deno.test("lsdaLines, so do call sites that share long lists, and lists of long names", () => {
  // A thousand cleanups, each leading to the next.
  const chain = [...new Array<number[]>(999).fill([0, 1]).flat(), 0, 0];
  assertEquals(outcome(sharing(50, area(5000, chain))), [0, new Set(["limit"])]);
  const names = new Uint8Array(500_000).fill(0x61);
  const catches = [...new Array<number[]>(999).fill([1, 1]).flat(), 1, 0];
  const named = sharing(50, area(5000, catches, [SLOT]), names);
  assertEquals(outcome(named), [0, new Set(["limit"])]);
});

Deno.test("lsdaLines, leaves out an area that is malformed and goes on", () => {
  const kinds: string[] = [];
  const onDamage = ({ kind }: { kind: string }) => void kinds.push(kind);
  assertEquals([...lsdaLines(file(0x50000), "test", { onDamage })], []);
  assertEquals(kinds, ["memory"]);
});
