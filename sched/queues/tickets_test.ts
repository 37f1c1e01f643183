import { assertEquals } from "@std/assert";
import { Random } from "../../util/random.ts";
import { Tickets } from "./tickets.ts";

Deno.test("Tickets, 5,000 random changes agree with a list searched naively", () => {
  const random = new Random(5);
  const tickets = new Tickets();
  const model: number[] = [];
  for (let count = 0; count < 5_000; count++) {
    const thread = random.below(1 + Math.min(count, 300));
    const own = random.below(3) === 0 ? 0 : random.between(1, 1 << 20);
    while (model.length <= thread) model.push(0);
    model[thread] = own;
    tickets.set(thread, own);
    if (random.below(100) === 0) tickets.restore(tickets.save());
    const total = model.reduce((sum, each) => sum + each, 0);
    assertEquals([tickets.total, tickets.of(thread), tickets.of(9_999)], [total, own, 0]);
    if (total === 0) continue;
    for (const ticket of [0, total - 1, random.below(total)]) {
      let left = ticket;
      assertEquals(tickets.holder(ticket), model.findIndex((each) => (left -= each) < 0));
    }
  }
});
