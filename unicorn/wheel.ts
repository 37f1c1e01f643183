/**
 * Taking one file out of a Python wheel, which is a ZIP archive.
 *
 * Format: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory) and 4.3.16 (its end). Only what
 * wheels use: no encryption, no ZIP64, stored or deflated members.
 *
 * @module
 */

/** A wheel is not what it should be. */
export class WheelError extends Error {
  /** @param message What is wrong. */
  constructor(message: string) {
    super(message);
    this.name = "WheelError";
  }
}

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_SIZE = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_SIZE = 30;
const STORED = 0;
const DEFLATED = 8;

interface Member {
  method: number;
  compressed: number;
  size: number;
  offset: number;
}

/**
 * The bytes of a member.
 *
 * @param wheel The whole archive.
 * @param name Path inside it, such as `unicorn/lib/libunicorn.so.2`.
 * @throws {WheelError} When the archive is malformed, or has no such member.
 */
export async function extractMember(
  wheel: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const view = new DataView(wheel.buffer, wheel.byteOffset, wheel.byteLength);
  try {
    const { method, compressed, size, offset } = findMember(view, name);
    if (view.getUint32(offset, true) !== LOCAL_SIGNATURE) {
      throw new WheelError(`Cannot extract ${name}: no local header at ${offset}`);
    }
    const start = offset + LOCAL_SIZE + view.getUint16(offset + 26, true) +
      view.getUint16(offset + 28, true);
    const data = wheel.slice(start, start + compressed);
    const bytes = await decode(data, method, name);
    if (data.length !== compressed || bytes.length !== size) {
      throw new WheelError(`Cannot extract ${name}: ${bytes.length} bytes instead of ${size}`);
    }
    return bytes;
  } catch (error) {
    if (error instanceof WheelError) throw error;
    // A DataView's range errors, and the stream's errors about corrupt data.
    throw new WheelError(
      `Cannot extract ${name}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

async function decode(
  data: Uint8Array<ArrayBuffer>,
  method: number,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (method === STORED) return data;
  if (method !== DEFLATED) {
    throw new WheelError(`Cannot extract ${name}: compression method ${method}`);
  }
  const inflated = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

function findMember(view: DataView, name: string): Member {
  const end = findEnd(view);
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw new WheelError(`Cannot read the wheel's directory: no entry at ${at}`);
    }
    const length = view.getUint16(at + 28, true);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL_SIZE, length);
    if (new TextDecoder().decode(bytes) === name) {
      return {
        method: view.getUint16(at + 10, true),
        compressed: view.getUint32(at + 20, true),
        size: view.getUint32(at + 24, true),
        offset: view.getUint32(at + 42, true),
      };
    }
    at += CENTRAL_SIZE + length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  throw new WheelError(`Cannot extract ${name}: the wheel has no such member`);
}

/** The end record lies at the end, before a comment of up to 65,535 bytes. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  throw new WheelError("Cannot read the wheel: not a ZIP archive");
}
