# Every call frame instruction and register rule an assembler can be made to write, for comparison with other readers.
        .text
        .cfi_sections .eh_frame, .debug_frame
        .globl  offsets
offsets:
        .cfi_startproc
        push    %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        push    %rbp
        .cfi_def_cfa_offset 24
        .cfi_offset %rbp, -24
        mov     %rsp, %rbp
        .cfi_def_cfa_register %rbp
        nop
        .cfi_remember_state
        pop     %rbp
        .cfi_def_cfa %rsp, 16
        .cfi_restore %rbp
        .cfi_remember_state
        pop     %rbx
        .cfi_def_cfa_offset 8
        .cfi_same_value %rbx
        ret
        .cfi_restore_state
        nop
        .cfi_restore_state
        nop
        ret
        .cfi_endproc

        .globl  rules
rules:
        .cfi_startproc
        .cfi_undefined %rax
        nop
        .cfi_register %rdx, %rcx
        nop
        .cfi_val_offset %rsp, 8
        nop
        .cfi_escape 0x10, 0x03, 0x02, 0x77, 0x08            # expression rbx: breg7 8
        nop
        .cfi_escape 0x16, 0x0c, 0x03, 0x77, 0x80, 0x01      # val_expression r12: breg7 128
        nop
        .cfi_escape 0x0f, 0x03, 0x77, 0x10, 0x06            # def_cfa_expression: breg7 16, deref
        nop
        .cfi_escape 0x0c, 0x07, 0x20                        # def_cfa rsp+32
        .cfi_escape 0x11, 0x0d, 0x7e                        # offset_extended_sf r13, 16
        nop
        .cfi_escape 0x2f, 0x0e, 0x02                        # GNU_negative_offset_extended r14, 16
        nop
        .cfi_escape 0x12, 0x06, 0x7c                        # def_cfa_sf rbp+32
        nop
        .cfi_escape 0x13, 0x7a                              # def_cfa_offset_sf 48
        nop
        .cfi_escape 0x15, 0x0f, 0x7f                        # val_offset_sf r15, 8
        nop
        .cfi_escape 0x2e, 0x20                              # GNU_args_size 32
        nop
        .cfi_escape 0x06, 0x0c                              # restore_extended r12
        nop
        .cfi_escape 0x05, 0x21, 0x03                        # offset_extended st0, -24
        nop
        .cfi_undefined %rip
        nop
        .cfi_endproc

        .globl  trampoline
trampoline:
        .cfi_startproc
        .cfi_signal_frame
        .cfi_def_cfa %rsp, 40
        .cfi_offset %rip, -40
        .cfi_offset %rsp, -16
        nop
        .fill   300, 1, 0x90
        .cfi_def_cfa_offset 48
        .fill   70000, 1, 0x90
        .cfi_def_cfa_offset 56
        nop
        .cfi_endproc

        .globl  empty_rows
empty_rows:
        .cfi_startproc
        nop
        nop
        .cfi_endproc
        .section .note.GNU-stack, "", @progbits
