import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { type ElfFile, parseElf } from "../../elf/mod.ts";
import { loadedImage, withoutSectionHeaders } from "../../elf/testing/bare_image.ts";
import { elfImage } from "../../elf/testing/elf_image.ts";
import { FrameImage } from "../testing/frame_image.ts";
import { frameTablesOf } from "./elf_tables.ts";

/** Where `.eh_frame` is, right after its header, with other data behind it. */
const EH_FRAME = 0x2000;

/** A file without section headers; its `.eh_frame` is followed by what looks like more of it. */
function bare(table: "sorted" | "absent", target = EH_FRAME): Uint8Array {
  const frames = new FrameImage("eh_frame", EH_FRAME);
  const cie = frames.cie();
  const fdes = [0x1000, 0x1100].map((begin) => [begin, frames.fde(cie, { begin, size: 16 })]);
  frames.terminator();
  const end = frames.image.size;
  frames.fde(cie, { begin: 0x1200, size: 16 });
  const header = new ImageBuilder().bytes(1, 0x1b, table === "sorted" ? 0x03 : 0xff, 0x3b);
  const at = EH_FRAME - 0x100;
  header.u32(target - (at + 4));
  if (table === "sorted") {
    header.u32(fdes.length);
    for (const [begin, fde] of fdes) header.u32(begin! - at).u32(EH_FRAME + fde! - at);
  }
  const text = new Uint8Array(0x1000);
  const data = new Uint8Array(0x100 + frames.image.size);
  data.set(header.build());
  data.set(frames.build(), 0x100);
  assertNotEquals(end, frames.image.size);
  return withoutSectionHeaders(elfImage({
    sections: [
      { name: ".text", data: text },
      { name: ".rodata", data },
      { name: ".eh_frame_hdr", data: header.build() },
    ],
    segments: [
      { address: 0x1000, section: 1 },
      { address: at, section: 2, flags: 4 },
      { type: 0x6474e550, address: at, section: 3, flags: 4 },
    ],
  }));
}

function begins(file: ElfFile): number[] {
  return frameTablesOf(file).flatMap((table) => [...table.fdes()].map(({ start }) => start));
}

for (const table of ["sorted", "absent"] as const) {
  Deno.test(`frameTablesOf, without section headers: through PT_GNU_EH_FRAME, table ${table}`, () => {
    assertEquals(begins(parseElf(bare(table))), [0x1000, 0x1100]);
  });
}

Deno.test("frameTablesOf, a header that leads nowhere is an error of its own", () => {
  const file = parseElf(bare("sorted", 0x9000));
  assertEquals(assertThrows(() => frameTablesOf(file)) instanceof Error, true);
  const kinds: string[] = [];
  assertEquals(frameTablesOf(file, { onDamage: ({ kind }) => void kinds.push(kind) }), []);
  assertEquals(kinds, ["section"]);
});

/** Everything that a file's tables say, but where in the file that is. */
function contents(file: ElfFile): string[] {
  return frameTablesOf(file).filter(({ kind }) => kind === "eh_frame").flatMap((table) =>
    [...table.fdes()].map((fde) => {
      const rows = [...table.rows(fde)].map((row) => `${row.start}:${row.cfaOffset}`);
      return `${fde.start} ${fde.limit} ${fde.cie.augmentation} ${rows}`;
    })
  );
}

function bytesOf(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch {
    return undefined;
  }
}

const LIBRARIES = [
  "/lib/x86_64-linux-gnu/libc.so.6",
  "/lib/x86_64-linux-gnu/libgcc_s.so.1",
  "/lib/aarch64-linux-gnu/libc.so.6",
  "/usr/aarch64-linux-gnu/lib/libc.so.6",
].map((path) => [path, bytesOf(path)] as const);

for (const [path, bytes] of LIBRARIES) {
  if (bytes === undefined) continue;
  Deno.test(`frameTablesOf, ${path} without section headers, and as it is in memory`, () => {
    const whole = parseElf(bytes, { name: path });
    const bare = parseElf(withoutSectionHeaders(bytes), { name: path });
    const loaded = parseElf(loadedImage(bytes), { name: path, layout: "memory" });
    assertEquals(contents(whole).length > 100, true);
    for (const file of [bare, loaded]) {
      assertEquals(contents(file), contents(whole));
      const names = (each: ElfFile) => [...each.symbols.of(each.section(".dynsym")!)];
      assertEquals(names(file), names(whole));
    }
  });
}

/** The C library of this process, from its memory, and the file it was loaded from. */
function ownLibrary(): { path: string; image: Uint8Array; base: bigint } | undefined {
  let maps: string;
  try {
    maps = Deno.readTextFileSync("/proc/self/maps");
  } catch {
    return undefined;
  }
  const mine = maps.split("\n").filter((line) => /\/libc\.so\.6$/.test(line));
  const path = mine[0]?.slice(mine[0].indexOf("/"));
  if (path === undefined) return undefined;
  const [begin, end] = [mine[0]!, mine.at(-1)!].map((line) => /^(\w+)-(\w+)/.exec(line)!);
  const base = BigInt(`0x${begin![1]}`);
  const image = new Uint8Array(Number(BigInt(`0x${end![2]}`) - base));
  using memory = Deno.openSync("/proc/self/mem");
  for (const line of mine) {
    const [, from, to, flags] = /^(\w+)-(\w+) (\S+)/.exec(line)!;
    if (!flags!.startsWith("r")) continue;
    const at = BigInt(`0x${from}`);
    memory.seekSync(at, Deno.SeekMode.Start);
    memory.readSync(image.subarray(Number(at - base), Number(BigInt(`0x${to}`) - base)));
  }
  return { path, image, base };
}

const OWN = ownLibrary();

Deno.test({
  name: "frameTablesOf, the C library of this process, out of its memory",
  ignore: OWN === undefined,
  fn() {
    const { path, image, base } = OWN!;
    const loaded = parseElf(image, { layout: "memory", base });
    const whole = parseElf(Deno.readFileSync(path));
    assertEquals(contents(loaded), contents(whole));
    assertEquals(loaded.bias, base);
    const found = loaded.symbolNamed("malloc");
    assertEquals(found?.value, whole.symbolNamed("malloc")?.value);
    assertStrictEquals(loaded.symbolAt(found!.value)?.offset, 0n);
  },
});
