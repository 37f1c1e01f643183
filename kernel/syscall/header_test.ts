// What `trapline.h` tells programs, beside what the kernel does.
import { assert, assertEquals } from "@std/assert";
import { KernReturn } from "../errors.ts";
import { STACK_SIZE } from "../program/loader.ts";
import { LOCK_LIMIT } from "../thread/thread_locks.ts";
import { ENTRY_LIMIT } from "../vm/vm_map.ts";
import { TIME_LIMIT } from "../thread/parameters.ts";
import { PRINT_LIMIT } from "./basic.ts";
import { SYSCALLS } from "./syscalls.ts";
import { THREAD_LIMIT } from "./task.ts";

const header = await Deno.readTextFile(
  new URL("../../guest/include/trapline.h", import.meta.url),
);

/** Names and values that are defined with a prefix. */
function defined(prefix: string): [string, bigint][] {
  const pattern = new RegExp(`^#define ${prefix}(\\w+) +(\\d+)`, "gm");
  return Array.from(header.matchAll(pattern), ([, name = "", value = ""]) => [name, BigInt(value)]);
}

Deno.test("trapline.h, has the number of every error", () => {
  const expected = Object.entries(KernReturn).map(([name, value]) => [name, BigInt(value)]);
  assertEquals(defined("KERN_"), expected as [string, bigint][]);
});

Deno.test("trapline.h, has the number of every call of C programs", () => {
  for (const [name, number] of defined("SYS_")) {
    assertEquals(SYSCALLS.get(Number(number))?.name, name.toLowerCase(), `call ${number}`);
  }
  const numbers = defined("SYS_").map(([, number]) => Number(number));
  const unwinding = [...SYSCALLS].filter(([, { name }]) => name.startsWith("unwind_"));
  assertEquals(numbers.length, SYSCALLS.size - unwinding.length);
});

Deno.test("trapline.h, has the limits", () => {
  const limit = (name: string): bigint => {
    const [, value = "", shift = "0"] =
      new RegExp(`^#define ${name} +\\(?(\\d+)(?:ul)?(?: << (\\d+)\\))?`, "m").exec(header) ?? [];
    assert(value !== "", name);
    return BigInt(value) << BigInt(shift);
  };
  assertEquals(limit("MAIN_STACK_SIZE"), STACK_SIZE);
  assertEquals(limit("PRINT_MAX"), PRINT_LIMIT);
  assertEquals(limit("THREADS_MAX"), BigInt(THREAD_LIMIT));
  assertEquals(limit("LOCKS_MAX"), BigInt(LOCK_LIMIT));
  assertEquals(limit("VM_ENTRIES_MAX"), BigInt(ENTRY_LIMIT));
  assertEquals(limit("CLOCK_MAX"), BigInt(TIME_LIMIT));
});
