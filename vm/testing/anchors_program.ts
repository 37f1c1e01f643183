/**
 * A program whose threads go into native code from stacks of changing depth, holding objects that
 * they look at when they are back: a wrong anchor does not stay unnoticed. It ends by the number of
 * its collections.
 */
export const ANCHORS = `
class Node refs 1 ints 1

method main(int index): int
  local i
  local keep
  local node
  iconst 0
  store i
  null
  store keep
next:
  new Node
  store node
  load node
  load i
  puti 1
  load node
  load keep
  putr 0
  load node
  store keep
  load i
  iconst 3
  and
  invoke down_jit
  load keep
  geti 1
  load i
  if_ne bad
  load i
  iconst 15
  and
  iconst 0
  if_ne fine
  null
  store keep
fine:
  inc i 1
  goto next
bad:
  iconst -1
  invoke print
  iconst 6
  return_value
end
${
  [["jit", "optimized"], ["optimized", "jit"]].map(([kind, other]) => `
method down_${kind}(int n) ${kind}
  local own
  new Node
  store own
  load own
  load n
  puti 1
  load n
  iconst 0
  if_eq bottom
  load n
  iconst 1
  sub
  invoke down_${other}
bottom:
  iconst 0
  invoke spin
  load own
  geti 1
  load n
  if_ne bad
  return
bad:
  iconst -2
  invoke print
  return
end`).join("")
}`;
