/*
 * Runs cases on a bare machine in 64-bit mode, each from a known state of the CPU, and writes down
 * with which exception each ends and what the CPU is like then. The same program runs under
 * Trapline and under Bochs; it ends by HLT with the results in memory, which it has printed on the
 * parallel port if the cases say so.
 *
 * A case begins by IRETQ, and ends by the exception that its code raises, at the latest that of the
 * INT3 behind it. All gates use an interrupt stack, as RSP is the case's.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

struct header {
    u32 prints, regions, cases, unused;
};

struct region {
    u64 address, size, flags, contents;
};

struct test_case {
    u64 rip, rflags, user;
    u64 registers[16];
};

enum { STATE = 12 };

struct result {
    u64 vector, error, cr2, rip, rflags, cs, ss, rsp;
    u64 registers[16];
    u64 state[STATE];
};

#define PRESENT 1ul
#define HUGE 0x80ul
#define CR0 0x80010033ul /* PG, WP, NE, ET, MP, PE */
#define CR4 0x620ul      /* OSXMMEXCPT, OSFXSR, PAE */
#define EFER 0xd00ul     /* NXE, LMA, LME */
#define MSR_EFER 0xc0000080u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_CS (0x20 | 3)
#define USER_DS (0x18 | 3)
#define TSS 0x28
#define PRINTER 0x378

static const struct header *const header = (void *)CASES;
static struct result *const results = (void *)RESULTS;
static u64 gdt[7];
static u64 idt[64];
static u32 tss[26];
static u8 interrupt_stack[4096] __attribute__((aligned(16)));
static u32 current;
static u64 tables[64][512] __attribute__((aligned(4096)));
static u32 used_tables;

struct __attribute__((packed)) pointer {
    u16 limit;
    u64 base;
};

static void outb(u16 port, u8 value) {
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static void wrmsr(u32 number, u64 value) {
    __asm__ volatile("wrmsr" ::"c"(number), "a"((u32)value), "d"((u32)(value >> 32)));
}

static u64 rdmsr(u32 number) {
    u32 low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (u64)high << 32 | low;
}

static u64 *entry(u64 *table, u64 address, int level) {
    for (int at = 3; at > level; at--) {
        u64 *slot = &table[(address >> (12 + 9 * at)) & 511];
        if (!(*slot & PRESENT)) *slot = (u64)tables[used_tables++] | 7;
        table = (u64 *)(*slot & 0x000ffffffffff000ul);
    }
    return &table[(address >> (12 + 9 * level)) & 511];
}

static void make_tables(void) {
    used_tables = 1;
    for (u64 address = 0; address < 16 << 20; address += 2 << 20)
        *entry(tables[0], address, 1) = address | HUGE | 3;
    const struct region *region = (const struct region *)(header + 1);
    for (u32 i = 0; i < header->regions; i++, region++)
        for (u64 at = 0; at < region->size; at += 4096)
            *entry(tables[0], region->address + at, 0) = (region->contents + at) | region->flags;
}

static void make_descriptors(void) {
    gdt[1] = 0x00af9b000000fffful;
    gdt[2] = 0x00cf93000000fffful;
    gdt[3] = 0x00cff3000000fffful;
    gdt[4] = 0x00affb000000fffful;
    u64 base = (u64)tss;
    gdt[5] = 0x0000890000000000ul | (sizeof tss - 1) | (base & 0xffffff) << 16 |
             (base >> 24 & 0xff) << 56;
    gdt[6] = base >> 32;
    u64 top = (u64)interrupt_stack + sizeof interrupt_stack;
    tss[1] = tss[9] = (u32)top;
    tss[25] = sizeof tss << 16;
}

extern char stubs[];

static void make_gates(void) {
    for (u64 vector = 0; vector < 32; vector++) {
        u64 target = (u64)stubs + 16 * vector;
        u64 dpl = vector == 3 || vector == 4 ? 3 : 0;
        idt[2 * vector] = (target & 0xffff) | KERNEL_CS << 16 | 1ul << 32 |
                          (0x8e00 | dpl << 13) << 32 | (target >> 16 & 0xffff) << 48;
        idt[2 * vector + 1] = target >> 32;
    }
}

/* Everything a case may have changed, as it was. */
static void reset(void) {
    wrmsr(MSR_EFER, EFER);
    __asm__ volatile("mov %0, %%cr4" ::"r"(CR4));
    __asm__ volatile("mov %0, %%cr3" ::"r"(tables[0]));
    __asm__ volatile("mov %0, %%cr0" ::"r"(CR0));
    struct pointer pointer = {sizeof gdt - 1, (u64)gdt};
    __asm__ volatile("lgdt %0" ::"m"(pointer));
    pointer.limit = sizeof idt - 1;
    pointer.base = (u64)idt;
    __asm__ volatile("lidt %0" ::"m"(pointer));
    make_descriptors();
    __asm__ volatile("ltr %0" ::"r"((u16)TSS));
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%gs\n\tmov %1, %%ss"
                     ::"r"(0), "r"(KERNEL_DS));
    wrmsr(MSR_FS_BASE, 0);
    wrmsr(MSR_GS_BASE, 0);
    __asm__ volatile("mov %0, %%dr7\n\tmov %1, %%dr6" ::"r"(0x400ul), "r"(0xffff0ff0ul));
    __asm__ volatile("mov %0, %%cr2\n\tmov %0, %%cr8" ::"r"(0ul));
    static const u32 mxcsr = 0x1f80;
    __asm__ volatile("fninit\n\tldmxcsr %0" ::"m"(mxcsr));
}

static void print(u8 byte) {
    outb(PRINTER, byte);
    outb(PRINTER + 2, 0x0d); /* selected, ready, strobe */
    outb(PRINTER + 2, 0x0c);
}

static void finish(void) {
    const u8 *bytes = (const u8 *)results;
    u64 size = header->prints ? header->cases * sizeof(struct result) : 0;
    for (u64 i = 0; i < size; i++) print(bytes[i]);
    for (const char *word = "Shutdown"; *word; word++) outb(0x8900, (u8)*word);
    for (;;) __asm__ volatile("hlt");
}

/* What the stubs leave: registers 15 to 0, vector, error code, and what the CPU has pushed. */
struct frame {
    u64 registers[16];
    u64 vector, error, rip, cs, rflags, rsp, ss;
};

__attribute__((noreturn)) void start(u64 *registers, u64 *interrupt_frame);

__attribute__((noreturn)) static void next(void) {
    reset();
    if (current == header->cases) finish();
    const struct region *regions = (const struct region *)(header + 1);
    const struct test_case *each = (const struct test_case *)(regions + header->regions) + current;
    static u64 registers[16];
    static u64 frame[5];
    for (int i = 0; i < 16; i++) registers[i] = each->registers[i];
    frame[0] = each->rip;
    frame[1] = each->user ? USER_CS : KERNEL_CS;
    frame[2] = each->rflags;
    frame[3] = each->registers[4];
    frame[4] = each->user ? USER_DS : KERNEL_DS;
    start(registers, frame);
}

__attribute__((noreturn)) void ended(struct frame *frame) {
    struct result *result = &results[current++];
    u64 *state = result->state;
    struct pointer pointer;
    u32 mxcsr;
    u16 selector;
    __asm__ volatile("mov %%cr2, %0" : "=r"(result->cr2));
    __asm__ volatile("mov %%cr0, %0" : "=r"(state[0]));
    __asm__ volatile("mov %%cr3, %0" : "=r"(state[1]));
    __asm__ volatile("mov %%cr4, %0" : "=r"(state[2]));
    /* STMXCSR below has to be possible. */
    __asm__ volatile("mov %0, %%cr0\n\tmov %1, %%cr4" ::"r"(CR0), "r"(CR4));
    __asm__ volatile("mov %%cr8, %0" : "=r"(state[3]));
    state[4] = rdmsr(MSR_EFER);
    __asm__ volatile("mov %%dr6, %0" : "=r"(state[5]));
    __asm__ volatile("mov %%dr7, %0" : "=r"(state[6]));
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    state[7] = mxcsr;
    __asm__ volatile("str %0" : "=r"(selector));
    state[8] = selector;
    __asm__ volatile("sgdt %0" : "=m"(pointer));
    state[9] = pointer.base;
    __asm__ volatile("sidt %0" : "=m"(pointer));
    state[10] = pointer.base;
    state[11] = rdmsr(MSR_FS_BASE);
    result->vector = frame->vector;
    result->error = frame->error;
    result->rip = frame->rip;
    result->rflags = frame->rflags;
    result->cs = frame->cs;
    result->ss = frame->ss;
    for (int i = 0; i < 16; i++) result->registers[i] = frame->registers[i];
    result->registers[4] = result->rsp = frame->rsp;
    next();
}

__asm__(".macro STUB vector\n"
        ".p2align 4\n"
        ".if \\vector == 8 || (\\vector >= 10 && \\vector <= 14) || \\vector == 17\n"
        "nop\n"
        ".else\n"
        "pushq $0\n"
        ".endif\n"
        "pushq $\\vector\n"
        "jmp common\n"
        ".endm\n"
        ".p2align 4\n"
        "stubs:\n"
        ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,"
        "16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "STUB \\n\n"
        ".endr\n"
        "common:\n"
        "cld\n"
        "push %r15; push %r14; push %r13; push %r12; push %r11; push %r10; push %r9; push %r8\n"
        "push %rdi; push %rsi; push %rbp; push %rsp; push %rbx; push %rdx; push %rcx; push %rax\n"
        "mov %rsp, %rdi\n"
        "jmp ended\n"
        /* The frame is copied to the interrupt stack: IRETQ pops it from there. */
        ".globl start\n"
        "start:\n"
        "pushq 32(%rsi); pushq 24(%rsi); pushq 16(%rsi); pushq 8(%rsi); pushq (%rsi)\n"
        "mov 0(%rdi), %rax; mov 8(%rdi), %rcx; mov 16(%rdi), %rdx; mov 24(%rdi), %rbx\n"
        "mov 40(%rdi), %rbp; mov 48(%rdi), %rsi\n"
        "mov 64(%rdi), %r8; mov 72(%rdi), %r9; mov 80(%rdi), %r10; mov 88(%rdi), %r11\n"
        "mov 96(%rdi), %r12; mov 104(%rdi), %r13; mov 112(%rdi), %r14; mov 120(%rdi), %r15\n"
        "mov 56(%rdi), %rdi\n"
        "iretq\n");

__attribute__((naked)) void _start(void) {
    __asm__ volatile("lea interrupt_stack + 2048(%rip), %rsp\n\tjmp prepare");
}

__attribute__((noreturn, used)) static void prepare(void) {
    make_tables();
    make_gates();
    next();
}
