/**
 * What a debugger's command looks at: a core file, or what is behind a stub.
 *
 * @module
 */
import { openCore } from "../debug/core/mod.ts";
import { DebugFiles } from "../debug/files/mod.ts";
import { FrameReader } from "../debug/frames/mod.ts";
import type { Target, TargetProcess } from "../debug/target/mod.ts";

/** Opens the core file that is named, or without one what is at an address. */
export async function openTarget(
  { core, remote, exe, sysroot }: Readonly<Record<"core" | "remote" | "exe" | "sysroot", string>>,
): Promise<Target> {
  const files = {
    ...(exe === "" ? {} : { exe }),
    ...(sysroot === "" ? {} : { sysroot }),
  };
  if (core !== "") return openCore(core, files);
  const { openRemote } = await import("../gdb/remote/mod.ts");
  return await openRemote(remote, files);
}

/** A reader of a process's stacks. */
export function readerOf(
  process: TargetProcess,
  { sysroot }: { readonly sysroot: string },
): FrameReader {
  return new FrameReader(process, new DebugFiles(sysroot === "" ? {} : { sysroot }));
}
