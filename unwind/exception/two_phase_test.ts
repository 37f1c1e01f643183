import { assertEquals, assertThrows } from "@std/assert";
import { DW_CFA } from "../cfi/mod.ts";
import { type Frame, FrameIterator, type RegisterSet } from "../walk/mod.ts";
import { op } from "../testing/frame_image.ts";
import { ImageBuilder } from "../../bytes/testing/image_builder.ts";
import { type FunctionInit, STACK, world } from "../testing/walk_world.ts";
import {
  type Landing,
  type Step,
  Unwinding,
  UnwindingError,
  type UnwindingState,
  type UnwindRequest,
} from "./two_phase.ts";

const RSP = 7;
const RIP = 16;
const LSDAS = 0x20000;
const INT = 0x30000;
const ERROR = 0x30008;

/**
 * One LSDA: its function calls at +0x10 and +0x80, lands at +0xc0; the actions and types of the
 * pad, as bytes and addresses.
 */
function lsda(actions: readonly number[] | undefined, types: readonly number[]) {
  const image = new ImageBuilder().bytes(0xff, types.length === 0 ? 0xff : 0x00);
  if (types.length !== 0) {
    image.number(1, () => image.at("types") - 3);
  }
  // Call site 0x00..0x90 lands at 0xc0; 0xc0..0xf0, the pad itself, lands nowhere; between them is
  // a gap.
  const first = actions === undefined ? 0 : 1;
  const sites = [0, 0x90, 1, 0xc0, 1, first, 0xc0, 1, 0x30, 0, 0];
  image.bytes(1, sites.length, ...sites).bytes(...actions ?? []);
  for (const type of [...types].reverse()) image.u64(BigInt(type));
  return image.label("types").build();
}

/** Two words of arguments are pushed until 0xc0 bytes into the function. */
const PUSHED = [
  op.one(DW_CFA.gnuArgsSize, 16),
  op.defCfaOffset(24),
  [DW_CFA.advanceLoc1, 0xc0],
  op.one(DW_CFA.gnuArgsSize, 0),
  op.defCfaOffset(8),
];

/** Five frames: two cleanups, a handler of int, a handler of everything, the end. */
function program() {
  const tables = [
    lsda(undefined, []),
    lsda([0, 0], []),
    lsda([1, 1, 0, 0], [INT]), // handler of int, then a cleanup
    lsda([1, 0], [0]),
  ];
  const memory = new ImageBuilder();
  const places = tables.map((bytes) => {
    memory.align(16);
    const at = LSDAS + memory.size;
    memory.bytes(...bytes);
    return at;
  });
  const names = ["inner", "second", "takes_int", "takes_all"];
  const functions: FunctionInit[] = [
    ...names.map((name, i) => ({
      name,
      begin: 0x1000 + 0x100 * i,
      table: i === 0 ? PUSHED : [],
      lsda: places[i]!,
    })),
    { name: "end", begin: 0x2000, table: [op.one(DW_CFA.undefined, RIP)] },
  ];
  return world({
    functions,
    stack: [1, 2, 0x1180, 0x1280, 0x1380, 0x2080],
    registers: { [RIP]: 0x1010, [RSP]: STACK, 3: 0xbb },
    memory: [{ start: BigInt(LSDAS), bytes: memory.build() }],
  });
}

/** Frames of the program, from the registers given on. */
function frames(
  registers?: RegisterSet,
): () => Iterable<Frame> {
  const input = program();
  return () =>
    new FrameIterator(
      { ...input, registers: registers ?? input.registers },
      { start: "return-address" },
    );
}

const OBJECT = 0xe0e0n;

function thrown(type: number | undefined): UnwindRequest {
  return {
    exception: {
      object: OBJECT,
      exceptionClass: 0x474e5543432b2b00n,
      ...(type === undefined ? {} : { matches: (info: bigint) => info === BigInt(type) }),
    },
  };
}

/** As if the cleanup had run and called `_Unwind_Resume` from its landing pad. */
function afterCleanup(landing: Landing): RegisterSet {
  const registers = landing.registers.clone();
  registers.set(RIP, landing.landingPad + 0x10n);
  return registers;
}

/** Every landing of a whole unwinding, as text, then what ended it. */
function road(request: UnwindRequest): string[] {
  const unwinding = new Unwinding(request);
  const list: string[] = [];
  if (request.forced === undefined) {
    const found = unwinding.search(frames());
    list.push(found.type === "handler" ? `found ${name(found.frame)}` : found.type);
    if (found.type === "terminate") return list;
  }
  let step: Step = unwinding.begin(frames());
  while (step.type === "land") {
    const { kind, frame, selector } = step.landing;
    list.push(`${kind} ${name(frame)} ${selector}`);
    if (kind === "handler") return list;
    step = unwinding.resume(frames(afterCleanup(step.landing)));
  }
  return [...list, step.type];
}

function name(frame: Frame): string | undefined {
  return frame.function?.name;
}

Deno.test("Unwinding, cleans up on the way to the handler that matches", () => {
  assertEquals(road(thrown(INT)), [
    "found takes_int",
    "cleanup inner 0",
    "cleanup second 0",
    "handler takes_int 1",
  ]);
  assertEquals(road(thrown(ERROR)), [
    "found takes_all",
    "cleanup inner 0",
    "cleanup second 0",
    "cleanup takes_int 0",
    "handler takes_all 1",
  ]);
});

Deno.test("Unwinding, a foreign exception is taken by handlers of everything", () => {
  assertEquals(road(thrown(undefined))[0], "found takes_all");
});

Deno.test("Unwinding, Rust's handlers take every panic", () => {
  const rust = { ...thrown(undefined), personality: () => "rust" as const };
  assertEquals(road(rust), [
    "found takes_int",
    "cleanup inner 0",
    "cleanup second 0",
    "handler takes_int 0",
  ]);
});

Deno.test("Unwinding, C has cleanups only", () => {
  const c = { ...thrown(INT), personality: () => "c" as const };
  assertEquals(road(c), [
    "none",
    "cleanup inner 0",
    "cleanup second 0",
    "cleanup takes_int 0",
    "end",
  ]);
});

Deno.test("Unwinding, forced unwinding passes handlers over", () => {
  const forced = { ...thrown(undefined), forced: {} };
  assertEquals(road(forced), [
    "cleanup inner 0",
    "cleanup second 0",
    "cleanup takes_int 0",
    "end",
  ]);
  assertEquals(road({ ...forced, forced: { catchAll: "land" } }), [
    "cleanup inner 0",
    "cleanup second 0",
    "cleanup takes_int 0",
    "cleanup takes_all 1",
    "end",
  ]);
});

Deno.test("Unwinding, a stop function ends forced unwinding", () => {
  const asked: (string | undefined)[] = [];
  const stop = (frame: Frame | undefined) => {
    asked.push(frame && name(frame));
    return frame !== undefined && name(frame) === "takes_int"
      ? "stop" as const
      : "continue" as const;
  };
  assertEquals(road({ ...thrown(undefined), forced: { stop } }), [
    "cleanup inner 0",
    "cleanup second 0",
    "stopped",
  ]);
  assertEquals(asked, ["inner", "inner", "second", "second", "takes_int"]);
  const atEnd = new Unwinding({
    ...thrown(undefined),
    forced: { stop: (frame) => frame === undefined ? "stop" : "continue" },
  });
  assertEquals(atEnd.begin(() => []), { type: "stopped", frame: undefined });
});

Deno.test("Unwinding, sets the registers of a landing", () => {
  const unwinding = new Unwinding(thrown(INT));
  unwinding.search(frames());
  assertEquals(unwinding.isActive, false);
  const step = unwinding.begin(frames());
  assertEquals(unwinding.isActive, true);
  const { registers, landingPad } = (step as { landing: Landing }).landing;
  assertEquals(landingPad, 0x10c0n);
  assertEquals(
    [RIP, RSP, 0, 1, 3].map((each) => registers.get(each)),
    // Sixteen bytes of arguments are still on the stack of the innermost.
    [0x10c0n, BigInt(STACK + 16), OBJECT, 0n, 0xbbn],
  );
});

Deno.test("Unwinding, nothing may pass an address at no call site", () => {
  const atGap = () => {
    const input = program();
    const registers = input.registers.clone();
    registers.set(RIP, 0x10a0n);
    return frames(registers);
  };
  const result = (between?: "continue" | "previous") => {
    const unwinding = new Unwinding({
      ...thrown(INT),
      ...(between === undefined ? {} : { between: () => between }),
    });
    const found = unwinding.search(atGap());
    if (found.type === "terminate") return "terminate";
    const step = unwinding.begin(atGap());
    return step.type === "land" ? name(step.landing.frame) : step.type;
  };
  assertEquals(result(), "terminate");
  assertEquals(result("continue"), "second");
  assertEquals(result("previous"), "inner");
});

Deno.test("Unwinding, keeps the order of its phases", () => {
  const kind = (action: () => unknown) => assertThrows(action, UnwindingError).kind;
  const unwinding = new Unwinding(thrown(INT));
  assertEquals(kind(() => unwinding.begin(frames())), "order");
  assertEquals(kind(() => unwinding.resume(frames())), "order");
  unwinding.search(frames());
  assertEquals(kind(() => unwinding.search(frames())), "order");
  unwinding.begin(frames());
  assertEquals(kind(() => unwinding.begin(frames())), "order");
  const forced = new Unwinding({ ...thrown(INT), forced: {} });
  assertEquals(kind(() => forced.search(frames())), "order");
});

Deno.test("Unwinding, notices that the handler has gone", () => {
  let takes = true;
  const unwinding = new Unwinding({
    exception: { object: OBJECT, exceptionClass: 1n, matches: () => takes },
  });
  assertEquals(unwinding.search(frames()).type, "handler");
  takes = false;
  const error = assertThrows(() => {
    let step = unwinding.begin(frames());
    while (step.type === "land") {
      step = unwinding.resume(frames(afterCleanup(step.landing)));
    }
  }, UnwindingError);
  assertEquals(error.kind, "vanished");
});

Deno.test("Unwinding.save, an unwinding rebuilt from plain data goes on the same way", () => {
  const requests: UnwindRequest[] = [
    thrown(INT),
    thrown(undefined),
    { ...thrown(undefined), forced: { catchAll: "land" } },
  ];
  for (const request of requests) {
    const list: string[] = [];
    // What is kept between two steps has been through text, which holds no closure and no object of
    // a class.
    let kept = JSON.stringify(text(new Unwinding(request).save()));
    const rebuilt = () => new Unwinding(request, state(kept));
    const keep = (unwinding: Unwinding) => kept = JSON.stringify(text(unwinding.save()));
    if (request.forced === undefined) {
      const unwinding = rebuilt();
      const found = unwinding.search(frames());
      list.push(found.type === "handler" ? `found ${name(found.frame)}` : found.type);
      keep(unwinding);
    }
    let take = (unwinding: Unwinding): Step => unwinding.begin(frames());
    for (;;) {
      const unwinding = rebuilt();
      const step = take(unwinding);
      keep(unwinding);
      if (step.type !== "land") {
        list.push(step.type);
        break;
      }
      const { landing } = step;
      list.push(`${landing.kind} ${name(landing.frame)} ${landing.selector}`);
      assertEquals(rebuilt().isActive, landing.kind === "cleanup");
      if (landing.kind === "handler") break;
      take = (unwinding) => unwinding.resume(frames(afterCleanup(landing)));
    }
    assertEquals(list, road(request));
    assertEquals(rebuilt().save().phase, "over");
  }
});

function text({ phase, handlerCfa }: UnwindingState) {
  return { phase, handlerCfa: handlerCfa?.toString() };
}

function state(kept: string): UnwindingState {
  const { phase, handlerCfa } = JSON.parse(kept) as ReturnType<typeof text>;
  return { phase, handlerCfa: handlerCfa === undefined ? undefined : BigInt(handlerCfa) };
}
