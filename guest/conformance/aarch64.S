// Test code of the AArch64 conformance table. It is position independent: it runs at its own
// address in user mode and at another one in kernel mode. NAME is where a case starts, NAME_at the
// instruction it is about, NAME_next where it goes on.

    .arch   armv8-a+nolse
    .text
    .globl  _start
_start:

// A case of one instruction.
.macro CASE name, instruction:vararg
    .balign 16
    .globl  \name, \name\()_at, \name\()_next
\name:
    nop
\name\()_at:
    \instruction
\name\()_next:
    brk     #0
.endm

// Instructions that are exceptions.
CASE svc_0, svc #0
CASE svc_42, svc #42
CASE svc_max, svc #0xffff
CASE brk_1234, brk #0x1234
CASE hvc_0, hvc #0
CASE smc_0, smc #0

// Undefined ones.
CASE udf_0, udf #0
CASE udf_max, udf #0xffff
CASE unallocated, .inst 0x02000000
CASE unallocated_fp, .inst 0xffffffff
CASE scalable, .inst 0x04bf5000          // rdvl x0, #0: SVE, which this CPU has not
CASE hlt_0, hlt #0
CASE hlt_semihosting, hlt #0xf000
CASE dcps1_0, dcps1
CASE eret_user, eret
CASE read_sctlr, mrs x5, sctlr_el1
CASE write_sctlr, msr sctlr_el1, x5
CASE write_spsel, msr spsel, #0
CASE read_current_el, mrs x5, currentel
CASE tlbi_all, tlbi vmalle1
CASE read_unknown, mrs x5, s3_3_c15_c9_7

// Trapped ones.
CASE read_daif, mrs x7, daif
CASE write_daif, msr daif, x7
CASE set_daif, msr daifset, #2
CASE clear_daif, msr daifclr, #15
CASE clean_line, dc cvac, x1
CASE clean_invalidate_line, dc civac, x1
CASE clean_to_unification, dc cvau, x1
CASE invalidate_code_line, ic ivau, x1
CASE read_virtual_count, mrs x9, cntvct_el0
CASE read_physical_count, mrs x9, cntpct_el0
CASE read_cycles, mrs x30, pmccntr_el0
CASE wait_interrupt, wfi
CASE wait_event, wfe
CASE hint_yield, yield
CASE read_cache_type, mrs x5, ctr_el0
CASE read_mdscr, mrs x5, mdscr_el1

// Accesses at x1.
CASE load, ldr x2, [x1]
CASE load_byte, ldrb w2, [x1]
CASE load_pair, ldp x2, x3, [x1], #16
CASE load_exclusive, ldxr x2, [x1]
CASE load_acquire, ldar x2, [x1]
CASE load_unprivileged, ldtr x2, [x1]
CASE store, str x2, [x1]
CASE store_byte, strb w2, [x1]
CASE store_pair, stp x2, x3, [x1, #-16]!
CASE store_release, stlr x2, [x1]
CASE store_unprivileged, sttr x2, [x1]
CASE store_vector, str q2, [x1]
CASE store_zeros, dc zva, x1
CASE prefetch, prfm pldl1keep, [x1]
CASE translate_read, at s1e1r, x1

    .balign 16
    .globl  store_exclusive, store_exclusive_at, store_exclusive_next
store_exclusive:
    ldxr    x2, [x1]
store_exclusive_at:
    stxr    w3, x2, [x1]
store_exclusive_next:
    brk     #0

// Jumps to x1.
CASE jump, br x1
CASE return_to, ret x1

// Accesses by the stack pointer.
CASE load_sp, ldr x2, [sp]
CASE store_sp, str x2, [sp, #8]
CASE push_sp, stp x2, x3, [sp, #-16]!
CASE add_sp, add x2, sp, #8

// Floating point.
CASE fp_move, fmov d0, d1
CASE fp_load_q, ldr q0, [x1]
CASE fp_store_pair, stp d0, d1, [x1]
CASE fp_convert, scvtf d0, x1
CASE simd_add, add v0.4s, v1.4s, v2.4s
CASE read_fpcr, mrs x5, fpcr
CASE write_fpcr, msr fpcr, x5
CASE read_fpsr, mrs x5, fpsr
CASE write_fpsr, msr fpsr, x5

// Floating point after a register of EL0 was written, and in a loop that has been through
// translation.
    .balign 16
    .globl  fp_after_write, fp_after_write_at, fp_after_write_next
fp_after_write:
    msr     tpidr_el0, x5
    mov     x6, #3
1:  subs    x6, x6, #1
    b.ne    1b
fp_after_write_at:
    fmov    d0, x5
fp_after_write_next:
    brk     #0

// Stores every floating-point register at x1, FPCR in x5, FPSR in x6.
    .balign 16
    .globl  fp_dump
fp_dump:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    str     q\n, [x1, #16 * \n]
    .endr
    mrs     x5, fpcr
    mrs     x6, fpsr
    brk     #0

// Software step.
    .balign 16
    .globl  step, step_at, step_next
step:
    add     x2, x2, #1
step_at:
    add     x2, x2, #2
step_next:
    brk     #0

    .balign 16
    .globl  step_exclusive, step_exclusive_at, step_exclusive_next
step_exclusive:
    ldxr    x2, [x1]
step_exclusive_at:
    nop
step_exclusive_next:
    brk     #0

// Returns to x1 with the state in x2.
    .balign 16
    .globl  exception_return, exception_return_at, exception_return_next
exception_return:
    msr     elr_el1, x1
    msr     spsr_el1, x2
exception_return_at:
    eret
exception_return_next:
    nop
    nop
    brk     #0

// Code to interrupt: every instruction leaves something behind that a lost register, flag or stack
// pointer would change. x1 is a scratch page, x2 the number of turns.
    .balign 16
    .globl  turns, turns_end
turns:
    mov     x3, #0x1357
    mov     x4, #0
    mov     x9, sp
1:  adds    x3, x3, x3, lsl #3
    adcs    x4, x4, x3
    csel    x5, x3, x4, cs
    stp     x3, x4, [sp, #-16]!
    str     x5, [x1], #8
    ldr     x6, [x1, #-8]
    eor     x7, x6, x5
    ccmp    x4, x3, #5, hi
    cset    x8, vs
    add     x8, x8, x7
    ldp     x5, x6, [sp], #16
    bl      2f
    subs    x2, x2, #1
    b.ne    1b
    sub     x9, sp, x9
turns_end:
    brk     #0
2:  add     x10, x10, x30
    ror     x10, x10, #7
    ret

// The same for floating point.
    .balign 16
    .globl  fp_turns, fp_turns_end
fp_turns:
    scvtf   d0, x2
    fmov    d1, #1.5
    mov     v2.d[0], x2
1:  fdiv    d3, d0, d1
    fadd    d1, d3, d1
    fcmp    d1, d0
    fcsel   d4, d0, d1, gt
    add     v2.2d, v2.2d, v3.2d
    ext     v5.16b, v2.16b, v4.16b, #3
    str     q5, [x1], #16
    mrs     x5, fpsr
    fmov    x6, d3
    eor     x7, x7, x6
    subs    x2, x2, #1
    b.ne    1b
fp_turns_end:
    brk     #0

// Adds 1 to the word at x1, x2 times, exclusively.
    .balign 16
    .globl  exclusive_turns, exclusive_turns_end
exclusive_turns:
    ldxr    x3, [x1]
    add     x3, x3, #1
    stxr    w4, x3, [x1]
    cbnz    w4, exclusive_turns
    subs    x2, x2, #1
    b.ne    exclusive_turns
exclusive_turns_end:
    brk     #0

// Masks and unmasks interrupts.
    .balign 16
    .globl  masked, masked_open, masked_closed, masked_end
masked:
    nop
    nop
    msr     daifclr, #2
masked_open:
    nop
    msr     daifset, #2
masked_closed:
    nop
    nop
masked_end:
    brk     #0

// Descends until the stack is used up.
    .balign 16
    .globl  descend
descend:
    stp     x29, x30, [sp, #-64]!
    bl      descend

// Continuation of a thread that the context switch tests make: says so by an exception.
    .balign 16
    .globl  arrived, arrived_next
arrived:
    brk     #0x77
arrived_next:
    nop
