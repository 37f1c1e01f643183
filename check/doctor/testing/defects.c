// Defects that the green threads do not have, each a case of its own: defects CASE.
#include <format.h>
#include <string.h>
#include <trapline.h>

#define STACK_SIZE 16384ul
#define NOINLINE __attribute__((noinline))

// ---- Contexts of the smallest kind: stack pointer, where to go on, frame pointer.

struct context {
    uint64_t sp, pc, fp;
};

__attribute__((returns_twice)) int save(struct context *context);
_Noreturn void resume(const struct context *context);
// Leaves the frame pointer as it is.
_Noreturn void resume_without_frame(const struct context *context);
// Leaves its frame, and one word more.
void leave_too_much(void);
// Saves its registers on the stack, says where, and goes on with those of another.
void swap(void **from, void *to);

#if defined(__x86_64__)
__asm__(".globl save, resume, resume_without_frame, leave_too_much, swap\n"
        ".type save, @function\nsave:\n"
        "    lea 8(%rsp), %rax\n    mov %rax, (%rdi)\n    mov (%rsp), %rax\n    mov %rax, 8(%rdi)\n"
        "    mov %rbp, 16(%rdi)\n    xor %eax, %eax\n    ret\n.size save, . - save\n"
        ".type resume, @function\nresume:\n"
        "    mov 16(%rdi), %rbp\n    mov (%rdi), %rsp\n    mov $1, %eax\n    jmp *8(%rdi)\n"
        ".size resume, . - resume\n"
        ".type resume_without_frame, @function\nresume_without_frame:\n"
        "    mov (%rdi), %rsp\n    mov $1, %eax\n    jmp *8(%rdi)\n"
        ".size resume_without_frame, . - resume_without_frame\n"
        ".type leave_too_much, @function\nleave_too_much:\n"
        "    add $8, %rsp\n    ret\n.size leave_too_much, . - leave_too_much\n"
        ".type swap, @function\nswap:\n"
        "    push %rbp\n    mov %rsp, (%rdi)\n    mov %rsi, %rsp\n    pop %rbp\n    ret\n"
        ".size swap, . - swap\n");
#else
__asm__(".globl save, resume, resume_without_frame, leave_too_much, swap\n"
        ".type save, %function\nsave:\n"
        "    mov x9, sp\n    stp x9, x30, [x0]\n    str x29, [x0, #16]\n    mov w0, #0\n    ret\n"
        ".size save, . - save\n"
        ".type resume, %function\nresume:\n"
        "    ldr x29, [x0, #16]\n    ldp x9, x10, [x0]\n    mov sp, x9\n    mov w0, #1\n    br x10\n"
        ".size resume, . - resume\n"
        ".type resume_without_frame, %function\nresume_without_frame:\n"
        "    ldp x9, x10, [x0]\n    mov sp, x9\n    mov w0, #1\n    br x10\n"
        ".size resume_without_frame, . - resume_without_frame\n"
        ".type leave_too_much, %function\nleave_too_much:\n"
        "    add sp, sp, #16\n    ret\n.size leave_too_much, . - leave_too_much\n"
        ".type swap, %function\nswap:\n"
        "    stp x29, x30, [sp, #-16]!\n    mov x9, sp\n    str x9, [x0]\n    mov sp, x1\n"
        "    ldp x29, x30, [sp], #16\n    ret\n.size swap, . - swap\n");
#endif

static char memory[8 * STACK_SIZE] __attribute__((aligned(4096)));
static size_t used = 2 * STACK_SIZE; // what is below is nobody's stack

NOINLINE void *stack_allocate(size_t size) {
    used += size;
    return memory + used - size;
}

NOINLINE void stack_release(void *stack) { memset(stack, 0, 64); }

static struct context first, second;

NOINLINE static void begin(void *stack, void (*body)(void)) {
    // What a call would have pushed on x86-64 comes off 16 bytes.
    second = (struct context){(uint64_t)stack + STACK_SIZE - 8 * (sizeof(long) == 8), (uint64_t)body, 0};
#if defined(__aarch64__)
    second.sp -= 8;
#endif
    resume(&second);
}

_Noreturn static void elsewhere(void) { exit(3); }

// ---- The cases

// Stores words from an address on.
NOINLINE static void store(volatile uint64_t *to, int count, uint64_t value) {
    for (int i = 0; i < count; i++) to[i] = value;
}

NOINLINE static uint64_t overflow(void) {
    volatile uint64_t room[4];
    store(room, 12, (uint64_t)elsewhere);
    return room[0];
}

static void overflows(void) { overflow(); }

// The kernel writes over a return address.
NOINLINE static int64_t ask(void) {
    volatile uint64_t room[2];
    struct task_info *info = (struct task_info *)room;
    for (int i = 0; i < 4; i++) {
        task_info(task_self(), (struct task_info *)((char *)info + 16 * i), sizeof *info);
    }
    return (int64_t)room[0];
}

static void asks(void) { ask(); }

NOINLINE static void leaves(void) { leave_too_much(); }

NOINLINE static void back(void) {
    if (save(&second) == 0) resume_without_frame(&first);
    exit(4);
}

static void frames(void) {
    if (save(&first) == 0) begin(stack_allocate(STACK_SIZE), back);
    exit(0);
}

__attribute__((noinline, optnone)) static uint64_t deeper(int levels) {
    volatile char room[1024];
    room[0] = (char)levels;
    return levels == 0 ? 0 : deeper(levels - 1) + (uint64_t)room[0];
}

NOINLINE static void deep(void) {
    deeper(20);
    resume(&first);
}

static void overruns(void) {
    if (save(&first) == 0) begin(stack_allocate(STACK_SIZE), deep);
}

static void *own;

NOINLINE static void release_own(void) {
    stack_release(own);
    resume(&first);
}

static void releases(void) {
    if (save(&first) == 0) begin(own = stack_allocate(STACK_SIZE), release_own);
}

static void work(uintptr_t argument) {
    for (int i = 0; i < 3; i++) yield();
    (void)argument;
    thread_exit();
}

static void threads(void) {
    char *stack = stack_allocate(STACK_SIZE);
    for (int i = 0; i < 2; i++) thread_create(work, stack + STACK_SIZE, 0);
    for (int i = 0; i < 10; i++) yield();
}

// What is handed on is where a stack was left, once a little above it.
static void *here, *there;

NOINLINE static void turns(void) {
    volatile char room[64];
    for (room[0] = 0;; room[0]++) swap(&there, here);
}

static void shifts(void) {
    uint64_t *top = (uint64_t *)((char *)stack_allocate(STACK_SIZE) + STACK_SIZE);
#if defined(__x86_64__)
    there = top - 3;
#else
    there = top - 2;
#endif
    ((uint64_t *)there)[1] = (uint64_t)turns;
    for (int i = 0; i < 3; i++) swap(&here, there);
    swap(&here, (char *)there + 16);
}

// Nothing is wrong: a context is begun, goes back and ends, twice on the same stack.
NOINLINE static void good(void) { resume(&first); }

static void sound(void) {
    void *stack = stack_allocate(STACK_SIZE);
    for (volatile int i = 0; i < 2; i++) {
        if (save(&first) == 0) begin(stack, good);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"overflows", overflows}, {"asks", asks},         {"leaves", leaves},   {"frames", frames},
    {"overruns", overruns},   {"releases", releases}, {"threads", threads}, {"sound", sound},
    {"shifts", shifts},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++) {
        if (strlen(cases[i].name) == strlen(argv[1]) &&
            memcmp(cases[i].name, argv[1], strlen(argv[1])) == 0) {
            cases[i].run();
            return 0;
        }
    }
    return 1;
}
