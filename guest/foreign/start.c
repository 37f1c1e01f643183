// What these programs have of a C library's start-up. Everything else that the libraries ask for is
// glibc's own. Provided here, because the objects that define it bring the whole library along:
//
//   _start, exit, __stack_chk_fail                  both architectures
//   __stack_chk_guard, __pointer_chk_guard_local    AArch64, where they are variables
//
// The first thread's control block is where glibc 2.36 looks for it: `struct pthread`, zeros but for
// what is named here.
//
//   x86-64    variables, then, at the thread pointer, 2304 bytes of `struct pthread`; in it the
//             thread pointer itself (+0x00, +0x10), the canary of stack protectors (+0x28) and the
//             guard that addresses in a jmp_buf are mangled with (+0x30)
//   AArch64   1856 bytes of `struct pthread`, which end at the thread pointer; two words; variables
//
// Canary and guard come of AT_RANDOM, as in glibc: what a canary begins with is zero, so that no text
// can copy it.
#include "foreign.h"

#define AT_NULL 0
#define AT_PHDR 3
#define AT_PHNUM 5
#define AT_RANDOM 25
#define PT_TLS 7
#define CANNOT_START 127
#define BLOCK_SIZE 8192

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

_Noreturn void _exit(int code);
_Noreturn void exit(int code);
_Noreturn void __stack_chk_fail(void);
void start_up(const uintptr_t *stack);

static _Alignas(64) char block[BLOCK_SIZE];

#if defined(__x86_64__)

#define ARCH_SET_FS 0x1002
#define SYS_WRITE 1
#define SYS_ARCH_PRCTL 158
// sizeof(struct pthread)
#define THREAD_SIZE 2304

static long system_call3(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

#elif defined(__aarch64__)

#define SYS_WRITE 64
#define THREAD_SIZE 1856
#define CONTROL_SIZE 16

uintptr_t __stack_chk_guard, __pointer_chk_guard_local;

static long system_call3(long number, long a, long b, long c) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}

#endif

static void set_thread_pointer(const struct program_header *tls, uintptr_t canary, uintptr_t guard) {
    size_t size = tls ? tls->memory_size : 0, alignment = tls && tls->alignment > 1 ? tls->alignment : 1;
    size_t mask = alignment - 1;
    uintptr_t address = tls ? tls->address : 0;
    if (alignment > 64 || size + 2 * alignment + THREAD_SIZE > BLOCK_SIZE - 64) _exit(CANNOT_START);
#if defined(__x86_64__)
    size_t below = size + ((0 - address - size) & mask);
    char *pointer = block + ((below + 63) & ~63ul), *variables = pointer - below;
    uintptr_t *words = (uintptr_t *)pointer;
    words[0] = words[2] = (uintptr_t)pointer;
    words[5] = canary;
    words[6] = guard;
    if (system_call3(SYS_ARCH_PRCTL, ARCH_SET_FS, (long)pointer, 0) != 0) _exit(CANNOT_START);
#else
    char *pointer = block + ((THREAD_SIZE + 63) & ~63ul);
    char *variables = pointer + CONTROL_SIZE + ((address - CONTROL_SIZE) & mask);
    __stack_chk_guard = canary;
    __pointer_chk_guard_local = guard;
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(pointer));
#endif
    const char *image = (const char *)address;
    for (size_t i = 0; tls && i < tls->file_size; i++) variables[i] = image[i];
}

void start_up(const uintptr_t *stack) {
    const uintptr_t *word = stack + 1 + stack[0] + 1;
    while (*word != 0) word++; // the environment
    const struct program_header *headers = 0, *tls = 0;
    const uintptr_t *random = 0;
    size_t count = 0;
    for (word++; word[0] != AT_NULL; word += 2) {
        if (word[0] == AT_PHDR) headers = (const struct program_header *)word[1];
        if (word[0] == AT_PHNUM) count = word[1];
        if (word[0] == AT_RANDOM) random = (const uintptr_t *)word[1];
    }
    for (size_t i = 0; headers && i < count; i++) {
        if (headers[i].type == PT_TLS) tls = &headers[i];
    }
    if (!random) _exit(CANNOT_START);
    uintptr_t canary = random[0] & ~(uintptr_t)0xff, guard = random[1];
    if (canary == 0 || guard == 0) _exit(CANNOT_START);
    set_thread_pointer(tls, canary, guard);
}

void exit(int code) { _exit(code); }

void __stack_chk_fail(void) {
    say("stack smashing detected\n");
    __builtin_trap();
}

void say(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    system_call3(SYS_WRITE, 1, (long)text, (long)length);
}

void say_number(const char *text, long number) {
    char digits[24];
    char *at = digits + sizeof digits;
    unsigned long left = number < 0 ? 0 - (unsigned long)number : (unsigned long)number;
    *--at = 0;
    do *--at = (char)('0' + left % 10);
    while ((left /= 10) != 0);
    if (number < 0) *--at = '-';
    say(text);
    say(" ");
    say(at);
    say("\n");
}

long rounds(int argc, char **argv, long otherwise) {
    if (argc < 2) return otherwise;
    long number = 0;
    for (const char *digit = argv[1]; *digit != 0; digit++) number = 10 * number + *digit - '0';
    return number;
}

void say_whether(const char *text, int is_so) {
    say(text);
    say(is_so ? " yes\n" : " no\n");
}

#if defined(__x86_64__)

#define MXCSR_DOWN 0x2000u
#define MXCSR_ROUNDING 0x6000u
#define X87_DOWN 0x0400u
#define X87_ROUNDING 0x0c00u

static unsigned mxcsr(void) {
    unsigned value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static unsigned short control_word(void) {
    unsigned short value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}

void set_rounding(enum rounding way) {
    unsigned sse = (mxcsr() & ~MXCSR_ROUNDING) | (way == DOWN ? MXCSR_DOWN : 0);
    unsigned short x87 = (unsigned short)((control_word() & ~X87_ROUNDING) | (way == DOWN ? X87_DOWN : 0));
    __asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(sse), "m"(x87));
}

int rounding_is(enum rounding way) {
    return (mxcsr() & MXCSR_ROUNDING) == (way == DOWN ? MXCSR_DOWN : 0) &&
        (control_word() & X87_ROUNDING) == (way == DOWN ? X87_DOWN : 0);
}

#else

#define FPCR_DOWN 0x00800000ul
#define FPCR_ROUNDING 0x00c00000ul

void set_rounding(enum rounding way) {
    uintptr_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    value = (value & ~FPCR_ROUNDING) | (way == DOWN ? FPCR_DOWN : 0);
    __asm__ volatile("msr fpcr, %0" : : "r"(value));
}

int rounding_is(enum rounding way) {
    uintptr_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return (value & FPCR_ROUNDING) == (way == DOWN ? FPCR_DOWN : 0);
}

#endif
