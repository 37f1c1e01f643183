// The bare-metal half of the comparison: runs every case of a table at EL0 or EL1 and keeps what
// the exception that ends it has left in the registers. The cases, made by el1_program.ts, follow
// this text; the same image runs under qemu-system-aarch64 and on Trapline's CPU.
//
// The image runs where it is linked, with an identity mapping. Cases run in a second mapping of it,
// CODE, which both levels may execute. Every case starts from the same tables, control registers
// and data.

        .arch   armv8.6-a+sve+memtag+sm4+sha3+crypto+profile+rng+fp16fml

        .set    CASES_CODE, 0x80200000
        .set    OLD_FAR, 0xfeedfacecafef00d
        .set    SCTLR, 0x30d0d81d               // M, C, SA, SA0, I, DZE, UCT, RES1; no nTWI, nTWE
        .set    TCR, 0x4b5103510                // 48-bit halves, 4 KiB granules, 44-bit physical addresses
        .set    MAIR, 0x00ff                    // 0: write-back, 1: Device-nGnRnE
        .set    FPEN, 3 << 20
        .set    PAGES, 6

// Words of a record.
        .set    R_SLOT, 0
        .set    R_ESR, 8
        .set    R_FAR, 16
        .set    R_ELR, 24
        .set    R_SPSR, 32
        .set    R_SP_EL0, 40
        .set    R_SP_EL1, 48
        .set    R_PSTATE, 56
        .set    R_MEMORY, 64
        .set    R_PAR, 72
        .set    R_X0, 80
        .set    RECORD, 384

// Words of a case.
        .set    C_CODE, 0
        .set    C_SETUP, 8
        .set    C_SPSR, 16
        .set    C_X1, 24                        // x1 to x3
        .set    C_SP_EL0, 48
        .set    C_SP_EL1, 56
        .set    CASE, 64

        .macro  load64 register, value
        movz    \register, #((\value) & 0xffff)
        movk    \register, #(((\value) >> 16) & 0xffff), lsl #16
        movk    \register, #(((\value) >> 32) & 0xffff), lsl #32
        movk    \register, #(((\value) >> 48) & 0xffff), lsl #48
        .endm

        .text
        .global _start
_start:
        msr     daifset, #15
        msr     oslar_el1, xzr                  // debug exceptions are possible
        isb
        bl      reset_tables
        bl      reset_control
        adrp    x19, cases
        add     x19, x19, :lo12:cases
        adrp    x20, records
        add     x20, x20, :lo12:records

// x19: the case, x20: its record.
next_case:
        adrp    x0, cases_end
        add     x0, x0, :lo12:cases_end
        cmp     x19, x0
        b.hs    finish
        adrp    x0, current
        add     x0, x0, :lo12:current
        stp     x19, x20, [x0]
        bl      reset_tables
        bl      reset_control
        bl      reset_data
        load64  x0, OLD_FAR
        msr     far_el1, x0
        msr     esr_el1, xzr
        msr     par_el1, xzr
        msr     tpidr_el0, xzr
        clrex
        ldr     x9, [x19, #C_SETUP]
        cbz     x9, 1f
        blr     x9
        isb
1:      ldr     x0, [x19, #C_CODE]
        msr     elr_el1, x0
        ldr     x0, [x19, #C_SPSR]
        msr     spsr_el1, x0
        ldr     x0, [x19, #C_SP_EL0]
        msr     sp_el0, x0
        ldr     x0, [x19, #C_SP_EL1]
        mov     sp, x0
        .irp    n, 0,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,20,21,22,23,24,25,26,27,28,29,30
        load64  x\n, (0xa5f00f5a00000000 + 0x13579bdf * \n)
        .endr
        ldp     x1, x2, [x19, #C_X1]
        ldr     x3, [x19, #C_X1 + 16]
        load64  x19, (0xa5f00f5a00000000 + 0x13579bdf * 19)
        eret

// Everything the exception has left, then the next case. x0 is in TPIDR_EL1, the slot in x0.
common:
        msr     tpidrro_el0, x0
        adrp    x0, current
        add     x0, x0, :lo12:current
        ldr     x0, [x0, #8]
        .irp    n, 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
        str     x\n, [x0, #R_X0 + 8 * \n]
        .endr
        mov     x20, x0
        mrs     x1, tpidr_el1
        str     x1, [x20, #R_X0]
        mrs     x1, tpidrro_el0
        mrs     x2, esr_el1
        stp     x1, x2, [x20, #R_SLOT]
        mrs     x1, far_el1
        mrs     x2, elr_el1
        stp     x1, x2, [x20, #R_FAR]
        mrs     x1, spsr_el1
        mrs     x2, sp_el0
        stp     x1, x2, [x20, #R_SPSR]
        mov     x1, sp
        mrs     x2, currentel
        mrs     x3, spsel
        orr     x2, x2, x3
        mrs     x3, daif
        orr     x2, x2, x3
        stp     x1, x2, [x20, #R_SP_EL1]
        bl      reset_tables
        bl      reset_control
        bl      hash_data
        mrs     x2, par_el1
        stp     x1, x2, [x20, #R_MEMORY]
// The host comes here when a run has ended otherwise.
skip_case:
        adrp    x0, current
        add     x0, x0, :lo12:current
        ldp     x19, x20, [x0]
        add     x19, x19, #CASE
        add     x20, x20, #RECORD
        b       next_case

        .balign 2048
vectors:
        .set    slot, 0
        .rept   16
        .balign 128
        msr     tpidr_el1, x0
        mov     x0, #slot
        b       common
        .set    slot, slot + 1
        .endr
        .balign 128

// Copies the tables as they are to be; they may be in use.
reset_tables:
        adrp    x0, template
        add     x0, x0, :lo12:template
        adrp    x1, live
        add     x1, x1, :lo12:live
        mov     x2, #(TABLES * 4096)
1:      ldp     x3, x4, [x0], #16
        stp     x3, x4, [x1], #16
        subs    x2, x2, #16
        b.ne    1b
        dsb     ish
        ret

reset_control:
        load64  x0, MAIR
        msr     mair_el1, x0
        load64  x0, TCR
        msr     tcr_el1, x0
        adrp    x0, live_l0
        msr     ttbr0_el1, x0
        adrp    x0, live_u0
        msr     ttbr1_el1, x0
        isb
        tlbi    vmalle1
        dsb     nsh
        isb
        load64  x0, SCTLR
        msr     sctlr_el1, x0
        adrp    x0, vectors
        add     x0, x0, :lo12:vectors
        msr     vbar_el1, x0
        mov     x0, #FPEN
        msr     cpacr_el1, x0
        msr     mdscr_el1, xzr
        msr     cntkctl_el1, xzr
        isb
        ret

// Data is code: whatever is executed of it is a breakpoint.
reset_data:
        adrp    x0, pages
        mov     x1, #(PAGES * 4096 / 4)
        load64  x2, 0xd4200000
1:      and     w3, w1, #0x3ff
        orr     w3, w2, w3, lsl #5
        str     w3, [x0], #4
        subs    x1, x1, #1
        b.ne    1b
        ret

// x1: a number that depends on every word of the data and its place.
hash_data:
        adrp    x0, pages
        mov     x1, xzr
        mov     x2, #(PAGES * 4096)
        load64  x4, 0x9e3779b97f4a7c15
1:      ldr     x3, [x0], #8
        eor     x1, x1, x3
        mul     x1, x1, x4
        ror     x1, x1, #29
        subs    x2, x2, #8
        b.ne    1b
        ret

// Trapline has patched `platform`, and reads the records itself; QEMU writes them to its output.
finish:
        adrp    x0, platform
        ldr     x0, [x0, :lo12:platform]
        cbz     x0, 1f
finish_wait:
        wfi
        b       finish_wait
1:      adrp    x19, semihosting
        add     x19, x19, :lo12:semihosting
        mov     w0, #1                          // SYS_OPEN
        mov     x1, x19
        hlt     #0xf000
        str     x0, [x19, #24]
        mov     w0, #5                          // SYS_WRITE
        add     x1, x19, #24
        hlt     #0xf000
        mov     w0, #0x18                       // SYS_EXIT
        add     x1, x19, #48
        hlt     #0xf000
        b       .

        .data
        .balign 8
platform:
        .quad   0
current:
        .quad   0, 0
terminal:
        .asciz  ":tt"
        .balign 8
semihosting:
        .quad   terminal, 4, 3                  // for writing
        .quad   0, records, records_end - records
        .quad   0x20026, 0                      // ADP_Stopped_ApplicationExit

// Descriptors (Arm ARM, D8.3).
        .set    VALID, 1
        .set    TABLE, 3
        .set    PAGE, 3
        .set    BLOCK, 1
        .set    DEVICE, 1 << 2
        .set    USER, 1 << 6
        .set    READ_ONLY, 1 << 7
        .set    SHARED, 3 << 8
        .set    ACCESSED, 1 << 10
        .set    PXN, 1 << 53
        .set    UXN, 1 << 54
        .set    PXN_TABLE, 1 << 59
        .set    UXN_TABLE, 1 << 60
        .set    NO_USER_TABLE, 1 << 61
        .set    READ_ONLY_TABLE, 1 << 62
        .set    NORMAL, ACCESSED | SHARED
        .set    RAM, 0x40000000
        .set    NO_RAM, 0x70000000
        .set    TOO_HIGH, 1 << 46

        .macro  entries count, value=0
        .rept   \count
        .quad   \value
        .endr
        .endm

        .balign 4096
template:
// Level 0 of the lower half.
        .quad   live_l1 + TABLE
        .quad   RAM + BLOCK + NORMAL            // no block there
        .quad   TOO_HIGH + TABLE
        .quad   NO_RAM + TABLE
        entries 508
// Level 1.
        .quad   0
        .quad   RAM + BLOCK + NORMAL + UXN      // where the image runs
        .quad   live_l2 + TABLE
        .quad   RAM + BLOCK + SHARED + USER
        .quad   TOO_HIGH + BLOCK + NORMAL + USER
        .quad   TOO_HIGH + TABLE
        .quad   NO_RAM + TABLE
        .quad   live_l2 + TABLE + NO_USER_TABLE
        entries 504
// Level 2.
        .quad   live_l3 + TABLE
        .quad   CODE_BLOCK + BLOCK + NORMAL + USER + READ_ONLY
        .quad   0
        .quad   RAM + BLOCK + SHARED + USER
        .quad   CODE_BLOCK + BLOCK + NORMAL + READ_ONLY + UXN + PXN
        .quad   TOO_HIGH + BLOCK + NORMAL + USER
        .quad   live_l3 + TABLE + NO_USER_TABLE
        .quad   live_l3 + TABLE + READ_ONLY_TABLE
        .quad   live_l3 + TABLE + UXN_TABLE
        .quad   live_l3 + TABLE + PXN_TABLE
        .quad   TOO_HIGH + TABLE
        .quad   NO_RAM + TABLE
        entries 500
// Level 3. Pages by number, as el1_places.ts names them.
        .quad   page_0 + PAGE + NORMAL + USER
        .quad   page_5 + PAGE + NORMAL + USER + READ_ONLY
        .quad   page_1 + PAGE + NORMAL
        .quad   page_5 + PAGE + NORMAL + READ_ONLY
        .quad   0
        .quad   page_5 + PAGE + SHARED + USER
        .quad   page_2 + PAGE + NORMAL + USER + DEVICE
        .quad   page_0 + PAGE + SHARED + READ_ONLY
        .quad   page_5 + VALID + NORMAL + USER
        .quad   page_5 + PAGE + NORMAL + USER + READ_ONLY + UXN
        .quad   page_5 + PAGE + NORMAL + USER + READ_ONLY + PXN
        .quad   page_5 + PAGE + NORMAL + READ_ONLY + UXN
        .quad   TOO_HIGH + PAGE + NORMAL + USER
        .quad   NO_RAM + PAGE + NORMAL + USER
        .quad   page_0 + PAGE + NORMAL + USER + UXN + PXN
        .quad   0
        .quad   page_3 + PAGE + NORMAL + USER   // 16, and nothing behind it
        .quad   0
        .quad   page_4 + PAGE + NORMAL + USER   // 18, and a read-only one behind it
        .quad   page_5 + PAGE + NORMAL + USER + READ_ONLY
        .quad   page_1 + PAGE + NORMAL          // 20, and one for both levels behind it
        .quad   page_0 + PAGE + NORMAL + USER
        entries 490
// Level 0 of the upper half.
        .quad   live_u1 + TABLE
        .quad   RAM + BLOCK + NORMAL
        entries 510
// Level 1.
        .quad   live_u2 + TABLE
        .quad   0
        .quad   RAM + BLOCK + SHARED
        entries 509
// Level 2.
        .quad   live_l3 + TABLE
        .quad   0
        entries 510
template_end:
        .set    TABLES, 7
        .set    CODE_BLOCK, 0x40200000

        .bss
        .balign 4096
live:
live_l0: .skip  4096
live_l1: .skip  4096
live_l2: .skip  4096
live_l3: .skip  4096
live_u0: .skip  4096
live_u1: .skip  4096
live_u2: .skip  4096
pages:
page_0: .skip   4096
page_1: .skip   4096
page_2: .skip   4096
page_3: .skip   4096
page_4: .skip   4096
page_5: .skip   4096
