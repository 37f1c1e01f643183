/**
 * Page faults on x86-64: every error code that can exist (SDM vol. 3, 4.7), from both privileges. W
 * and I exclude each other, and a read the kernel may not do (P alone) needs SMAP or protection
 * keys, which the guest kernel does not use.
 */
import { assertEquals } from "@std/assert";
import type { BareMachine, Mode } from "../testing/harness.ts";
import { roundTrip } from "../testing/round_trip.ts";
import {
  checkDelivery,
  DATA,
  FLAGS,
  flagSets,
  fpPattern,
  makeMachine,
} from "./testing/conformance.ts";
import { CODE, runCode } from "./testing/run_code.ts";
import { hex, PAGE_SIZE } from "../physical_memory.ts";
import { describeVector, PageFaultBit, Vector } from "./exceptions.ts";

/** How the page is mapped before the access. */
const MAPPINGS = {
  absent: () => {},
  "absent, no table": () => {},
  "read-only user": (m) => m.mapUser(DATA, { write: false, execute: true }),
  "no-execute user": (m) => m.mapUser(DATA, { write: true, execute: false }),
  "executable user": (m) => m.mapUser(DATA, { write: false, execute: true }),
  kernel: (m) => m.mapKernel(DATA, { write: true, execute: true }),
  "read-only kernel": (m) => m.mapKernel(DATA, { write: false, execute: true }),
  "no-execute kernel": (m) => m.mapKernel(DATA, { write: true, execute: false }),
  "reserved bit": (m) => {
    // A 2 MiB page whose address has bit 13 set (SDM vol. 3, table 4-17); a page beside it makes
    // the tables above.
    m.mapUser(DATA, { write: true, execute: true });
    const walk = m.space.tables.walk(m.root, DATA);
    if (walk.kind === "missing") throw new Error("the page is not mapped");
    pageDirectoryEntry(m, (entry) => (entry & ~0xfff0_0000_0000_0fffn) | 0x2087n);
  },
} satisfies Record<string, (machine: BareMachine) => void>;

/** Edits the entry that covers DATA in the page directory. */
function pageDirectoryEntry(machine: BareMachine, edit: (entry: bigint) => bigint): void {
  const { space, root } = machine;
  const table = (address: bigint) => space.readU64(space.virtual(address)) & 0x000f_ffff_ffff_f000n;
  const at = space.virtual(table(table(root))) + 8n * (DATA >> 21n);
  space.writeU64(at, edit(space.readU64(at)));
}

const { PRESENT: P, WRITE: W, USER: U, RESERVED: R, FETCH: I } = PageFaultBit;

type Access = "load" | "store" | "update" | "fetch";

const TABLE: readonly [Mode, Access, keyof typeof MAPPINGS, number][] = [
  ["user", "load", "absent", U],
  ["user", "store", "absent", U | W],
  ["user", "update", "absent", U | W],
  ["user", "fetch", "absent", U | I],
  ["user", "load", "kernel", U | P],
  ["user", "store", "kernel", U | W | P],
  ["user", "store", "read-only user", U | W | P],
  ["user", "store", "read-only kernel", U | W | P],
  ["user", "update", "kernel", U | W | P],
  ["user", "update", "read-only user", U | W | P],
  ["user", "update", "reserved bit", U | R | W | P],
  ["user", "fetch", "kernel", U | I | P],
  ["user", "fetch", "no-execute user", U | I | P],
  ["user", "load", "reserved bit", U | R | P],
  ["user", "store", "reserved bit", U | R | W | P],
  ["user", "fetch", "reserved bit", U | R | I | P],
  ["kernel", "load", "absent", 0],
  ["kernel", "store", "absent", W],
  ["kernel", "update", "absent", W],
  ["kernel", "fetch", "absent", I],
  ["kernel", "store", "read-only user", W | P],
  ["kernel", "store", "read-only kernel", W | P],
  ["kernel", "fetch", "no-execute kernel", I | P],
  ["kernel", "fetch", "no-execute user", I | P],
  ["kernel", "fetch", "executable user", I | P],
  ["kernel", "load", "reserved bit", R | P],
  ["kernel", "store", "reserved bit", R | W | P],
  ["kernel", "fetch", "reserved bit", R | I | P],
];

const FILLER = 0xcc; // int3, for a fetch that goes on
const OFFSET = 0x128n;
const address = DATA + OFFSET;

/** Maps the page so that the access is allowed. */
function repair(machine: BareMachine, mode: Mode): void {
  pageDirectoryEntry(machine, () => 0n);
  const physical = mode === "user"
    ? machine.mapUser(DATA, { write: true, execute: true })
    : machine.mapKernel(DATA, { write: true, execute: true });
  machine.memory.slice(physical, PAGE_SIZE).fill(FILLER);
  machine.cpu.flushTranslations();
}

for (const [mode, access, mapping, code] of TABLE) {
  const bits = describeVector(Vector.PF, code).replace(/^page fault: /, "");
  Deno.test(`x86-64 ${access} of ${mapping} page, ${bits}, error 0x${code.toString(16)}`, () => {
    for (const rflags of flagSets(mode)) {
      roundTrip(makeMachine, {
        mode,
        label: access,
        ...(access === "fetch" ? { at: address, stop: "fetch_at" } : {}),
        flags: FLAGS,
        fp: fpPattern(),
        registers: { rdi: address, rflags },
        prepare: (machine) => MAPPINGS[mapping](machine),
        handle: (machine) => {
          repair(machine, mode);
          return "retry";
        },
      }, (machine, result) => {
        const pc = access === "fetch" ? address : machine.label(mode, `${access}_at`);
        checkDelivery(machine, result, { vector: Vector.PF, code, kind: "fault", pc, mode });
        assertEquals(hex(result.trap.entry?.registers.cr2 ?? 0n), hex(address), "CR2");
        const cause = result.trap.frame.cause();
        if ((code & R) !== 0) assertEquals(cause.kind, "error");
        else {
          assertEquals(cause, {
            kind: "page-fault",
            address,
            access: access === "fetch" ? "execute" : access === "load" ? "read" : "write",
            present: (code & P) !== 0,
          });
        }
      });
    }
  });
}

Deno.test("x86-64 load over the end of a page, CR2 is where the second page begins", () => {
  const second = DATA + BigInt(PAGE_SIZE);
  roundTrip(makeMachine, {
    mode: "user",
    label: "load",
    flags: FLAGS,
    registers: { rdi: second - 4n },
    prepare: (machine) => machine.mapUser(DATA, { write: true, execute: false }),
    handle: (machine) => {
      machine.mapUser(second, { write: true, execute: false });
      return "retry";
    },
  }, (machine, result) => {
    const pc = machine.userLabel("load_at");
    checkDelivery(machine, result, { vector: Vector.PF, code: U, kind: "fault", pc, mode: "user" });
    assertEquals(result.trap.entry?.registers.cr2, second);
  });
});

Deno.test("x86-64 string store over the end of a page, registers show how far it came", () => {
  const second = DATA + BigInt(PAGE_SIZE);
  using machine = makeMachine();
  machine.mapUser(DATA, { write: true, execute: false });
  const pc = machine.userLabel("string_store_at");
  machine.start({
    mode: "user",
    pc: machine.userLabel("string_store"),
    registers: { rdi: second - 5n, rcx: 12n },
  });
  const trap = machine.runToTrap();
  assertEquals(trap.frame.pc, pc);
  assertEquals(trap.frame.register("rcx"), 7n);
  assertEquals(trap.frame.register("rdi"), second);
  assertEquals(trap.entry?.registers.cr2, second);
  machine.mapUser(second, { write: true, execute: false });
  machine.answerExit(trap.frame);
  const end = machine.runToTrap();
  assertEquals(end.entry?.vector, Vector.BP);
  assertEquals(end.frame.register("rcx"), 0n);
  assertEquals(end.frame.register("rdi"), second + 7n);
});

Deno.test("x86-64 store with CR0.WP clear, the kernel writes a read-only page", () => {
  using machine = makeMachine();
  const physical = machine.mapUser(DATA, { write: false, execute: false });
  machine.cpu.setRegister("cr0", machine.cpu.register("cr0") & ~(1n << 16n));
  machine.start({
    mode: "kernel",
    pc: machine.kernelLabel("store"),
    registers: { rdi: DATA, rax: 0x1234_5678_9abcn },
  });
  assertEquals(machine.runToTrap().entry?.vector, Vector.BP);
  assertEquals(machine.memory.readU64(physical), 0x1234_5678_9abcn);
});

// The flags are worked out only when they are needed, and a fault in the midst of a block needs them.
const SETTERS: Readonly<Record<string, readonly [code: readonly number[], flags: bigint]>> = {
  // mov rax, -1; add rax, -1: CF, AF and SF
  add: [[0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, 0x48, 0x83, 0xc0, 0xff], 0x91n],
  // mov rax, 0x10000005; cmp rax, 0x20000000: CF, SF and PF
  cmp: [[0x48, 0xc7, 0xc0, 5, 0, 0, 0x10, 0x48, 0x3d, 0, 0, 0, 0x20], 0x85n],
  // mov al, 0x7f; inc al: OF, SF and AF
  inc: [[0xb0, 0x7f, 0xfe, 0xc0], 0x890n],
  // mov eax, 0x80000000; shl eax, 1: CF, OF, ZF and PF
  shl: [[0xb8, 0, 0, 0, 0x80, 0xd1, 0xe0], 0x845n],
  // stc; mov eax, -1; adc eax, 0: CF, AF, ZF and PF
  adc: [[0xf9, 0xb8, 0xff, 0xff, 0xff, 0xff, 0x83, 0xd0, 0], 0x55n],
  // xor eax, eax: ZF and PF
  xor: [[0x31, 0xc0], 0x44n],
};
const FAULTS: Readonly<Record<string, readonly [code: readonly number[], vector: number]>> = {
  "store": [[0x48, 0x89, 0x1f], Vector.PF], // mov [rdi], rbx
  "add to memory": [[0x48, 0x01, 0x1f], Vector.PF], // add [rdi], rbx
  "push": [[0x48, 0x89, 0xfc, 0x53], Vector.PF], // mov rsp, rdi; push rbx
  "division": [[0xb9, 0, 0, 0, 0, 0xf7, 0xf1], Vector.DE], // mov ecx, 0; div ecx
};

for (const [setter, [before, flags]] of Object.entries(SETTERS)) {
  for (const [fault, [code, vector]] of Object.entries(FAULTS)) {
    Deno.test(`x86-64 ${setter} before a ${fault} that faults, its flags are saved`, () => {
      const machine = makeMachine();
      const { delivered: [first], frame } = runCode(machine, {
        mode: "user",
        code: [...before, ...code],
        registers: { rdi: DATA },
      });
      assertEquals([first?.vector, frame.register("rflags") & 0x8d5n], [vector, flags]);
    });
  }
}

Deno.test("x86-64 fetch behind the last instruction of a page, the flags that it has set are saved", () => {
  for (const [before, flags] of Object.values(SETTERS)) {
    const code = [...new Uint8Array(PAGE_SIZE - before.length).fill(0x90), ...before];
    const machine = makeMachine();
    const page = machine.mapUser(CODE, { write: false, execute: true });
    machine.memory.slice(page, PAGE_SIZE).set(code);
    machine.start({ mode: "user", pc: CODE, registers: { rdi: DATA } });
    assertEquals(machine.run(10_000).kind, "hypercall");
    const { vector, pc } = machine.delivered[0] ?? {};
    assertEquals([vector, pc], [Vector.PF, CODE + BigInt(PAGE_SIZE)]);
    const frame = machine.arch.trapFrame(machine.space, machine.cpu.hypercallWord(0), machine);
    assertEquals(frame.register("rflags") & 0x8d5n, flags);
  }
});
