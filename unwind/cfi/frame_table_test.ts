import { assertEquals, assertThrows } from "@std/assert";
import { CfiError } from "../errors.ts";
import { DecodeError } from "../../bytes/mod.ts";
import { FrameTable } from "./frame_table.ts";
import { FrameImage } from "../testing/frame_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";

function kindOf(action: () => unknown): string {
  return assertThrows(action, CfiError).kind;
}

Deno.test("FrameTable, reads a CIE and its FDEs", () => {
  const image = new FrameImage();
  const cie = image.cie();
  image.fde(cie, { begin: 0x1000, size: 0x20 });
  const second = image.fde(cie, { begin: 0x2000, size: 0x30 });
  const table = image.table();
  const [one, two] = table.fdes();
  assertEquals([one?.begin, one?.end], [0x1000n, 0x1020n]);
  assertEquals([two?.begin, two?.end], [0x2000n, 0x2030n]);
  assertEquals(two?.offset, second);
  assertEquals(one?.cie, two?.cie);
  const { version, augmentation, codeAlign, dataAlign, returnAddress } = one!.cie;
  assertEquals(
    [version, augmentation, codeAlign, dataAlign, returnAddress],
    [1, "zR", 1, -8, 16],
  );
});

Deno.test("FrameTable, reads every augmentation", () => {
  const image = new FrameImage();
  const cie = image.cie({
    augmentation: "zPLRSB",
    // Personality at its own address + 0x40, through memory; LSDA pc-relative.
    augmentationData: [0x9b, 0x40, 0, 0, 0, 0x1b, 0x1b],
  });
  image.fde(cie, {
    begin: 0x1000,
    size: 1,
    augmentationData: [0x10, 0, 0, 0],
  });
  image.fde(cie, { begin: 0x1001, size: 1, augmentationData: [0, 0, 0, 0] });
  const table = image.table();
  const [first, second] = table.fdes();
  assertEquals(first!.cie.isSignalFrame, true);
  assertEquals(first!.cie.usesBKey, true);
  // Bytes of the CIE before the pointer: length 4, id 4, version 1, "zPLRSB\0" 7, factors 2, column
  // 1, size 1, encoding 1.
  assertEquals(first!.cie.personality, {
    address: 0x10000 + 21 + 0x40,
    indirect: true,
  });
  assertEquals(first!.lsda?.address, 0x10000 + first!.offset + 17 + 0x10);
  assertEquals(second!.lsda, undefined, "a zero pointer is none");
});

Deno.test("FrameTable, reads the old eh augmentation and letters without data", () => {
  const image = new FrameImage();
  image.cie({ augmentation: "eh", extra: [1, 2, 3, 4, 5, 6, 7, 8] });
  image.cie({ augmentation: "S" });
  // A letter of the future is skipped by the length.
  image.cie({ augmentation: "zR?", augmentationData: [0x1b, 1, 2, 3] });
  const entries = [...image.table().entries()];
  assertEquals(
    entries.map((each) => each.type === "cie" && each.cie.dataAlign),
    [-8, -8, -8],
  );
  const signal = entries[1]!;
  assertEquals(signal.type === "cie" && signal.cie.isSignalFrame, true);
});

Deno.test("FrameTable, reads .debug_frame of versions 1, 3 and 4", () => {
  for (const version of [1, 3, 4]) {
    const image = new FrameImage("debug_frame");
    image.image.bytes(0xf0, 0xff, 0xff, 0x7f);
    const broken = new FrameTable({
      kind: "debug_frame",
      bytes: image.build(),
      address: 0n,
    });
    assertEquals(kindOf(() => [...broken.entries()]), "length");
    const good = new FrameImage("debug_frame");
    good.cie({ version: 3, returnAddress: 200 });
    const cie = good.cie({ version });
    good.fde(cie, { begin: 0x1000, size: 0x10 });
    const [fde] = good.table().fdes();
    assertEquals([fde?.begin, fde?.cie.version], [0x1000n, version]);
  }
});

Deno.test("FrameTable, reads 64-bit lengths", () => {
  const eh = new ImageBuilder();
  eh.u32(0xffffffff).u64(12n).u32(0).bytes(1, 0, 1, 0x78, 16).align(4);
  const table = new FrameTable({
    kind: "eh_frame",
    bytes: eh.build(),
    address: 0n,
  });
  const [entry] = table.entries();
  assertEquals(entry?.type === "cie" && entry.cie.size, 24);
  const debug = new ImageBuilder();
  debug.u32(0xffffffff).u64(16n).u64(-1n).bytes(3, 0, 1, 0x78, 16, 0, 0, 0);
  debug.u32(0xffffffff).u64(24n).u64(0n).u64(0x1000n).u64(0x10n);
  const wide = new FrameTable({
    kind: "debug_frame",
    bytes: debug.build(),
    address: 0n,
  });
  const [fde] = wide.fdes();
  assertEquals([fde?.begin, fde?.end], [0x1000n, 0x1010n]);
});

Deno.test("FrameTable, goes on after a zero length", () => {
  const image = new FrameImage();
  const cie = image.cie();
  image.terminator();
  image.fde(cie, { begin: 0x1000, size: 1 });
  assertEquals(
    [...image.table().entries()].map((each) => each.type),
    ["cie", "terminator", "fde"],
  );
});

Deno.test("FrameTable, handles the upper half of the address space", () => {
  const image = new FrameImage();
  const cie = image.cie({ augmentationData: [0x00] });
  image.fde(cie, { begin: -0x7fffffff0000, size: 0x10, encoding: 0 });
  const [fde] = image.table().fdes();
  assertEquals(fde?.begin, 0xffff800000010000n);
  assertEquals(fde?.contains(-0x7fffffff0000 + 15), true);
});

Deno.test("FrameTable, names what is wrong", () => {
  const bad = (build: (image: FrameImage) => void): string => {
    const image = new FrameImage();
    build(image);
    return kindOf(() => [...image.table().fdes()]);
  };
  assertEquals(bad((i) => i.cie({ version: 2 })), "version");
  assertEquals(
    bad((i) => i.cie({ version: 4, extra: [4, 0] })),
    "address-size",
  );
  assertEquals(bad((i) => i.cie({ augmentation: "R" })), "augmentation");
  assertEquals(
    bad((i) => i.cie({ augmentationData: [] })),
    "augmentation",
  );
  assertEquals(
    bad((i) =>
      i.fde(i.fde(i.cie(), { begin: 0, size: 1 }), {
        begin: 0,
        size: 1,
      })
    ),
    "cie-pointer",
  );
  assertEquals(bad((i) => i.fde(0x100, { begin: 0, size: 1 })), "cie-pointer");
});

Deno.test("FrameTable, two FDEs that name each other end", () => {
  const image = new ImageBuilder();
  image.u32(12).u32(-12).u64(0n);
  image.u32(12).u32(20).u64(0n);
  const table = new FrameTable({
    kind: "eh_frame",
    bytes: image.build(),
    address: 0n,
  });
  assertEquals(kindOf(() => [...table.entries()]), "cie-pointer");
});

Deno.test("FrameTable, rejects a cut at every length", () => {
  const image = new FrameImage();
  image.fde(image.cie(), { begin: 0x1000, size: 0x20 });
  const whole = image.build();
  for (let size = 1; size < whole.length; size++) {
    const table = new FrameTable({
      kind: "eh_frame",
      bytes: whole.subarray(0, size),
      address: 0x10000n,
    });
    let fdes = 0;
    try {
      fdes = [...table.fdes()].length;
    } catch (error) {
      if (!(error instanceof CfiError || error instanceof DecodeError)) {
        throw error;
      }
    }
    assertEquals(fdes, 0, `${size} bytes`);
  }
});
