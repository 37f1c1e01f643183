import { assertEquals } from "@std/assert";
import { createPolicy } from "../policies/registry.ts";
import { simulate } from "../simulator/simulator.ts";
import { DONATION_SCENARIOS } from "./donation.ts";

for (const { name, workload, expected } of DONATION_SCENARIOS) {
  Deno.test(`simulate priority, ${name} of Pintos happens in its order`, () => {
    const lines: string[] = [];
    for (const event of simulate(workload, createPolicy("priority"))) {
      if (event.type !== "mark") continue;
      lines.push(`${workload.threads[event.thread]?.name} ${event.label} ${event.priority}`);
    }
    assertEquals(lines, expected);
  });
}
