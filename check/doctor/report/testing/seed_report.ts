/**
 * A report of the crash of three green threads, with the addresses of the log that tells of it:
 * Mash and Ortega touch, Gaia and Mash lie 4,096 bytes apart.
 *
 * @module
 */
import type {
  CodePlace,
  DoctorReport,
  Evidence,
  Finding,
  MapPoint,
  StackFrame,
  StackMap,
} from "../../finding.ts";

const GAIA = { top: 140293210898432n, bottom: 140293212995584n };
const MASH = { top: 140293212999680n, bottom: 140293215096832n };
const ORTEGA = { top: 140293215096832n, bottom: 140293217193984n };
const CRASH = 0x1004ffc70n;

function point(
  address: bigint,
  text: string,
  kind: MapPoint["kind"],
  stack: number | null,
): MapPoint {
  return { address, text, kind, stack };
}

function stackOf(id: number, name: string, place: { top: bigint; bottom: bigint }) {
  return { id, name, ...place, allocated: true, allocation: null, freed: null, running: id === 1 };
}

function pointers(name: string, id: number, values: readonly bigint[]): MapPoint[] {
  const [sp, fp, entrySp, entryFp] = values as [bigint, bigint, bigint, bigint];
  return [
    point(sp, `${name}'s schedule()'s %rsp`, "stack-pointer", id),
    point(fp, `${name}'s schedule()'s %rbp`, "frame-pointer", id),
    point(entrySp, `${name}'s entry_point()'s %rsp`, "stack-pointer", id),
    point(entryFp, `${name}'s entry_point()'s %rbp`, "frame-pointer", id),
  ];
}

/** The map of the log. */
export const SEED_MAP: StackMap = {
  task: "green",
  stackPointer: "rsp",
  framePointer: "rbp",
  regions: [
    { kind: "text", begin: CRASH - 0xc70n, end: 4413220000n, protection: "r-x" },
    { kind: "heap", begin: GAIA.top, end: GAIA.bottom, protection: "rw-" },
    { kind: "heap", begin: MASH.top, end: ORTEGA.bottom, protection: "rw-" },
    { kind: "stack", begin: 140701927214448n, end: 140701935603056n, protection: "rw-" },
  ],
  stacks: [
    stackOf(1, "gaia", GAIA),
    stackOf(2, "mash", MASH),
    stackOf(3, "ortega", ORTEGA),
    stackOf(0, "main", { top: 140701927214448n, bottom: 140701935603056n }),
  ],
  points: [
    point(CRASH, "crashed...", "crash", null),
    point(4413212615n, "gaia's schedule()'s return address for set_context() call", "code", null),
    point(4413213216n, "entry_point()", "code", null),
    point(4413214944n, "spawn_from_main's return address for set_context() call", "code", null),
    point(GAIA.top, "gaia's stack top", "stack-top", 1),
    ...pointers("gaia", 1, [
      140293212993808n,
      140293212994352n,
      140293212994880n,
      140293212995568n,
    ]),
    point(GAIA.bottom, "gaia's stack bottom", "stack-bottom", 1),
    point(MASH.top, "mash's stack top", "stack-top", 2),
    ...pointers("mash", 2, [
      140293215095056n,
      140293215095600n,
      140293215096128n,
      140293215096816n,
    ]),
    point(MASH.bottom, "mash's stack bottom", "stack-bottom", 2),
    point(ORTEGA.top, "ortega's stack top", "stack-top", 3),
    point(ORTEGA.bottom, "ortega's stack bottom", "stack-bottom", 3),
    point(
      140701935601648n,
      "spawn_from_main's stack pointer at set_context() call",
      "stack-pointer",
      0,
    ),
    point(140701935602448n, "spawn_from_main's frame pointer", "frame-pointer", 0),
  ],
};

function place(address: bigint, name: string, offset: number): CodePlace {
  return { address, function: name, offset };
}

function frame(at: CodePlace, sp: bigint, interrupted = false): StackFrame {
  return { ...at, interrupted, sp, slot: sp - 8n };
}

const SCHEDULE = place(4413212615n, "schedule", 0x67);
const ENTRY = place(4413213314n, "entry_point", 0x62);
const CALL: Evidence = {
  ...place(4413214800n, "switch_context", 0x18),
  did: "shifted the stack pointer",
  text: "callq *%rdx",
  time: 12345,
};

/** The finding of the log's author. */
export const SEED_FINDING: Finding = {
  kind: "misaligned-resume",
  summary: "gaia was resumed in schedule() with another %rsp than it was saved with",
  task: "green",
  thread: 0xffff_8000_0010_0000n,
  at: { ...CALL, did: "resumed gaia" },
  expected: 140293212993808n,
  found: 140293212993800n,
  evidence: [CALL],
  stacks: [1, 2],
  walks: [
    {
      stack: 1,
      frames: [
        frame(SCHEDULE, 140293212993808n, true),
        frame(place(4413213000n, "spawn", 0x1d8), 140293212994368n),
        frame(ENTRY, 140293212994880n),
      ],
    },
    {
      stack: 2,
      frames: [
        frame(place(CALL.address, "switch_context", 0x18), 140293215095048n, true),
        frame(SCHEDULE, 140293215095056n),
        frame(ENTRY, 140293215096128n),
      ],
    },
  ],
  consequences: [
    {
      ...place(4413212700n, "schedule", 0xbc),
      did: "returned",
      text: "retq",
      time: 23456,
      kind: "bad-return",
      summary: "schedule() returned to its caller's saved %rbp",
      expected: 4413213000n,
      found: 140293212994880n,
    },
    {
      ...place(140293212994880n, "", 0),
      did: "was fetched",
      text: "",
      time: -1,
      kind: "fault",
      summary: "#PF: instruction fetch, protection",
      expected: null,
      found: 140293212994880n,
    },
  ],
  map: SEED_MAP,
};

/** All of it. */
export const SEED_REPORT: DoctorReport = {
  findings: [SEED_FINDING],
  halted: "all tasks have ended",
  instructions: 34567,
  switches: 4,
  stacks: 4,
  maps: [SEED_MAP],
};
