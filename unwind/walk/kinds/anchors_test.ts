import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Machine } from "../../../elf/mod.ts";
import { machineRegisters } from "../../cfi/mod.ts";
import { words } from "../../testing/walk_world.ts";
import {
  ANCHOR,
  AT,
  BYTECODE,
  CODE,
  FRAME_SIZE,
  type FrameInit,
  METHOD,
  type MixedStack,
  mixedStack,
  REGIONS,
  regionsOf,
  STACK_TOP,
  THREAD,
} from "../../testing/mixed_stack.ts";
import { joinMemory, memoryOf } from "../memory.ts";
import { backtrace } from "../walk.ts";
import type { WalkOptions } from "../walk_types.ts";
import { managedFrame } from "./mod.ts";

const MACHINES: readonly Machine[] = ["x86_64", "aarch64"];

/** A return address in the adapter. */
const ADAPTER = CODE + REGIONS.adapter + AT.call;

/** Kinds of frames with offsets into their code, then the end or the error's kind. */
function trace(stack: MixedStack, options?: WalkOptions): string {
  const { frames, end, error } = backtrace(stack, options);
  const each = frames.map(({ code, source, pcAddress }) => {
    const at = code === undefined ? "" : `+${(pcAddress - code.begin).toString(16)}`;
    return `${code?.name ?? "native"}${at}${source === "anchor" ? "!" : ""}`;
  });
  return [...each, error === undefined ? end : error.kind].join(" ");
}

/** Managed, native, managed, native, managed: innermost first. */
const CHAIN: readonly FrameInit[] = [
  { code: "blind", at: AT.before },
  { code: "stub", anchors: true },
  { code: "jit" },
  { code: "entry" },
  { code: "blind" },
  { code: "stub", anchors: true },
  { code: "interpreter", words: { [-40]: BYTECODE + 4, [-48]: METHOD, [-56]: 5 } },
  { code: "entry" },
  { code: "start" },
];

/** The same stack with other words in the thread's storage, at offsets from the thread pointer. */
function withThread(stack: MixedStack, sp: number, pc: number): MixedStack {
  const own = memoryOf([{ start: BigInt(THREAD + ANCHOR), bytes: words([sp, pc]) }]);
  return { ...stack, memory: joinMemory(own, stack.memory) };
}

Deno.test("FrameIterator, goes on from anchors where native code has no tables", () => {
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, CHAIN);
    assertEquals(
      trace(stack),
      "native! sum@native+21 sum+21 upcall+21 native! sum@native+21 interpreter+21 upcall+21 " +
        "native return-address-undefined",
    );
    const { frames } = backtrace(stack);
    // What the anchors lead to is the very stack, and as sure as what tables lead to.
    assertEquals(
      frames.map(({ cfaAddress, source }) => source === "anchor" ? NaN : cfaAddress),
      stack.cfas.map((cfa, i) => CHAIN[i]!.code === "blind" ? NaN : cfa),
    );
    assertEquals(new Set(frames.map(({ certainty }) => certainty)), new Set(["exact"]));
    // Without a thread pointer there is only the frame pointer, which is wrong.
    assertEquals(trace({ ...stack, threadPointer: undefined }).split(" ")[1], "no-rule");
  }
});

Deno.test("FrameIterator, skips native code if asked to", () => {
  for (const machine of MACHINES) {
    const managed = "sum@native+21 sum+21 upcall+21 sum@native+21 interpreter+21 upcall+21";
    const end = "native return-address-undefined";
    assertEquals(trace(mixedStack(machine, CHAIN), { native: "skip" }), `${managed} ${end}`);
    const tabled = CHAIN.map((each): FrameInit =>
      each.code === "blind" ? { ...each, code: "native" } : each
    );
    const stack = mixedStack(machine, [{ code: "native" }, ...tabled]);
    assertEquals(trace(stack, { native: "skip" }), `${managed} ${end}`);
    assertEquals(
      trace(stack),
      "native native sum@native+21 sum+21 upcall+21 native sum@native+21 interpreter+21 " +
        `upcall+21 ${end}`,
    );
    // Numbers go on without a gap, and values are the same either way.
    const show = (options: WalkOptions) =>
      backtrace(stack, options).frames.filter(({ code }) => code !== undefined)
        .map((frame) => [frame.cfa, managedFrame(frame)?.variables.map(({ value }) => value)]);
    assertEquals(show({ native: "skip" }), show({}));
    const { frames } = backtrace(stack, { native: "skip" });
    assertEquals(frames.map(({ index }) => index), [...frames.keys()]);
  }
});

Deno.test("FrameIterator, has no use for an anchor while the thread runs managed code", () => {
  for (const machine of MACHINES) {
    // The stub has stored both words and not called yet, or has not taken back the second.
    const inStub = mixedStack(machine, [
      { code: "stub", at: AT.before },
      { code: "entry" },
      { code: "blind" },
      { code: "stub", anchors: true },
      { code: "start" },
    ]);
    const expected = "sum@native+10 upcall+21 native! sum@native+21 native " +
      "return-address-undefined";
    const sp = Number(inStub.registers.sp);
    const pc = CODE + REGIONS.stub + AT.call;
    for (const options of [{}, { native: "skip" }] as const) {
      assertEquals(
        trace(inStub, options),
        options.native === "skip" ? expected.replace(" native!", "") : expected,
      );
      for (const set of [[sp, 0], [sp, pc], [0, 0]] as [number, number][]) {
        assertEquals(trace(withThread(inStub, ...set), options), trace(inStub, options));
      }
    }
  }
});

Deno.test("FrameIterator, takes the anchor that counts at each instruction of an upcall's entry", () => {
  for (const machine of MACHINES) {
    const at = (offset: number) =>
      mixedStack(machine, [
        { code: "entry", at: offset },
        { code: "blind" },
        { code: "stub", anchors: true },
        { code: "start" },
      ]);
    const expected = (offset: number) =>
      `upcall+${offset.toString(16)} native! sum@native+21 native return-address-undefined`;
    // Not saved yet, or given back: the thread's. From 0x10 on the one in the frame.
    for (const offset of [AT.entry, 4, 8, AT.before, 0x20, AT.done, AT.leaving, 0x48]) {
      const stack = at(offset);
      assertEquals(trace(stack), expected(offset), `${machine} ${offset}`);
      const isSaved = offset >= AT.before && offset < AT.leaving;
      if (!isSaved) continue;
      // It is not cleared yet, or it is back in part: the frame's counts all the same.
      const { cfas } = stack;
      const [sp, pc] = [cfas[1]!, CODE + REGIONS.stub + AT.call];
      for (const set of [[sp, pc], [sp, 0]] as [number, number][]) {
        assertEquals(trace(withThread(stack, ...set)), expected(offset));
      }
    }
  }
});

Deno.test("FrameIterator, ends where there is no anchor as it ends without any", () => {
  const stack = mixedStack("x86_64", [{ code: "blind" }, { code: "start" }]);
  assertEquals(trace(withThread(stack, 0, 0)), "native no-rule");
  assertEquals(trace(withThread(stack, 0, 0), { native: "skip" }), "native no-rule");
});

Deno.test("FrameIterator, refuses anchors that are damaged, with the frames so far", () => {
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, CHAIN);
    const inner = Number(stack.registers.sp);
    const sp = stack.cfas[0]!;
    const pc = CODE + REGIONS.stub + AT.call;
    const fault = (...set: [number, number]) => {
      for (const options of [{}, { native: "skip" }] as const) {
        const { frames, error } = backtrace(withThread(stack, ...set), options);
        assertEquals([frames.length, error?.kind], [1, "anchor"]);
        assertStringIncludes(error!.message, `0x${(THREAD + ANCHOR).toString(16)}`);
      }
      return backtrace(withThread(stack, ...set)).error!.message.split(" (")[0]!.slice(19);
    };
    assertEquals(fault(sp, 0x123), "leads to no managed code");
    assertEquals(fault(sp, CODE + 0x700), "leads to no managed code");
    assertEquals(fault(inner - 16, pc), "leads back");
    // To itself: a chain that goes in a circle.
    if (machine === "x86_64") assertEquals(fault(inner, pc), "leads back");
    assertEquals(fault(STACK_TOP + 0x1000, pc), "leads to another stack");
    assertEquals(fault(0x9_0000_0000, pc), "leads to another stack");
    assertEquals(fault(sp + 4, pc), "leads to another stack");
    assertEquals(fault(0, pc), "leads back");
  }
});

Deno.test("FrameIterator, refuses a damaged anchor that an upcall has saved", () => {
  const at = (saved: readonly number[]) => {
    const frames = CHAIN.map((each) => ({ ...each }));
    const stack = mixedStack("x86_64", frames);
    const [{ start, bytes }] = stack.windows;
    bytes.set(words(saved), stack.cfas[3]! - 48 - Number(start));
    return trace(stack);
  };
  const { cfas } = mixedStack("x86_64", CHAIN);
  const pc = CODE + REGIONS.stub + AT.call;
  const so = "native! sum@native+21 sum+21 upcall+21 native";
  assertEquals(at([cfas[0]!, pc]), `${so} anchor`);
  assertEquals(at([cfas[4]!, 1]), `${so} anchor`);
  // None: the outermost managed frame, and native code that nothing leads out of.
  assertEquals(at([0, 0]), `${so} no-rule`);
});

Deno.test("FrameIterator, goes on from native code that has pushed nothing", () => {
  const frames = [{ code: "blind", at: AT.entry }, { code: "stub", anchors: true }, {
    code: "start",
  }];
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, frames as FrameInit[]);
    for (const options of [{}, { native: "skip" }] as const) {
      const native = options.native === "skip" ? "" : "native! ";
      assertEquals(
        trace(stack, options),
        `${native}sum@native+21 native return-address-undefined`,
      );
    }
  }
});

Deno.test("FrameIterator, goes on over stack that was never touched, and so cannot be read", () => {
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, [
      { code: "blind", at: AT.before },
      { code: "native" },
      { code: "stub", anchors: true },
      { code: "start" },
    ]);
    const [{ start, bytes }, ...others] = stack.windows;
    const from = stack.cfas[1]! - Number(start);
    const touched = { start: start + BigInt(from), bytes: bytes.subarray(from) };
    const memory = memoryOf([touched, ...others]);
    assertEquals(
      trace({ ...stack, memory }),
      "native! sum@native+21 native return-address-undefined",
    );
  }
});

Deno.test("FrameIterator, ends on adapters that lead to themselves", () => {
  for (const machine of MACHINES) {
    const deep = Array.from({ length: 5000 }, (): FrameInit => ({ code: "adapter" }));
    const { frames, end } = backtrace(mixedStack(machine, [...deep, { code: "start" }]));
    assertEquals([frames.length, end], [4096, "frame-limit"]);
    // A row that gives nothing up: the frame is its own caller.
    const regions = regionsOf(machine).map((region) => {
      if (region.kind !== "adapter") return region;
      const saved = machine === "x86_64" ? 1 : 0;
      return { ...region, rows: [[region.begin, "sp", 0, saved]] as const };
    });
    const { stackPointer, link } = machineRegisters(machine);
    const stack = mixedStack(machine, [{ code: "adapter", at: AT.before }, { code: "start" }], {
      regions,
      registers: { [stackPointer]: STACK_TOP - 0x400, ...link && { [link]: ADAPTER } },
    });
    const [{ start, bytes }] = stack.windows;
    bytes.set(words([ADAPTER]), STACK_TOP - 0x408 - Number(start));
    const walk = backtrace(stack);
    assertEquals(walk.frames.length < 8, true);
    assertEquals(walk.error?.kind, machine === "x86_64" ? "loop" : "return-address");
  }
});

Deno.test("FrameIterator, follows no anchor twice", () => {
  for (const machine of MACHINES) {
    const regions = regionsOf(machine).map((region) =>
      region.name === "sum@native" ? { ...region, kind: "optimized" } : region
    );
    // What the anchor leads to is code that nothing leads out of.
    const stack = mixedStack(machine, CHAIN, { regions });
    assertEquals(trace(stack), "native! native no-rule");
    assertEquals(trace(stack, { native: "skip" }), "native no-rule");
  }
});

Deno.test("FrameIterator, tells of an anchor that cannot be read", () => {
  const stack = mixedStack("x86_64", CHAIN);
  assertEquals(trace({ ...stack, threadPointer: 0x1234n }), "native anchor");
  // Where tables lead on it is not needed.
  const tabled = mixedStack("x86_64", [{ code: "native" }, { code: "start" }]);
  const end = "native native return-address-undefined";
  assertEquals(trace({ ...tabled, threadPointer: 0x1234n }, { native: "skip" }), end);
  // A thread that has no storage has no anchor there.
  assertEquals(trace({ ...stack, threadPointer: 0n }), "native no-rule");
});

Deno.test("FrameIterator, refuses callers of managed code that nobody knows, not those of upcalls", () => {
  for (const machine of MACHINES) {
    const returning = (frames: readonly FrameInit[], pc: bigint): string => {
      const stack = mixedStack(machine, [...frames, { code: "start" }]);
      const { cfa } = backtrace(stack).frames[frames.length - 1]!;
      const windows = stack.windows.map(({ start, bytes }) => {
        const at = Number(cfa! - 8n - start);
        if (at < 0 || at >= bytes.length) return { start, bytes };
        const changed = bytes.slice();
        changed.set(words([Number(pc)]), at);
        return { start, bytes: changed };
      });
      return trace({ ...stack, memory: memoryOf(windows) }, { framePointer: false });
    };
    for (const code of ["jit", "optimized", "stub"] as const) {
      const frame = { code, at: AT.before };
      assertEquals(returning([frame], 0x9999_0000n).split(" ").slice(1), [
        "native",
        "return-address",
      ]);
      assertEquals(returning([frame], 0n).split(" ").slice(1), ["return-address-zero"]);
    }
    const upcall = { code: "entry", at: AT.before } as const;
    assertEquals(returning([upcall], 0x9999_0000n).split(" ").slice(1), ["native", "no-rule"]);
  }
});

Deno.test("FrameIterator, trusts a saved anchor no more than the frame that saved it", () => {
  for (const machine of MACHINES) {
    const frames: readonly FrameInit[] = [
      { code: "blind", at: AT.before },
      { code: "entry" },
      { code: "blind" },
      { code: "stub", anchors: true },
      { code: "jit" },
      { code: "start" },
    ];
    // The thread has no anchor: only the frame pointer leads to the upcall's entry.
    const registers = {
      [machineRegisters(machine).framePointer]: STACK_TOP - 0x100 - 4 * FRAME_SIZE - 16,
    };
    const stack = withThread(mixedStack(machine, frames, { registers }), 0, 0);
    const { frames: found, error } = backtrace(stack);
    assertEquals(error, undefined);
    assertEquals(found.map(({ code }) => code?.name ?? "native"), [
      "native",
      "upcall",
      "native",
      "sum@native",
      "sum",
      "native",
    ]);
    const trusted = found.map(({ certainty }) => certainty === "exact");
    assertEquals(trusted, [true, false, false, false, false, false]);
  }
});

Deno.test("FrameIterator, follows no anchor farther than stacks are large", () => {
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, CHAIN);
    const { pc } = backtrace(stack).frames[1]!;
    for (const [distance, isTooFar] of [[8 << 20, false], [(8 << 20) + 8, true]] as const) {
      const sp = Number(stack.registers.sp!) + distance;
      const far = memoryOf([{ start: BigInt(sp - 64), bytes: new Uint8Array(4096) }]);
      const own = withThread(stack, sp, Number(pc));
      const walked = trace({ ...own, memory: joinMemory(own.memory, far) });
      assertEquals(walked.includes("anchor"), isTooFar, `${distance} ${walked}`);
    }
  }
});
