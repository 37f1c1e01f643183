/**
 * Programs of the VM that show something, in text (`docs/virtual-machine.md`): `trapline stack` draws
 * them when it is given none.
 *
 * @module
 */

/**
 * All kinds of code on one stack: each calls the next, through native code too that nobody can walk.
 */
export const DEMONSTRATION = `
class Node refs 1 ints 1

method main(int index): int interpreter
  new Node
  iconst 7
  invoke optimized
  return_value
end

method optimized(ref list, int n): int optimized
  load list
  load n
  invoke baseline
  load list
  geti 1
  add
  return_value
end

method baseline(ref list, int n): int jit
  local total
  iconst 100
  store total
  load total
  load list
  load n
  invoke interpreted
  add
  return_value
end

# blind calls back into the VM out of code without unwind tables: an anchor leads over it.
method interpreted(ref list, int n): int interpreter
  local extra
  iconst -5
  store extra
  load extra
  iconst @callback
  load n
  invoke blind
  add
  return_value
end

method callback(int n): int jit
  local node
  new Node
  store node
  load node
  load n
  puti 1
  invoke brk
  load node
  geti 1
  return_value
end
`;

/** A method that calls native code, whose transition is drawn. */
export const TRANSITION = `
method main(int index): int interpreter
  iconst 7
  invoke A
  return_value
end

method A(int n): int optimized
  invoke brk
  load n
  return_value
end
`;

/** Name of the function that a program of the VM calls to be looked at. */
export const HERE = "vm_native_here";
