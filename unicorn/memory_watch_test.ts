import { assertEquals } from "@std/assert";
import type { EngineArch } from "./errors.ts";
import { type Bench, openBench, placeWords } from "./testing/bench.ts";
import type { WatchWindow } from "./memory_watch.ts";

/** Loads and stores of 1 to 16 bytes through RSI or X1, each followed by no-ops. */
interface Sample {
  readonly name: string;
  readonly code: readonly number[];
  /** Bytes, and whether it writes, of each access. */
  readonly accesses: readonly (readonly [offset: number, size: number, write: boolean])[];
}

const NOP = 0xd503201f;

const X86: readonly Sample[] = [
  { name: "mov %al, (%rsi)", code: [0x88, 0x06], accesses: [[0, 1, true]] },
  { name: "mov (%rsi), %rax", code: [0x48, 0x8b, 0x06], accesses: [[0, 8, false]] },
  { name: "add %eax, (%rsi)", code: [0x01, 0x06], accesses: [[0, 4, false], [0, 4, true]] },
  {
    name: "lock cmpxchg %rax, (%rsi)",
    code: [0xf0, 0x48, 0x0f, 0xb1, 0x06],
    accesses: [[0, 8, false], [0, 8, true]],
  },
  {
    name: "movups %xmm0, (%rsi)",
    code: [0x0f, 0x11, 0x06],
    accesses: [[0, 8, true], [8, 8, true]],
  },
  { name: "lodsb", code: [0xac], accesses: [[0, 1, false]] },
];

const A64: readonly Sample[] = [
  { name: "strb w0, [x1]", code: [0x39000020], accesses: [[0, 1, true]] },
  { name: "ldr x0, [x1]", code: [0xf9400020], accesses: [[0, 8, false]] },
  { name: "stp x2, x3, [x1]", code: [0xa9000c22], accesses: [[0, 8, true], [8, 8, true]] },
  { name: "ldr q0, [x1]", code: [0x3dc00020], accesses: [[0, 8, false], [8, 8, false]] },
  { name: "ldxr x0, [x1]", code: [0xc85f7c20], accesses: [[0, 8, false]] },
];

const DATA = 0x4800;
const FRAME = DATA >> 12;

function open(arch: EngineArch, sample: Sample, address: number): Bench {
  const bench = openBench(arch);
  const { engine, ram } = bench;
  for (let i = 0; i < 0x1000; i++) ram[0x4000 + i] = i & 0xff;
  if (arch === "x86_64") {
    ram.set([...sample.code, 0x90, 0x90, 0xf4], 0x1000);
    engine.x86.setGpr(6, BigInt(address));
    engine.x86.setGpr(0, 0x1122_3344_5566_7788n);
    engine.x86.rip = 0x1000n;
  } else {
    placeWords(bench, 0x1000, [...sample.code, NOP, NOP, 0xd503207f]);
    for (const x of [0, 2, 3]) engine.aarch64.setX(x, 0x1122_3344_5566_7788n);
    engine.aarch64.setX(1, BigInt(address));
    engine.aarch64.pc = 0x1000n;
  }
  return bench;
}

function watch(bench: Bench, begin: number, end: number, kinds: Partial<WatchWindow> = {}): void {
  const window = { begin: begin & 0xfff, end: (begin & 0xfff) + end - begin, reads: true };
  bench.engine.watchMemory([{ writes: true, ...window, ...kinds }], new Set([begin >> 12]));
}

for (const arch of ["x86_64", "aarch64"] as const) {
  for (const sample of arch === "x86_64" ? X86 : A64) {
    Deno.test(`Engine.watchMemory ${arch}, ${sample.name}, each byte it touches and no other`, () => {
      const size = Math.max(...sample.accesses.map(([offset, size]) => offset + size));
      for (const aligned of sample.name.startsWith("ldxr") ? [DATA] : [DATA, DATA + 3]) {
        for (let byte = -17; byte < size + 17; byte++) {
          using bench = open(arch, sample, aligned);
          const at = aligned + byte;
          watch(bench, at, at + 1);
          const exit = bench.engine.run(100);
          if (byte < 0 || byte >= size) {
            assertEquals([exit, bench.engine.accessed], [
              { kind: "halt", instructions: 4 },
              undefined,
            ]);
            continue;
          }
          assertEquals(exit, { kind: "access", instructions: 1 });
          const first = sample.accesses.findIndex(([offset, size]) =>
            byte >= offset && byte < offset + size
          );
          assertEquals(
            bench.engine.accessed?.accesses.map(({ address, size, write }) => [
              Number(address) - aligned,
              size,
              write,
            ]),
            sample.accesses.slice(first).map((access) => [...access]),
          );
          assertEquals(bench.engine.accessed?.pc, 0x1000n);
          for (const { address, before } of bench.engine.accessed?.accesses ?? []) {
            const low = sample.accesses.some(([, , write]) => write) ? before[0] : undefined;
            if (low !== undefined) {
              assertEquals(low, Number(address) & 0xff, "what was there before");
            }
          }
          assertEquals(bench.engine.run(100), { kind: "halt", instructions: 3 });
        }
      }
    });

    Deno.test(`Engine.watchMemory ${arch}, ${sample.name}, reads and writes apart`, () => {
      for (const write of [false, true]) {
        using bench = open(arch, sample, DATA);
        watch(bench, DATA, DATA + 1, { reads: !write, writes: write });
        const hit = sample.accesses.some(([offset, , kind]) => offset === 0 && kind === write);
        assertEquals(bench.engine.run(100).kind, hit ? "access" : "halt");
      }
    });

    Deno.test(`Engine.watchMemory ${arch}, ${sample.name}, over the end of a page frame`, () => {
      if (sample.name.startsWith("ldxr")) return;
      const [, last] = [0, sample.accesses[0]?.[1] ?? 1];
      if (last === 1) return;
      using bench = open(arch, sample, 0x5000 - 1);
      const window = { begin: 0, end: 1, reads: true, writes: true };
      bench.engine.watchMemory([window], new Set([4, 5]));
      assertEquals(bench.engine.run(100).kind, "access");
    });
  }

  Deno.test(`Engine.watchMemory ${arch}, with the budget and the clock as without it`, () => {
    const [, load] = arch === "x86_64" ? X86 : A64;
    for (let budget = 1; budget < 5; budget++) {
      using plain = open(arch, load!, DATA);
      using watched = open(arch, load!, DATA);
      watch(watched, DATA, DATA + 8);
      const expected = plain.engine.run(budget);
      const first = watched.engine.run(budget);
      assertEquals(first, { kind: "access", instructions: 1 });
      if (budget > 1) {
        const { instructions, kind } = watched.engine.run(budget - 1);
        assertEquals([kind, instructions + 1], [expected.kind, expected.instructions]);
      }
      assertEquals(watched.engine.instructions, plain.engine.instructions);
    }
  });

  Deno.test(`Engine.watchMemory ${arch}, added to code that has run, and taken away again`, () => {
    const [store] = arch === "x86_64" ? X86 : A64;
    using bench = open(arch, store!, DATA);
    const again = () => {
      if (arch === "x86_64") bench.engine.x86.rip = 0x1000n;
      else bench.engine.aarch64.pc = 0x1000n;
      return bench.engine.run(100).kind;
    };
    assertEquals(again(), "halt");
    watch(bench, DATA, DATA + 1);
    assertEquals([again(), again()], ["access", "access"]);
    bench.engine.watchMemory([{ begin: 0, end: 4096, reads: true, writes: true }], new Set([9]));
    assertEquals(again(), "halt", "another frame");
    bench.engine.watchMemory([{ begin: 0x800, end: 0x801, reads: false, writes: true }], "all");
    assertEquals(again(), "access", "all frames");
    bench.engine.watchMemory([], "all");
    assertEquals([again(), bench.engine.accessed], ["halt", undefined]);
    assertEquals(FRAME, 4);
  });
}

Deno.test("Engine.watchMemory x86_64, a store into the block it is in, once it is made", () => {
  for (const budget of [1, 3, 4, 100]) {
    const clocks = [false, true].map((watched) => {
      using bench = openBench("x86_64");
      const { engine, ram } = bench;
      // nop; movb $0x40, 1(%rsi); nop; nop; hlt
      ram.set([0x90, 0xc6, 0x46, 0x05, 0x90, 0x90, 0x90, 0xf4], 0x1000);
      engine.x86.setGpr(6, 0x1000n);
      engine.x86.rip = 0x1000n;
      if (watched) watch(bench, 0x1005, 0x1006);
      let left = budget;
      const kinds: string[] = [];
      while (left > 0) {
        const exit = engine.run(left);
        kinds.push(exit.kind);
        left -= exit.instructions;
        if (exit.kind === "access") {
          assertEquals([engine.x86.rip, engine.accessed?.accesses.length], [0x1005n, 1]);
          assertEquals(kinds, ["access"], "once");
        }
        if (exit.kind === "halt") break;
      }
      assertEquals(kinds.includes("access"), watched && budget >= 3);
      return [engine.instructions, engine.x86.rip, ram[0x1005]];
    });
    assertEquals(clocks[0], clocks[1]);
  }
});
