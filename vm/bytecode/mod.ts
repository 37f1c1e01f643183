/**
 * The bytecode of the guest's VM: an assembler, which verifies, and a disassembler.
 *
 * A method's text (`parse.ts`) becomes code (`assemble.ts`), of which the verifier (`verify.ts`)
 * finds out what is on the operand stack and in the locals at each bytecode, and which locals are
 * read later (`liveness.ts`). `encode.ts` writes the records that the guest reads.
 *
 * @module
 */
export * from "../errors.ts";
export * from "./assemble.ts";
export * from "./decode.ts";
export * from "./disassemble.ts";
export * from "./encode.ts";
export * from "./natives.ts";
export * from "./opcodes.ts";
export * from "./program.ts";
export { type Signature, type Surroundings, verifyMethod } from "./verify.ts";
