// The reference interpreter: what programs print, and the states that they pass through.
import { assertEquals, assertThrows } from "@std/assert";
import { assemble } from "../bytecode/mod.ts";
import { activations, reachable, Reference, type ThreadState, type Value } from "./mod.ts";

function ran(text: string): Reference {
  const reference = new Reference(assemble(text));
  reference.run();
  return reference;
}

function shown(value: Value | undefined): string {
  if (typeof value === "bigint") return String(value);
  return value === null ? "null" : value === undefined ? "-" : `#${value.serial}`;
}

function stateText({ top, seen }: ThreadState): string {
  const frames = Array.from(activations(top), (each) => {
    const { method, bci, phase, locals, operands, result, viaNative } = each;
    const pending = result === undefined ? "" : ` = ${shown(result)}`;
    const values = `[${locals.map(shown).join(" ")}] (${operands.map(shown).join(" ")})${pending}`;
    return `${method.name}+${bci} ${phase} ${values}${viaNative ? " native" : ""}`;
  });
  return [...frames, seen].join("; ");
}

Deno.test("Reference, computes with 64 bits and compares signed", () => {
  const { output } = ran(`
method main()
  local x
  iconst 2147483647
  dup
  mul
  dup
  mul
  store x          # (2^31 - 1)^4, modulo 2^64
  load x
  invoke print
  iconst -1
  iconst 1
  if_lt smaller
  return
smaller:
  iconst 12
  iconst 10
  and
  iconst 5
  xor
  invoke print
  iconst 1
  iconst 3
  sub
  invoke print
  inc x 127
  load x
  invoke print
  return
end`);
  const x = BigInt.asIntN(64, (2n ** 31n - 1n) ** 4n);
  assertEquals(output, [x, 13n, -2n, x + 127n]);
});

Deno.test("Reference, passes through the states of calls, in order", () => {
  const reference = new Reference(assemble(`
method main()
  iconst 7
  null
  iconst 2
  invoke callee
  pop
  pop
  return
end
method callee(ref a, int b): ref
  load a
  return_value
end`));
  const [thread] = reference.threads;
  const states: string[] = [];
  while (!thread!.ended) states.push(...thread!.advance().map(stateText));
  assertEquals(states, [
    "main+0 at [] (); pure",
    "main+5 at [] (7); pure",
    "main+6 at [] (7 null); pure",
    "main+11 at [] (7 null 2); always",
    "main+11 calling [] (7); passing",
    "callee+0 at [null 2] (); main+11 calling [] (7); pure",
    "callee+2 at [null 2] (null); main+11 calling [] (7); always",
    "callee+2 leaving [- -] () = null; main+11 calling [] (7); passing",
    "main+11 calling [] (7) = null; passing",
    "main+11 returned [] (7) = null; passing",
    "main+14 at [] (7 null); pure",
    "main+15 at [] (7); pure",
    "main+16 at [] (); always",
    "main+16 leaving [] (); passing",
    "always",
  ]);
});

const EXCEPTIONS = `
class Mine refs 0 ints 1
method main()
  iconst 1
  invoke tries
  invoke print
  iconst 2
  invoke tries
  invoke print
  iconst 3
  invoke tries
  invoke print
  iconst 4
  invoke tries
  invoke print
  return
end
method tries(int what): int
a:
  iconst @thrower
  load what
  invoke upcall
  return_value
b:
  pop
  iconst -1
  return_value
c:
  geti 0
  return_value
d:
  throw
e:
  pop
  iconst -3
  return_value
  handler a b b NullPointer
  handler a b c Mine
  handler a b d finally
  handler d e e any
end
method thrower(int what): int
  local o
  iconst 1
  load what
  if_eq null
  iconst 2
  load what
  if_eq object
  iconst 3
  load what
  if_eq native
  iconst 40
  load what
  add
  return_value
null:
  null
  geti 0
  return_value
object:
  new Mine
  store o
  load o
  load what
  puti 0
  load o
  throw
native:
  new StackOverflow
  invoke raise
  iconst 0
  return_value
end`;

Deno.test("Reference, throws through methods and native functions", () => {
  assertEquals(ran(EXCEPTIONS).output, [-1n, 2n, -3n, 44n]);
});

Deno.test("Reference, forced unwinding stops at finally alone", () => {
  const { output, threads } = ran(`
method main()
a:
  invoke last
  return
b:
  pop
  iconst 1
  invoke print
  return
  handler a b b any
end
method last()
a:
  iconst 0
  invoke cancel
  return
b:
  iconst 2
  invoke print
  throw
  handler a b b finally
end`);
  assertEquals(output, [2n]);
  assertEquals(threads[0]!.uncaught!.class.name, "Cancelled");
});

Deno.test("Reference, threads wait for each other, and objects are reached", () => {
  const program = assemble(`
class Pair refs 2 ints 0
method main()
  local t
  iconst @other
  iconst 5
  invoke start
  store t
  invoke wait
  invoke static_get
  getr 1
  invoke print_ref
  load t
  invoke join
  iconst 9
  invoke print
  return
end
method print_ref(ref x)
  load x
  if_null no
  iconst 1
  invoke print
  return
no:
  iconst 0
  invoke print
  return
end
method other(int n): int
  local p
  new Pair
  store p
  load p
  new Pair
  putr 1
  load p
  invoke static_set
  invoke signal
  load n
  invoke print
  iconst 0
  return_value
end`);
  for (const turn of [1, 2, 3, 50]) {
    const reference = new Reference(program);
    reference.run({ turn });
    assertEquals(new Set(reference.output), new Set([1n, 5n, 9n]));
    assertEquals(reference.output.at(-1), 9n);
    assertEquals(reachable(reference.roots()).size, 2);
    assertEquals(reference.heap.count, 2);
  }
});

Deno.test("Reference, does not go on for ever, or without anybody who could", () => {
  const wait = new Reference(assemble("method main()\ninvoke wait\nreturn\nend"));
  assertThrows(() => wait.run(), RangeError, "All threads wait");
  const loop = new Reference(assemble("method main()\na:\ngoto a\nend"));
  assertThrows(() => loop.run({ limit: 100 }), RangeError, "not ended in 100 steps");
});
