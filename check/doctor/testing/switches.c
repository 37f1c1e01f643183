// Contexts in static memory, and the ways that others switch between them: switches STYLE CASE. Each
// saves what a function must keep, and each case does the same in every style.
#include <string.h>
#include <trapline.h>

#define NOINLINE __attribute__((noinline))
#define STACK_SIZE 32768ul
#define CONTEXTS 3

// Saves the running context and goes on with another.
typedef void switcher(void **from, void *to);

void by_return(void **from, void *to);     // pops what was pushed, and the return address last
void by_frame(void **from, void *to);      // the same through the frame pointer, by `leave`
void by_exchange(void **from, void *to);   // exchanges stack pointers; jumps to a popped address
void by_offset(void **from, void *to);     // loads from beside the stack pointer

#if defined(__x86_64__)
#define PUSH "    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n    push %rbp\n"
#define POP_BUT_RBP "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n"
#define BEGIN(name) ".globl " #name "\n.type " #name ", @function\n" #name ":\n"
#define END(name) ".size " #name ", . - " #name "\n"
__asm__(BEGIN(by_return) PUSH "    mov %rsp, (%rdi)\n    mov %rsi, %rsp\n    pop %rbp\n" POP_BUT_RBP "    ret\n" END(by_return)
        BEGIN(by_frame) PUSH "    mov %rsp, %rbp\n    mov %rbp, (%rdi)\n    mov %rsi, %rbp\n    leave\n" POP_BUT_RBP "    ret\n"
        END(by_frame)
        BEGIN(by_exchange) PUSH "    xchg %rsi, %rsp\n    mov %rsi, (%rdi)\n    pop %rbp\n" POP_BUT_RBP
        "    pop %rax\n    jmp *%rax\n" END(by_exchange)
        BEGIN(by_offset) PUSH "    mov %rsp, (%rdi)\n    lea 48(%rsi), %rsp\n    mov (%rsi), %rbp\n    mov 8(%rsi), %r15\n"
        "    mov 16(%rsi), %r14\n    mov 24(%rsi), %r13\n    mov 32(%rsi), %r12\n    mov 40(%rsi), %rbx\n    ret\n"
        END(by_offset));
#define SAVED 6  // words
#define RETURN 6 // which word is the address
#else
#define PUSH "    stp x29, x30, [sp, #-96]!\n    stp x19, x20, [sp, #16]\n    stp x21, x22, [sp, #32]\n" \
             "    stp x23, x24, [sp, #48]\n    stp x25, x26, [sp, #64]\n    stp x27, x28, [sp, #80]\n"
#define LOAD(from) "    ldp x19, x20, [" from ", #16]\n    ldp x21, x22, [" from ", #32]\n    ldp x23, x24, [" from ", #48]\n" \
                   "    ldp x25, x26, [" from ", #64]\n    ldp x27, x28, [" from ", #80]\n"
#define BEGIN(name) ".globl " #name "\n.type " #name ", %function\n" #name ":\n"
#define END(name) ".size " #name ", . - " #name "\n"
__asm__(BEGIN(by_return) PUSH "    mov x9, sp\n    str x9, [x0]\n    mov sp, x1\n" LOAD("sp") "    ldp x29, x30, [sp], #96\n    ret\n"
        END(by_return)
        BEGIN(by_frame) PUSH "    mov x29, sp\n    str x29, [x0]\n    mov x29, x1\n    mov sp, x29\n" LOAD("sp")
        "    ldp x29, x30, [sp], #96\n    ret\n" END(by_frame)
        BEGIN(by_exchange) PUSH "    mov x9, sp\n    mov sp, x1\n    str x9, [x0]\n" LOAD("sp")
        "    ldp x29, x17, [sp], #96\n    br x17\n" END(by_exchange)
        BEGIN(by_offset) PUSH "    mov x9, sp\n    str x9, [x0]\n    add sp, x1, #96\n" LOAD("x1")
        "    ldp x29, x30, [x1]\n    ret\n" END(by_offset));
#define SAVED 12
#define RETURN 1
#endif

// A setjmp that pops its return address, and a longjmp that pushes it.
struct buffer {
    uint64_t sp, pc, saved[11];
};
__attribute__((returns_twice)) int save(struct buffer *buffer);
_Noreturn void restore(const struct buffer *buffer);
#if defined(__x86_64__)
__asm__(BEGIN(save) "    mov %rbx, 16(%rdi)\n    mov %rbp, 24(%rdi)\n    mov %r12, 32(%rdi)\n    mov %r13, 40(%rdi)\n"
        "    mov %r14, 48(%rdi)\n    mov %r15, 56(%rdi)\n    pop %rdx\n    mov %rsp, (%rdi)\n    mov %rdx, 8(%rdi)\n"
        "    xor %eax, %eax\n    jmp *%rdx\n" END(save)
        BEGIN(restore) "    mov 16(%rdi), %rbx\n    mov 24(%rdi), %rbp\n    mov 32(%rdi), %r12\n    mov 40(%rdi), %r13\n"
        "    mov 48(%rdi), %r14\n    mov 56(%rdi), %r15\n    mov (%rdi), %rsp\n    mov $1, %eax\n    pushq 8(%rdi)\n    ret\n"
        END(restore));
#else
__asm__(BEGIN(save) "    stp x19, x20, [x0, #16]\n    stp x21, x22, [x0, #32]\n    stp x23, x24, [x0, #48]\n"
        "    stp x25, x26, [x0, #64]\n    stp x27, x28, [x0, #80]\n    str x29, [x0, #96]\n    mov x2, sp\n"
        "    stp x2, x30, [x0]\n    mov w0, #0\n    ret\n" END(save)
        BEGIN(restore) LOAD("x0") "    ldr x29, [x0, #96]\n    ldp x2, x30, [x0]\n    mov sp, x2\n    mov w0, #1\n    ret\n"
        END(restore));
#endif

static struct buffer buffers[64];
static size_t used;

NOINLINE static void by_buffers(void **from, void *to) {
    struct buffer *own = &buffers[used++ % 64];
    *from = own;
    if (save(own) == 0) restore(to);
}

static const struct {
    const char *name;
    switcher *change;
} styles[] = {
    {"return", by_return},     {"frame", by_frame},     {"exchange", by_exchange},
    {"offset", by_offset},     {"buffers", by_buffers},
};
static switcher *change;

// ---- Contexts that take turns

static char stacks[CONTEXTS][STACK_SIZE] __attribute__((aligned(4096)));
static void *contexts[CONTEXTS], *root;
static size_t current;
static char ended[CONTEXTS];
static const char *defect;

static int is(const char *text, const char *other) {
    return strlen(text) == strlen(other) && memcmp(text, other, strlen(text)) == 0;
}

// A context that begins a function at the end of some memory.
NOINLINE static void *fresh(char *end, void (*begin)(void)) {
#if defined(__x86_64__)
    end -= 8;
    *(uint64_t *)end = 0;
#endif
    if (change == by_buffers) {
        struct buffer *buffer = &buffers[used++ % 64];
        *buffer = (struct buffer){.sp = (uint64_t)end, .pc = (uint64_t)begin};
        return buffer;
    }
    uint64_t *words = (uint64_t *)end - SAVED - (RETURN == SAVED);
    memset(words, 0, 8 * SAVED);
    words[RETURN] = (uint64_t)begin;
    return words;
}

NOINLINE static void give_way(void) {
    size_t self = current;
    do current = (current + 1) % CONTEXTS;
    while (ended[current] || contexts[current] == NULL);
    if (current != self) change(&contexts[self], contexts[current]);
}

static volatile uint64_t sum;

// Gives way in the midst of calls.
NOINLINE static uint64_t deep(int levels, int at) {
    volatile uint64_t room[8];
    room[levels & 7] = (uint64_t)levels;
    if (levels == at) give_way();
    return levels == 0 ? 1 : deep(levels - 1, at) + room[levels & 7];
}

__attribute__((noinline, optnone)) static uint64_t too_deep(int levels) {
    volatile char room[1500];
    room[0] = (char)levels;
    if (levels == 0) give_way();
    return levels == 0 ? 0 : too_deep(levels - 1) + (uint64_t)room[0];
}

static void *kept;

// Takes more room than what is near.
NOINLINE static uint64_t take_room(size_t size) {
    volatile char *room = __builtin_alloca(size);
    room[0] = room[size - 1] = 1;
    return (uint64_t)room[size / 2];
}

NOINLINE static void work(void) {
    size_t self = current;
    sum += take_room(9000);
    for (int i = 0; i < 3; i++) {
        sum += deep(5 + (int)self, i);
        volatile char *room = __builtin_alloca((size_t)i * 32 + 16);
        room[0] = 1;
        give_way();
        sum += (uint64_t)room[0];
        if (self == 1 && is(defect, "stale")) {
            if (i == 0) kept = contexts[0];
            if (i == 1) contexts[0] = kept;
        }
        if (self == 1 && i == 1 && is(defect, "overrun")) too_deep(25);
    }
    ended[self] = 1;
    size_t next = 0;
    while (next < CONTEXTS && (ended[next] || contexts[next] == NULL)) next++;
    current = next;
    change(&contexts[self], next < CONTEXTS ? contexts[next] : root);
    exit(99);
}

NOINLINE static void start(size_t index, char *stack) {
    contexts[index] = fresh(stack + STACK_SIZE, work);
    ended[index] = 0;
}

NOINLINE static void enter(size_t index) {
    current = index;
    change(&root, contexts[index]);
}

// ---- One that never ends, beside the root

NOINLINE static void forever(void) {
    for (;;) {
        sum++;
        change(&contexts[0], root);
    }
}

// Somebody writes over the return address of a context that waits.
NOINLINE static void spoil(void) { ((volatile uint64_t *)contexts[0])[RETURN] = (uint64_t)stacks; }

int main(int argc, char **argv) {
    if (argc < 3) return 1;
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        if (is(styles[i].name, argv[1])) change = styles[i].change;
    }
    defect = argv[2];
    if (is(defect, "freed")) {
        char *stack = (char *)vm_allocate(0, STACK_SIZE);
        contexts[0] = fresh(stack + STACK_SIZE, forever);
        enter(0);
        vm_deallocate((uintptr_t)stack, STACK_SIZE);
        enter(0);
    } else if (is(defect, "spoiled")) {
        contexts[0] = fresh(stacks[0] + STACK_SIZE, forever);
        for (int i = 0; i < 2; i++) enter(0);
        spoil();
        // It shows much later.
        for (volatile int i = 0; i < 30000; i++) {}
        enter(0);
    } else if (is(defect, "abandoned")) {
        for (int round = 0; round < 3; round++) {
            contexts[0] = fresh(stacks[0] + STACK_SIZE, forever);
            for (int i = 0; i <= round; i++) enter(0);
        }
    } else {
        for (int round = 0; round < (is(defect, "sound") ? 2 : 1); round++) {
            for (size_t i = 0; i < CONTEXTS; i++) {
                start(i, stacks[i == 1 && is(defect, "shared") ? 0 : i]);
            }
            enter(0);
        }
    }
    return 0;
}
