/**
 * Random guest programs whose state is hard to copy, and a deterministic host for them: what a run
 * does depends on nothing but the CPU and RAM, so that a copy must go on in the same way.
 *
 * @module
 */
import { Random } from "../../util/random.ts";
import { A64_STUB, placeA64Program } from "./random_guest_aarch64.ts";
import { placeX86Program, X86_STUB } from "./random_guest_x86_64.ts";
import { X86Register, X86Vector } from "../x86_64/constants.ts";
import type { CpuImage } from "../image/cpu_image.ts";
import { Engine } from "../engine.ts";
import type { EngineArch } from "../errors.ts";
import type { Exit } from "../exit.ts";

/** Bytes of the guest's RAM, at address 0. */
const RAM_SIZE = 0x10000;
const STALL_LIMIT = 64;
const DR6_BS = 1n << 14n;
const DR6_INIT = 0xffff_0ff0n;
const TF = 1n << 8n;
const EL1H = 0x3c5;
const SVC = 0x15;
const BRK = 0x3c;

/** An engine with a program in its RAM. */
export interface Guest extends Disposable {
  /** The engine. */
  readonly engine: Engine;
  /** Its RAM. */
  readonly ram: Uint8Array<ArrayBuffer>;
}

/** A guest as a value. */
export interface GuestImage {
  /** The CPU. */
  readonly cpu: CpuImage;
  /** A copy of RAM. */
  readonly ram: Uint8Array<ArrayBuffer>;
}

/** Opens an engine with empty RAM. */
export function openGuest(arch: EngineArch): Guest {
  const engine = Engine.open(arch);
  const ram = new Uint8Array(RAM_SIZE);
  engine.mapRam(0n, ram);
  return { engine, ram, [Symbol.dispose]: () => engine[Symbol.dispose]() };
}

/** Opens an engine with a random program, before its first instruction. */
export function openProgram(arch: EngineArch, seed: number): Guest {
  const guest = openGuest(arch);
  const random = new Random(seed);
  for (let at = 0; at < RAM_SIZE; at += 4) {
    new DataView(guest.ram.buffer).setUint32(at, random.next(), true);
  }
  if (arch === "x86_64") {
    placeX86Program(guest.ram, random);
    guest.engine.x86.rip = BigInt(X86_STUB);
  } else {
    placeA64Program(guest.ram, random);
    guest.engine.aarch64.pc = BigInt(A64_STUB);
  }
  return guest;
}

/** Copies a guest. */
export function saveGuest({ engine, ram }: Guest): GuestImage {
  return { cpu: engine.saveCpu(), ram: ram.slice() };
}

/** Makes a guest what another was. Its code is the same, or not translated yet. */
export function restoreGuest(guest: Guest, image: GuestImage, options = {}): void {
  guest.ram.set(image.ram);
  guest.engine.restoreCpu(image.cpu, options);
}

/**
 * Executes so many instructions, past whatever stops the engine. Returns the kinds of exits on the
 * way.
 */
export function advance({ engine }: Guest, instructions: number): string[] {
  const kinds: string[] = [];
  let left = instructions;
  let stalled = 0;
  while (left > 0) {
    const exit = engine.run(left);
    left -= exit.instructions;
    stalled = exit.instructions > 0 ? 0 : stalled + 1;
    if (stalled > STALL_LIMIT) throw new Error(`Cannot go on after ${JSON.stringify(exit)}`);
    kinds.push(exit.kind === "trap" ? `trap ${exit.vector}` : exit.kind);
    if (exit.kind === "fault") throw exit.error;
    if (exit.kind !== "budget" && exit.kind !== "halt" && exit.kind !== "syscall") {
      if (engine.arch === "x86_64") handleX86(engine, exit);
      else handleA64(engine, exit);
    }
  }
  return kinds;
}

/**
 * Goes on after a software interrupt or a step; everything else starts the program again, with
 * breakpoints off.
 */
function handleX86(engine: Engine, exit: Exit): void {
  const { x86 } = engine;
  if (exit.kind === "trap") {
    if (x86.softwareInterrupt) return;
    const dr6 = engine.readRegister(X86Register.DR6);
    if (exit.vector === X86Vector.DEBUG && (dr6 & DR6_BS) !== 0n) {
      engine.writeRegister(X86Register.DR6, DR6_INIT);
      if (engine.instructions % 5 === 0) {
        const rflags = engine.readRegister(X86Register.RFLAGS);
        engine.writeRegister(X86Register.RFLAGS, rflags & ~TF);
      }
      return;
    }
  }
  x86.rip = BigInt(X86_STUB);
}

/**
 * Goes on at EL1 after a call or a breakpoint instruction; everything else starts the program
 * again.
 */
function handleA64(engine: Engine, exit: Exit): void {
  const { aarch64 } = engine;
  const wasUser = (aarch64.pstate & 0xf) === 0;
  if (wasUser) aarch64.pstate = EL1H;
  const kind = exit.kind === "trap" ? aarch64.syndrome >>> 26 : 0;
  if (exit.kind === "trap" && exit.vector === 7 && kind === BRK) aarch64.pc += 4n;
  else if (!(exit.kind === "trap" && exit.vector === 2 && kind === SVC)) {
    aarch64.pstate = EL1H;
    aarch64.pc = BigInt(A64_STUB);
  }
}

/** First difference of two guests in words, or `undefined`. */
export function difference(left: GuestImage, right: GuestImage): string | undefined {
  if (left.cpu.instructions !== right.cpu.instructions) {
    return `clock ${left.cpu.instructions} and ${right.cpu.instructions}`;
  }
  for (
    const [what, one, other] of [
      ["CPU", left.cpu.state, right.cpu.state],
      ["RAM", left.ram, right.ram],
    ] as const
  ) {
    const at = one.findIndex((byte, index) => byte !== other[index]);
    if (at >= 0 || one.length !== other.length) return `${what} at byte ${at}`;
  }
  return undefined;
}
