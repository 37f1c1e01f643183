/**
 * Takes away, in every way a program can, memory that native code might point at, and goes on using
 * the engine: for tests, in a process of its own, as a mistake here would end the process.
 *
 * @module
 */
import { AArch64Register, AArch64SystemRegister } from "../aarch64/constants.ts";
import { Engine } from "../engine.ts";
import { EngineUsageError } from "../errors.ts";
import { X86Register } from "../x86_64/constants.ts";

/** The collector, which the test's flags give us. */
declare const gc: () => void;

/** Every buffer that hangs on an object, as far as its properties lead. */
function buffersOf(value: unknown, seen = new Set<unknown>()): Set<ArrayBuffer> {
  const found = new Set<ArrayBuffer>();
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  seen.add(value);
  if (value instanceof ArrayBuffer) return found.add(value);
  if (ArrayBuffer.isView(value)) return buffersOf(value.buffer, seen);
  for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      let part: unknown;
      try {
        part = Reflect.get(at, key, value);
      } catch { /* a getter that refuses */ }
      for (const buffer of buffersOf(part, seen)) found.add(buffer);
    }
  }
  return found;
}

/** Detaches what there is and has it collected. */
function detach(value: unknown): number {
  const buffers = buffersOf(value);
  for (const buffer of buffers) structuredClone(buffer, { transfer: [buffer] });
  // Pressure on the collector, and others to take the memory.
  for (let i = 0; i < 300; i++) new Uint8Array(1 << 16).fill(0xa5);
  return buffers.size;
}

/** Whether an action either works or is refused. */
function attempt(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof EngineUsageError)) throw error;
  }
}

/** Has what looks at instructions take RAM away, in the midst of a run. */
function withoutRam(arch: "x86_64" | "aarch64", place: "find" | "refuses" | "stops"): void {
  if (arch === "aarch64" && place === "stops") return;
  using engine = Engine.open(arch);
  const ram = new Uint8Array(16 << 20); // so much is given back to the system at once
  if (arch === "x86_64") ram.fill(0x90, 0, 64);
  else new Uint32Array(ram.buffer).fill(0xd503201f, 0, 16);
  engine.mapRam(0n, ram);
  const take = <T>(answer: T): T => {
    detach(ram);
    gc();
    return answer;
  };
  if (place === "stops") engine.stopBefore((_, from) => take(from < 8 ? 8 : -1));
  else {
    engine.watchInstructions({
      find: () => place === "find" ? take([8]) : [8],
      refuses: () => take(false),
    });
  }
  attempt(() => engine.run(16));
  attempt(() => engine.run(16));
}

for (const arch of ["x86_64", "aarch64"] as const) {
  using engine = Engine.open(arch);
  const ram = new Uint8Array(1 << 20);
  engine.mapRam(0n, ram);
  // nop, twice, and a pause
  if (arch === "x86_64") ram.set([0x90, 0x90, 0xf4]);
  else new Uint32Array(ram.buffer).set([0xd503201f, 0xd503201f, 0xd503207f]);
  const members = arch === "x86_64"
    ? [X86Register.RAX, X86Register.CR2, X86Register.RSP]
    : [AArch64Register.X0, AArch64SystemRegister.TTBR0_EL1, AArch64SystemRegister.ESR_EL1];
  for (let round = 0; round < 20; round++) {
    const batch = engine.registerBatch(members);
    batch.read();
    if (detach(batch) === 0) throw new Error("A batch has no values");
    attempt(() => batch.read());
    attempt(() => batch.write());
    const image = engine.saveCpu();
    detach(image);
    attempt(() => engine.restoreCpu(image));
    const vector = arch === "x86_64" ? X86Register.XMM0 : AArch64Register.V0;
    const bytes = new Uint8Array(4);
    Object.defineProperty(bytes, "length", { value: 16 });
    attempt(() => engine.writeVector(vector, bytes));
    if (arch === "aarch64") {
      for (const encoding of [AArch64SystemRegister.TTBR0_EL1, AArch64SystemRegister.ESR_EL1]) {
        const register = engine.systemRegister(encoding);
        register.write(0n);
        detach(register);
        attempt(() => register.read());
        attempt(() => register.write(0n));
      }
      detach(engine.aarch64);
    } else {
      detach(engine.x86);
    }
  }
  // RAM is the caller's own: the guest must not run without it, not even when a callback takes it.
  const lying = new Uint8Array(1 << 16);
  engine.mapRam(0x10_0000n, lying);
  Object.defineProperty(lying, "length", { value: 1 << 16 });
  detach(lying);
  attempt(() => engine.run(10));
  engine.unmapRam(0x10_0000n, 1n << 16n);
  const hook = engine.addCodeHook(arch === "x86_64" ? 1n : 4n, 4n, () => void detach(ram));
  if (arch === "x86_64") engine.x86.rip = 0n;
  else engine.aarch64.pc = 0n;
  attempt(() => engine.run(10));
  attempt(() => engine.run(10));
  hook[Symbol.dispose]();
  engine.invalidateCode(0n, 1n << 20n);
  attempt(() => engine.run(10));
  engine.unmapRam(0n, 1n << 20n);
  detach(engine);
  attempt(() => engine.run(10));
  for (const place of ["find", "refuses", "stops"] as const) withoutRam(arch, place);
}
console.log("sound");
