/**
 * Stack frames of core files with their variables.
 *
 * @module
 */
import { type CoreTarget, readCore } from "../../../../debug/core/mod.ts";
import { demangle } from "../../../../debug/demangle/mod.ts";
import { DebugFiles } from "../../../../debug/files/mod.ts";
import { Symbols } from "../../../../debug/symbols/mod.ts";
import {
  physicalFrame,
  type Scope,
  type TextOptions,
  TypeReader,
  type VariableFrame,
  variablesOf,
} from "../../../../debug/values/mod.ts";
import { walkInput } from "../../../../debug/target/mod.ts";
import { parseElf } from "../../../../elf/mod.ts";
import { backtrace } from "../../../../unwind/walk/mod.ts";
import { GuessingFrame } from "./guesses.ts";

/** A stack frame, an inlined one among others. */
export interface OwnFrame {
  /** Function. */
  readonly name: string | undefined;
  /** What it is. */
  readonly kind: "call" | "inline";
  /** Its variables; undefined if nothing describes them. */
  readonly scope: Scope | undefined;
  /** The same variables where registers that nothing says of are what they are further in. */
  readonly guessed: (() => Scope) | undefined;
  /** The name of a function by an address in it. */
  readonly nameOf: NonNullable<TextOptions["nameOf"]>;
}

/** Frames of the thread that died. */
export function framesOf(core: string, program: string): OwnFrame[] {
  using target: CoreTarget = readCore(Deno.readFileSync(core), {
    open: (path) => path === program ? Deno.readFileSync(program) : undefined,
  });
  const file = parseElf(Deno.readFileSync(program), { name: program });
  const files = new DebugFiles().of(file);
  const symbols = new Symbols(files);
  const { process } = target;
  const thread = process.threads[0]!;
  const { frames } = backtrace(walkInput(process, thread), process.walk);
  const types = new TypeReader((name) => files.info?.named(name) ?? []);
  const chains = frames.map((frame) => symbols.at(frame.lookupAddress));
  const views: (VariableFrame | undefined)[] = [];
  const view = (i: number): VariableFrame | undefined => {
    const frame = frames[i];
    if (frame === undefined) return undefined;
    return views[i] ??= physicalFrame(frame, {
      thread,
      memory: process.memory,
      function: chains[i]!.at(-1)?.entry,
      caller: () => view(i + 1),
    });
  };
  const guesses = frames.map((_, i): VariableFrame | undefined => {
    const own = view(i);
    return own === undefined ? undefined : new GuessingFrame(own, {
      thread,
      caller: () => guesses[i + 1],
      inner: (number) =>
        frames.slice(0, i).findLast((each) => each.registers.get(number) !== undefined)
          ?.registers.get(number),
    });
  });
  const nameOf: OwnFrame["nameOf"] = (address) => {
    const found = file.symbolAt(address);
    if (found === undefined) return undefined;
    const name = demangle(found.symbol.name) ?? found.symbol.name;
    return found.offset === 0n ? name : `${name}+${found.offset}`;
  };
  return frames.flatMap((_, i) =>
    chains[i]!.map(({ entry, isInline, name }): OwnFrame => ({
      name,
      guessed: entry === undefined
        ? undefined
        : () => variablesOf({ frame: guesses[i]!, scope: entry, types }),
      nameOf,
      kind: isInline ? "inline" : "call",
      scope: entry === undefined
        ? undefined
        : variablesOf({ frame: view(i)!, scope: entry, types }),
    }))
  );
}
