// Loads, stores and jumps that the address space does not allow.
#include "guest/programs/bad/bad.h"

static unsigned char in_data[] = RETURN_INSTRUCTION;
static const unsigned char in_constants[] = RETURN_INSTRUCTION;
static unsigned char in_zeros[16];

static int read_at(uintptr_t address) {
    (void)*(volatile uint64_t *)hide(address);
    return SURVIVED;
}

static int write_at(uintptr_t address) {
    *(volatile uint64_t *)hide(address) = 1;
    return SURVIVED;
}

static int jump_to(uintptr_t address) {
    ((void (*)(void))hide(address))();
    return SURVIVED;
}

static int jump_to_stack(uintptr_t unused) {
    (void)unused;
    volatile unsigned char code[] = RETURN_INSTRUCTION;
    return jump_to((uintptr_t)code);
}

static int jump_to_allocated(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return BROKEN;
    for (int i = 0; i < 4; i++) ((volatile unsigned char *)page)[i] = in_data[i];
    return jump_to((uintptr_t)page);
}

// The last bytes before the end of the user half and the first after it, in one load.
static int read_across_end(uintptr_t unused) {
    (void)unused;
    return read_at(USER_END - 4);
}

// The program's own text, the only writable name of which is this pointer.
static int write_text(uintptr_t unused) {
    (void)unused;
    return write_at((uintptr_t)write_text & ~7ul);
}

__attribute__((noinline)) static uint64_t recurse(volatile uint64_t *above) {
    volatile uint64_t frame[64];
    frame[0] = *above + 1;
    if (frame[0] == 0) return 0;
    return recurse(frame) + frame[0];
}

static int recurse_for_ever(uintptr_t unused) {
    (void)unused;
    volatile uint64_t start = 1;
    return recurse(&start) == 0 ? SURVIVED : BROKEN;
}

// Far below the stack, past any guard page.
static int write_below_stack(uintptr_t unused) {
    volatile uint64_t here = unused;
    return write_at((uintptr_t)&here - (1ul << 30));
}

static int read_above_allocation(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return BROKEN;
    *(volatile char *)(page + (int64_t)PAGE_SIZE - 1) = 1;
    return read_at((uintptr_t)page + PAGE_SIZE);
}

const struct bad_case memory_cases[] = {
    {"read-null", read_at, 0},
    {"write-null", write_at, 0},
    {"jump-null", jump_to, 0},
    {"read-unmapped", read_at, UNMAPPED},
    {"write-unmapped", write_at, UNMAPPED},
    {"jump-unmapped", jump_to, UNMAPPED},
    {"read-kernel", read_at, KERNEL_TEXT},
    {"write-kernel", write_at, KERNEL_TEXT},
    {"jump-kernel", jump_to, KERNEL_TEXT},
    {"read-non-canonical", read_at, NON_CANONICAL},
    {"write-non-canonical", write_at, NON_CANONICAL},
    {"jump-non-canonical", jump_to, NON_CANONICAL},
    {"read-last-word", read_at, 0xfffffffffffffff8ul},
    {"read-across-end", read_across_end, 0},
    {"read-above-allocation", read_above_allocation, 0},
    {"write-text", write_text, 0},
    {"write-constants", write_at, (uintptr_t)in_constants},
    {"write-below-stack", write_below_stack, 0},
    {"jump-data", jump_to, (uintptr_t)in_data},
    {"jump-zeros", jump_to, (uintptr_t)in_zeros},
    {"jump-constants", jump_to, (uintptr_t)in_constants},
    {"jump-stack", jump_to_stack, 0},
    {"jump-allocated", jump_to_allocated, 0},
    {"recurse", recurse_for_ever, 0},
    {0, 0, 0},
};
