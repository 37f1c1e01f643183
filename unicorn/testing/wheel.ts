/**
 * Making wheels for tests: ZIP archives with members of known content.
 *
 * @module
 */

/** A member of {@linkcode makeWheel}. */
export interface TestMember {
  /** Path inside the archive. */
  name: string;
  /** Content. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is compressed; by default it is. */
  deflate?: boolean;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Fields of 16 or 32 bits, little-endian: `[width in bytes, value]`. */
function fields(list: readonly (readonly [2 | 4, number])[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(list.reduce((size, [width]) => size + width, 0)));
  let at = 0;
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

/** Builds an archive; its CRC fields are 0, as nothing here reads them. */
export async function makeWheel(members: readonly TestMember[]): Promise<Uint8Array<ArrayBuffer>> {
  const local: Uint8Array<ArrayBuffer>[] = [];
  const central: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, bytes, deflate: packed = true } of members) {
    const path = new TextEncoder().encode(name);
    const data = packed ? await deflate(bytes) : bytes;
    const common = [
      ...[[2, 0], [2, packed ? 8 : 0], [2, 0], [2, 0], [4, 0]] as const, // flags, method, time, CRC
      ...[[4, data.length], [4, bytes.length], [2, path.length], [2, 0]] as const,
    ];
    const header = fields([[4, 0x04034b50], [2, 20], ...common]);
    const rest = [[2, 0], [2, 0], [2, 0], [4, 0], [4, offset]] as const;
    central.push(fields([[4, 0x02014b50], [2, 20], [2, 20], ...common, ...rest]), path);
    local.push(header, path, data);
    offset += header.length + path.length + data.length;
  }
  const size = central.reduce((sum, part) => sum + part.length, 0);
  const count = members.length;
  const end = fields([
    ...[[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count]] as const,
    ...[[4, size], [4, offset], [2, 0]] as const,
  ]);
  return new Uint8Array(await new Blob([...local, ...central, end]).arrayBuffer());
}
