import { assertEquals } from "@std/assert";
import type { MapStack, StackMap } from "../finding.ts";
import { mapText } from "./map_text.ts";
import { SEED_MAP } from "./testing/seed_report.ts";

Deno.test("mapText, says what the map of the crash's log says, in its order", () => {
  assertEquals(
    mapText(SEED_MAP, { addresses: "decimal" }),
    `-- text

4300209264: crashed...
4413212615: gaia's schedule()'s return address for set_context() call
4413213216: entry_point()
4413214944: spawn_from_main's return address for set_context() call

-- heap

140293210898432: gaia's stack top
(empty)  (2,095,376 bytes)
140293212993808: gaia's schedule()'s %rsp
...  (544 bytes)
140293212994352: gaia's schedule()'s %rbp
...  (528 bytes)
140293212994880: gaia's entry_point()'s %rsp
...  (688 bytes)
140293212995568: gaia's entry_point()'s %rbp
140293212995584: gaia's stack bottom

(4,096 bytes, a guard)

140293212999680: mash's stack top
(empty)  (2,095,376 bytes)
140293215095056: mash's schedule()'s %rsp
...  (544 bytes)
140293215095600: mash's schedule()'s %rbp
...  (528 bytes)
140293215096128: mash's entry_point()'s %rsp
...  (688 bytes)
140293215096816: mash's entry_point()'s %rbp
140293215096832: mash's stack bottom
(they touch: no guard)
140293215096832: ortega's stack top
(empty)  (2,097,152 bytes)
140293217193984: ortega's stack bottom

-- stack

140701935601648: spawn_from_main's stack pointer at set_context() call
...  (800 bytes)
140701935602448: spawn_from_main's frame pointer
`,
  );
});

/** Two stacks of 0x100 bytes, the upper one `apart` bytes above the lower. */
function neighbors(apart: bigint, mapped: boolean): StackMap {
  const stack = (id: number, name: string, top: bigint): MapStack => ({
    id,
    name,
    top,
    bottom: top + 0x100n,
    allocated: true,
    allocation: null,
    freed: null,
    running: false,
  });
  const stacks = [stack(0, "a", 0x1000n), stack(1, "b", 0x1100n + apart)];
  const edges = stacks.flatMap(({ id, name, top, bottom }) => [
    { address: top, text: `${name}'s stack top`, kind: "stack-top", stack: id } as const,
    { address: bottom, text: `${name}'s stack bottom`, kind: "stack-bottom", stack: id } as const,
  ]);
  const region = { kind: "heap", protection: "rw-" } as const;
  return {
    task: "t",
    stackPointer: "sp",
    framePointer: "x29",
    regions: mapped
      ? [{ ...region, begin: 0x1000n, end: 0x1180n }, { ...region, begin: 0x1180n, end: 0x9000n }]
      : stacks.map(({ top, bottom }) => ({ ...region, begin: top, end: bottom })),
    stacks,
    points: edges.toSorted((a, b) => Number(a.address - b.address)),
  };
}

Deno.test("mapText, tells guards from memory between stacks, and stacks that overlap", () => {
  const line = (apart: bigint, mapped: boolean) =>
    mapText(neighbors(apart, mapped)).split("\n").find((each) => /^\((?!empty)/.test(each));
  assertEquals(line(0x1000n, false), "(4,096 bytes, a guard)");
  assertEquals(line(0x1000n, true), "(4,096 bytes, mapped: no guard)");
  assertEquals(line(0n, true), "(they touch: no guard)");
  assertEquals(line(-16n, true), "(they overlap by 16 bytes)");
});

Deno.test("mapText, a guard may be inside the stack that it guards", () => {
  const map = neighbors(0n, true);
  const guarded = map.regions.with(0, { ...map.regions[0]!, end: 0x1100n }).with(1, {
    ...map.regions[1]!,
    begin: 0x1100n,
    end: 0x1140n,
    protection: "---",
  }).concat({ ...map.regions[1]!, begin: 0x1140n });
  assertEquals(mapText({ ...map, regions: guarded }).split("\n").slice(5, 10), [
    "(they touch)",
    "0x1100: b's stack top",
    "(guard)  (64 bytes)",
    "(empty)  (192 bytes)",
    "0x1200: b's stack bottom",
  ]);
});

Deno.test("mapText, of a stack that has been freed nobody asks for a guard", () => {
  const map = neighbors(0n, true);
  const freed = {
    address: 0x400000n,
    function: "release",
    offset: 4,
    did: "freed the stack",
    text: "",
    time: 9,
  };
  const stacks = [map.stacks[0]!, { ...map.stacks[1]!, freed }];
  const regions = map.regions.slice(0, 1); // the other is not mapped any more
  const lines = mapText({ ...map, stacks, regions }).split("\n");
  assertEquals(lines.slice(5, 8), [
    "(they touch)",
    "0x1100: b's stack top, freed",
    "(empty)  (256 bytes)",
  ]);
});

Deno.test("mapText, a stack in the program's own data is no text, one without lines is left out", () => {
  const map = neighbors(0x1000n, false);
  const regions = map.regions.map((each) => ({ ...each, kind: "text" }) as const);
  const code = { address: 0x10n, text: "entry()", kind: "code", stack: null } as const;
  const points = [code, ...map.points.filter(({ stack }) => stack === 0)];
  assertEquals(mapText({ ...map, regions, points }).split("\n"), [
    "-- text",
    "",
    "0x10: entry()",
    "",
    "-- data",
    "",
    "0x1000: a's stack top",
    "(empty)  (256 bytes)",
    "0x1100: a's stack bottom",
    "",
  ]);
});

Deno.test("mapText, where a stack begins that nobody saw allocated, nobody knows", () => {
  const map = neighbors(0x1000n, false);
  const stacks = [map.stacks[0]!, { ...map.stacks[1]!, allocated: false }];
  assertEquals(mapText({ ...map, stacks }).includes("\n(4,096 bytes)\n"), true);
});

Deno.test("mapText, marks what a finding speaks of, at its point or in a line of its own", () => {
  const marks = [
    { address: 140293212993808n, text: "expected rsp" },
    { address: 140293212993800n, text: "found rsp" },
    { address: 140293215096832n, text: "an edge" }, // of two stacks, and the second's first byte
    { address: 0x10n, text: "nowhere" },
  ];
  const lines = mapText(SEED_MAP, { marks }).split("\n");
  const at = lines.indexOf("0x7f988f1ff908: found rsp");
  assertEquals(lines[at - 1], "(empty)  (2,095,368 bytes)");
  assertEquals(lines[at + 1], "0x7f988f1ff910: gaia's schedule()'s %rsp  <- expected rsp");
  const touch = lines.indexOf("(they touch: no guard)");
  assertEquals(lines.slice(touch, touch + 4), [
    "(they touch: no guard)",
    "0x7f988f401000: ortega's stack top",
    "0x7f988f401000: an edge",
    "...  (2,097,152 bytes)",
  ]);
  // Where nothing is mapped there is nothing but an address that somebody took for code.
  assertEquals(lines.slice(0, 3), ["-- text", "", "0x10: nowhere"]);
});

Deno.test("mapText, a crash inside a stack stands among the stack's lines", () => {
  const address = 140293212994880n - 4n;
  const map: StackMap = {
    ...SEED_MAP,
    points: [
      { address, text: "crashed...", kind: "crash", stack: null },
      ...SEED_MAP.points.slice(1),
    ],
  };
  const lines = mapText(map, { marks: [{ address, text: "crashed..." }] }).split("\n");
  const at = lines.indexOf("0x7f988f1ffd3c: crashed...");
  assertEquals(lines[at + 1], "0x7f988f1ffd40: gaia's entry_point()'s %rsp");
  assertEquals(at > lines.indexOf("-- heap"), true);
});
