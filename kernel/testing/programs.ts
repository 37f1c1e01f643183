/**
 * The user programs of `guest/`, by name.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import type { EmbeddedImage } from "../../guest/embedded.ts";
import { image as badAarch64 } from "../../guest/images/bad_aarch64.gen.ts";
import { image as badX86 } from "../../guest/images/bad_x86_64.gen.ts";
import { image as burstsAarch64 } from "../../guest/images/bursts_aarch64.gen.ts";
import { image as burstsX86 } from "../../guest/images/bursts_x86_64.gen.ts";
import { image as busyAarch64 } from "../../guest/images/busy_aarch64.gen.ts";
import { image as busyX86 } from "../../guest/images/busy_x86_64.gen.ts";
import { image as coroAarch64 } from "../../guest/images/coro_aarch64.gen.ts";
import { image as coroutinesAarch64 } from "../../guest/images/coroutines_aarch64.gen.ts";
import { image as coroutinesX86 } from "../../guest/images/coroutines_x86_64.gen.ts";
import { image as coroCxxAarch64 } from "../../guest/images/coro-cxx_aarch64.gen.ts";
import { image as coroCxxX86 } from "../../guest/images/coro-cxx_x86_64.gen.ts";
import { image as coronestAarch64 } from "../../guest/images/coronest_aarch64.gen.ts";
import { image as coronestX86 } from "../../guest/images/coronest_x86_64.gen.ts";
import { image as coroStressAarch64 } from "../../guest/images/coro-stress_aarch64.gen.ts";
import { image as coroStressX86 } from "../../guest/images/coro-stress_x86_64.gen.ts";
import { image as coroX86 } from "../../guest/images/coro_x86_64.gen.ts";
import { image as fpmixAarch64 } from "../../guest/images/fpmix_aarch64.gen.ts";
import { image as fpmixX86 } from "../../guest/images/fpmix_x86_64.gen.ts";
import { image as jitAarch64 } from "../../guest/images/jit_aarch64.gen.ts";
import { image as jitX86 } from "../../guest/images/jit_x86_64.gen.ts";
import { image as jobsAarch64 } from "../../guest/images/jobs_aarch64.gen.ts";
import { image as jobsX86 } from "../../guest/images/jobs_x86_64.gen.ts";
import { image as mapfileAarch64 } from "../../guest/images/mapfile_aarch64.gen.ts";
import { image as mapfileX86 } from "../../guest/images/mapfile_x86_64.gen.ts";
import { image as periodicAarch64 } from "../../guest/images/periodic_aarch64.gen.ts";
import { image as periodicX86 } from "../../guest/images/periodic_x86_64.gen.ts";
import { image as greenAarch64 } from "../../guest/images/green_aarch64.gen.ts";
import { image as greenX86 } from "../../guest/images/green_x86_64.gen.ts";
import { image as greenCrashAarch64 } from "../../guest/images/green-crash_aarch64.gen.ts";
import { image as greenCrashX86 } from "../../guest/images/green-crash_x86_64.gen.ts";
import { image as handlersAarch64 } from "../../guest/images/handlers_aarch64.gen.ts";
import { image as handlersX86 } from "../../guest/images/handlers_x86_64.gen.ts";
import { image as handlersCxxAarch64 } from "../../guest/images/handlers-cxx_aarch64.gen.ts";
import { image as handlersCxxX86 } from "../../guest/images/handlers-cxx_x86_64.gen.ts";
import { image as helloAarch64 } from "../../guest/images/module-hello_aarch64.gen.ts";
import { image as helloX86 } from "../../guest/images/module-hello_x86_64.gen.ts";
import { image as guardsAarch64 } from "../../guest/images/guards_aarch64.gen.ts";
import { image as guardsX86 } from "../../guest/images/guards_x86_64.gen.ts";
import { image as lockingAarch64 } from "../../guest/images/locking_aarch64.gen.ts";
import { image as lockingX86 } from "../../guest/images/locking_x86_64.gen.ts";
import { image as pathfinderAarch64 } from "../../guest/images/pathfinder_aarch64.gen.ts";
import { image as pathfinderX86 } from "../../guest/images/pathfinder_x86_64.gen.ts";
import { image as stepsAarch64 } from "../../guest/images/steps_aarch64.gen.ts";
import { image as stepsX86 } from "../../guest/images/steps_x86_64.gen.ts";
import { image as sleeperAarch64 } from "../../guest/images/sleeper_aarch64.gen.ts";
import { image as sleeperX86 } from "../../guest/images/sleeper_x86_64.gen.ts";
import { image as spinnerAarch64 } from "../../guest/images/spinner_aarch64.gen.ts";
import { image as spinnerX86 } from "../../guest/images/spinner_x86_64.gen.ts";
import { image as switchFormsAarch64 } from "../../guest/images/switch-forms_aarch64.gen.ts";
import { image as switchFormsX86 } from "../../guest/images/switch-forms_x86_64.gen.ts";
import { image as threadsAarch64 } from "../../guest/images/threads_aarch64.gen.ts";
import { image as threadsX86 } from "../../guest/images/threads_x86_64.gen.ts";
import { image as tlsAarch64 } from "../../guest/images/tls_aarch64.gen.ts";
import { image as tlsX86 } from "../../guest/images/tls_x86_64.gen.ts";
import { image as unwindAarch64 } from "../../guest/images/unwind_aarch64.gen.ts";
import { image as unwindX86 } from "../../guest/images/unwind_x86_64.gen.ts";

const IMAGES: readonly EmbeddedImage[] = [
  guardsAarch64,
  guardsX86,
  lockingAarch64,
  lockingX86,
  pathfinderAarch64,
  pathfinderX86,
  stepsAarch64,
  stepsX86,
  badAarch64,
  badX86,
  burstsAarch64,
  burstsX86,
  busyAarch64,
  busyX86,
  coronestAarch64,
  coronestX86,
  coroAarch64,
  coroCxxAarch64,
  coroCxxX86,
  coroX86,
  coroStressAarch64,
  coroStressX86,
  coroutinesAarch64,
  coroutinesX86,
  fpmixAarch64,
  fpmixX86,
  greenAarch64,
  greenX86,
  greenCrashAarch64,
  greenCrashX86,
  handlersAarch64,
  handlersX86,
  handlersCxxAarch64,
  handlersCxxX86,
  helloAarch64,
  helloX86,
  jitAarch64,
  jitX86,
  jobsAarch64,
  jobsX86,
  mapfileAarch64,
  mapfileX86,
  periodicAarch64,
  periodicX86,
  sleeperAarch64,
  sleeperX86,
  spinnerAarch64,
  spinnerX86,
  switchFormsAarch64,
  switchFormsX86,
  threadsAarch64,
  threadsX86,
  tlsAarch64,
  tlsX86,
  unwindAarch64,
  unwindX86,
];

/** The architectures, in the order tests go through them. */
export const ARCH_NAMES: readonly ArchName[] = ["aarch64", "x86_64"];

/** The ELF file of a program. Throws RangeError if there is none of that name. */
export function programFile(name: string, arch: ArchName): Uint8Array {
  const found = IMAGES.find((image) => image.name === name && image.arch === arch);
  if (found === undefined) throw new RangeError(`No program ${name} for ${arch}`);
  return found.bytes();
}
