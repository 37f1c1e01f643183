// The ROM of a machine that has nothing but a disk: from the reset vector, by way of reading the
// first SECTORS of the disk to LOAD, to 64-bit code at ENTRY, with the
// first four gigabytes mapped to themselves.
    .code16
    .section .text, "ax"
    .globl _start
_start:
    cli
    lgdtl   %cs:(pointer - _start)
    mov     %cr0, %eax
    or      $1, %al
    mov     %eax, %cr0
    ljmpl   $0x08, $protected

    .code32
protected:
    mov     $0x10, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    mov     $LOAD, %edi
    xor     %ebx, %ebx
read:
    mov     $0x1f2, %edx                // one sector; its number: LBA28 (ATA-6, 8.34)
    mov     $1, %eax
    out     %al, %dx
    mov     %ebx, %eax
    inc     %edx
    out     %al, %dx
    shr     $8, %eax
    inc     %edx
    out     %al, %dx
    shr     $8, %eax
    inc     %edx
    out     %al, %dx
    inc     %edx
    mov     $0xe0, %al
    out     %al, %dx
    inc     %edx
    mov     $0x20, %al                  // READ SECTORS
    out     %al, %dx
1:  in      %dx, %al
    and     $0x88, %al                  // BSY, DRQ
    cmp     $0x08, %al
    jne     1b
    mov     $0x1f0, %edx
    mov     $256, %ecx
    rep insw
    inc     %ebx
    cmp     $SECTORS, %ebx
    jb      read

    xor     %eax, %eax
    mov     $TABLES, %edi
    mov     $0x6000 / 4, %ecx
    rep stosl
    movl    $TABLES + 0x1003, TABLES
    movl    $TABLES + 0x2003, TABLES + 0x1000
    movl    $TABLES + 0x3003, TABLES + 0x1008
    movl    $TABLES + 0x4003, TABLES + 0x1010
    movl    $TABLES + 0x5003, TABLES + 0x1018
    mov     $TABLES + 0x2000, %edi
    mov     $0x83, %eax                 // 2 MiB each, present and writable
    mov     $4 * 512, %ecx
1:  mov     %eax, (%edi)
    add     $0x200000, %eax
    add     $8, %edi
    loop    1b
    mov     $TABLES, %eax
    mov     %eax, %cr3
    mov     $0x20, %eax                 // PAE
    mov     %eax, %cr4
    mov     $0xc0000080, %ecx           // EFER.LME
    rdmsr
    or      $0x100, %eax
    wrmsr
    mov     %cr0, %eax
    and     $~0x60000000, %eax          // caches on
    or      $0x80000000, %eax
    mov     %eax, %cr0
    ljmpl   $0x18, $ENTRY

    .p2align 3
descriptors:
    .quad   0
    .quad   0x00cf9b000000ffff          // 32-bit code
    .quad   0x00cf93000000ffff          // data
    .quad   0x00af9b000000ffff          // 64-bit code
pointer:
    .word   . - descriptors - 1
    .long   descriptors

    .org    0xfff0, 0x90
    .code16
    jmp     _start
