// Test code of the x86-64 conformance table. It is position independent: it runs at its own address
// in user mode and at another one in kernel mode. NAME is where a case starts, NAME_at the
// instruction it is about, NAME_next the one after it; every case ends with a breakpoint. Addresses
// come in rdi.

    .text
    .globl  _start
_start:

.macro CASE name
    .balign 16, 0xcc
    .globl  \name
\name:
.endm

// The instruction a case is about.
.macro AT name
    .globl  \name\()_at
\name\()_at:
.endm

.macro NEXT name
    .globl  \name\()_next
\name\()_next:
    int3
.endm

// A case of one instruction.
.macro ONE name, instruction:vararg
    CASE    \name
    AT      \name
    \instruction
    NEXT    \name
.endm

// Arithmetic.
CASE divide
    xor     %ecx, %ecx
AT divide
    div     %ecx
NEXT divide

CASE divide_overflow
    mov     $1, %edx
    mov     $1, %ecx
AT divide_overflow
    div     %ecx
NEXT divide_overflow

CASE divide_memory
AT divide_memory
    idivq   (%rdi)
NEXT divide_memory

// Software interrupts.
    ONE     breakpoint, int3
    ONE     int_breakpoint, int $3
    ONE     int_overflow, int $4
    ONE     int_0x80, int $0x80
    ONE     int_nmi, int $2
    ONE     int_gp, int $13
    ONE     int_32, int $32
    ONE     int_255, int $255
    ONE     icebp, .byte 0xf1

// Invalid instructions.
    ONE     ud2, ud2
    ONE     ud0, .byte 0x0f, 0xff, 0xc0
    ONE     ud1, .byte 0x0f, 0xb9, 0xc0
    ONE     ud_push_es, .byte 0x06
    ONE     ud_into, .byte 0xce
    ONE     ud_aaa, .byte 0x37
    ONE     ud_bound, .byte 0x62, 0x07
    ONE     ud_far_call, .byte 0x9a, 0, 0, 0, 0, 0, 0
    ONE     ud_lock_nop, .byte 0xf0, 0x90
    ONE     ud_lock_register, .byte 0xf0, 0x01, 0xc0
    ONE     ud_mov_cs, .byte 0x8e, 0xc8
    ONE     ud_lea_register, .byte 0x8d, 0xc0
    ONE     ud_rsm, .byte 0x0f, 0xaa
    ONE     ud_sysenter, .byte 0x0f, 0x34
    ONE     ud_rdrand, .byte 0x0f, 0xc7, 0xf0
    ONE     gp_long, .byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90

// The floating-point unit, without changing its state.
    ONE     x87, fnop
    ONE     x87_wait, fwait
    ONE     sse, movaps %xmm0, %xmm0
    ONE     sse_load, movups (%rdi), %xmm0
CASE x87_error
    fldcw   (%rdi)          // zero divide unmasked
    fld1
    fldz
    fdivrp
AT x87_error
    fwait
NEXT x87_error
CASE sse_error
    ldmxcsr (%rdi)          // zero divide unmasked
    pxor    %xmm1, %xmm1
AT sse_error
    divps   %xmm1, %xmm0
NEXT sse_error

// Privileged instructions.
    ONE     gp_cli, cli
    ONE     gp_sti, sti
    ONE     gp_hlt, hlt
    ONE     gp_in, in $0x60, %al
    ONE     gp_out, out %al, $0x60
    ONE     gp_insb, insb
    ONE     gp_mov_from_cr0, mov %cr0, %rax
    ONE     gp_mov_to_cr0, mov %rax, %cr0
    ONE     gp_mov_to_cr3, mov %rax, %cr3
    ONE     gp_mov_to_cr4, mov %rax, %cr4
    ONE     gp_mov_to_cr8, mov %rax, %cr8
    ONE     gp_mov_to_dr7, mov %rax, %dr7
    ONE     gp_mov_from_dr0, mov %dr0, %rax
    ONE     gp_lgdt, lgdt (%rdi)
    ONE     gp_lidt, lidt (%rdi)
    ONE     gp_lldt, lldt %ax
    ONE     gp_ltr, ltr %ax
    ONE     gp_lmsw, lmsw %ax
    ONE     gp_clts, clts
    ONE     gp_invlpg, invlpg (%rdi)
    ONE     gp_invd, invd
    ONE     gp_wbinvd, wbinvd
    ONE     gp_rdmsr, rdmsr
    ONE     gp_wrmsr, wrmsr
    ONE     gp_rdpmc, rdpmc
    ONE     gp_swapgs, swapgs
    ONE     gp_sysretq, sysretq

// Memory.
    ONE     load, mov (%rdi), %rax
    ONE     store, mov %rax, (%rdi)
    ONE     update, addq $1, (%rdi)
    ONE     fetch, jmp *%rdi
    ONE     fetch_call, call *%rdi
    ONE     load_aligned, movaps (%rdi), %xmm0
CASE string_store                       // rcx bytes from rdi, upward
    cld
AT string_store
    rep stosb
NEXT string_store
CASE push_word
    mov     %rdi, %rsp
AT push_word
    push    %rax
NEXT push_word
CASE pop_word
    mov     %rdi, %rsp
AT pop_word
    pop     %rax
NEXT pop_word
CASE call_word
    mov     %rdi, %rsp
AT call_word
    call    call_word_next
NEXT call_word
CASE load_by_stack
    mov     %rdi, %rbp
AT load_by_stack
    mov     (%rbp), %rax
NEXT load_by_stack

// Selectors, in rsi.
    ONE     load_ds, mov %esi, %ds
    ONE     load_es, mov %esi, %es
    ONE     load_fs, mov %esi, %fs
    ONE     load_gs, mov %esi, %gs
    ONE     load_ss, mov %esi, %ss
CASE far_return                         // to selector rsi
    push    %rsi
    lea     far_return_next(%rip), %rax
    push    %rax
AT far_return
    lretq
NEXT far_return

// IRETQ with code selector rsi, stack selector rdx, address rdi and stack pointer r8; flags as they
// are.
CASE iret
    push    %rdx
    push    %r8
    pushfq
    push    %rsi
    push    %rdi
AT iret
    iretq
NEXT iret

// Single step: TF is set from the first instruction on.
CASE step
    nop
    .globl  step_next
step_next:
    nop
    add     $1, %rax
    movzbl  %al, %ecx
    jmp     1f
    .fill   8, 1, 0x90
1:  int3
// TF set by POPF takes effect after the following instruction.
CASE step_popf
    pushfq
    orl     $0x100, (%rsp)
    popfq
    .globl  step_popf_first
step_popf_first:
    nop
    .globl  step_popf_second
step_popf_second:
    int3
CASE step_syscall
    mov     %rax, %rbx
AT step_syscall
    syscall
NEXT step_syscall
CASE step_stack_load                    // ss is the selector in rsi
    nop
AT step_stack_load
    mov     %esi, %ss
    nop
NEXT step_stack_load
CASE step_interrupt
    nop
AT step_interrupt
    int     $4
NEXT step_interrupt
CASE step_string
    cld
AT step_string
    rep stosb
NEXT step_string

// Hardware breakpoints.
CASE debug_execute
    .globl  debug_execute_start
debug_execute_start:
    nop
AT debug_execute
    nop
NEXT debug_execute
    ONE     debug_write, mov %rax, (%rdi)

// System calls.
CASE system_call
AT system_call
    syscall
NEXT system_call

// Interrupts at every offset of a loop that uses every general register and the flags.
CASE loop
    mov     $3, %ecx
    xor     %eax, %eax
1:  lea     (%rax, %rcx, 4), %rax
    add     %rax, %rbx
    adc     %rbx, %rdx
    rol     $7, %rdx
    push    %rdx
    xor     %rdx, %rsi
    pop     %rdi
    sbb     %rdi, %rbp
    imul    %rcx, %r8
    xadd    %r8, %r9
    sub     %r9, %r10
    bswap   %r11
    adc     %r11, %r12
    not     %r13
    cmp     %r13, %r14
    cmovb   %r14, %r15
    paddq   %xmm1, %xmm0
    dec     %ecx
    jnz     1b
    .globl  loop_end
loop_end:
    int3

// Interrupt shadows, in kernel mode.
CASE shadow_sti
    sti
    .globl  shadow_sti_inside
shadow_sti_inside:
    nop
    .globl  shadow_sti_after
shadow_sti_after:
    nop
    int3
CASE shadow_sti_sti
    sti
    sti
    .globl  shadow_sti_sti_after
shadow_sti_sti_after:
    nop
    int3
CASE shadow_sti_cli
    sti
    cli
    nop
    int3
CASE shadow_ss
    mov     %esi, %ss
    .globl  shadow_ss_inside
shadow_ss_inside:
    nop
    .globl  shadow_ss_after
shadow_ss_after:
    nop
    int3
CASE shadow_popf                        // no shadow: the interrupt comes at once
    pushfq
    orl     $0x200, (%rsp)
    popfq
    .globl  shadow_popf_after
shadow_popf_after:
    nop
    int3
CASE shadow_fault                       // the instruction in the shadow faults
    sti
    .globl  shadow_fault_inside
shadow_fault_inside:
    mov     (%rdi), %rax
    .globl  shadow_fault_after
shadow_fault_after:
    nop
    int3

// SWAPGS, in kernel mode.
CASE swap
    swapgs
    .globl  swap_middle
swap_middle:
    swapgs
    .globl  swap_end
swap_end:
    int3

// System call after system call; rbx counts down. What the kernel returns is added up in rbp.
CASE calls
1:  mov     %rbx, %rdi
    mov     $7, %eax
    syscall
    add     %rax, %rbp
    dec     %rbx
    jnz     1b
    .globl  calls_end
calls_end:
    int3

// A round trip without work, for measuring: rbx times.
CASE bench_int
1:  int     $4
    dec     %rbx
    jnz     1b
    int3
CASE bench_syscall
1:  syscall
    dec     %rbx
    jnz     1b
    int3
CASE bench_load                         // a page fault each time: the kernel skips the load
1:  mov     (%rdi), %rax
    .globl  bench_load_next
bench_load_next:
    dec     %rbx
    jnz     1b
    int3

// What the engine cannot do.
    ONE     limit_avx, .byte 0xc5, 0xf8, 0x58, 0xc0
    ONE     ud_xsetbv, .byte 0x0f, 0x01, 0xd1
    ONE     limit_jump, jmp *%rdi
    ONE     limit_rdmsr, rdmsr
    ONE     limit_wrmsr, wrmsr
CASE limit_alignment                    // rdi is not aligned
    pushfq
    orl     $0x40000, (%rsp)
    popfq
AT limit_alignment
    mov     (%rdi), %rax
NEXT limit_alignment
    ONE     limit_prefix, .byte 0x48, 0xcd, 0x80

// A page that ends in the middle of the cases below, so that their instructions lie in two.
    .balign 4096, 0xcc
    .skip   4096 - 4, 0x90
    .globl  split_load
split_load:                             // a non-canonical stack access whose displacement is in the
                                        // second page
    nop
AT split_load
    mov     0x11223344(%rbp), %rax
NEXT split_load
    .balign 4096, 0xcc
    .skip   4096 - 3, 0x90
    .globl  split_update
split_update:
    nop
AT split_update
    addq    $1, (%rdi)
NEXT split_update
    .balign 4096, 0xcc
    .skip   4096 - 2, 0x90
    .globl  split_interrupt
split_interrupt:
    nop
AT split_interrupt
    int     $0x80
NEXT split_interrupt
