/**
 * The guest programs that all three harnesses run, and where everything lies in their RAM. `run.ts`
 * hands both to the C and the Python harness as a RAM image and a list of constants, so that no
 * harness can differ in them.
 *
 * @module
 */

/** Guest architectures. */
export type PeerArch = "x86_64" | "aarch64";

/** The numbers the harnesses share: addresses in guest RAM unless said otherwise. */
export const LAYOUT = {
  /** Bytes of RAM, from address 0. */
  RAM_SIZE: 0x100000,
  /** User code: system call for ever. */
  USER_TRAP: 0x1000,
  /** Kernel code: return from the exception. */
  KERNEL_TRAP: 0x2000,
  /** Kernel code: two threads that switch to each other. */
  KERNEL_SWITCH: 0x3000,
  /** x86-64: the descriptor table. */
  GDT: 0x4000,
  /** Its size in bytes. */
  GDT_SIZE: 40,
  /** x86-64: the top page table. */
  PAGE_TABLES: 0x10000,
  /** End of the kernel stack, and of the first thread's. */
  KERNEL_STACK: 0x8000,
  /** End of the user stack. */
  USER_STACK: 0xa000,
  /** Saved stack pointers of the two threads. */
  SLOT_A: 0xb000,
  SLOT_B: 0xb008,
  /** What the second thread's saved stack pointer is at first. */
  STACK_B: 0xcf00,
  /** x86-64: RSP of the interrupt frame at the end of the kernel stack. */
  INTERRUPT_FRAME: 0x8000 - 40,
  /** AArch64: PSTATE of EL1h and of EL0, interrupts masked. */
  PSTATE_EL1H: 0x3c5,
  PSTATE_EL0: 0x3c0,
} as const;

/** Address of `resume` in the switching code, where the second thread begins. */
const RESUME: Record<PeerArch, number> = {
  x86_64: LAYOUT.KERNEL_SWITCH + 0x0d,
  aarch64: LAYOUT.KERNEL_SWITCH + 0x18,
};

/** The RAM of a harness before its first run. */
export function makeRam(arch: PeerArch): Uint8Array<ArrayBuffer> {
  const ram = new Uint8Array(LAYOUT.RAM_SIZE);
  const memory = new DataView(ram.buffer);
  const put = (address: number, value: bigint): void => memory.setBigUint64(address, value, true);
  put(LAYOUT.SLOT_B, BigInt(LAYOUT.STACK_B));
  if (arch === "x86_64") {
    ram.set(X86_USER_TRAP, LAYOUT.USER_TRAP);
    ram.set(X86_KERNEL_TRAP, LAYOUT.KERNEL_TRAP);
    ram.set(X86_SWITCH, LAYOUT.KERNEL_SWITCH);
    put(LAYOUT.STACK_B + 6 * 8, BigInt(RESUME[arch])); // six registers, then the return address
    X86_GDT.forEach((descriptor, index) => put(LAYOUT.GDT + 8 * index, descriptor));
    // One page of 2 MiB at 0, writable, for the user too.
    put(LAYOUT.PAGE_TABLES, BigInt(LAYOUT.PAGE_TABLES + 0x1007));
    put(LAYOUT.PAGE_TABLES + 0x1000, BigInt(LAYOUT.PAGE_TABLES + 0x2007));
    put(LAYOUT.PAGE_TABLES + 0x2000, 0x87n);
  } else {
    const code = (address: number, words: readonly number[]): void =>
      words.forEach((word, index) => memory.setUint32(address + 4 * index, word, true));
    code(LAYOUT.USER_TRAP, AARCH64_USER_TRAP);
    code(LAYOUT.KERNEL_TRAP, AARCH64_KERNEL_TRAP);
    code(LAYOUT.KERNEL_SWITCH, AARCH64_SWITCH);
    put(LAYOUT.STACK_B + 88, BigInt(RESUME[arch])); // X30 in the frame
  }
  return ram;
}

const X86_USER_TRAP = [
  ...[0xcd, 0x80], // 1: int 0x80
  ...[0xeb, 0xfc], // jmp 1b
];

const X86_KERNEL_TRAP = [0x48, 0xcf]; // iretq

/** RCX: switches to do, plus one. RDI: slot of the other thread, RSI: slot of this one. */
const X86_SWITCH = [
  ...[0x48, 0xff, 0xc9], // loop: dec rcx
  ...[0x74, 0x0a], // je done
  ...[0x48, 0x87, 0xfe], // xchg rdi, rsi
  ...[0xe8, 0x03, 0x00, 0x00, 0x00], // call switch
  ...[0xeb, 0xf1], // resume: jmp loop
  0xf4, // done: hlt
  0x53, // switch: push rbx
  0x55, // push rbp
  ...[0x41, 0x54], // push r12
  ...[0x41, 0x55], // push r13
  ...[0x41, 0x56], // push r14
  ...[0x41, 0x57], // push r15
  ...[0x48, 0x89, 0x27], // mov [rdi], rsp
  ...[0x48, 0x8b, 0x26], // mov rsp, [rsi]
  ...[0x41, 0x5f], // pop r15
  ...[0x41, 0x5e], // pop r14
  ...[0x41, 0x5d], // pop r13
  ...[0x41, 0x5c], // pop r12
  0x5d, // pop rbp
  0x5b, // pop rbx
  0xc3, // ret
];

const X86_GDT = [
  0n,
  0x00af9b000000ffffn, // 0x08: kernel code, 64-bit
  0x00cf93000000ffffn, // 0x10: kernel data
  0x00cff3000000ffffn, // 0x18: user data
  0x00affb000000ffffn, // 0x20: user code, 64-bit
];

const AARCH64_USER_TRAP = [
  0xd4000001, // 1: svc #0
  0x17ffffff, // b 1b
];

const AARCH64_KERNEL_TRAP = [0xd69f03e0]; // eret

/** X9: switches to do, plus one. X0: slot of the other thread, X1: slot of this one. */
const AARCH64_SWITCH = [
  0xf1000529, // loop: subs x9, x9, #1
  0x540000c0, // b.eq done
  0xaa0003e2, // mov x2, x0
  0xaa0103e0, // mov x0, x1
  0xaa0203e1, // mov x1, x2
  0x94000003, // bl switch
  0x17fffffa, // resume: b loop
  0xd503207f, // done: wfi
  0xa9ba53f3, // switch: stp x19, x20, [sp, #-96]!
  0xa9015bf5, // stp x21, x22, [sp, #16]
  0xa90263f7, // stp x23, x24, [sp, #32]
  0xa9036bf9, // stp x25, x26, [sp, #48]
  0xa90473fb, // stp x27, x28, [sp, #64]
  0xa9057bfd, // stp x29, x30, [sp, #80]
  0x910003e2, // mov x2, sp
  0xf9000002, // str x2, [x0]
  0xf9400022, // ldr x2, [x1]
  0x9100005f, // mov sp, x2
  0xa9415bf5, // ldp x21, x22, [sp, #16]
  0xa94263f7, // ldp x23, x24, [sp, #32]
  0xa9436bf9, // ldp x25, x26, [sp, #48]
  0xa94473fb, // ldp x27, x28, [sp, #64]
  0xa9457bfd, // ldp x29, x30, [sp, #80]
  0xa8c653f3, // ldp x19, x20, [sp], #96
  0xd65f03c0, // ret
];
