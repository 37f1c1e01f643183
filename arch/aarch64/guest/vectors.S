// Exception vectors (Arm ARM D1.10.2): sixteen slots of 128 bytes. Each slot saves a whole trap
// frame and calls the kernel.
//
//   trap from user mode (slots 8 to 15)      trap from kernel mode (slots 0 to 7)
//   +-----------------------+                +-----------------------+ <- interrupted SP_EL1
//   | FP state              |                | vector, FAR, ESR      |
//   +-----------------------+                | PSTATE, PC, SP        |
//   | vector, FAR, ESR      |                | x30 ... x0            | <- x19
//   | PSTATE, PC, SP        |                +-----------------------+
//   | x30 ... x0            | <- SP_EL1, x19 | stack of this code    |
//   +-----------------------+
//   | thread object         |
//   +-----------------------+
//
//   SP = TH_STACK_TOP: the kernel stack      SP goes on below the frame
//   is empty
//
// The CPU saves nothing to memory: it leaves PC and PSTATE in ELR_EL1 and SPSR_EL1 and takes
// SP_EL1. While user code runs SP_EL1 points at the frame in the thread object.
#include "arch/aarch64/guest/macros.h"

    .section .text.vectors, "ax"

// On entry all registers but SP are the interrupted code's. Saves x0 and x1, then goes to the
// common path with the slot number in x0; user slots go there with the interrupted SP in x1. An
// interrupted SP that is SP_EL0 has no DWARF number: until it is in x1, tables cannot name it.
.macro SLOT number, path
    .balign 128
    .cfi_startproc
    .cfi_signal_frame
    .cfi_return_column 32
    .if (\number >= 4) && (\number < 8)
    .cfi_def_cfa sp, 0
    .cfi_register 32, 33
    // Is there room for the frame? SP_EL0 is nobody's at EL1h, so it keeps x0; the flags are in
    // SPSR_EL1. Room is missing if the frame would begin up to 16 KiB below the stack; an SP
    // further away is on another stack, which is its owner's business.
    msr     sp_el0, x0
    mrs     x0, tpidr_el1
    .cfi_undefined x0
    ldr     x0, [x0, #TH_STACK_BASE]
    sub     x0, sp, x0
    add     x0, x0, #4, lsl #12
    sub     x0, x0, #FRAME_SIZE
    cmp     x0, #4, lsl #12
    b.lo    .Lno_room\@
    .cfi_remember_state
    mrs     x0, sp_el0
    .cfi_same_value x0
    .else
    .cfi_undefined 32
    .endif
    .if \number < 8
    sub     sp, sp, #FRAME_SIZE
    .if \number >= 4
    .cfi_def_cfa_offset FRAME_SIZE
    .endif
    .endif
    stp     x0, x1, [sp, #FRAME_X0]
    .if \number >= 8
    mrs     x1, sp_el0
    TRAP_ENTRY_CFI
    .endif
    .if (\number >= 4) && (\number < 8)
    .cfi_offset x0, -FRAME_SIZE
    .cfi_offset x1, -FRAME_SIZE + 8
    .endif
    mov     x0, #\number
    b       \path
    .if (\number >= 4) && (\number < 8)
    .cfi_restore_state
.Lno_room\@: // the frame goes to the emergency stack instead
    mrs     x0, tpidr_el1
    ldr     x0, [x0, #TH_EMERGENCY]
    sub     x0, x0, #FRAME_SIZE
    str     x1, [x0, #FRAME_X0 + 8]
    mov     x1, sp
    .cfi_def_cfa x1, 0
    .cfi_escape 0x10, 1, 2, 0x70, FRAME_X0 + 8  // x1 at *(x0 + 8)
    mov     sp, x0
    mrs     x0, sp_el0
    .cfi_same_value x0
    SAVED_CFI 1, 31, FRAME_X0 + 8
    str     x0, [sp, #FRAME_X0]
    SAVED_CFI 0, 31, FRAME_X0
    mov     x0, #\number
    b       trap_from_kernel
    .endif
    .cfi_endproc
.endm

    .globl  vectors
    .balign 2048
vectors:
    SLOT 0, trap_from_el1t     // current EL with SP_EL0: synchronous, IRQ, FIQ, SError
    SLOT 1, trap_from_el1t
    SLOT 2, trap_from_el1t
    SLOT 3, trap_from_el1t
    SLOT 4, trap_from_el1h     // current EL with SP_EL1
    SLOT 5, trap_from_el1h
    SLOT 6, trap_from_el1h
    SLOT 7, trap_from_el1h
    SLOT 8, trap_from_user     // lower EL, AArch64
    SLOT 9, trap_from_user
    SLOT 10, trap_from_user
    SLOT 11, trap_from_user
    SLOT 12, trap_from_user    // lower EL, AArch32: nothing here runs in it, the kernel reports it
    SLOT 13, trap_from_user
    SLOT 14, trap_from_user
    SLOT 15, trap_from_user
    .balign 128

// Completes the trap frame at SP. On entry x0 = slot, x1 = interrupted SP, and the frame holds x0
// and x1. Afterwards x19 = trap frame.
.macro SAVE_REST
    stp     x2, x3, [sp, #FRAME_X0 + 16]
    stp     x4, x5, [sp, #FRAME_X0 + 32]
    stp     x6, x7, [sp, #FRAME_X0 + 48]
    stp     x8, x9, [sp, #FRAME_X0 + 64]
    stp     x10, x11, [sp, #FRAME_X0 + 80]
    stp     x12, x13, [sp, #FRAME_X0 + 96]
    stp     x14, x15, [sp, #FRAME_X0 + 112]
    stp     x16, x17, [sp, #FRAME_X0 + 128]
    stp     x18, x19, [sp, #FRAME_X0 + 144]
    stp     x20, x21, [sp, #FRAME_X0 + 160]
    stp     x22, x23, [sp, #FRAME_X0 + 176]
    stp     x24, x25, [sp, #FRAME_X0 + 192]
    stp     x26, x27, [sp, #FRAME_X0 + 208]
    stp     x28, x29, [sp, #FRAME_X0 + 224]
    stp     x30, x1, [sp, #FRAME_X0 + 240]
    SAVED_CFI 2, 31, FRAME_X0 + 16
    SAVED_CFI 3, 31, FRAME_X0 + 24
    SAVED_CFI 4, 31, FRAME_X0 + 32
    SAVED_CFI 5, 31, FRAME_X0 + 40
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    mrs     x4, esr_el1
    mrs     x5, far_el1
    stp     x2, x3, [sp, #FRAME_PC]
    stp     x4, x5, [sp, #FRAME_ESR]
    str     x0, [sp, #FRAME_VECTOR]
    SAVED_CFI 19, 31, FRAME_X0 + 152
    mov     x19, sp
.endm

// Goes on on the current thread's kernel stack, which is empty. SP = trap frame inside the thread
// object, x0 = slot, x1 = interrupted SP; x0 and x1 are in the frame.
FUNCTION trap_from_user
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_ENTRY_CFI
    SAVE_REST
    TRAP_FRAME_CFI
    ldr     x20, [x19, #TH_STACK_TOP - TH_FRAME]
    mov     sp, x20
    mov     x29, #0
    mov     x30, #0
    mov     x0, x19
    mov     x8, #HC_TRAP
    KERNEL_LOOP
END trap_from_user

// SP = trap frame, x0 = slot; x0 and x1 are in the frame. The interrupted SP is SP_EL0.
FUNCTION trap_from_el1t
    .cfi_signal_frame
    .cfi_return_column 32
    .cfi_undefined 32
    mrs     x1, sp_el0
    TRAP_ENTRY_CFI
    b       trap_from_kernel
END trap_from_el1t

// The same, but the frame is on the interrupted stack.
FUNCTION trap_from_el1h
    .cfi_signal_frame
    .cfi_return_column 32
    .cfi_def_cfa sp, FRAME_SIZE
    .cfi_register 32, 33
    .cfi_offset x0, -FRAME_SIZE
    .cfi_offset x1, -FRAME_SIZE + 8
    add     x1, sp, #FRAME_SIZE
    b       trap_from_kernel
END trap_from_el1h

// SP = trap frame, on the stack SP_EL1 pointed to or on the emergency stack, x0 = slot, x1 =
// interrupted SP; x0 and x1 are in the frame.
FUNCTION trap_from_kernel
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_ENTRY_CFI
    SAVE_REST
    TRAP_FRAME_CFI
    mov     x0, x19
    mov     x8, #HC_TRAP
    KERNEL_LOOP
END trap_from_kernel

// Loads x2 to x30 and the exception registers from a frame; x0 and x1 stay in it.
.macro LOAD_REGISTERS frame
    ldp     x2, x3, [\frame, #FRAME_PC]
    msr     elr_el1, x2
    msr     spsr_el1, x3
    ldp     x2, x3, [\frame, #FRAME_X0 + 16]
    ldp     x4, x5, [\frame, #FRAME_X0 + 32]
    ldp     x6, x7, [\frame, #FRAME_X0 + 48]
    ldp     x8, x9, [\frame, #FRAME_X0 + 64]
    ldp     x10, x11, [\frame, #FRAME_X0 + 80]
    ldp     x12, x13, [\frame, #FRAME_X0 + 96]
    ldp     x14, x15, [\frame, #FRAME_X0 + 112]
    ldp     x16, x17, [\frame, #FRAME_X0 + 128]
    ldp     x18, x19, [\frame, #FRAME_X0 + 144]
    ldp     x20, x21, [\frame, #FRAME_X0 + 160]
    ldp     x22, x23, [\frame, #FRAME_X0 + 176]
    ldp     x24, x25, [\frame, #FRAME_X0 + 192]
    ldp     x26, x27, [\frame, #FRAME_X0 + 208]
    ldp     x28, x29, [\frame, #FRAME_X0 + 224]
    ldr     x30, [\frame, #FRAME_X0 + 240]
.endm

// exit_to_user(x0 = thread): drops the kernel stack and returns to the user context in the thread
// object. Does not return. SP_EL1 is left pointing at the frame: that is where the next exception
// from EL0 saves to.
FUNCTION exit_to_user
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_FRAME_CFI_AT 0, TH_FRAME
    add     x0, x0, #TH_FRAME
    TRAP_FRAME_CFI_AT 0, 0
    mov     sp, x0
    TRAP_FRAME_CFI_AT 31, 0
    ldr     x1, [sp, #FRAME_SP]
    msr     sp_el0, x1
    LOAD_REGISTERS sp
    ldp     x0, x1, [sp, #FRAME_X0]
    eret
END exit_to_user

// exit_to_kernel(x0 = frame): returns to the kernel code whose context is in a frame, wherever that
// is. Does not return. ERET leaves SP alone, so SP is moved first, off the frame; nothing is stored
// before ERET and interrupts are masked, so the frame stays whole below it.
FUNCTION exit_to_kernel
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_FRAME_CFI_AT 0, 0
    ldr     x1, [x0, #FRAME_PSTATE]
    tbz     x1, #0, exit_to_el1t
    ldr     x1, [x0, #FRAME_SP]
    mov     sp, x1
    LOAD_REGISTERS x0
    ldp     x0, x1, [x0, #FRAME_X0]
    .cfi_def_cfa sp, 0
    .cfi_register 32, 33        // ELR_EL1
    .irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
    .cfi_same_value \r
    .endr
    eret
END exit_to_kernel

// x0 = frame of code that ran on SP_EL0, pushed on the stack of SP_EL1, which is left as it was
// then. The rules of the last instruction find the frame just below SP: they cannot name SP_EL0.
FUNCTION exit_to_el1t
    .cfi_signal_frame
    .cfi_return_column 32
    TRAP_FRAME_CFI_AT 0, 0
    ldr     x1, [x0, #FRAME_SP]
    msr     sp_el0, x1
    add     sp, x0, #FRAME_SIZE
    LOAD_REGISTERS x0
    ldp     x0, x1, [x0, #FRAME_X0]
    TRAP_FRAME_CFI_AT 31, -FRAME_SIZE
    eret
END exit_to_el1t
