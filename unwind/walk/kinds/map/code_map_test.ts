import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Machine } from "../../../../elf/mod.ts";
import { machineRegisters } from "../../../cfi/mod.ts";
import { CodeMapError } from "../../../errors.ts";
import { compiledImage, mapImage, methodImage } from "../../../testing/code_image.ts";
import { regionsOf, SUM } from "../../../testing/mixed_stack.ts";
import { memoryOf } from "../../memory.ts";
import { CodeRegistry } from "../code_registry.ts";
import { CodeMap } from "./code_map.ts";
import { ManagedMethod } from "./method.ts";
import { decodePlace, isPlace } from "./place.ts";

const MAP = { begin: 0x1000, end: 0x1600, anchor: 16, handles: -8 };

/** Bytes of a map, damaged: each of some numbers of a size at an offset. */
function bytes(
  machine: Machine,
  ...damage: readonly (readonly [at: number, value: number, size?: 1 | 2 | 4])[]
) {
  const image = mapImage({ ...MAP, regions: regionsOf(machine) });
  const view = new DataView(image.buffer);
  for (const [at, value, size = 4] of damage) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return image;
}

/** Reads all of a map; the error as `kind+offset`, which must say what was expected. */
function read(machine: Machine, image: Uint8Array, only?: number): string | undefined {
  const registry = new CodeRegistry();
  try {
    const map = new CodeMap(image, "map");
    for (let i = 0; i < map.count; i++) {
      if (only !== undefined && i !== only) continue;
      const region = map.region(i);
      registry.kind(region.kind)!.read(region, machine);
    }
  } catch (error) {
    if (!(error instanceof CodeMapError)) throw error;
    assertStringIncludes(error.message, "expected");
    assertEquals(error.source, "map");
    return `${error.kind}+${error.offset}`;
  }
  return undefined;
}

Deno.test("CodeMap, reads what was written, on both machines", () => {
  for (const machine of ["x86_64", "aarch64"] as const) {
    const map = new CodeMap(bytes(machine), "map");
    assertEquals([map.begin, map.end, map.anchor, map.handles, map.count], [
      0x1000,
      0x1600,
      16,
      -8,
      6,
    ]);
    const expected = regionsOf(machine);
    for (const [i, init] of expected.entries()) {
      const { begin, end, kind, name, method, flags } = map.region(i);
      assertEquals({ begin, end, kind, name, method, flags }, {
        begin: init.begin,
        end: init.end,
        kind: init.kind,
        name: init.name,
        method: BigInt(init.method ?? 0),
        flags: init.flags ?? 0,
      });
    }
    assertEquals(read(machine, bytes(machine)), undefined);
    const bare = new CodeMap(mapImage({ begin: 0x1000, end: 0x2000, regions: [] }), "map");
    assertEquals([bare.anchor, bare.handles, bare.count], [undefined, undefined, 0]);
  }
});

Deno.test("CodeMap, refuses damaged headers and regions", () => {
  const fault = (...damage: Parameters<typeof bytes> extends [unknown, ...infer D] ? D : never) =>
    read("x86_64", bytes("x86_64", ...damage));
  assertEquals(read("x86_64", new Uint8Array(55)), "size+0");
  assertEquals(fault([0, 0]), "magic+0");
  assertEquals(fault([4, 2, 2]), "version+4");
  assertEquals(fault([6, 8, 2]), "size+6");
  assertEquals(fault([8, 0xffff_ffff]), "size+6");
  assertEquals(fault([8, 40]), "size+6");
  assertEquals(fault([12, 0xffff_ffff]), "limit+12");
  assertEquals(fault([12, 0xffff]), "size+56");
  assertEquals(fault([16, 0xffff_fff0]), `size+${0xffff_fff0}`);
  assertEquals(fault([28, 0x1234_5678]), "region+24");
  assertEquals(fault([32, 0x1000]), "region+24");
  assertEquals(fault([36, 0x2]), "region+24");
  assertEquals(fault([44, 0x7fff_ffff]), "region+40");
  // Regions: empty, behind the code, before the one in front; names that do not end.
  assertEquals(fault([60, 0]), "region+56");
  assertEquals(fault([60, 0x601]), "region+56");
  assertEquals(fault([104, 0x80]), "region+104");
  assertEquals(fault([64, 0xffff_ffff]), `region+${0xffff_ffff}`);
  // Parts that are not in the map.
  assertEquals(fault([56 + 36, 0xffff_ff00]), `size+${0xffff_ff00}`);
  assertEquals(fault([56 + 40, 0xffff_ff00])?.split("+")[0], "size");
  assertEquals(fault([104 + 24, 0xffff_ff00]), `size+${0xffff_ff00}`);
  assertEquals(fault([104 + 32, 0xffff_ff00]), `size+${0xffff_ff00}`);
});

Deno.test("CodeMap, refuses parts that overlap many times, which would take long", () => {
  const regions = Array.from({ length: 1000 }, (_, i) => ({
    ...regionsOf("x86_64")[1]!,
    name: i === 0 ? "a".repeat(4000) : "b",
    begin: i,
    end: i + 1,
  }));
  const sound = mapImage({ begin: 0x1000, end: 0x2000, regions });
  /** Regions that are refused when each has been changed. */
  const refused = (change: (view: DataView, at: number, i: number) => void) => {
    const view = new DataView(sound.slice().buffer);
    for (let i = 0; i < regions.length; i++) change(view, 56 + 48 * i, i);
    const map = new CodeMap(new Uint8Array(view.buffer), "map");
    return regions.filter((_, i) => {
      try {
        const { data, rows } = map.region(i);
        map.table(rows, 8, "rows");
        map.table(data, 1, "data");
        return false;
      } catch (error) {
        if (error instanceof CodeMapError && error.kind === "limit") return true;
        throw error;
      }
    }).length;
  };
  assertEquals(refused(() => {}), 0);
  // Of all of them nearly all of the map is data, or names that begin a byte further on each.
  assertEquals(
    refused((view, at) => {
      view.setUint32(at + 36, 56, true);
      view.setUint32(at + 40, sound.length - 56, true);
    }) > 900,
    true,
  );
  const name = new DataView(sound.buffer).getUint32(56 + 12, true);
  assertEquals(refused((view, at, i) => view.setUint32(at + 12, name + i, true)) > 500, true);
  // The same name again costs nothing.
  assertEquals(refused((view, at) => view.setUint32(at + 12, name, true)), 0);
});

Deno.test("MapRows, refuses rows that lead nowhere", () => {
  const rowsOf = (index: number) => new CodeMap(bytes("x86_64"), "map").region(index).rows.at;
  const rows = rowsOf(1);
  const fault = (...damage: readonly (readonly [number, number, (1 | 2 | 4)?])[]) =>
    read("x86_64", bytes("x86_64", ...damage), 1);
  assertEquals(fault([104 + 28, 0, 2]), `row+${104 + 24}`);
  assertEquals(fault([rows, 0x101]), `row+${104 + 24}`);
  assertEquals(fault([rows + 8, 0x100]), `row+${rows + 8}`);
  assertEquals(fault([rows + 4, 2, 1]), `row+${rows + 4}`);
  assertEquals(fault([rows + 5, 8, 1]), `row+${rows + 4}`);
  // A return address that is nowhere; on AArch64 it is in x30.
  assertEquals(fault([rows + 5, 0, 1]), `row+${rows + 5}`);
  assertEquals(read("aarch64", bytes("aarch64", [rows + 5, 0, 1]), 1), undefined);
  const { saved } = new CodeMap(bytes("x86_64"), "map").region(1);
  assertEquals(fault([saved.at, 99, 2]), `row+${saved.at}`);
});

Deno.test("CompiledData, refuses tables that are not what they say", () => {
  const { data } = new CodeMap(bytes("x86_64"), "map").region(1);
  const fault = (...damage: readonly (readonly [number, number, (1 | 2 | 4)?])[]) =>
    read(
      "x86_64",
      bytes("x86_64", ...damage.map(([at, ...rest]) => [data.at + at, ...rest] as const)),
      1,
    );
  assertEquals(fault([0, 7])?.split("+")[0], "size");
  assertEquals(fault([0, 0xffff_ffff]), `size+${data.at}`);
  assertEquals(fault([4, 0x3fff_ffff]), `size+${data.at}`);
  // Vectors without values, of which there could be any number.
  assertEquals(fault([4, 0xffff_ffff], [8, 0, 2]), `size+${data.at}`);
  assertEquals(fault([8, 33, 2]), `size+${data.at}`);
  assertEquals(fault([10, 3, 2]), `position+${data.at + 10}`);
  assertEquals(fault([28, 0x100]), `position+${data.at + 28}`);
  assertEquals(fault([36, 1]), `position+${data.at + 36}`);
  const vectors = data.at + 16 + 12 * 6;
  assertEquals(fault([vectors - data.at, 0x0500_0000]), `location+${vectors}`);
  const regions = [{ ...regionsOf("x86_64")[0]!, data: new Uint8Array(15) }];
  assertEquals(read("x86_64", mapImage({ ...MAP, regions }))?.split("+")[0], "size");
  // No position at all is sound: then nothing is shown.
  const none = [{ ...regionsOf("x86_64")[0]!, data: compiledImage({ positions: [] }) }];
  assertEquals(read("x86_64", mapImage({ ...MAP, regions: none })), undefined);
});

Deno.test("InterpreterData, refuses registers and phases that there are not", () => {
  const { data } = new CodeMap(bytes("x86_64"), "map").region(2);
  const fault = (...damage: readonly (readonly [number, number, (1 | 2 | 4)?])[]) =>
    read(
      "x86_64",
      bytes("x86_64", ...damage.map(([at, ...rest]) => [data.at + at, ...rest] as const)),
      2,
    );
  assertEquals(
    [0, 2, 4].map((at) => fault([at, 40, 2])),
    [0, 2, 4].map((at) => `position+${data.at + at}`),
  );
  assertEquals(fault([20, 0xffff_ffff]), `size+${data.at + 20}`);
  assertEquals(fault([20, 0]), `position+${data.at + 20}`);
  assertEquals(fault([24, 0x201]), `position+${data.at + 20}`);
  assertEquals(fault([28, 6, 1]), `position+${data.at + 24}`);
  assertEquals(fault([32, 0x200]), `position+${data.at + 32}`);
});

Deno.test("decodePlace, takes numbers apart with their signs", () => {
  const place = (word: number) => {
    const { kind, register, offset } = decodePlace(word);
    return [kind, register, offset];
  };
  const sound = [0, 0x0100_0013, 0x02ff_fff8, 0x0200_0010, 0x03ff_ffff, 0x040a_fff8];
  assertEquals(
    sound.map(place),
    [[0, 0, 0], [1, 19, 0], [2, 0, -8], [2, 0, 16], [3, 0, -1], [4, 10, -8]],
  );
  const { tracked } = machineRegisters("aarch64");
  // Unused bits of tags 0 and 1, and registers and tags that there are not.
  const damaged = [1, 0x0110_0000, 0x0100_0030, 0x0430_0000, 0x0500_0000, 0xff00_0000];
  assertEquals(sound.map((word) => isPlace(word, tracked)), sound.map(() => true));
  assertEquals(damaged.map((word) => isPlace(word, tracked)), damaged.map(() => false));
});

Deno.test("ManagedMethod, reads a record, and names what has no name", () => {
  const memory = memoryOf([{ start: 0x5000n, bytes: SUM }]);
  const method = new ManagedMethod(memory, 0x5000n);
  const { name, id, params, locals, maxStack, result, isNative, paramRefs, codeSize } = method;
  assertEquals({ name, id, params, locals, maxStack, result, isNative, paramRefs, codeSize }, {
    name: "sum",
    id: 7,
    params: 2,
    locals: 3,
    maxStack: 4,
    result: "ref",
    isNative: false,
    paramRefs: 2,
    codeSize: 64,
  });
  const shown = [0, 4, 8].map((at) => {
    const { bci, depth, pops } = method.positionAt(at);
    return [bci, depth, pops, method.after(method.positionAt(at))?.bci];
  });
  assertEquals(shown, [[0, 0, 0, 4], [4, 2, 1, 8], [8, 2, 0, undefined]]);
  for (const bci of [-1, 1, 7, 9, 64]) {
    assertThrows(() => method.positionAt(bci), CodeMapError, `Position is ${bci}`);
  }
  assertEquals([0, 1, 2].map((i) => method.localName(i)), ["n", "list", "i"]);
  const image = SUM.slice();
  new DataView(image.buffer).setInt32(48, 0, true);
  const bare = new ManagedMethod(memoryOf([{ start: 0x5000n, bytes: image }]), 0x5000n);
  assertEquals([0, 1, 2].map((i) => bare.localName(i)), ["arg0", "arg1", "local2"]);
});

Deno.test("ManagedMethod, refuses damaged records", () => {
  const fault = (...damage: readonly (readonly [at: number, value: number])[]) => {
    const image = SUM.slice();
    const view = new DataView(image.buffer);
    for (const [at, value] of damage) view.setUint32(at, value, true);
    const memory = memoryOf([{ start: 0x5000n, bytes: image }]);
    const error = assertThrows(() => {
      const method = new ManagedMethod(memory, 0x5000n);
      for (const bci of [0, 4, 8]) method.positionAt(bci);
    }, CodeMapError);
    assertEquals(error.address, 0x5000n);
    assertStringIncludes(error.message, "expected");
    return `${error.kind}${error.offset === undefined ? "" : `+${error.offset}`}`;
  };
  const positions = new DataView(SUM.buffer).getInt32(32, true);
  const names = new DataView(SUM.buffer).getInt32(48, true);
  assertEquals(fault([0, 87]), "method+0");
  assertEquals(fault([12, 4 | 3 << 16]), "method+12");
  assertEquals(fault([12, 2 | 17 << 16]), "method+12");
  assertEquals(fault([16, 17 | 2 << 16]), "method+12");
  assertEquals(fault([16, 4 | 3 << 16]), "method+18");
  assertEquals(fault([28, 0x10001]), "method+28");
  assertEquals(fault([36, 0x7fff_ffff]), "method+28");
  assertEquals(fault([8, 0x7fff_ffff]), "method+8");
  assertEquals(fault([32, 0x7fff_ff00])?.split("+")[0], "memory");
  assertEquals(fault([48, 0x7fff_ff00])?.split("+")[0], "memory");
  assertEquals(fault([names, 0x7fff_ffff]), `method+${names}`);
  // Bytecodes that do not ascend or are outside the code, and operands that are not there.
  assertEquals(fault([positions + 12, 0]), "position");
  assertEquals(fault([positions + 24, 64 | 2 << 16]), "position");
  assertEquals(fault([positions, 5 << 16]), "position");
  assertEquals(fault([positions, 1 << 16 | 2 << 24]), "position");
  const short = memoryOf([{ start: 0x5000n, bytes: methodImage({ name: "m" }).subarray(0, 80) }]);
  assertThrows(() => new ManagedMethod(short, 0x5000n), CodeMapError, "record cannot be read");
});
