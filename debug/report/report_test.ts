import { assertEquals, assertStrictEquals } from "@std/assert";
import { DW_AT, DW_FORM, DW_TAG } from "../../elf/dwarf/mod.ts";
import { die, type EntryInit } from "../../elf/dwarf/testing/info_image.ts";
import { FrameReader } from "../frames/mod.ts";
import { made, madeProcess } from "../frames/testing/made_process.ts";
import { threadJson } from "./json.ts";
import { backtraceReport, type ReportOptions, type ThreadReport } from "./report.ts";
import { threadText } from "./text.ts";

const INT = die(
  DW_TAG.baseType,
  [[DW_AT.name, DW_FORM.string, "int"], [DW_AT.byteSize, DW_FORM.data1, 4], [
    DW_AT.encoding,
    DW_FORM.data1,
    5,
  ]],
  undefined,
  "int",
);

/** A variable of type `int`, which has a value or has been optimized out. */
function variable(tag: number, name: string, value?: number): EntryInit {
  return die(tag, [
    [DW_AT.name, DW_FORM.string, name],
    [DW_AT.type, DW_FORM.ref4, { to: "int" }],
    ...(value === undefined ? [] : [[DW_AT.constValue, DW_FORM.data1, value] as const]),
  ]);
}

const INLINED = die(DW_TAG.inlinedSubroutine, [
  [DW_AT.abstractOrigin, DW_FORM.ref4, { to: "helper" }],
  [DW_AT.lowPc, DW_FORM.addr, 0x1010],
  [DW_AT.highPc, DW_FORM.data4, 8],
]);

const FUNCTIONS = [
  INT,
  die(DW_TAG.subprogram, [[DW_AT.name, DW_FORM.string, "helper"]], undefined, "helper"),
  made("inner", 0x1000, [], [
    variable(DW_TAG.formalParameter, "first", 7),
    variable(DW_TAG.formalParameter, "second"),
    variable(DW_TAG.variable, "local", 9),
    INLINED,
  ]),
  made("main", 0x1f40, [{ to: "inner", at: 0x1f80 }]),
];

function reportOf(pcs: readonly number[], options?: ReportOptions): ThreadReport {
  const process = madeProcess(FUNCTIONS, pcs);
  const [thread] = backtraceReport(new FrameReader(process), process.threads, options);
  return thread!;
}

Deno.test("threadText, a line for each frame, parameters in it", () => {
  assertEquals(
    threadText(reportOf([0x1014])),
    `Thread 1:
#0  helper () from made
#1  0x0000000000401014 in inner (first=7, second=<optimized out>) from made
#2  0x0000000000401f80 in main () from made
`,
  );
});

Deno.test("threadText, all variables stand below their frame, or none are told", () => {
  assertEquals(
    threadText(reportOf([0x1000], { variables: "all" })),
    `Thread 1:
#0  0x0000000000401000 in inner (first=7, second=<optimized out>) from made
        local = 9
#1  0x0000000000401f80 in main () from made
`,
  );
  assertEquals(
    threadText(reportOf([0x1000], { variables: "none" })).split("\n")[1],
    "#0  0x0000000000401000 in inner () from made",
  );
});

Deno.test("threadText, says what ends a stack too early, and what is doubtful", () => {
  assertEquals(
    threadText(reportOf([0x1000], { limit: 1 })).trimEnd().split("\n").at(-1),
    "  The walk ends here: there are as many frames as were asked for",
  );
  const process = madeProcess(FUNCTIONS, [0x1000]);
  const memory = { window: () => undefined };
  const [thread] = backtraceReport(new FrameReader({ ...process, memory }), process.threads);
  const [, frame, note] = threadText(thread!).split("\n");
  assertEquals(
    frame,
    "#0  0x0000000000401000 in inner (first=7, second=<optimized out>) from made",
  );
  assertEquals(/^ {2}The walk ends here: Cannot read/.test(note!), true, note);
  const sure = reportOf([0x1000]);
  const frames = sure.frames.slice(0, 1).map((each) => ({
    ...each,
    certainty: "doubtful" as const,
    doubt: "no-call" as never,
  }));
  assertEquals(
    threadText({ ...sure, name: "worker", state: "waits", frames }).split("\n").slice(0, 2),
    [
      'Thread 1 "worker", waits:',
      "#0  0x0000000000401000 in inner (first=7, second=<optimized out>) from made " +
      "(doubtful: no-call)",
    ],
  );
});

Deno.test("threadJson, has addresses as text and leaves out what is not known", () => {
  const json = threadJson(reportOf([0x1000], { variables: "all", data: true }));
  assertEquals(JSON.parse(JSON.stringify(json)), {
    id: 1,
    frames: [
      {
        level: 0,
        kind: "call",
        pc: "0x0000000000401000",
        function: "inner",
        module: "made",
        certainty: "exact",
        parameters: [
          { name: "first", text: "7", value: { type: "int", value: 7 } },
          {
            name: "second",
            text: "<optimized out>",
            value: { type: "int", state: "optimized-out" },
          },
        ],
        locals: [{ name: "local", text: "9", value: { type: "int", value: 9 } }],
      },
      {
        level: 1,
        kind: "call",
        pc: "0x0000000000401f80",
        function: "main",
        module: "made",
        certainty: "exact",
        parameters: [],
        locals: [],
      },
    ],
    end: "return-address-undefined",
  });
  assertStrictEquals(json.name, undefined);
});

Deno.test("backtraceReport, says why the variables of a damaged function cannot be told", () => {
  const lost = die(DW_TAG.formalParameter, [
    [DW_AT.name, DW_FORM.string, "lost"],
    [DW_AT.type, DW_FORM.refUdata, 0x7fffffff],
    [DW_AT.constValue, DW_FORM.data1, 1],
  ]);
  const process = madeProcess([made("main", 0x1f40, [], [lost])], [0x1f44]);
  const [thread] = backtraceReport(new FrameReader(process), process.threads);
  const [, line] = threadText(thread!).split("\n");
  assertEquals(/^#0 {2}0x0+401f44 in main \(lost=<.*0x.*>\) from made$/.test(line!), true, line);
});
