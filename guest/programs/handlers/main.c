// Handlers of CPU exceptions, one case at a time: handlers CASE. Exits with 0, or with a number that
// says which check has failed; some cases are to be killed.
#include "guest/programs/handlers/handlers.h"
#include "guest/include/format.h"
#include "guest/include/string.h"

#define STACK_SIZE 8192
#define RETURNED 0x1111222233334444ul
#define UNMAPPED 0x5555deadb000ul

#if defined(__aarch64__)
#define USER_END 0x1000000000000ul
#define GENERAL 31
#define VECTORS 32
#define FLAGS 0xf0000000ul
#define DATA_FAULT 0x24
#define FETCH_FAULT 0x20
#define UNDEFINED 0
#define BREAKPOINT 0x3c
_Static_assert(offsetof(struct exception_state, x) == 72, "general registers");
_Static_assert(offsetof(struct exception_state, q) == 320, "vector registers");
_Static_assert(sizeof(struct exception_state) == 848, "size");
#else
#define USER_END 0x7ffffffff000ul
#define GENERAL 15
#define VECTORS 16
#define FLAGS 0xcd5ul // CF, PF, AF, ZF, SF, DF, OF
#define DATA_FAULT 14
#define FETCH_FAULT 14
#define UNDEFINED 6
#define BREAKPOINT 3
_Static_assert(offsetof(struct exception_state, rax) == 72, "general registers");
_Static_assert(offsetof(struct exception_state, fp) == 192, "floating-point state");
_Static_assert(sizeof(struct exception_state) == 704, "size");
#endif
_Static_assert(offsetof(struct exception_state, pc) == 48, "PC");
_Static_assert(offsetof(struct exception_state, sp) == 56, "stack pointer");

static char stack[STACK_SIZE] __attribute__((aligned(16)));
static char thread_stacks[2][STACK_SIZE] __attribute__((aligned(16)));
static char handler_stacks[2][STACK_SIZE] __attribute__((aligned(16)));
static struct exception_state seen;
static volatile unsigned count;
static volatile int failed;

static uint64_t *general(struct exception_state *state) { return (uint64_t *)((char *)state + 72); }

#if defined(__aarch64__)
static unsigned char (*vectors(struct exception_state *state))[16] { return state->q; }
static uint64_t control(const struct exception_state *state) { return state->fpcr; }
static void set_control(struct exception_state *state, uint64_t value) { state->fpcr = value; }
#else
static unsigned char (*vectors(struct exception_state *state))[16] { return (unsigned char(*)[16])(state->fp + 160); }
static uint64_t control(const struct exception_state *state) { return *(const uint32_t *)(state->fp + 24); }
static void set_control(struct exception_state *state, uint64_t value) { *(uint32_t *)(state->fp + 24) = (uint32_t)value; }
#endif

// Has the function that was interrupted in its first instructions return a value.
static void return_from(struct exception_state *state, uint64_t value) {
#if defined(__aarch64__)
    state->pc = state->x[30];
    state->x[0] = value;
#else
    state->pc = *(const uintptr_t *)state->sp;
    state->sp += 8;
    state->rax = value;
#endif
}

static void skip(struct exception_state *state) {
    count++;
    seen = *state;
    return_from(state, RETURNED);
    exception_return(state);
}

static int set(exception_handler *handler) {
    return thread_set_handler(handler, stack + STACK_SIZE, STACK_SIZE) == 0;
}

// What is expected of one exception.
struct expected {
    uint64_t (*function)(uintptr_t argument);
    uintptr_t argument;
    uint64_t code;
    uint64_t status;
    uintptr_t address;
    uintptr_t pc; // relative to the function
};

#if defined(__aarch64__)
#define KERNEL_TEXT 0xffff000040200000ul
#else
#define KERNEL_TEXT 0xffff800000200000ul
#endif

static int takes(const struct expected *expected) {
    count = 0;
    if (expected->function(expected->argument) != RETURNED || count != 1) return 0;
    return seen.code == expected->code && seen.status == expected->status && seen.address == expected->address &&
           seen.pc == expected->pc && seen.link[1] == seen.pc;
}

// Every kind of exception, told as it is, and gone on with.
static int faults(void) {
    const uintptr_t text = (uintptr_t)load_word, data = (uintptr_t)stack;
    const struct expected all[] = {
        {load_word, 0, DATA_FAULT, KERN_INVALID_ADDRESS, 0, text},
        {load_word, UNMAPPED, DATA_FAULT, KERN_INVALID_ADDRESS, UNMAPPED, text},
        {load_word, KERNEL_TEXT, DATA_FAULT, KERN_INVALID_ADDRESS, KERNEL_TEXT, text},
        {store_word, UNMAPPED + 8, DATA_FAULT, KERN_INVALID_ADDRESS, UNMAPPED + 8, (uintptr_t)store_word},
        {store_word, text, DATA_FAULT, KERN_PROTECTION_FAILURE, text, (uintptr_t)store_word},
        {jump_to, UNMAPPED, FETCH_FAULT, KERN_INVALID_ADDRESS, UNMAPPED, UNMAPPED},
        {jump_to, data, FETCH_FAULT, KERN_PROTECTION_FAILURE, data, data},
        {undefined_instruction, 0, UNDEFINED, 0, 0, (uintptr_t)undefined_instruction},
#if defined(__aarch64__)
        {breakpoint, 0, BREAKPOINT, 0, 0, (uintptr_t)breakpoint},
        {jump_to, text + 2, 0x22, 0, text + 2, text + 2},
#else
        {breakpoint, 0, BREAKPOINT, 0, 0, (uintptr_t)breakpoint + 1},
        {divide, 0, 0, 0, 0, (uintptr_t)divide + 7},
        {load_word, 0x0000900000000000ul, 13, 0, 0, text},
#endif
    };
    if (!set(skip)) return 1;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) if (!takes(&all[i])) return 10 + (int)i;
    return 0;
}

static struct machine loaded, stored, given;

static uint64_t mixed(uint64_t *seed) {
    *seed = *seed * 6364136223846793005ul + 1442695040888963407ul;
    return *seed ^ *seed >> 29;
}

static void fill(struct machine *machine, uint64_t seed) {
    uint64_t *words = (uint64_t *)machine;
    for (size_t i = 0; i < sizeof *machine / 8; i++) words[i] = mixed(&seed);
#if defined(__aarch64__)
    machine->flags &= FLAGS;
    machine->control = 0x03c00000; // the rounding mode, flush to zero
#else
    machine->flags = (machine->flags & FLAGS) | 0x202;
    machine->control = 0x7f80;
#endif
}

static int agrees(struct exception_state *state, const struct machine *machine) {
    if (memcmp(general(state), machine->general, GENERAL * 8) != 0) return 0;
    if (memcmp(vectors(state), machine->vectors, VECTORS * 16) != 0) return 0;
    // RF of x86-64 is the fault's own.
    return (state->flags & ~0x10000ul) == machine->flags && control(state) == machine->control;
}

static void replace(struct exception_state *state) {
    if (!agrees(state, &loaded)) failed = 20;
    if (state->pc != (uintptr_t)probe_trap) failed = 21;
    memcpy(general(state), given.general, GENERAL * 8);
    memcpy(vectors(state), given.vectors, VECTORS * 16);
    state->flags = given.flags;
    set_control(state, given.control);
    state->pc = (uintptr_t)probe_resumed;
    exception_return(state);
}

// A handler sees every register, and what it makes of them is what the program goes on with.
static int registers(void) {
    if (!set(replace)) return 1;
    for (uint64_t turn = 1; turn <= 20; turn++) {
        fill(&loaded, turn);
        fill(&given, ~turn);
#if !defined(__aarch64__)
        given.control = 0x5f80;
#endif
        probe(&loaded, &stored);
        if (failed) return failed;
        if (memcmp(stored.general, given.general, GENERAL * 8) != 0) return 22;
        if (memcmp(stored.vectors, given.vectors, VECTORS * 16) != 0) return 23;
        if ((stored.flags & FLAGS) != (given.flags & FLAGS) || stored.control != given.control) return 24;
    }
    return 0;
}

static int refuses(int64_t result, int code) { return result == -(int64_t)code; }

static int handler_refused(void) {
    char *top = stack + STACK_SIZE;
    uintptr_t entry = (uintptr_t)exception_entry;
    if (!refuses(system_call(SYS_THREAD_SET_HANDLER, KERNEL_TEXT, (uintptr_t)top, STACK_SIZE, 0, 0, 0), KERN_INVALID_ADDRESS)) return 30;
    if (!refuses(system_call(SYS_THREAD_SET_HANDLER, USER_END, (uintptr_t)top, STACK_SIZE, 0, 0, 0), KERN_INVALID_ADDRESS)) return 31;
    if (!refuses(system_call(SYS_THREAD_SET_HANDLER, entry, USER_END + 16, STACK_SIZE, 0, 0, 0), KERN_INVALID_ADDRESS)) return 32;
    if (!refuses(system_call(SYS_THREAD_SET_HANDLER, entry, 4096, 8192, 0, 0, 0), KERN_INVALID_ADDRESS)) return 33;
    if (!refuses(thread_set_handler(skip, top - 8, 4096), KERN_INVALID_ARGUMENT)) return 34;
    if (!refuses(thread_set_handler(skip, top, HANDLER_STACK_MIN - 1), KERN_INVALID_ARGUMENT)) return 35;
    if (!refuses(thread_set_handler(skip, top, 0), KERN_INVALID_ARGUMENT)) return 36;
    if (thread_set_handler(skip, top, HANDLER_STACK_MIN) != 0 || load_word(0) != RETURNED) return 37;
    return 0;
}

// Registers that no program may have, records that are not there, and no exception to give back.
static int state_refused(void) {
    struct exception_state state;
    if (!set(skip) || load_word(0) != RETURNED) return 40;
    const uintptr_t kernel[] = {USER_END, KERNEL_TEXT, 0x0000900000000000ul << (USER_END >> 48), -1ul};
    for (size_t i = 0; i < sizeof kernel / sizeof *kernel; i++) {
        state = seen;
        state.pc = kernel[i];
        if (!refuses(exception_return(&state), KERN_INVALID_ADDRESS)) return 41;
        state = seen;
        state.sp = kernel[i] | 1;
        if (!refuses(exception_return(&state), KERN_INVALID_ADDRESS)) return 42;
    }
#if defined(__aarch64__)
    const uint64_t privilege[] = {1, 4, 5, 8, 9, 0x10, 0x1f, 0x40, 0x80, 0x100, 0x200};
#else
    const uint64_t privilege[] = {0x1000, 0x2000, 0x3000, 0x20000, 0x80000, 0x100000};
#endif
    for (size_t i = 0; i < sizeof privilege / sizeof *privilege; i++) {
        state = seen;
        state.flags |= privilege[i];
        if (!refuses(exception_return(&state), KERN_INVALID_ARGUMENT)) return 43;
    }
    const uintptr_t nowhere[] = {8, UNMAPPED, USER_END - 8, USER_END, KERNEL_TEXT, -8ul, -1ul};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        if (!refuses(exception_return((struct exception_state *)nowhere[i]), KERN_INVALID_ADDRESS)) return 44;
    }
    if (!refuses(exception_return(0), KERN_FAILURE)) return 45;
    return 0;
}

// What is not a program's to say of the flags is put right.
static void junk_flags(struct exception_state *state) {
#if defined(__aarch64__)
    state->flags |= 0x0c301c00; // reserved bits, SS, IL, BTYPE, SSBS
#else
    state->flags = (state->flags & ~0x202ul) | 0xffffffff00008028ul; // without IF, with reserved bits
    set_control(state, 0xffff1f80);
#endif
    skip(state);
}

static int junk(void) {
    if (!set(junk_flags)) return 1;
    for (int i = 0; i < 3; i++) if (load_word(0) != RETURNED) return 46;
    sleep(5000); // comes back only if interrupts are on
    for (volatile int i = 0; i < 20000; i++) continue;
    return 0;
}

static struct point point;

static void leave(struct exception_state *state) {
    count++;
    return_from(state, RETURNED); // what is below main's stack pointer will not last
    seen = *state;
    jump_point(&point, 1);
}

// A handler that is left by another way has been left: the next exception is none of its own.
static int left(void) {
    if (!set(leave)) return 1;
    for (volatile unsigned i = 1; i <= 3; i++) {
        if (save_point(&point) == 0) {
            load_word(0);
            return 50;
        }
        if (count != i) return 51;
    }
    // What was interrupted can be gone on with from anywhere.
    if (!set(leave)) return 52;
    volatile int returns = 0;
    if (save_point(&point) == 0) {
        if (load_word(UNMAPPED) != RETURNED) return 53;
        return returns == 1 ? 0 : 54;
    }
    returns = returns + 1;
    exception_return(&seen);
    return 55;
}

static struct exception_state asked;
static uint64_t seed = 1;

// The registers must be those that were asked for: nothing has been executed since.
static void back(struct exception_state *state) {
#if defined(__aarch64__)
    const uint64_t flags = asked.flags & FLAGS;
    const uint64_t differ = state->flags ^ flags;
#else
    const uint64_t flags = (asked.flags & 0x244dd5) | 0x202;
    const uint64_t differ = (state->flags ^ flags) & ~0x10000ul;
#endif
    count++;
    if (state->sp != asked.sp || differ != 0) failed = 80;
    if (memcmp(general(state), general(&asked), GENERAL * 8) != 0) failed = 81;
    if (memcmp(vectors(state), vectors(&asked), VECTORS * 16) != 0) failed = 82;
    jump_point(&point, 1);
}

// Records of chance: what a program may not have is refused, all else is what it goes on with.
static int fuzz(void) {
    const uintptr_t places[] = {
        0, 8, UNMAPPED, (uintptr_t)undefined_instruction, (uintptr_t)stack, USER_END - 4096, USER_END - 16,
        USER_END, USER_END + 16, 0x0000900000000000ul, KERNEL_TEXT, -16ul, 1ul << 63,
    };
    const size_t count_of_places = sizeof places / sizeof *places;
#if defined(__aarch64__)
    const uint64_t privilege = 0x3df;
#else
    const uint64_t privilege = 0x1a3000;
#endif
    volatile unsigned refused = 0, taken = 0;
    if (!set(back)) return 1;
    for (volatile unsigned turn = 0; turn < 300; turn++) {
        uint64_t *words = (uint64_t *)&asked;
        for (size_t i = 0; i < sizeof asked / 8; i++) words[i] = mixed(&seed);
        asked.pc = places[mixed(&seed) % count_of_places];
        asked.sp = mixed(&seed) % 4 == 0 ? asked.sp : places[mixed(&seed) % count_of_places];
        if (mixed(&seed) % 4 != 0) asked.flags &= ~privilege;
        const int bad_place = asked.pc >= USER_END || asked.sp > USER_END;
        const int bad = bad_place || (asked.flags & privilege) != 0;
        if (save_point(&point) == 0) {
            const int64_t result = exception_return(&asked);
            if (!bad || !refuses(result, bad_place ? KERN_INVALID_ADDRESS : KERN_INVALID_ARGUMENT)) return 83;
            refused = refused + 1;
        } else {
            if (bad) return 84;
            if (failed) return failed;
            taken = taken + 1;
        }
    }
    return refused > 30 && taken > 30 && count == taken ? 0 : 85;
}

static volatile unsigned turns;

static void count_turns(struct exception_state *state) {
    // Uses registers that the interrupted code has values in.
    double sum = 0;
    for (int i = 0; i < 10; i++) sum += (double)count * 0.5;
    count += sum >= 0 ? 1u : 1000000u;
    return_from(state, RETURNED);
    exception_return(state);
}

static void compute(uintptr_t which) {
    if (thread_set_handler(count_turns, handler_stacks[which] + STACK_SIZE, STACK_SIZE) != 0) failed = 60;
    double sum = 0, part = 1.0 + (double)which;
    uint64_t ones = 0;
    for (unsigned i = 0; i < 100; i++) {
        sum += part * 3.0;
        part += 0.25;
        ones += load_word(i % 3 == 0 ? 0 : UNMAPPED) == RETURNED;
        if (i % 16 == 5) yield();
    }
    if (sum != 300.0 * (1.0 + (double)which) + 3712.5 || ones != 100) failed = 61;
    __atomic_add_fetch(&turns, 1, __ATOMIC_SEQ_CST);
    thread_exit();
}

// Two threads, each with a handler of its own, under whatever timer there is.
static int threads(void) {
    for (uintptr_t i = 0; i < 2; i++) {
        if (thread_create(compute, thread_stacks[i] + STACK_SIZE, i) < 0) return 1;
    }
    while (__atomic_load_n(&turns, __ATOMIC_SEQ_CST) < 2) yield();
    return failed;
}

static void decline(struct exception_state *state) {
    count++;
    state->pc = 0; // nobody looks
}

static void fail(struct exception_state *state) {
    (void)state;
    load_word(UNMAPPED);
}

static void recurse(struct exception_state *state) {
    volatile char room[256];
    room[0] = (char)count++;
    if (count != 0) recurse(state);
    room[1] = room[0];
}

static void spin(struct exception_state *state) {
    (void)state;
    put_text("spinning\n");
    for (;;) yield();
}

static int fault_with(exception_handler *handler) {
    if (!set(handler)) return 1;
    load_word(8);
    return 100;
}

static int declines(void) { return fault_with(decline); }
static int fails(void) { return fault_with(fail); }
static int spins(void) { return fault_with(spin); }

static int overflows(void) {
    const int64_t room = vm_allocate(0, 4 * PAGE_SIZE);
    if (room < 0 || vm_deallocate((uintptr_t)room, 2 * PAGE_SIZE) != 0) return 1;
    if (thread_set_handler(recurse, (char *)room + 4 * PAGE_SIZE, 4 * PAGE_SIZE) != 0) return 2;
    load_word(8);
    return 100;
}

static int removed(void) {
    if (!set(skip) || load_word(0) != RETURNED) return 1;
    if (thread_set_handler(0, 0, 0) != 0) return 2;
    load_word(8);
    return 100;
}

static int no_stack(void) {
    if (thread_set_handler(skip, (void *)UNMAPPED, 4096) < 0 && thread_set_handler(skip, (void *)(UNMAPPED & -4096ul), 4096) < 0) return 1;
    load_word(8);
    return 100;
}

static int constant_stack(void) {
    const uintptr_t top = ((uintptr_t)load_word & -4096ul) + 4096;
    if (thread_set_handler(skip, (void *)top, 4096) != 0) return 1;
    load_word(8);
    return 100;
}

static void fault_alone(uintptr_t unused) {
    (void)unused;
    load_word(8);
    thread_exit();
}

// A handler is its thread's alone.
static int other_thread(void) {
    if (!set(skip) || thread_create(fault_alone, thread_stacks[0] + STACK_SIZE, 0) < 0) return 1;
    for (int i = 0; i < 100; i++) yield();
    return 100;
}

static const struct {
    const char *name;
    int (*run)(void);
} cases[] = {
    {"faults", faults},       {"registers", registers},
    {"handler", handler_refused}, {"state", state_refused},
    {"junk", junk},           {"left", left},
    {"threads", threads},     {"declines", declines},
    {"fails", fails},         {"overflows", overflows},
    {"removed", removed},     {"no-stack", no_stack},
    {"constant-stack", constant_stack}, {"other-thread", other_thread},
    {"spins", spins},         {"fuzz", fuzz},
};


int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "threads";
    if (argc > 2) {
        for (const char *digit = argv[2]; *digit != 0; digit++) seed = seed * 10 + (uint64_t)(*digit - '0');
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (text_equal(cases[i].name, name)) return cases[i].run();
    }
    return 101;
}
