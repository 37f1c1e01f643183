import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Random } from "../util/random.ts";
import { TraceError } from "./errors.ts";
import { EVENT_TYPES } from "./event_codec.ts";
import type { KernelEvent, ThreadRef } from "./events.ts";
import { JsonLines, parseJsonLines } from "./json_lines.ts";

const a: ThreadRef = { address: 0xffff_0000_7f94_4cf0n, task: "gnumach" };
const b: ThreadRef = { address: 0xffff_0000_7f92_6ad0n, task: 'odd "name"\n' };

/** One event of every type, and those with optional fields both ways. */
const EVENTS: readonly KernelEvent[] = [
  { seq: 0, time: 0, cpu: 0, type: "message", text: "Booting\n" },
  {
    seq: 1,
    time: 9,
    cpu: 0,
    type: "context-switch",
    from: a,
    fromContinuation: 0n,
    to: b,
    toContinuation: 0xffff_0000_4020_96c0n,
  },
  { seq: 2, time: 9, cpu: 1, type: "stack-handoff", from: b, to: a },
  {
    seq: 3,
    time: 10,
    cpu: 0,
    type: "exception",
    thread: a,
    mode: "user",
    origin: "EL0",
    name: "svc",
    words: [{ label: "ESR", value: 0x56000000n }, { label: "FAR", value: 0n }],
  },
  { seq: 4, time: 11, cpu: 0, type: "irq", thread: a, mode: "kernel", line: 0, pc: 0x40n },
  { seq: 5, time: 12, cpu: 0, type: "page-fault", thread: a, address: 8n, access: "read", kr: 1 },
  { seq: 6, time: 13, cpu: 0, type: "exception-return", thread: a, pc: 0x401000n },
  { seq: 7, time: 14, cpu: 0, type: "ast", thread: a, reasons: ["quantum", "terminate"] },
  {
    seq: 8,
    time: 15,
    cpu: 0,
    type: "syscall",
    thread: a,
    number: 2,
    name: "print",
    args: [0n, 0xffff_ffff_ffff_ffffn],
  },
  { seq: 9, time: 16, cpu: 0, type: "fp-switch", from: null, to: a },
  { seq: 10, time: 16, cpu: 0, type: "fp-switch", from: a, to: b },
  { seq: 11, time: 17, cpu: 0, type: "console", thread: a, text: "é" },
  { seq: 12, time: 18, cpu: 0, type: "task-create", task: "t", thread: 0n },
  { seq: 13, time: 18, cpu: 0, type: "thread-create", task: "t", thread: 16n },
  { seq: 14, time: 19, cpu: 0, type: "thread-exit", task: "t", thread: 16n, code: -1 },
  { seq: 15, time: 20, cpu: 0, type: "task-exit", task: "t", thread: 0n, reason: "page fault" },
  { seq: 16, time: 21, cpu: 0, type: "idle", until: 900 },
  { seq: 17, time: 900, cpu: 0, type: "halt", reason: "reboot" },
  {
    seq: 18,
    time: 901,
    cpu: 0,
    type: "panic",
    thread: a,
    cause: "throw",
    reason: "r",
    context: 1n,
  },
  {
    seq: 19,
    time: 902,
    cpu: 0,
    type: "frame",
    thread: a,
    index: 0,
    pc: 0x401000n,
    cfa: 0x7fff_0000n,
    function: "main",
    offset: 4,
    source: ".eh_frame",
    certainty: "doubtful",
    doubt: "no-call",
    action: "pass",
  },
  {
    seq: 20,
    time: 903,
    cpu: 0,
    type: "landing",
    thread: a,
    kind: "cleanup",
    function: "main",
    landingPad: 0x401010n,
    sp: 0x7fff_0000n,
    selector: 0n,
  },
  { seq: 21, time: 904, cpu: 0, type: "unwind-resume", thread: a, context: 1n },
  {
    seq: 22,
    time: 905,
    cpu: 0,
    type: "unwind-end",
    thread: a,
    outcome: "aborted",
    landings: 1,
    reason: "r",
  },
  { seq: 23, time: 906, cpu: 0, type: "unwind-end", thread: a, outcome: "caught", landings: 0 },
  {
    seq: 24,
    time: 907,
    cpu: 1,
    type: "blocked",
    thread: a,
    wait: "time 5",
    continuation: "syscall_result",
    label: 0x40n,
  },
  {
    seq: 25,
    time: 908,
    cpu: 0,
    type: "handler-entry",
    thread: a,
    code: 14n,
    address: 8n,
    pc: 0x401000n,
    state: 0x7000n,
  },
  { seq: 26, time: 909, cpu: 0, type: "handler-return", thread: a, outcome: "resumed", pc: 4n },
  {
    seq: 27,
    time: 910,
    cpu: 0,
    type: "policy-fault",
    policy: "own",
    call: "pick",
    arguments: "[0]",
    reason: "returned 9",
    state: "null",
  },
  {
    seq: 28,
    time: 911,
    cpu: 0,
    type: "parameters",
    by: a,
    of: b,
    priority: 40,
    nice: -3,
    weight: 1991,
    period: 5000,
    deadline: 4000,
    budget: 0,
    affinity: [0],
  },
  {
    seq: 29,
    time: 912,
    cpu: 0,
    type: "deadlock",
    cycle: [{ thread: a, mutex: 2 }, { thread: a, mutex: 1 }],
  },
  { seq: 30, time: 913, cpu: 0, type: "job-release", of: a, job: 3, release: 900 },
  {
    ...{ seq: 31, time: 914, cpu: 0, type: "job-complete", of: a, job: 3, release: 900 },
    ...{ deadline: 950, lateness: -37 },
  },
  {
    ...{ seq: 32, time: 915, cpu: 0, type: "job-complete", of: a, job: 4, release: 900 },
    ...{ deadline: null, lateness: null },
  },
  {
    ...{ seq: 33, time: 916, cpu: 0, type: "deadline-miss", of: b, job: 1, release: 900 },
    deadline: 914,
  },
  { seq: 34, time: 917, cpu: 0, type: "ready", of: b, reason: "release", instant: 900 },
  { seq: 35, time: 917, cpu: 0, type: "decision", instant: 900, from: null, why: "idle", to: b },
  { seq: 36, time: 990, cpu: 0, type: "decision", instant: 980, from: b, why: "ended", to: null },
  { seq: 37, time: 991, cpu: 0, type: "handoff", thread: a, to: b },
];

const LINES = String.raw`{"seq":0,"time":0,"cpu":0,"type":"message","text":"Booting\n"}
{"seq":1,"time":9,"cpu":0,"type":"context-switch","from":{"address":"0xffff00007f944cf0","task":"gnumach"},"fromContinuation":"0x0","to":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"toContinuation":"0xffff0000402096c0"}
{"seq":2,"time":9,"cpu":1,"type":"stack-handoff","from":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"to":{"address":"0xffff00007f944cf0","task":"gnumach"}}
{"seq":3,"time":10,"cpu":0,"type":"exception","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"mode":"user","origin":"EL0","name":"svc","words":[{"label":"ESR","value":"0x56000000"},{"label":"FAR","value":"0x0"}]}
{"seq":4,"time":11,"cpu":0,"type":"irq","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"mode":"kernel","line":0,"pc":"0x40"}
{"seq":5,"time":12,"cpu":0,"type":"page-fault","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"address":"0x8","access":"read","kr":1}
{"seq":6,"time":13,"cpu":0,"type":"exception-return","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"pc":"0x401000"}
{"seq":7,"time":14,"cpu":0,"type":"ast","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"reasons":["quantum","terminate"]}
{"seq":8,"time":15,"cpu":0,"type":"syscall","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"number":2,"name":"print","args":["0x0","0xffffffffffffffff"]}
{"seq":9,"time":16,"cpu":0,"type":"fp-switch","from":null,"to":{"address":"0xffff00007f944cf0","task":"gnumach"}}
{"seq":10,"time":16,"cpu":0,"type":"fp-switch","from":{"address":"0xffff00007f944cf0","task":"gnumach"},"to":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"}}
{"seq":11,"time":17,"cpu":0,"type":"console","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"text":"é"}
{"seq":12,"time":18,"cpu":0,"type":"task-create","task":"t","thread":"0x0"}
{"seq":13,"time":18,"cpu":0,"type":"thread-create","task":"t","thread":"0x10"}
{"seq":14,"time":19,"cpu":0,"type":"thread-exit","task":"t","thread":"0x10","code":-1}
{"seq":15,"time":20,"cpu":0,"type":"task-exit","task":"t","thread":"0x0","reason":"page fault"}
{"seq":16,"time":21,"cpu":0,"type":"idle","until":900}
{"seq":17,"time":900,"cpu":0,"type":"halt","reason":"reboot"}
{"seq":18,"time":901,"cpu":0,"type":"panic","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"cause":"throw","reason":"r","context":"0x1"}
{"seq":19,"time":902,"cpu":0,"type":"frame","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"index":0,"pc":"0x401000","cfa":"0x7fff0000","function":"main","offset":4,"source":".eh_frame","certainty":"doubtful","doubt":"no-call","action":"pass"}
{"seq":20,"time":903,"cpu":0,"type":"landing","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"kind":"cleanup","function":"main","landingPad":"0x401010","sp":"0x7fff0000","selector":"0x0"}
{"seq":21,"time":904,"cpu":0,"type":"unwind-resume","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"context":"0x1"}
{"seq":22,"time":905,"cpu":0,"type":"unwind-end","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"outcome":"aborted","landings":1,"reason":"r"}
{"seq":23,"time":906,"cpu":0,"type":"unwind-end","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"outcome":"caught","landings":0}
{"seq":24,"time":907,"cpu":1,"type":"blocked","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"wait":"time 5","continuation":"syscall_result","label":"0x40"}
{"seq":25,"time":908,"cpu":0,"type":"handler-entry","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"code":"0xe","address":"0x8","pc":"0x401000","state":"0x7000"}
{"seq":26,"time":909,"cpu":0,"type":"handler-return","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"outcome":"resumed","pc":"0x4"}
{"seq":27,"time":910,"cpu":0,"type":"policy-fault","policy":"own","call":"pick","arguments":"[0]","reason":"returned 9","state":"null"}
{"seq":28,"time":911,"cpu":0,"type":"parameters","by":{"address":"0xffff00007f944cf0","task":"gnumach"},"of":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"priority":40,"nice":-3,"weight":1991,"period":5000,"deadline":4000,"budget":0,"affinity":[0]}
{"seq":29,"time":912,"cpu":0,"type":"deadlock","cycle":[{"thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"mutex":2},{"thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"mutex":1}]}
{"seq":30,"time":913,"cpu":0,"type":"job-release","of":{"address":"0xffff00007f944cf0","task":"gnumach"},"job":3,"release":900}
{"seq":31,"time":914,"cpu":0,"type":"job-complete","of":{"address":"0xffff00007f944cf0","task":"gnumach"},"job":3,"release":900,"deadline":950,"lateness":-37}
{"seq":32,"time":915,"cpu":0,"type":"job-complete","of":{"address":"0xffff00007f944cf0","task":"gnumach"},"job":4,"release":900,"deadline":null,"lateness":null}
{"seq":33,"time":916,"cpu":0,"type":"deadline-miss","of":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"job":1,"release":900,"deadline":914}
{"seq":34,"time":917,"cpu":0,"type":"ready","of":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"reason":"release","instant":900}
{"seq":35,"time":917,"cpu":0,"type":"decision","instant":900,"from":null,"why":"idle","to":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"}}
{"seq":36,"time":990,"cpu":0,"type":"decision","instant":980,"from":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"},"why":"ended","to":null}
{"seq":37,"time":991,"cpu":0,"type":"handoff","thread":{"address":"0xffff00007f944cf0","task":"gnumach"},"to":{"address":"0xffff00007f926ad0","task":"odd \"name\"\n"}}
`;

function linesOf(events: readonly KernelEvent[]): string {
  let text = "";
  const sink = new JsonLines((piece) => text += piece);
  for (const event of events) sink.write(event);
  return text;
}

Deno.test("JsonLines, writes every event type with its fields in order", () => {
  assertEquals(linesOf(EVENTS), LINES);
  assertEquals(new Set(EVENTS.map(({ type }) => type)), new Set(EVENT_TYPES));
});

Deno.test("JsonLines, field order does not depend on how the event was made", () => {
  const [, event] = EVENTS;
  assert(event !== undefined);
  const backwards = Object.fromEntries(Object.entries(event).reverse()) as unknown as KernelEvent;
  assertEquals(linesOf([backwards]), linesOf([event]));
});

Deno.test("parseJsonLines, gives back the events that were written", () => {
  assertEquals(parseJsonLines(LINES), [...EVENTS]);
  assertEquals(parseJsonLines(LINES.trimEnd()), [...EVENTS]);
  assertEquals(parseJsonLines(""), []);
  assertEquals(linesOf(parseJsonLines(LINES)), LINES);
});

const HALT = '{"seq":0,"time":0,"cpu":0,"type":"halt","reason":"r"}';
const FIRST = '{"seq":0,"time":0,"cpu":0,';
const REFUSED: readonly [string, string, number, string, string][] = [
  ["{", "syntax", 1, "", "not JSON"],
  [`${HALT}\n\n${HALT}`, "syntax", 2, "", "not JSON"],
  ["[1]", "shape", 1, "", "not a JSON object"],
  ["null", "shape", 1, "", "not a JSON object"],
  [`${FIRST}"type":"nonsense"}`, "unknown-type", 1, "type", 'no event type "nonsense"'],
  [`${FIRST}"type":"toString"}`, "unknown-type", 1, "type", 'no event type "toString"'],
  [`${FIRST}"type":7}`, "unknown-type", 1, "type", "no event type 7"],
  ['{"seq":0}', "unknown-type", 1, "type", "without a name"],
  [`${FIRST}"type":"halt"}`, "shape", 1, "reason", "must be text and is missing"],
  [`${FIRST}"type":"halt","reason":3}`, "shape", 1, "reason", "must be text and is 3"],
  [
    `${FIRST}"type":"halt","reason":"r","extra":1}`,
    "shape",
    1,
    "extra",
    "must be absent and is 1",
  ],
  ['{"seq":0.5,"time":0,"cpu":0,"type":"halt","reason":"r"}', "shape", 1, "seq", "an integer"],
  [`${FIRST}"type":"task-exit","task":"t","thread":"10"}`, "shape", 1, "thread", "hexadecimal"],
  [
    `${FIRST}"type":"task-exit","task":"t","thread":"0x0","code":null}`,
    "shape",
    1,
    "code",
    "an integer and is null",
  ],
  [
    `${FIRST}"type":"stack-handoff","from":{"address":"0x0"},"to":{}}`,
    "shape",
    1,
    "from.task",
    "must be text and is missing",
  ],
  [`${FIRST}"type":"fp-switch","from":[],"to":{}}`, "shape", 1, "from", "an object and is []"],
  [
    `${FIRST}"type":"syscall","thread":{"address":"0x0","task":"t"},"number":1,"name":"n","args":["0x0",1]}`,
    "shape",
    1,
    "args.1",
    "hexadecimal word and is 1",
  ],
  [
    `${FIRST}"type":"ast","thread":{"address":"0x0","task":"t"},"reasons":"quantum"}`,
    "shape",
    1,
    "reasons",
    "a list",
  ],
  [
    `${FIRST}"type":"irq","thread":{"address":"0x0","task":"t"},"mode":"both","line":0,"pc":"0x0"}`,
    "shape",
    1,
    "mode",
    "user or kernel",
  ],
  [`${HALT}\n${HALT}`, "order", 2, "seq", 'field "seq" is 0 after 0'],
];

Deno.test("parseJsonLines, refuses malformed lines with line, field and reason", () => {
  for (const [input, kind, line, field, message] of REFUSED) {
    const error = assertThrows(() => parseJsonLines(input), TraceError, message);
    assertEquals([error.kind, error.line, error.field], [kind, line, field], input);
    assert(error.message.startsWith(`Cannot read line ${line}: `));
  }
});

Deno.test("parseJsonLines, 5,000 mutated inputs give events or typed errors", () => {
  const random = new Random(17);
  let refused = 0;
  for (let count = 0; count < 5_000; count++) {
    const characters = [...LINES];
    for (let edits = 1 + random.below(4); edits > 0; edits--) {
      const at = random.below(characters.length);
      const from = random.pick(characters);
      characters.splice(at, random.below(3), ...(random.below(2) === 0 ? [from] : []));
    }
    try {
      const input = characters.join("");
      assertEquals(linesOf(parseJsonLines(input)).length > 0, true);
    } catch (error) {
      assertInstanceOf(error, TraceError);
      refused++;
    }
  }
  assert(refused > 2_500 && refused < 5_000, `refused ${refused}`);
});
