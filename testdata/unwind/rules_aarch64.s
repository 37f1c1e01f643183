// Call frame instructions and register rules of AArch64, pointer authentication included, for comparison with other readers.
        .text
        .cfi_sections .eh_frame, .debug_frame
        .globl  signed_frame
signed_frame:
        .cfi_startproc
        .cfi_b_key_frame
        hint    #27
        .cfi_negate_ra_state
        stp     x29, x30, [sp, -48]!
        .cfi_def_cfa_offset 48
        .cfi_offset 29, -48
        .cfi_offset 30, -40
        mov     x29, sp
        .cfi_def_cfa_register 29
        stp     d8, d9, [sp, 16]
        .cfi_offset 72, -32
        .cfi_offset 73, -24
        nop
        .cfi_remember_state
        ldp     x29, x30, [sp], 48
        .cfi_restore 30
        .cfi_restore 29
        .cfi_restore 72
        .cfi_restore 73
        .cfi_def_cfa 31, 0
        hint    #31
        .cfi_negate_ra_state
        ret
        .cfi_restore_state
        nop
        ret
        .cfi_endproc

        .globl  rules
rules:
        .cfi_startproc
        .cfi_register 30, 17
        nop
        .cfi_val_offset 31, 16
        nop
        .cfi_same_value 19
        nop
        .cfi_escape 0x10, 0x14, 0x02, 0x8f, 0x08            // expression x20: breg31 8
        nop
        .cfi_undefined 30
        nop
        .cfi_endproc

        .globl  vector
vector:
        .cfi_startproc
        .cfi_signal_frame
        .cfi_return_column 33
        .cfi_def_cfa 31, 272
        .cfi_offset 33, -16
        .cfi_offset 30, -32
        .cfi_offset 31, -24
        nop
        .fill   4096, 4, 0xd503201f
        .cfi_def_cfa_offset 288
        nop
        .cfi_endproc
        .section .note.GNU-stack, "", %progbits
