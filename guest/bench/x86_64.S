// Loops of the measured paths: see loops.h for those of user mode. The others run in kernel mode,
// position independent, at an address of the harness's choice; they use no memory but the block the
// harness names.

.include "guest/bench/function.inc"

// call_for_ever(rdi = number)
FUNCTION call_for_ever
    mov     %edi, %eax
    syscall
    jmp     call_for_ever
END call_for_ever

// write_pages_for_ever(rdi = address)
FUNCTION write_pages_for_ever
    movb    $1, (%rdi)
    add     $4096, %rdi
    jmp     write_pages_for_ever
END write_pages_for_ever

// read_pages_for_ever(rdi = address)
FUNCTION read_pages_for_ever
    movzbl  (%rdi), %eax
    add     $4096, %rdi
    jmp     read_pages_for_ever
END read_pages_for_ever

FUNCTION spin_for_ever
    jmp     spin_for_ever
END spin_for_ever

// One system call instruction and a branch, for the trap without a kernel behind it.
FUNCTION trap_for_ever
    syscall
    jmp     trap_for_ever
END trap_for_ever

// Two kernel threads that switch to each other. The block: first thread, second thread, switch
// routine, turns the second has had, turns the first is still to have. Each side has as many
// instructions as the other.
    .set    FIRST, 0
    .set    SECOND, 8
    .set    ROUTINE, 16
    .set    DONE, 24
    .set    LEFT, 32

// switch_first(rdi = block): as many turns as LEFT says, then returns.
FUNCTION switch_first
    push    %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    mov     %rdi, %rbp
1:  mov     FIRST(%rbp), %rdi
    mov     SECOND(%rbp), %rsi
    call    *ROUTINE(%rbp)
    decq    LEFT(%rbp)
    jnz     1b
    pop     %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_same_value rbp
    ret
END switch_first

// Where the second thread begins, with nothing in its registers: the harness has put the block's
// address here.
    .globl  switch_block
    .balign 8
switch_block:
    .quad   0
FUNCTION switch_second
    .cfi_undefined rip
    mov     switch_block(%rip), %rbp
1:  mov     SECOND(%rbp), %rdi
    mov     FIRST(%rbp), %rsi
    incq    DONE(%rbp)
    call    *ROUTINE(%rbp)
    jmp     1b
END switch_second

    .section .note.GNU-stack, "", %progbits
