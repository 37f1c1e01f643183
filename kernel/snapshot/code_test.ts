// Restoring drops the translations of code that has changed, and no others.
import { assertEquals, assertGreater } from "@std/assert";
import type { ArchName } from "../../arch/arch.ts";
import { PAGE_SIZE } from "../../arch/physical_memory.ts";
import { ENCODERS } from "../../arch/testing/assembler.ts";
import { Random } from "../../util/random.ts";
import { ARCH_NAMES } from "../testing/programs.ts";
import { DATA, ScriptProgram, SYS, TEXT } from "../testing/script_program.ts";
import { Session } from "../testing/session.ts";
import type { Snapshot } from "./mod.ts";

const PAGE = BigInt(PAGE_SIZE);
const ALL = 7;
const [A, B, POINT, SLASH] = [0x41, 0x42, 0x2e, 0x2f] as const;

/** Where the instructions that load one of two characters differ, and in what. */
function difference(arch: ArchName, from: number, to: number): { offset: number; bytes: number[] } {
  const { constant, argumentRegisters: [register = 0] } = ENCODERS[arch];
  const [left, right] = [constant(register, BigInt(from)), constant(register, BigInt(to))];
  const differing = left.flatMap((byte, offset) => byte === right[offset] ? [] : [offset]);
  assertEquals(differing.length, 1);
  const [offset = 0] = differing;
  return { offset, bytes: [left[offset] ?? 0, right[offset] ?? 0] };
}

/**
 * A program that prints a letter, a point and so on. It makes its first page, which prints the
 * letter, another one each time; the page that prints the point stays.
 */
function boot(arch: ArchName): Session & { point: bigint } {
  const { offset, bytes: [a = 0, b = 0] } = difference(arch, A, B);
  const program = new ScriptProgram(arch).call(SYS.VM_PROTECT, TEXT, PAGE, ALL).label("letter");
  const at = program.addressOf("letter") + BigInt(offset);
  program.call(SYS.PUTC, A).jump("second")
    .label("back").recall(DATA).jumpIf(1, "other")
    .write(at, b).write(DATA, 1).jump("letter")
    .label("other").write(at, a).write(DATA, 0).jump("letter")
    .label("filler");
  while (program.addressOf("filler") < TEXT + PAGE) program.call(SYS.NULL).label("filler");
  program.label("second").call(SYS.PUTC, POINT).jump("back");
  const session = new Session({
    arch,
    programs: [{ commandLine: "script", bytes: program.build() }],
  });
  const point = program.addressOf("second") + BigInt(difference(arch, POINT, SLASH).offset);
  return Object.assign(session, { point });
}

/** Runs until a number of characters more have been printed; returns them. */
function print(session: Session, count: number): string {
  session.events.length = 0;
  for (;;) {
    const text = session.console();
    if (text.length >= count) return text;
    const { kind } = session.machine.run(10);
    assertEquals(kind, "paused");
  }
}

/** Physical address of an address of the program. */
function physical(session: Session, address: bigint): bigint {
  const page = session.task("script").space?.page(address);
  return (page?.frame ?? 0n) + address % PAGE;
}

for (const arch of ARCH_NAMES) {
  Deno.test(`Machine.restore ${arch}, code that was written between two snapshots is what runs after each`, () => {
    using session = boot(arch);
    const { machine } = session;
    print(session, 20);
    const instants: { snapshot: Snapshot; printed: number }[] = [];
    session.events.length = 0;
    for (let i = 0; i < 60; i++) {
      instants.push({ snapshot: machine.snapshot(), printed: session.console().length });
      machine.run(11);
    }
    const text = session.console() + print(session, 20);
    assertEquals(text.slice(0, 12), "A.B.A.B.A.B.");
    const frame = Number((physical(session, TEXT) - machine.kernel.memory.base) / PAGE);
    const pages = instants.map(({ snapshot: { ram } }) => ram.pages[ram.frames.indexOf(frame)]);
    assertGreater(new Set(pages).size, 3);
    const random = new Random(7);
    for (let turn = 0; turn < 100; turn++) {
      const { snapshot, printed } = random.pick(instants);
      // The program does not change its tables any more, so that the TLB may stay.
      machine.restore(snapshot, { keepTlb: random.chance(0.5) });
      const count = random.between(1, 12);
      assertEquals(print(session, count), text.slice(printed, printed + count), `turn ${turn}`);
    }
  });

  Deno.test(`Machine.restore ${arch}, code that has not changed is not translated again`, () => {
    using session = boot(arch);
    const { kernel } = session.machine;
    print(session, 20);
    const snapshot = session.machine.snapshot();
    const expected = print(session, 8);
    // Written behind the engine's back: what was translated before goes on to run.
    const { bytes: [point = 0, slash = 0] } = difference(arch, POINT, SLASH);
    const at = physical(session, session.point);
    const write = (byte: number) => kernel.memory.slice(at, 1).fill(byte);
    for (const keepTlb of [false, true]) {
      session.machine.restore(snapshot, { keepTlb });
      write(slash);
      assertEquals(print(session, 8), expected);
      write(point);
    }
    session.machine.restore(snapshot);
    write(slash);
    kernel.dropCode(at - at % PAGE);
    assertEquals(print(session, 8), expected.replaceAll(".", "/"));
    // That page has changed, as far as the snapshot can tell.
    session.machine.restore(snapshot);
    assertEquals(print(session, 8), expected);
  });
}
