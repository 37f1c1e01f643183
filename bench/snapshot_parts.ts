/**
 * Measures what a snapshot is made of: the CPU's image, and the contents of page frames.
 *
 *     deno run -A tools/launch.ts run --engine bench/snapshot_parts.ts
 *
 * Host nanoseconds of this machine under emulation; nothing here is a latency of hardware.
 *
 * @module
 */
import { PAGE_SIZE, PageStore, PhysicalMemory } from "../arch/mod.ts";
import { Engine } from "../unicorn/mod.ts";

const ROUNDS = 30;
const TURNS = 100;
/** Page frames in use of the booted demo, about. */
const FRAMES = 300;

/** Prints the median and the best of several rounds, in microseconds per call. */
function measure(name: string, call: () => void): void {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let turn = 0; turn < TURNS; turn++) call();
    rounds.push((performance.now() - start) * 1000 / TURNS);
  }
  rounds.sort((left, right) => left - right);
  const [best = 0] = rounds;
  const median = rounds[ROUNDS >> 1] ?? 0;
  console.log(`${name.padEnd(56)} ${median.toFixed(2).padStart(8)} ${best.toFixed(2).padStart(8)}`);
}

console.log(`${"".padEnd(56)} ${"median".padStart(8)} ${"best".padStart(8)}  µs`);
for (const arch of ["x86_64", "aarch64"] as const) {
  using engine = Engine.open(arch);
  const image = engine.saveCpu();
  measure(`${arch}: CPU saved, ${image.state.length} bytes`, () => engine.saveCpu());
  measure(`${arch}: CPU restored`, () => engine.restoreCpu(image));
  measure(
    `${arch}: CPU restored, TLB kept`,
    () => engine.restoreCpu(image, { keepTlb: true }),
  );
}

const memory = new PhysicalMemory(0n, 64 << 20);
const frames = new Uint32Array(Array.from({ length: FRAMES }, (_, index) => 64 + 2 * index));
for (const frame of frames) {
  memory.bytes.fill(frame | 1, frame * PAGE_SIZE, (frame + 1) * PAGE_SIZE);
}
const store = new PageStore(memory);
const image = store.capture(frames);

function change(count: number): void {
  for (let index = 0; index < count; index++) {
    const at = (frames[index * 5] ?? 0) * PAGE_SIZE + 2048;
    memory.bytes[at] = (memory.bytes[at] ?? 0) + 1;
  }
}

measure(`${FRAMES} pages taken, the first image`, () => store.capture(frames));
for (const count of [0, 10, 50]) {
  measure(`${FRAMES} pages taken after another image, ${count} changed`, () => {
    change(count);
    store.capture(frames, image);
  });
  measure(`${FRAMES} pages restored, ${count} changed`, () => {
    change(count);
    store.restore(image, frames);
  });
}
