import { assertEquals, assertThrows } from "@std/assert";
import { SchedError } from "../errors.ts";
import { createSpecifiedPolicy, parsePolicySpec, parsePolicySpecs } from "./policy_spec.ts";

Deno.test("parsePolicySpecs, options belong to the policy before them", () => {
  assertEquals(parsePolicySpecs("rr,mlfq:levels=3,boost=Infinity,edf,x:kind=a b,n=-1e3"), [
    { text: "rr", name: "rr", options: {} },
    { text: "mlfq:levels=3,boost=Infinity", name: "mlfq", options: { levels: 3, boost: Infinity } },
    { text: "edf", name: "edf", options: {} },
    { text: "x:kind=a b,n=-1e3", name: "x", options: { kind: "a b", n: -1000 } },
  ]);
});

Deno.test("parsePolicySpec, what is not understood is named", () => {
  const cases = {
    "": 'policy "": expected NAME or NAME:OPTION=VALUE,OPTION=VALUE',
    "quantum=5": 'policy "quantum=5": expected NAME or NAME:OPTION=VALUE,OPTION=VALUE',
    ":a=1": 'policy ":a=1": expected NAME or NAME:OPTION=VALUE,OPTION=VALUE',
    "rr:": 'policy "rr:": "": expected OPTION=VALUE',
    "rr:quantum": 'policy "rr:quantum": "quantum": expected OPTION=VALUE',
    "rr:quantum=": 'policy "rr:quantum=": "quantum=": expected OPTION=VALUE',
    "rr:quantum=1,quantum=2":
      'policy "rr:quantum=1,quantum=2": "quantum=2": expected each option once',
  };
  for (const [text, message] of Object.entries(cases)) {
    const error = assertThrows(() => parsePolicySpec(text), SchedError);
    assertEquals([error.kind, error.message], [
      "invalid-policy-spec",
      `Cannot understand ${message}`,
    ]);
  }
  assertThrows(() => parsePolicySpecs("rr,,edf"), SchedError, 'policy ""');
});

Deno.test("createSpecifiedPolicy, its own options come before the host's, unknown ones do not pass", () => {
  const quantum = (text: string): unknown =>
    Reflect.get(createSpecifiedPolicy(parsePolicySpec(text), { quantum: 7 }), "quantum");
  assertEquals([quantum("rr"), quantum("rr:quantum=3"), quantum("edf")], [7, 3, undefined]);
  for (
    const [text, kind] of [
      ["none", "unknown-policy"],
      ["edf:quantum=3", "unknown-option"],
      ["rr:quantum=soon", "invalid-option"],
      ["mlfq:levels=0", "invalid-option"],
    ] as const
  ) {
    assertEquals(assertThrows(() => quantum(text), SchedError).kind, kind);
  }
});
