/**
 * A program that makes a collector work: a graph of objects that changes at random, held by frames
 * of all kinds.
 *
 * @module
 */
import { assemble, type VmProgram } from "../bytecode/mod.ts";

/** Kinds of the methods that call each other. */
const KINDS = ["interpreter", "jit", "optimized"] as const;

/** What a method does next: calls the next kind, or a native function that does. */
const HOPS = ["", "upcall_ref", "", "", "upcall_ref", ""];

/**
 * A program of so many rounds. In each, one of 64 places of a table gets a new list of objects, and a
 * chain of calls through all kinds goes down with a reference in each frame, changing the objects
 * that it comes by.
 *
 * @param seed of the numbers that the program draws
 */
export function graphProgram(seed: number, rounds: number): VmProgram {
  return assemble(graphText(seed, rounds));
}

/** The text of {@linkcode graphProgram}. */
export function graphText(seed: number, rounds: number): string {
  return [
    "class Node refs 2 ints 2",
    "class Leaf refs 0 ints 1",
    "class Wide refs 5 ints 3",
    mainText(seed, rounds),
    TABLE,
    ...HOPS.map((hop, i) => chainText(i, hop)),
  ].join("\n");
}

function mainText(seed: number, rounds: number): string {
  return `
method main()
  local round random table old
  iconst ${rounds}
  store round
  iconst ${seed}
  store random
  iconst 6
  invoke tree
  store table
next:
  load random
  iconst 1103515245
  mul
  iconst 12345
  add
  iconst 2147483647
  and
  store random
  load table
  load random
  iconst 6
  invoke put
  load table
  invoke chain0
  store old
  load old
  if_null none
  load old
  load round
  puti 3
none:
  load round
  iconst 7
  and
  iconst 0
  if_ne quiet
  load table
  invoke static_set
quiet:
  inc round -1
  null
  iconst 0
  load round
  if_lt again
  pop
  return
again:
  pop
  goto next
end`;
}

/** A tree of nodes as the table, and what changes one of its places: a bit for each level. */
const TABLE = `
method tree(int depth): ref jit
  local node
  new Node
  store node
  load node
  load depth
  puti 2
  load depth
  iconst 0
  if_eq leaf
  inc depth -1
  load node
  load depth
  invoke tree
  putr 0
  load node
  load depth
  invoke tree
  putr 1
leaf:
  load node
  return_value
end
method put(ref table, int random, int level) optimized
  local list count bit
  iconst 1
  store bit
down:
  load random
  load bit
  and
  iconst 0
  if_eq left
  load table
  getr 1
  store table
  goto moved
left:
  load table
  getr 0
  store table
moved:
  inc level -1
  load bit
  iconst 2
  mul
  store bit
  iconst 1
  load level
  if_lt down
  load random
  iconst 480
  and
  store count      # 0 to 480, in steps of 32
  null
  store list
more:
  load count
  iconst 0
  if_eq done
  new Node
  dup
  load list
  putr 0
  dup
  new Leaf
  putr 1
  dup
  load count
  puti 3
  store list
  inc count -32
  goto more
done:
  load table
  load list
  putr 1
  load table
  new Wide
  dup
  load list
  putr 4
  dup
  load random
  puti 7
  putr 0
  return
end`;

function chainText(index: number, hop: string): string {
  const next = index + 1;
  const call = next >= HOPS.length
    ? ["  load node", "  getr 0"]
    : hop === ""
    ? ["  load node", "  getr 0", `  invoke chain${next}`]
    : [`  iconst @chain${next}`, "  load node", "  getr 0", `  invoke ${hop}`];
  return [
    `method chain${index}(ref node): ref ${KINDS[index % KINDS.length]}`,
    "  local fresh",
    "  load node",
    "  if_null none",
    "  new Node",
    "  store fresh",
    "  load fresh",
    "  load node",
    "  putr 1",
    "  load fresh",
    `  iconst ${index}`,
    "  puti 2",
    // The object is an operand while the callee runs.
    "  load fresh",
    ...call,
    "  putr 0",
    "  load fresh",
    "  return_value",
    "none:",
    "  null",
    "  return_value",
    "end",
  ].join("\n");
}
