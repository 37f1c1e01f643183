import { assertEquals, assertStrictEquals } from "@std/assert";
import { plainRules } from "./plain_rules.ts";
import { slotMap } from "./register_set.ts";
import { RuleCache } from "./rule_cache.ts";

const { entry, none } = plainRules(slotMap("x86_64"));

Deno.test("RuleCache, keeps rules by address", () => {
  const cache = new RuleCache();
  assertStrictEquals(cache.get(0x1000), undefined);
  cache.put(0x1000, entry);
  cache.put(-0x800000000000, none);
  assertStrictEquals(cache.get(0x1000), entry);
  assertStrictEquals(cache.get(-0x800000000000), none);
  assertStrictEquals(cache.get(0x1001), undefined);
  cache.clear();
  assertStrictEquals(cache.get(0x1000), undefined);
});

Deno.test("RuleCache, keeps a deep stack's rules and drops the rest", () => {
  const cache = new RuleCache();
  const addresses = Array.from({ length: 512 }, (_, i) => 0x401000 + i * 77);
  for (const address of addresses) cache.put(address, entry);
  const kept = addresses.filter((each) => cache.get(each) === entry).length;
  assertEquals(kept > 500, true, `${kept}`);
  for (let i = 0; i < 100_000; i++) cache.put(i * 16, none);
  const known = Array.from({ length: 100_000 }, (_, i) => cache.get(i * 16))
    .filter((rule) => rule !== undefined).length;
  assertEquals(known <= 2048, true, `${known}`);
});
