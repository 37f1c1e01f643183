import { assertEquals } from "@std/assert";
import { Comparison } from "./differences.ts";

const known = {
  name: "carry of RCL",
  cases: /^rcl /,
  fields: ["flags"],
  caveat: "RCL changes the carry flag",
};
const caveats = "Of rotations:\n- RCL changes the\n  carry flag.\n";

Deno.test("Comparison, a known difference in a known field is no error", () => {
  const comparison = new Comparison({ known: [known], caveats });
  comparison.add("rcl absent", { flags: "1", rip: "5" }, { flags: "0", rip: "5" });
  assertEquals(comparison.errors, []);
  assertEquals(comparison.seen.get(known), 1);
});

Deno.test("Comparison, another field or another case is an error", () => {
  const comparison = new Comparison({ known: [known], caveats });
  comparison.add("rcl absent", { flags: "1", rip: "5" }, { flags: "0", rip: "6" });
  comparison.add("add absent", { flags: "1" }, { flags: "0" });
  assertEquals(comparison.errors, [
    "rcl absent: rip 5, theirs 6",
    "add absent: flags 1, theirs 0",
  ]);
});

Deno.test("Comparison, a known difference that is gone, or not admitted, is an error", () => {
  const comparison = new Comparison({ known: [known], caveats: "Nothing of the kind" });
  comparison.add("rcl absent", { flags: "0" }, { flags: "0" });
  assertEquals(comparison.errors, [
    "No longer different: carry of RCL",
    "Not in CAVEATS.md: RCL changes the carry flag",
  ]);
});

Deno.test("Comparison, a field only one side has is a difference", () => {
  const comparison = new Comparison({ known: [], caveats });
  comparison.add("add", { flags: "0" }, { flags: "0", cr2: "5" });
  assertEquals(comparison.errors, ["add: cr2 undefined, theirs 5"]);
});

Deno.test("Comparison, where the other side is wrong no caveat is asked for", () => {
  const { caveat: _, ...cases } = known;
  const comparison = new Comparison({ known: [{ ...cases, manual: "SDM, RCL" }], caveats: "" });
  comparison.add("rcl absent", { flags: "1" }, { flags: "0" });
  assertEquals(comparison.result("rotations"), {
    name: "rotations",
    figures: "1 cases, 1 known differences",
    notes: ["carry of RCL, 1 cases: theirs is wrong, SDM, RCL"],
    differences: [],
  });
});

Deno.test("Comparison, a result quotes the caveat of each known difference", () => {
  const comparison = new Comparison({ known: [known], caveats });
  comparison.add("rcl absent", { flags: "1" }, { flags: "0" });
  assertEquals(comparison.result("rotations").notes, [
    'carry of RCL, 1 cases: CAVEATS.md, "RCL changes the carry flag"',
  ]);
});
