import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { Backlog } from "./backlog.ts";

Deno.test("Backlog, the oldest goes first, however many have come and gone", () => {
  const random = new Random(3);
  const backlog = new Backlog();
  const model: number[] = [];
  // Grows to some thousands, and goes down to nothing.
  for (const likely of [0.6, 0.5, 0.4, 0.1]) {
    for (let step = 0; step < 12_000; step++) {
      if (model.length === 0 || random.chance(likely)) {
        backlog.push(step);
        model.push(step);
      } else {
        backlog.drop();
        model.shift();
      }
      assertEquals(backlog.at(0), model[0]);
      const place = random.below(model.length + 2);
      assertEquals(backlog.at(place), model[place]);
    }
  }
});
