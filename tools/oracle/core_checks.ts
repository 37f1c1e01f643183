/**
 * The core files that are compared: of programs stopped at random instants, in their own code, in
 * system calls, before and behind others' turns, and when they die; and of coroutines in the midst
 * of their switches.
 *
 * @module
 */
import type { ArchName } from "../../arch/arch.ts";
import { ARCH_NAMES } from "../../kernel/testing/programs.ts";
import { SIGNAL } from "../../trace/signals.ts";
import { checkCores } from "./core_check.ts";
import { CoreMaker } from "./core_maker.ts";
import type { NamedCheck } from "./walk_checks.ts";

/** Programs that are stopped as they run. */
const RUNNING = [
  ...["threads", "sleeper", "fpmix", "tls", "jobs wild 1", "unwind throw 2", "module-hello"],
  ...["coro values", "green", "coronest above inline", "coronest below runtime"],
];

/** Programs that die, and by which signal. */
const DYING: Readonly<Record<string, number>> = {
  "unwind fault 0": SIGNAL.SEGV,
  "unwind panic 0": SIGNAL.ABRT,
  "unwind throw 0": SIGNAL.ABRT,
  "unwind null 0": SIGNAL.SEGV,
  "green-crash": SIGNAL.SEGV,
  "green deep": SIGNAL.SEGV,
  "green stale": SIGNAL.SEGV,
  "green unguarded": SIGNAL.SEGV,
  "bad read-null": SIGNAL.SEGV,
  "bad write-constants": SIGNAL.SEGV,
  "bad undefined": SIGNAL.ILL,
  "bad breakpoint": SIGNAL.TRAP,
  "bad recurse": SIGNAL.SEGV,
  "bad thread-fault": SIGNAL.SEGV,
};

/** Instants of each program that runs. */
const INSTANTS = 8;

/** How coroutines of `coronest` switch, and the functions that do it. */
const FORMS: Readonly<Record<string, RegExp>> = {
  runtime: /^coro_(switch|init)|^nest_deepest/,
  function: /^coro_|^nest_deepest/,
  inline: /^coro_|^nest_inline/,
};

/** The checks of core files. */
export function coreChecks(directory: string): NamedCheck[] {
  return ARCH_NAMES.flatMap((arch) => [
    named("cores", arch, { arch, directory: `${directory}/cores-${arch}` }, (maker) => {
      for (const line of RUNNING) {
        for (const load of ["copyout", "demand"] as const) {
          maker.running(line, { load, instants: INSTANTS });
        }
      }
      for (const [line, signal] of Object.entries(DYING)) maker.dying(line, signal);
    }),
    named(
      "cores",
      `${arch}, the kernel`,
      { arch, directory: `${directory}/kernel-${arch}` },
      (maker) => {
        for (const line of ["threads", "sleeper", "mapfile"]) maker.kernel(line, 16);
      },
    ),
    // Each parent's stack above its child's, and below: debuggers refuse frames that go inward.
    ...["above", "below"].flatMap((order) =>
      Object.entries(FORMS).map(([form, within]) => {
        const name = `${arch}, parents ${order}, ${form}`;
        const place = `${directory}/coroutines-${arch}-${order}-${form}`;
        return named("coroutines", name, { arch, directory: place }, (maker) => {
          maker.stepping(`coronest ${order} ${form}`, { from: "nest_root", within });
        });
      })
    ),
  ]);
}

function named(
  kind: string,
  name: string,
  { arch, directory }: { arch: ArchName; directory: string },
  make: (maker: CoreMaker) => void,
): NamedCheck {
  return {
    kind,
    name,
    check() {
      const maker = new CoreMaker(arch, directory);
      make(maker);
      return checkCores(name, { cores: maker.cores, directory });
    },
  };
}
