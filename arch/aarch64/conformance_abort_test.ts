import type { BareMachine } from "../testing/harness.ts";
import {
  type Case,
  EL0,
  EL1H,
  EL1T,
  fromEither,
  KERNEL,
  type Origin,
  testCases,
} from "./testing/conformance.ts";
import { Descriptor, type LeafLevel, mapLeaf, setTableAttributes } from "./testing/descriptors.ts";

const { ACCESSED, PXN, READ_ONLY, USER, UXN } = Descriptor;
const { NO_USER_TABLE, PXN_TABLE, READ_ONLY_TABLE, UXN_TABLE } = Descriptor;
/** The kernel may do everything. */
const OPEN = ACCESSED;

/** ISS.WnR. */
const WRITE = 1 << 6;
/** Fault status codes, to which the level is added. */
const TRANSLATION = 0x04;
const ACCESS_FLAG = 0x08;
const PERMISSION = 0x0c;
const ALIGNMENT = 0x21;

function dataAbort(status: number, write: boolean): (origin: Origin) => number {
  return fromEither(0x24, status | (write ? WRITE : 0));
}

function instructionAbort(status: number): (origin: Origin) => number {
  return fromEither(0x20, status);
}

/** Where nothing is mapped: in each half, the address whose walk ends at level 0, 1, 2 and 3. */
const LOWER = [0x7f80_0000_0450n, 0x4000_0450n, 0x20_0450n, 0x7f_d450n] as const;
const UPPER = [
  0xffff_8000_0000_0450n,
  0xffff_0000_c000_0450n,
  0xffff_0000_7fe0_0450n,
  0xffff_0040_0000_0450n,
] as const;

/** An access by a case of the test code at x1. */
interface Access {
  readonly label: string;
  readonly write: boolean;
  /** Where the access is, relative to x1. */
  readonly offset?: bigint;
  readonly origins?: readonly Origin[];
  readonly userFp?: boolean;
}

const ACCESSES: readonly Access[] = [
  { label: "load", write: false },
  { label: "load_byte", write: false },
  { label: "load_pair", write: false },
  { label: "load_exclusive", write: false },
  { label: "load_acquire", write: false },
  { label: "store", write: true },
  { label: "store_byte", write: true },
  { label: "store_pair", write: true, offset: -16n },
  { label: "store_release", write: true },
  { label: "store_zeros", write: true },
  { label: "store_vector", write: true, userFp: true },
  { label: "load_unprivileged", write: false, origins: KERNEL },
  { label: "store_unprivileged", write: true, origins: KERNEL },
];
const LOAD = ACCESSES[0]!;
const STORE = ACCESSES[5]!;

/** A case: an access at an address, in words that say what is wrong with it. */
function accessCase(
  access: Access,
  options: {
    name: string;
    address: bigint;
    status: number;
    origins?: readonly Origin[];
    prepare?: (machine: BareMachine) => void;
    handle?: Case["handle"];
  },
): Case {
  const { label, write, offset = 0n, userFp } = access;
  const { name, address, status, prepare, handle } = options;
  const origins = access.origins ?? options.origins;
  return {
    name: `${label}: ${name}`,
    label,
    esr: dataAbort(status, write),
    far: address,
    registers: () => ({ x1: address - offset }),
    ...(origins === undefined ? {} : { origins }),
    ...(prepare === undefined ? {} : { prepare }),
    ...(handle === undefined ? {} : { handle }),
    ...(userFp === undefined ? {} : { userFp }),
  };
}

/** A case: a jump to an address. */
function jumpCase(options: {
  name: string;
  address: bigint;
  status: number;
  label?: string;
  origins?: readonly Origin[];
  prepare?: (machine: BareMachine) => void;
  handle?: Case["handle"];
}): Case {
  const { name, address, status, label = "jump", origins, prepare, handle } = options;
  return {
    name: `${label}: ${name}`,
    label,
    esr: instructionAbort(status),
    far: address,
    elr: address,
    registers: () => ({ x1: address }),
    ...(origins === undefined ? {} : { origins }),
    ...(prepare === undefined ? {} : { prepare }),
    ...(handle === undefined ? {} : { handle }),
  };
}

// Translation faults, levels 0 to 3, in both halves, by every kind of access.
for (const [half, addresses] of [["lower", LOWER], ["upper", UPPER]] as const) {
  addresses.forEach((address, level) => {
    const name = `translation fault at level ${level}, ${half} half`;
    const status = TRANSLATION + level;
    const some = level === 3 ? ACCESSES : [LOAD, STORE];
    testCases(some.map((access) => accessCase(access, { name, address, status })));
    testCases([jumpCase({ name, address, status })]);
  });
}
testCases([
  jumpCase({ name: "translation fault", label: "return_to", address: LOWER[3], status: 0x07 }),
]);

// Addresses of neither half: bits 63 to 48 are not all the same.
for (const address of [0x0001_0000_0000_0000n, 0x00ff_0000_0000_0000n, 0xfffe_ffff_ffff_f000n]) {
  const name = `translation fault at level 0, 0x${address.toString(16)}`;
  const options = { name, address, status: TRANSLATION };
  testCases([accessCase(LOAD, options), accessCase(STORE, options), jumpCase(options)]);
}

// An access that begins in a page and ends in one that is not mapped: FAR_EL1 is where the second
// begins.
testCases(
  ["load", "store", "store_vector"].map((label): Case => {
    const write = label !== "load";
    return {
      name: `${label}: translation fault of its second page`,
      label,
      ...(label === "store_vector" ? { userFp: true } : {}),
      esr: dataAbort(TRANSLATION + 2, write),
      far: 0x80_0000n,
      registers: () => ({ x1: 0x7f_fffcn }),
    };
  }),
);

const LEVELS: readonly LeafLevel[] = [1, 2, 3];

/** Maps a leaf with attributes before the case, and mends it in the trap. */
function leaf(
  address: bigint,
  options: { level: LeafLevel; attributes: bigint; mended: bigint },
): { prepare: (machine: BareMachine) => void; handle: NonNullable<Case["handle"]> } {
  const { level, attributes, mended } = options;
  return {
    prepare: (machine) => mapLeaf(machine, address, { level, attributes }),
    handle: (machine) => {
      mapLeaf(machine, address, { level, attributes: mended });
      return "retry";
    },
  };
}

/** What a leaf refuses to whom. */
interface Refusal {
  readonly name: string;
  readonly attributes: bigint;
  readonly accesses: readonly (Access | "execute")[];
  readonly origins: readonly Origin[];
  readonly mended: bigint;
}

const EXCLUSIVE: Access = { label: "store_exclusive", write: true };
const LOAD_UNPRIVILEGED: Access = { label: "load_unprivileged", write: false };
const STORE_UNPRIVILEGED: Access = { label: "store_unprivileged", write: true };

const REFUSALS: readonly Refusal[] = [
  {
    name: "kernel memory",
    attributes: OPEN,
    accesses: [LOAD, STORE],
    origins: [EL0],
    mended: OPEN | USER,
  },
  {
    name: "kernel memory, read only",
    attributes: OPEN | READ_ONLY,
    accesses: [LOAD, STORE],
    origins: [EL0],
    mended: OPEN | USER,
  },
  {
    name: "read-only user memory",
    attributes: OPEN | USER | READ_ONLY,
    accesses: [STORE, EXCLUSIVE, ...ACCESSES.filter(({ label }) => label === "store_zeros")],
    origins: [EL0, EL1T, EL1H],
    mended: OPEN | USER,
  },
  {
    name: "read-only kernel memory",
    attributes: OPEN | READ_ONLY,
    accesses: [STORE, EXCLUSIVE],
    origins: KERNEL,
    mended: OPEN,
  },
  {
    name: "kernel memory, as if from EL0",
    attributes: OPEN,
    accesses: [LOAD_UNPRIVILEGED, STORE_UNPRIVILEGED],
    origins: KERNEL,
    mended: OPEN | USER,
  },
  {
    name: "UXN",
    attributes: OPEN | USER | READ_ONLY | UXN,
    accesses: ["execute"],
    origins: [EL0],
    mended: OPEN | USER | READ_ONLY,
  },
  {
    name: "PXN",
    attributes: OPEN | READ_ONLY | PXN,
    accesses: ["execute"],
    origins: KERNEL,
    mended: OPEN | READ_ONLY,
  },
  {
    name: "memory that EL0 can write",
    attributes: OPEN | USER,
    accesses: ["execute"],
    origins: KERNEL,
    mended: OPEN | USER | READ_ONLY,
  },
];

for (const level of LEVELS) {
  for (const half of [LOWER, UPPER]) {
    const address = half[level];
    const where = `level ${level}, ${half === LOWER ? "lower" : "upper"} half`;
    const unaccessed = leaf(address, { level, attributes: USER | READ_ONLY, mended: OPEN | USER });
    const flag = {
      name: `access flag fault at ${where}`,
      address,
      status: ACCESS_FLAG + level,
      ...unaccessed,
    };
    testCases([accessCase(LOAD, flag), accessCase(STORE, flag), jumpCase(flag)]);
    for (const { name, attributes, accesses, origins, mended } of REFUSALS) {
      const options = {
        name: `permission fault at ${where}, ${name}`,
        address,
        status: PERMISSION + level,
        origins,
        ...leaf(address, { level, attributes, mended }),
      };
      testCases(
        accesses.map((access) =>
          access === "execute" ? jumpCase(options) : accessCase(access, options)
        ),
      );
    }
  }
}

// What a table forbids holds for everything below it; the fault is that of the leaf.
for (const level of [0, 1, 2]) {
  const address = LOWER[3];
  const options = (attributes: bigint, table: bigint) => ({
    prepare: (machine: BareMachine) => {
      mapLeaf(machine, address, { level: 3, attributes });
      setTableAttributes(machine, address, { level, attributes: table });
    },
    address,
    status: PERMISSION + 3,
  });
  // A table at level 0 or 1 leads to the code of EL0 too.
  const whole: readonly Origin[] = level === 2 ? [EL0, ...KERNEL] : KERNEL;
  testCases([
    accessCase(STORE, {
      name: `permission fault, APTable[1] at level ${level}`,
      origins: whole,
      ...options(OPEN | USER, READ_ONLY_TABLE),
    }),
    accessCase(LOAD, {
      name: `permission fault, APTable[0] at level ${level}`,
      origins: whole.filter((origin) => origin === EL0),
      ...options(OPEN | USER, NO_USER_TABLE),
    }),
    jumpCase({
      name: `permission fault, UXNTable at level ${level}`,
      origins: whole.filter((origin) => origin === EL0),
      ...options(OPEN | USER | READ_ONLY, UXN_TABLE),
    }),
    jumpCase({
      name: `permission fault, PXNTable at level ${level}`,
      origins: KERNEL,
      ...options(OPEN | READ_ONLY, PXN_TABLE),
    }),
  ]);
}

// A descriptor that is reserved: at level 3 anything but a page.
{
  const address = LOWER[3];
  const options = {
    name: "translation fault at level 3, block descriptor",
    address,
    status: TRANSLATION + 3,
    prepare: ({ memory, root, space }: BareMachine) => {
      const { entry } = space.tables.walk(root, address);
      memory.writeU64(entry, memory.base | OPEN | USER | 1n);
    },
  };
  testCases([accessCase(LOAD, options), accessCase(STORE, options), jumpCase(options)]);
}

// Exclusive accesses must be aligned.
testCases([
  {
    name: "load_exclusive: alignment fault",
    label: "load_exclusive",
    esr: dataAbort(ALIGNMENT, false),
    far: 0x7f_ff01n,
    registers: () => ({ x1: 0x7f_ff01n }),
  },
]);
