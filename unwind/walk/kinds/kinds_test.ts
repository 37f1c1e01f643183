import { assertEquals, assertThrows } from "@std/assert";
import type { Machine } from "../../../elf/mod.ts";
import { machineRegisters } from "../../cfi/mod.ts";
import { compiledImage } from "../../testing/code_image.ts";
import {
  AT,
  BYTECODE,
  CODE,
  type FrameInit,
  METHOD,
  mixedStack,
  REGIONS,
  regionsOf,
  ROLES,
  STACK_TOP,
} from "../../testing/mixed_stack.ts";
import type { Frame } from "../frame.ts";
import { RegisterSet } from "../register_set.ts";
import { backtrace } from "../walk.ts";
import { CodeMapError, managedFrame, stackRoots } from "./mod.ts";

const MACHINES: readonly Machine[] = ["x86_64", "aarch64"];

/** Kind, method, bytecode and values of a frame. */
function shown(frame: Frame): string {
  const managed = managedFrame(frame);
  if (managed === undefined) return frame.code?.kind.name ?? "native";
  const values = managed.variables.map(({ name, role, value, absence, type }) =>
    `${role === "parameter" || role === "local" ? "" : `${role} `}${name}${
      value === undefined ? ` ${absence}` : `=${value.toString(16)}`
    }${type === "ref" ? "*" : ""}`
  );
  return `${managed.kind} ${managed.method?.name ?? ""} ${managed.bci ?? ""}: ${values.join(", ")}`;
}

/** What the innermost of some frames shows. */
function innermost(
  machine: Machine,
  frame: FrameInit,
  registers: Readonly<Record<number, number>> = {},
): string {
  const { frames, error } = backtrace(
    mixedStack(machine, [frame, { code: "start" }], { registers }),
  );
  assertEquals([frames.length, error], [2, undefined]);
  return shown(frames[0]!);
}

const NAMES = ["native", "stub", "interpreter", "adapter", "jit", "optimized"] as const;

Deno.test("FrameIterator, walks frames of every kind in every order of three", () => {
  for (const machine of MACHINES) {
    const { modules } = mixedStack(machine, [{ code: "start" }]);
    for (const a of NAMES) {
      for (const b of NAMES) {
        for (const c of NAMES) {
          for (const at of [AT.entry, AT.entry + 2, AT.before, AT.done, AT.leaving]) {
            const order: FrameInit[] = [{ code: a, at }, { code: b }, { code: c }];
            const stack = mixedStack(machine, [...order, { code: "start" }], { modules });
            const { frames, end, error } = backtrace(stack);
            assertEquals(
              frames.map(({ code, cfaAddress }) => [code?.kind.name ?? "native", cfaAddress]),
              [...order, { code: "start" as const }].map((each, i) => [
                each.code === "start" ? "native" : each.code === "stub" ? "native-stub" : each.code,
                stack.cfas[i]!,
              ]),
              `${machine} ${a} ${b} ${c} ${at} ${error}`,
            );
            assertEquals(end, "return-address-undefined");
            // What calls keep has its value again, whoever saved it.
            assertEquals(frames[3]!.register(ROLES[machine].kept), 0x111n);
          }
        }
      }
    }
  }
});

Deno.test("Frame.source, says that the row is a code kind's, or a table's", () => {
  const stack = mixedStack("x86_64", [{ code: "jit" }, { code: "optimized" }, { code: "start" }]);
  const { frames } = backtrace(stack);
  assertEquals(frames.map((frame) => [frame.source, frame.function?.name]), [
    ["code-map", "jit"],
    ["registered", "optimized"],
    ["registered", undefined],
  ]);
  assertEquals(frames.map(({ certainty }) => certainty), ["exact", "exact", "exact"]);
});

Deno.test("managedFrame, shows an interpreter's frame in every phase", () => {
  for (const machine of MACHINES) {
    const { bcp, method, args } = ROLES[machine];
    const words = {
      [-40]: BYTECODE + 4,
      [-48]: METHOD,
      [-56]: 5,
      [-64]: 0xaaa0,
      [-72]: 6,
      [-80]: 0xbbb0,
      [-88]: 7,
      [-96]: 0xccc0,
    };
    const show = (at: number, registers: Readonly<Record<number, number>>) =>
      innermost(machine, { code: "interpreter", at, words }, registers);
    // The caller's operands are at the arguments: here what is above the start's frame.
    const above = STACK_TOP - 0x100;
    const entry = { [method]: METHOD, [args]: above - 56 };
    assertEquals(show(AT.entry, entry), "interpreter sum 0: n=5, list=aaa0*, i dead");
    assertEquals(
      show(AT.before, { [method]: 1, [bcp]: BYTECODE + 4 }),
      "interpreter sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*, operand stack1=7",
    );
    // The registers are the callee's then.
    assertEquals(
      show(AT.call - 1, { [method]: 1, [bcp]: 2 }),
      "interpreter sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*",
    );
    assertEquals(
      show(AT.call, { [method]: 1, [bcp]: 2 }),
      "interpreter sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*, operand result=ccc0*"
        .replace("operand result", "result result"),
    );
    assertEquals(
      show(AT.done, { [method]: 1, [bcp]: BYTECODE + 4 }),
      "interpreter sum 8: n=5, list dead*, i=6, operand stack0=bbb0*, operand stack1=7*",
    );
    assertEquals(
      show(AT.leaving, { [method]: METHOD, [args]: above - 80 }),
      "interpreter sum : n gone, list gone, i gone, result result=ccc0*",
    );
  }
});

Deno.test("managedFrame, shows compiled frames at every position", () => {
  for (const machine of MACHINES) {
    const { kept, result, parameter } = ROLES[machine];
    const second = machine === "x86_64" ? 4 : 1;
    const words = { 0: 5, 8: 0xaaa0, [-32]: 6, [-40]: 0xbbb0, [-48]: 7 };
    const jit = (at: number) =>
      innermost(machine, { code: "jit", at, words }, { [result]: 0xccc0 });
    assertEquals(jit(AT.entry), "jit sum 0: n=5, list=aaa0*, i dead");
    assertEquals(
      jit(AT.before),
      "jit sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*, operand stack1=7",
    );
    assertEquals(jit(AT.call - 1), "jit sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*");
    assertEquals(
      jit(AT.call),
      "jit sum 4: n=5, list=aaa0*, i=6, operand stack0=bbb0*, result result=ccc0*",
    );
    assertEquals(
      jit(AT.done),
      "jit sum 8: n=5, list dead*, i=6, operand stack0=bbb0*, operand stack1=7*",
    );
    assertEquals(jit(AT.leaving), "jit sum 8: n gone, list gone, i gone, result result=ccc0*");
    const opt = (at: number) => {
      const frame: FrameInit = { code: "optimized", at, words, kept: 0xaaa0 };
      return innermost(machine, frame, { [parameter]: 5, [second]: 0xaaa0 });
    };
    assertEquals(opt(AT.entry), "optimized sum 0: n=5, list=aaa0*, i dead");
    assertEquals(
      opt(AT.before),
      "optimized sum 4: n optimized-out, list=aaa0*, i=ffffffffffffffff, operand stack0=6*, " +
        "operand stack1=bbb0",
    );
    const adapter = (at: number) =>
      innermost(machine, { code: "adapter", at, words }, { [parameter]: 5, [result]: 0xccc0 });
    const jitParameters = "adapter sum : n=5, list=aaa0*";
    assertEquals(adapter(AT.entry), jitParameters);
    if (machine === "x86_64") assertEquals(adapter(AT.before), jitParameters);
    assertEquals(adapter(AT.call - 1), "adapter sum : ");
    assertEquals(adapter(AT.call), "adapter sum : result result=ccc0*");
    assertEquals(
      adapter(AT.leaving),
      "adapter sum : n gone, list gone, i gone, result result=ccc0*",
    );
    const stub = innermost(machine, { code: "stub", at: AT.call, words });
    assertEquals(stub, "native-stub sum : n=6, list=bbb0*");
    assertEquals(innermost(machine, { code: "native" }), "native");
    assertEquals(kept > 0, true);
  }
});

Deno.test("managedFrame, tells callers by their calls, and registers as they were there", () => {
  for (const machine of MACHINES) {
    const stack = mixedStack(machine, [
      // Saves the register that holds `list`.
      { code: "jit", at: AT.before, kept: 9 },
      { code: "optimized", kept: 0xaaa0, words: { [-32]: 0xbbb0, [-40]: 7 } },
      { code: "interpreter", words: { [-40]: BYTECODE + 4, [-48]: METHOD, [-56]: 5 } },
      { code: "start" },
    ]);
    const { frames } = backtrace(stack);
    assertEquals(frames.slice(1, 3).map(shown), [
      "optimized sum 4: n optimized-out, list=aaa0*, i=ffffffffffffffff, operand stack0=bbb0*",
      "interpreter sum 4: n=5, list=0*, i=0, operand stack0=0*",
    ]);
    const [variable] = managedFrame(frames[1]!)!.variables.slice(1);
    assertEquals(variable?.location, { in: "register", register: ROLES[machine].kept });
  }
});

Deno.test("managedFrame, tells which memory could not be read", () => {
  const stack = mixedStack("x86_64", [{ code: "jit", at: AT.before }, { code: "start" }], {
    regions: regionsOf("x86_64").map((region) => {
      if (region.kind !== "jit") return region;
      const far = 2 << 24 | 0x7fffff;
      const vectors = [[far, 1 << 24 | 50, far, far, far]];
      return { ...region, data: compiledImage({ positions: [[0x100, 4, 0, 0]], vectors }) };
    }),
  });
  const managed = managedFrame(backtrace(stack).frames[0]!)!;
  assertEquals(managed.variables.map(({ absence }) => absence), new Array(5).fill("unreadable"));
});

Deno.test("managedFrame, refuses what no bytecode is at, and records that are none", () => {
  const problem = (record: number, pointer: number) => {
    const words = { [-48]: record };
    const frame: FrameInit = { code: "interpreter", at: AT.before, words };
    const registers = { [ROLES.x86_64.bcp]: pointer };
    const stack = mixedStack("x86_64", [frame, { code: "start" }], { registers });
    const { frames, end } = backtrace(stack);
    // The walk itself does not need them.
    assertEquals([frames.length, end], [2, "return-address-undefined"]);
    const { kind, message } = assertThrows(() => managedFrame(frames[0]!), CodeMapError);
    return message.includes("pointer is") ? `${kind}: stray` : kind;
  };
  assertEquals(problem(METHOD, BYTECODE + 5), "position");
  assertEquals(problem(METHOD, BYTECODE + 64), "position: stray");
  assertEquals(problem(METHOD, 0), "position: stray");
  assertEquals(problem(0, BYTECODE), "method");
  assertEquals(problem(0x123, BYTECODE), "memory");
  assertEquals(problem(METHOD + 1, BYTECODE), "method");
});

Deno.test("stackRoots, finds every reference where it is now, and nothing else", () => {
  for (const machine of MACHINES) {
    const { kept } = ROLES[machine];
    const stack = mixedStack(machine, [
      { code: "optimized", at: AT.before, kept: 0xa0, words: { [-32]: 0xa8 } },
      { code: "optimized", kept: 0xb0, words: { [-32]: 0xb8 } },
      { code: "native" },
      { code: "stub", words: { [-40]: 0xc0 } },
      { code: "jit", words: { 8: 0xd0, [-40]: 0xd8 } },
      { code: "start" },
    ]);
    const { frames } = backtrace(stack);
    const cfa = (i: number) => BigInt(stack.cfas[i]!);
    assertEquals(
      [...stackRoots(frames)].map((root) => [root.frame.index, root.value, root.location]),
      [
        [0, 0xa0n, { in: "register", register: kept }],
        [0, 0xa8n, { in: "memory", address: cfa(0) - 32n }],
        // Saved by the frame further in.
        [1, 0xb0n, { in: "memory", address: cfa(0) - 24n }],
        [1, 0xb8n, { in: "memory", address: cfa(1) - 32n }],
        [3, 0xc0n, { in: "memory", address: cfa(3) - 40n }],
        [4, 0xd0n, { in: "memory", address: cfa(4) + 8n }],
        [4, 0xd8n, { in: "memory", address: cfa(4) - 40n }],
      ],
    );
  }
});

Deno.test("stackRoots, ends with a frame whose CFA is not known", () => {
  for (const machine of MACHINES) {
    const regions = regionsOf(machine).map((each) => ({ ...each, method: 0 }));
    const frames: FrameInit[] = [{ code: "jit", at: AT.before }, { code: "start" }];
    const stack = mixedStack(machine, frames, { regions });
    const { framePointer } = machineRegisters(machine);
    const known = [...stack.registers.entries()].filter(([register]) => register !== framePointer);
    const walk = backtrace({ ...stack, registers: RegisterSet.of(machine, known) });
    assertEquals([walk.frames.length, walk.error?.kind], [1, "cfa"]);
    assertEquals([...stackRoots(walk.frames)], []);
  }
});

Deno.test("CodeKind.convention, states the four items for each kind on both machines", () => {
  const { modules } = mixedStack("x86_64", [{ code: "start" }]);
  const items = (machine: Machine) =>
    Array.from(modules.code.kinds, (kind) => {
      const { parameters, result, outgoing, calleeResult } = kind.convention(machine);
      return [kind.name, parameters.in, result.in, outgoing.in, calleeResult.in].join(" ");
    });
  const expected = [
    "optimized registers register registers register",
    "jit memory register memory register",
    "interpreter memory memory memory memory",
    "adapter registers register registers register",
    "native-stub registers register registers register",
    "native registers register registers register",
  ];
  assertEquals([items("x86_64"), items("aarch64")], [expected, expected]);
  assertEquals(modules.code.kind("optimized")!.convention("x86_64").parameters, {
    in: "registers",
    registers: [5, 4, 1, 2, 8, 9],
  });
});

Deno.test("CodeRegistry.at, knows a kind by each address of the code, and native code by none", () => {
  const { modules } = mixedStack("x86_64", [{ code: "start" }]);
  const kinds = (offset: number) => modules.code.at(CODE + offset)?.kind.name;
  assertEquals([-1, 0, 0xff, REGIONS.jit, REGIONS.entry + 0xff, 0x600].map(kinds), [
    undefined,
    "optimized",
    "optimized",
    "jit",
    "native-stub",
    undefined,
  ]);
});
