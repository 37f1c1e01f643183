/**
 * Stacks as elfutils walks them.
 *
 * @module
 */
import { outputOf } from "./tool.ts";

/** Program counters of each thread of a core file by its number; undefined if `eu-stack` fails. */
export function elfutilsStacks(
  { core, program }: { readonly core: string; readonly program: string },
): Map<number, bigint[]> | undefined {
  const args = [`--core=${core}`, "-e", program, "-q", "-r", "-n", "0"];
  const text = outputOf("eu-stack", args);
  return text === undefined ? undefined : readStacks(text);
}

/** The same of what it has printed. */
export function readStacks(text: string): Map<number, bigint[]> {
  const found = new Map<number, bigint[]>();
  const parts = text.split(/^TID (\d+):$/m).slice(1);
  for (let i = 0; i < parts.length; i += 2) {
    const frames = (parts[i + 1] ?? "").matchAll(/^#\d+ +(0x[0-9a-f]+)/gm);
    found.set(Number(parts[i]), Array.from(frames, ([, pc = "0"]) => BigInt(pc)));
  }
  return found;
}
