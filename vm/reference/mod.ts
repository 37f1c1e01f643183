/**
 * The reference interpreter: the truth about what a program's stacks hold.
 *
 * A {@linkcode Reference} has threads that are told one by one to go on (`thread.ts`), and give the
 * states (`state.ts`) that they pass through: activations with locals and operands. It knows
 * nothing of machine code, so that nothing it says can be wrong for the same reason as what a stack
 * walk finds.
 *
 * @module
 */
export * from "./heap.ts";
export * from "./reference.ts";
export * from "./state.ts";
export { instructionAt, positionAt } from "./activation.ts";
export { ReferenceThread, type ThreadRecord } from "./thread.ts";
