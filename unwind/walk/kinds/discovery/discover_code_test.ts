import { assertEquals, assertStrictEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseElf } from "../../../../elf/mod.ts";
import { elfImage, symbolTable } from "../../../../elf/testing/elf_image.ts";
import { listImage, mapImage, type RegionInit, symfileImage } from "../../../testing/code_image.ts";
import {
  AT,
  CODE,
  LIST,
  METHOD,
  mixedStack,
  regionsOf,
  SYMFILE,
} from "../../../testing/mixed_stack.ts";
import { memoryOf, type MemoryReader, type MemoryWindow } from "../../memory.ts";
import { moduleFromElf } from "../../module_sources.ts";
import { ModuleList } from "../../module_list.ts";
import { backtrace } from "../../walk.ts";
import { discoverCode, type Discovery, managedFrame } from "../mod.ts";

const descriptor = BigInt(LIST);

/** A published file with one region of adapters, and where it is. */
function file(address: number, begin: number, region: Partial<RegionInit> = {}): MemoryWindow {
  const own = { ...regionsOf("x86_64")[3]!, begin: 0, end: 0x100, ...region };
  const rows = [[0, "sp", 8, 1]] as const;
  const regions = [{ ...own, rows, data: new Uint8Array(16) }];
  const map = mapImage({ begin, end: begin + 0x100, regions });
  return {
    start: BigInt(address),
    bytes: symfileImage({ machine: "x86_64", begin, size: 0x100, map }),
  };
}

/** A program that publishes files. */
class Program {
  readonly modules = new ModuleList();
  files: readonly MemoryWindow[];
  list: Uint8Array;

  constructor(...files: readonly MemoryWindow[]) {
    this.files = files;
    this.list = this.#list();
  }

  publish(...files: readonly MemoryWindow[]): this {
    this.files = files;
    this.list = this.#list();
    return this;
  }

  get memory(): MemoryReader {
    return memoryOf([{ start: descriptor, bytes: this.list }, ...this.files]);
  }

  discover(): Discovery {
    return discoverCode({ memory: this.memory, modules: this.modules, descriptor });
  }

  get code(): number[] {
    return this.modules.code.regions.map(({ begin }) => begin);
  }

  #list(): Uint8Array {
    return listImage(
      LIST,
      this.files.map(({ start, bytes }) => ({ address: Number(start), size: bytes.length })),
    );
  }
}

/** Kinds of problems, without what is said of them. */
function kinds({ problems }: Discovery): string[] {
  return problems.map(({ kind }) => kind);
}

Deno.test("discoverCode, finds code by the list of published files, and what has changed", () => {
  const [a, b, c] = [0x1000, 0x2000, 0x3000].map((at) => file(0x10_0000 + at, at));
  const program = new Program(a!, b!);
  const first = program.discover();
  assertEquals([first.added.length, first.removed.length, kinds(first)], [2, 0, []]);
  assertEquals(program.code, [0x1000, 0x2000]);
  const kept = program.modules.code.at(0x1000);
  // The same again: nothing changes, and rules that were learned stay.
  const rule =
    backtrace(mixedStack("x86_64", [{ code: "jit" }, { code: "start" }])).frames[0]!.rule;
  program.modules.rules.put(0x1234, rule);
  const second = program.discover();
  assertEquals([second.added, second.removed], [[], []]);
  assertStrictEquals(program.modules.rules.get(0x1234), rule);
  // One is freed, one comes.
  const third = program.publish(a!, c!).discover();
  assertEquals([third.added.length, third.removed.length], [1, 1]);
  assertEquals(program.code, [0x1000, 0x3000]);
  assertStrictEquals(program.modules.code.at(0x1000), kept);
  assertStrictEquals(program.modules.rules.get(0x1234), undefined);
  // Code that was moved: the file is at the same place, but says something else.
  const moved = program.publish(a!, file(0x10_3000, 0x4000)).discover();
  assertEquals([moved.added.length, moved.removed.length], [1, 1]);
  assertEquals(program.code, [0x1000, 0x4000]);
  // Other code at the same place.
  const replaced = program.publish(file(0x10_1000, 0x1000, { name: "other" })).discover();
  assertEquals([replaced.added.length, replaced.removed.length], [1, 2]);
  assertEquals(program.modules.code.at(0x10ff)?.name, "other");
  program.publish().discover();
  assertEquals([program.code, program.modules.code.isEmpty], [[], true]);
});

Deno.test("discoverCode, keeps a copy of what it has read: memory may be the program's own", () => {
  const program = new Program(file(0x10_0000, 0x1000));
  program.discover();
  program.files[0]!.bytes.set(file(0, 0x2000).bytes);
  assertEquals(program.discover().added.length, 1);
  assertEquals(program.code, [0x2000]);
});

Deno.test("discoverCode, finds the list and static maps by the modules' symbols and sections", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const map = (begin: number, name: string) =>
      mapImage({
        begin,
        end: begin + 0x100,
        regions: [{ ...regionsOf(machine)[0]!, begin: 0, end: 0x100, name, method: METHOD }],
      });
    const { symbols, strings } = symbolTable([
      { name: "__jit_debug_descriptor_of_another", value: 0x10, type: 1 },
      { name: "__jit_debug_descriptor", value: LIST - 0x10_0000, type: 1 },
    ]);
    const elf = parseElf(elfImage({
      machine,
      sections: [
        { name: ".text", flags: 6, address: 0x1000, data: new Uint8Array(0x400) },
        {
          name: ".code_map",
          address: 0x2000,
          data: Uint8Array.of(...map(0x10_1000, "one"), ...map(0x10_1100, "two")),
        },
        { name: ".symtab", type: 2, flags: 0, data: symbols, link: 4, entrySize: 24 },
        { name: ".strtab", type: 3, flags: 0, data: strings },
      ],
      segments: [{ address: 0x1000, section: 1, memSize: 0x2000 }],
    }));
    const modules = new ModuleList([moduleFromElf(elf, { bias: 0x10_0000n })]);
    const published = file(0x30_0000, 0x20_0000);
    const size = published.bytes.length;
    const list = { start: descriptor, bytes: listImage(LIST, [{ address: 0x30_0000, size }]) };
    const memory = memoryOf([list, published]);
    const { added, problems } = discoverCode({ memory, modules });
    // What memory does not have is taken from the file.
    assertEquals([added.length, problems], [2, []]);
    assertEquals(modules.code.regions.map(({ name, begin }) => [name, begin]), [
      ["one", 0x10_1000],
      ["two", 0x10_1100],
      ["sum@jit>opt", 0x20_0000],
    ]);
    // Published code has names, and hides what it lies in.
    assertEquals(modules.find(0x20_0000)?.name, "code file 0x300000");
    assertEquals(modules.find(0x10_1000)?.name, "ELF file");
  }
});

Deno.test("discoverCode, ends on lists that are damaged, with what comes before", () => {
  const damaged = (damage: (view: DataView, address: (i: number) => number) => void) => {
    const program = new Program(file(0x10_1000, 0x1000), file(0x10_2000, 0x2000));
    damage(new DataView(program.list.buffer), (i) => LIST + 24 + 32 * i);
    const found = program.discover();
    for (const { message } of found.problems) assertStringIncludes(message, "expected");
    return [...kinds(found), ...program.code];
  };
  const set = (at: number, value: number) => (view: DataView) =>
    view.setBigUint64(at, BigInt(value), true);
  assertEquals(damaged(() => {}), [0x1000, 0x2000]);
  // The second leads back to the first, the first to itself.
  assertEquals(damaged((view, at) => set(56, at(0))(view)), ["list", 0x1000, 0x2000]);
  assertEquals(damaged((view, at) => set(24, at(0))(view)), ["list", 0x1000]);
  assertEquals(damaged(set(24, 0x1234)), ["memory", 0x1000]);
  assertEquals(damaged(set(16, 0x1234)), ["memory"]);
  assertEquals(damaged(set(0, 2)), ["version"]);
  assertEquals(damaged(set(48, 2 ** 50)), ["limit"]);
  // One file cannot be read; the other is there all the same.
  assertEquals(damaged(set(40, 0x1234)), ["memory", 0x2000]);
  assertEquals(damaged(set(48, 3)), ["magic", 0x2000]);
  assertEquals(damaged(set(48, 0)), ["memory", 0x2000]);
});

Deno.test("discoverCode, takes no file twice", () => {
  const program = new Program(file(0x10_1000, 0x1000), file(0x10_1000, 0x1000));
  assertEquals([program.discover().added.length, program.code], [1, [0x1000]]);
});

Deno.test("discoverCode, leaves out code that overlaps other code", () => {
  const program = new Program(
    file(0x10_1000, 0x1000),
    file(0x10_2000, 0x1080),
    file(0x10_3000, 0x1100),
  );
  const found = program.discover();
  assertEquals([kinds(found), program.code], [["overlap"], [0x1000, 0x1100]]);
  assertStringIncludes(found.problems[0]!.message, "code file 0x102000 at 0x1080");
  // It is still so, and there when the other goes.
  assertEquals(kinds(program.discover()), ["overlap"]);
  program.publish(program.files[1]!).discover();
  assertEquals(program.code, [0x1080]);
});

Deno.test("discoverCode, leaves everything as it was if memory is not there yet", () => {
  const program = new Program(file(0x10_1000, 0x1000));
  program.discover();
  program.publish(file(0x10_2000, 0x2000));
  const { modules } = program;
  const memory: MemoryReader = {
    window(address) {
      if (address >= 0x10_0000n) throw new Error("Not fetched");
      return program.memory.window(address);
    },
  };
  const [list] = [{ start: 0x8000n, bytes: program.list }];
  assertThrows(
    () =>
      discoverCode({
        memory: { window: (at) => at < 0x9000n ? list : memory.window(at) },
        modules,
        descriptor: 0x8000n,
      }),
    Error,
    "Not fetched",
  );
  assertEquals(program.code, [0x1000]);
});

Deno.test("discoverCode, has damaged regions say so where they matter", () => {
  const regions = regionsOf("x86_64").map((region) =>
    region.kind === "jit" ? { ...region, kind: "jet" } : region
  );
  const frames = [{ code: "adapter" }, { code: "jit" }, { code: "start" }] as const;
  const stack = mixedStack("x86_64", frames, { regions });
  const { problems } = discoverCode({ ...stack, descriptor });
  assertEquals(problems.map(({ message }) => message), [
    `Kind is jet, expected one that is known (.code_map of code file 0x${
      SYMFILE.toString(16)
    }+0x70)`,
  ]);
  const walk = backtrace(stack);
  assertEquals([walk.frames.length, walk.error?.kind], [2, "kind"]);
  // Where tables lead on, the walk does, and only the frame's values are missing.
  const damaged = regionsOf("x86_64").map((region) =>
    region.kind === "optimized" ? { ...region, data: new Uint8Array(4) } : region
  );
  const other = mixedStack("x86_64", [{ code: "optimized", at: AT.before }, { code: "start" }], {
    regions: damaged,
  });
  const { frames: [frame], end } = backtrace(other);
  assertEquals(end, "return-address-undefined");
  assertEquals(frame!.code?.begin, CODE);
  assertThrows(() => managedFrame(frame!), Error, "Region has 4 bytes of data");
});
