// glibc's setjmp and longjmp.
#include "foreign.h"

#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

static jmp_buf point;

static void plain(void) {
    volatile int turns = 0;
    int value = setjmp(point);
    say_number("plain: value", value);
    static const int values[] = {7, -1, 0};
    if (turns < 3) longjmp(point, values[turns++]);
}

// Deep down, each frame with a canary.
__attribute__((noinline)) static long descend(int depth) {
    volatile char room[40];
    room[depth % 40] = (char)depth;
    if (depth == 0) longjmp(point, 50);
    return descend(depth - 1) + room[depth % 40];
}

// What is in registers that a call keeps comes back as it was.
__attribute__((noinline)) static long keeping(long a, long b, long c, double x, double y) {
    if (setjmp(point) == 0) descend(50);
    return a + 10 * b + 100 * c + (long)(1000 * x + 10000 * y);
}

static void frames(void) { say_number("frames: kept", keeping(1, 2, 3, 4.0, 5.0)); }

static int is_blocked(int signal) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, 0, &set);
    return (int)(set.__val[0] >> (signal - 1) & 1);
}

static void masks(void) {
    sigset_t set = {{1ul << (SIGUSR1 - 1)}};
    sigjmp_buf with, without;
    if (sigsetjmp(with, 1) == 0) {
        sigprocmask(SIG_BLOCK, &set, 0);
        siglongjmp(with, 1);
    }
    say_whether("mask: restored if it was saved", !is_blocked(SIGUSR1));
    if (sigsetjmp(without, 0) == 0) {
        sigprocmask(SIG_BLOCK, &set, 0);
        siglongjmp(without, 1);
    }
    say_whether("mask: left alone otherwise", is_blocked(SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, 0);
}

// Where the buffer keeps the stack pointer and the address, in words.
#if defined(__x86_64__)
#define SP_AT 6
#define PC_AT 7
#else
#define SP_AT 13
#define PC_AT 11
#endif

// A word of a buffer as it was before it was mangled.
static uintptr_t plain_word(uintptr_t word) {
#if defined(__x86_64__)
    uintptr_t guard;
    __asm__("mov %%fs:0x30, %0" : "=r"(guard));
    return (word >> 17 | word << 47) ^ guard;
#else
    extern uintptr_t __pointer_chk_guard_local;
    return word ^ __pointer_chk_guard_local;
#endif
}

static int is_near(uintptr_t word, uintptr_t place) { return word - place + 4096 < 8192; }

__attribute__((noinline)) static void mangling(void) {
    jmp_buf buffer;
    if (_setjmp(buffer) != 0) return;
    const uintptr_t *words = (const uintptr_t *)buffer;
    uintptr_t stack = (uintptr_t)__builtin_frame_address(0), code = (uintptr_t)mangling;
    say_whether("mangled: stack pointer", !is_near(words[SP_AT], stack) && is_near(plain_word(words[SP_AT]), stack));
    say_whether("mangled: address", !is_near(words[PC_AT], code) && is_near(plain_word(words[PC_AT]), code));
    longjmp(buffer, 1);
}

static void jump_back(void *argument) {
    (void)argument;
    longjmp(point, 1);
}

// Comes back from where other numbers are in the registers.
static void jump_often(void *argument) {
    const long *rounds = argument;
    for (volatile long i = 0; i < *rounds; i++) {
        if (setjmp(point) == 0) with_registers(0x5555000000000000, jump_back, 0);
    }
}

static void registers(long rounds) {
    say_whether("registers: kept", with_registers(0x3333000000000000, jump_often, &rounds));
}

// Two stacks that longjmp to each other, as coroutines once did.
static _Alignas(16) char stack[8192];
static jmp_buf here, there;
static ucontext_t root, other;
static long passed;

static void coroutine(void) {
    long sum = 0;
    if (_setjmp(there) == 0) swapcontext(&other, &root);
    for (;;) {
        sum += passed;
        passed = sum;
        if (_setjmp(there) == 0) longjmp(here, 1);
    }
}

static void coroutines(long rounds) {
    getcontext(&other);
    other.uc_stack.ss_sp = stack;
    other.uc_stack.ss_size = sizeof stack;
    makecontext(&other, coroutine, 0);
    swapcontext(&root, &other);
    for (volatile long i = 1; i <= rounds; i++) {
        passed = i;
        if (_setjmp(here) == 0) longjmp(there, 1);
    }
    say_number("two stacks: sum", passed);
}

static void rounding(void) {
    if (setjmp(point) == 0) {
        set_rounding(DOWN);
        longjmp(point, 1);
    }
    say_whether("rounding: kept", rounding_is(TO_NEAREST));
    set_rounding(TO_NEAREST);
}

int main(int argc, char **argv) {
    long turns = rounds(argc, argv, 100);
    plain();
    frames();
    masks();
    mangling();
    registers(turns);
    coroutines(turns);
    rounding();
    return 0;
}
