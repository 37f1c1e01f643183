/**
 * Inflates the symbol table that programs carry in `.gnu_debugdata` ("MiniDebugInfo"), an ELF file
 * that `xz` has packed.
 *
 * @module
 */
import { INFLATED_LIMIT } from "../../elf/mod.ts";
import { joinBytes } from "../../util/join_bytes.ts";
import { DebugFileError } from "./errors.ts";

/**
 * What a stream of `xz` inflates to.
 *
 * @throws {DebugFileError} (`compression`) If it is damaged, or inflates to more than
 * {@linkcode INFLATED_LIMIT} bytes, or the library cannot be loaded
 */
export async function inflateXz(packed: Uint8Array, source: string): Promise<Uint8Array> {
  const xz = await loadLibrary(source);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream = new xz.XzReadableStream(streamOf(packed));
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > INFLATED_LIMIT) break;
    }
  } catch {
    // The library says no more than a number.
    const message = `Cannot inflate ${packed.length} bytes, expected a sound stream of xz`;
    throw new DebugFileError("compression", message, { source });
  }
  if (size > INFLATED_LIMIT) {
    const message = `Symbol table inflates to over ${size} bytes, expected ${INFLATED_LIMIT}`;
    throw new DebugFileError("compression", message, { source });
  }
  return joinBytes(chunks);
}

/** Few files need the library, so it is loaded when one does. */
async function loadLibrary(source: string): Promise<typeof import("xz-decompress")> {
  try {
    return (await import("xz-decompress")).default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `Cannot load what inflates xz: ${why}, expected the package xz-decompress`;
    throw new DebugFileError("compression", message, { source });
  }
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}
