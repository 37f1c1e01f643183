// Which bits of a published map tell what a frame shows.
import { type Frame, managedFrame } from "../../unwind/walk/mod.ts";

/** Sizes in the compiled data of a map. */
const HEADER = 16;
const POSITION = 12;
const NO_VECTOR = 0xffffffff;
/** Tag of a location that is a register. */
const REGISTER = 1;

/**
 * Bits of a map that say what a frame shows: of the position's bytecode, and of the locations of all
 * values that it has. Their numbers count from the beginning of the region's data. With a type, only
 * the locations of values of that type.
 */
export function* bitsFor(
  frame: Frame,
  { type }: { readonly type?: "ref" } = {},
): Generator<number> {
  const { map, begin, kind } = frame.code!;
  if (map === undefined) return;
  const region = Array.from({ length: map.count }, (_, i) => map.region(i))
    .find((each) => each.kind === kind.name && map.begin + each.begin === begin)!;
  const { at } = region.data;
  const { view } = map;
  const count = view.getUint32(at, true);
  const width = view.getUint16(at + 8, true);
  const offset = frame.pcAddress - (frame.interrupted ? 0 : 1) - map.begin;
  let position = count - 1;
  const recordOf = (index: number): number => at + HEADER + POSITION * index;
  while (position > 0 && view.getUint32(recordOf(position), true) > offset) position--;
  const record = recordOf(position);
  if (type === undefined) yield* bits(record + 4 - at, 2);
  const vector = view.getUint32(record + 8, true);
  if (vector === NO_VECTOR) return;
  const managed = managedFrame(frame)!;
  const locals = managed.variables.filter(({ role }) => role === "local" || role === "parameter");
  for (const { role, index, value, type: is } of managed.variables) {
    if (value === undefined || role === "result" || type !== undefined && type !== is) continue;
    const place = role === "operand" ? locals.length + index : index;
    const byte = HEADER + POSITION * count + 4 * (vector * width + place);
    // A register's number has 16 bits, then come 8 that say nothing.
    const isRegister = view.getUint8(at + byte + 3) === REGISTER;
    yield* bits(byte, isRegister ? 2 : 4);
    if (isRegister) yield* bits(byte + 3, 1);
  }
}

function* bits(byte: number, bytes: number): Generator<number> {
  for (let i = 0; i < 8 * bytes; i++) yield 8 * byte + i;
}
