/**
 * What one engine's user wants to be told of.
 *
 * @module
 */
import { BlockWatch } from "./block_watch.ts";
import { CodeHooks } from "./code_hooks.ts";
import { DebugWrites } from "./debug_writes.ts";
import type { EngineParts } from "./engine_parts.ts";
import type { InstructionWatch } from "./instruction_watch.ts";
import { MemoryWatch } from "./memory_watch.ts";
import type { InstructionStops } from "./x86_64/instruction_stops.ts";

/** The watches of one engine. */
export class Watches {
  /** Instructions, by their addresses. */
  readonly code: CodeHooks;
  /** Blocks of code. */
  readonly blocks: BlockWatch;
  /** Loads and stores. */
  readonly accesses: MemoryWatch;
  /** Where debug registers are written, if runs end there. */
  readonly debug: DebugWrites | undefined;
  /** Instructions that are looked at, if there are any. */
  instructions: InstructionWatch | undefined;
  /** x86-64: instructions before which runs end, if there are any. */
  stops: InstructionStops | undefined;

  /** Whether some of them call back at each turn of a loop. */
  get isSlow(): boolean {
    return this.code.any || this.accesses.isActive || this.blocks.isActive;
  }

  /** None yet. */
  constructor(parts: EngineParts, { debugWrites }: { debugWrites: boolean }) {
    const { native, translation, structure, ram, words, pcIndex } = parts;
    this.code = new CodeHooks(native, translation);
    this.blocks = new BlockWatch(native, { translation, words, pcIndex });
    this.accesses = new MemoryWatch(native, { ram: ram.map, words, pcIndex, structure });
    this.debug = debugWrites ? new DebugWrites(native) : undefined;
  }
}
