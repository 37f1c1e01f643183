// Programs for the guest's VM.

/** Kinds of code that methods may want. */
export const KINDS = ["interpreter", "jit", "optimized", ""] as const;

/** A method of each kind that sums a list on its way back, and one that counts it. */
const SUMS = KINDS.map((kind) => `
method sum_${kind || "auto"}(ref list): int ${kind}
  load list
  if_null zero
  load list
  geti 1
  load list
  getr 0
  invoke sum_${kind || "auto"}
  add
  return_value
zero:
  iconst 0
  return_value
end`).join("");

/** Methods that call each other through all kinds, with a list that they keep, and collect. */
const MIXED = KINDS.map((kind, i) => `
method mix_${i}(ref list, int n): int ${kind}
  local keep
  local result
  load list
  store keep
  load n
  iconst 0
  if_eq zero
  load list
  load n
  iconst 1
  sub
  invoke mix_${(i + 1) % KINDS.length}
  store result
  load keep
  load list
  same
  iconst 1
  if_ne bad
  load result
  load keep
  invoke length
  add
  return_value
bad:
  iconst -2
  invoke print
  iconst 0
  return_value
zero:
  new Node
  pop
  invoke collect
  load keep
  invoke length
  return_value
end`).join("");

/** A catch in each kind of what is thrown through all others. */
const THROWERS = KINDS.map((kind, i) => `
method catch_${i}(ref list): int ${kind}
  local thrown
from:
  load list
  iconst 7
  invoke throw_${(i + 1) % KINDS.length}_3
  return_value
to:
caught:
  store thrown
  load thrown
  getr 0
  invoke length
  load thrown
  geti 1
  iconst 7
  if_ne wrong
  return_value
wrong:
  pop
  iconst -5
  return_value
  handler from to caught Oops
end
${
  [3, 2, 1].map((depth) => `
method throw_${i}_${depth}(ref list, int n): int ${kind}
  load list
  load n
  invoke throw_${(i + 1) % KINDS.length}_${depth - 1}
  return_value
end`).join("")
}
method throw_${i}_0(ref list, int n): int ${kind}
  local thrown
  invoke collect
  new Oops
  store thrown
  load thrown
  load list
  putr 0
  load thrown
  load n
  puti 1
  load thrown
  throw
end`).join("");

/**
 * Builds lists and checks them in all kinds of code, with exceptions and collections on the way:
 * prints a negative number if something is wrong. Ends with exit code 5.
 *
 * @param size Length of the longest list.
 */
export function churn(size: number): string {
  return `
class Node refs 1 ints 1
class Oops refs 1 ints 1

method main(int index): int
  local first
  local second
  iconst @worker
  iconst 1
  invoke start
  store first
  iconst @worker
  iconst 2
  invoke start
  store second
  iconst ${size}
  invoke churn
  pop
  load first
  invoke join
  load second
  invoke join
  iconst 5
  return_value
end

method worker(int n): int
  local i
  iconst 0
  store i
again:
  load i
  iconst ${size}
  if_eq out
  load n
  load i
  add
  invoke churn
  pop
  inc i 1
  goto again
out:
  iconst 0
  return_value
end

method churn(int n): int
  local list
  local i
  local node
  null
  store list
  iconst 0
  store i
next:
  load i
  load n
  if_eq built
  new Node
  store node
  load node
  load list
  putr 0
  load node
  load i
  puti 1
  load node
  store list
  inc i 1
  goto next
built:
  load list
  invoke sum_interpreter
  load list
  invoke sum_jit
  if_ne bad
  load list
  invoke sum_optimized
  load list
  invoke sum_auto
  if_ne bad
  load list
  iconst 4
  invoke mix_0
  load list
  iconst 4
  invoke mix_1
  if_ne bad
  load list
  iconst 4
  invoke mix_2
  load list
  iconst 4
  invoke mix_3
  if_ne bad${
    KINDS.map((_, i) => `
  load list
  invoke catch_${i}
  load n
  if_ne bad`).join("")
  }
  iconst 1
  return_value
bad:
  iconst -1
  invoke print
  iconst 0
  return_value
end

method length(ref list): int
  local n
  iconst 0
  store n
more:
  load list
  if_null done
  inc n 1
  load list
  getr 0
  store list
  goto more
done:
  load n
  return_value
end
${SUMS}${MIXED}${THROWERS}`;
}
