// Address space calls with absurd arguments, and calls that take away what the program stands on.
#include "guest/programs/bad/bad.h"

static const char constants[] = "constants";

struct range {
    uintptr_t address;
    size_t size;
};

// Ranges no allocation can be made at.
static const struct range absurd[] = {
    {0, 0},
    {0, 1ul << 48},
    {0, 1ul << 63},
    {0, ~0ul},
    {0, ~0ul - PAGE_SIZE + 1},
    {KERNEL_TEXT, PAGE_SIZE},
    {NON_CANONICAL, PAGE_SIZE},
    {USER_END - PAGE_SIZE, 2 * PAGE_SIZE},
    {USER_END, PAGE_SIZE},
    {~0ul - PAGE_SIZE + 1, PAGE_SIZE},
    {(uintptr_t)constants, 1},
    {PAGE_SIZE - 1, 1},
};

#define ABSURD_RANGES (sizeof absurd / sizeof *absurd)

// The exit code of a wrong answer tells which range it was for.
static int allocate_absurd(uintptr_t unused) {
    (void)unused;
    for (size_t i = 0; i < ABSURD_RANGES; i++) {
        if (!refused(vm_allocate(absurd[i].address, absurd[i].size))) return SURVIVED + (int)i;
    }
    return REFUSED;
}

static int map_file_absurd(uintptr_t unused) {
    (void)unused;
    for (size_t i = 0; i < ABSURD_RANGES; i++) {
        int64_t result = vm_map_file(absurd[i].address, absurd[i].size, 0, VM_PROT_READ);
        if (!refused(result)) return SURVIVED + (int)i;
    }
    return REFUSED;
}

// Offsets in the middle of a page, past the end of the file, and those that wrap.
static int map_file_offset(uintptr_t offset) { return verdict(vm_map_file(0, PAGE_SIZE, offset, VM_PROT_READ)); }

static int map_file_protection(uintptr_t protection) {
    return verdict(system_call(SYS_VM_MAP_FILE, 0, PAGE_SIZE, 0, protection, 0, 0));
}

static int deallocate_absurd(uintptr_t unused) {
    (void)unused;
    static const struct range ranges[] = {
        {0x10000000, 0}, {KERNEL_TEXT, PAGE_SIZE}, {0x10000000, ~0ul}, {USER_END - PAGE_SIZE, 2 * PAGE_SIZE},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (!refused(vm_deallocate(ranges[i].address, ranges[i].size))) return SURVIVED + (int)i;
    }
    return REFUSED;
}

static int protect_absurd(uintptr_t unused) {
    (void)unused;
    static const struct range ranges[] = {
        {0x10000000, 0}, {KERNEL_TEXT, PAGE_SIZE}, {UNMAPPED, PAGE_SIZE}, {UNMAPPED, ~0ul},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (!refused(vm_protect(ranges[i].address, ranges[i].size, VM_PROT_READ))) return SURVIVED + (int)i;
    }
    return REFUSED;
}

static int protect_bits(uintptr_t bits) {
    return verdict(system_call3(SYS_VM_PROTECT, (uintptr_t)constants, 1, bits));
}

// What follows needs the stack, the text or the constants, which are gone.
static int deallocate_stack(uintptr_t unused) {
    volatile uint64_t here = unused;
    vm_deallocate((uintptr_t)&here & ~(PAGE_SIZE - 1), PAGE_SIZE);
    here = 1;
    return SURVIVED;
}

static int deallocate_text(uintptr_t unused) {
    (void)unused;
    vm_deallocate((uintptr_t)deallocate_text & ~(PAGE_SIZE - 1), 2 * PAGE_SIZE);
    return SURVIVED;
}

static int deallocate_everything(uintptr_t unused) {
    (void)unused;
    vm_deallocate(PAGE_SIZE, USER_END - PAGE_SIZE);
    return SURVIVED;
}

static int protect_text(uintptr_t protection) {
    vm_protect((uintptr_t)protect_text & ~(PAGE_SIZE - 1), 2 * PAGE_SIZE, (int)protection);
    return SURVIVED;
}

static int protect_stack(uintptr_t protection) {
    volatile uint64_t here = 0;
    vm_protect((uintptr_t)&here & ~(PAGE_SIZE - 1), PAGE_SIZE, (int)protection);
    here = 1;
    return SURVIVED;
}

static int read_protected(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return BROKEN;
    *(volatile char *)page = 1;
    if (vm_protect((uintptr_t)page, PAGE_SIZE, VM_PROT_NONE) != 0) return BROKEN;
    (void)*(volatile char *)page;
    return SURVIVED;
}

static int read_deallocated(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_allocate(0, PAGE_SIZE);
    if (page < 0) return BROKEN;
    *(volatile char *)page = 1;
    if (vm_deallocate((uintptr_t)page, PAGE_SIZE) != 0) return BROKEN;
    (void)*(volatile char *)page;
    return SURVIVED;
}

static int write_mapped_file(uintptr_t unused) {
    (void)unused;
    int64_t page = vm_map_file(0, PAGE_SIZE, 0, VM_PROT_READ);
    if (page < 0) return BROKEN;
    *(volatile char *)page = 1;
    return SURVIVED;
}

const struct bad_case vm_cases[] = {
    {"allocate-absurd", allocate_absurd, 0},
    {"map-file-absurd", map_file_absurd, 0},
    {"map-file-unaligned", map_file_offset, 1},
    {"map-file-past-end", map_file_offset, 1ul << 40},
    {"map-file-last-page", map_file_offset, ~0ul - PAGE_SIZE + 1},
    {"map-file-protection", map_file_protection, 8},
    {"deallocate-absurd", deallocate_absurd, 0},
    {"deallocate-stack", deallocate_stack, 0},
    {"deallocate-text", deallocate_text, 0},
    {"deallocate-everything", deallocate_everything, 0},
    {"protect-absurd", protect_absurd, 0},
    {"protect-bits", protect_bits, 0xff},
    {"protect-huge-bits", protect_bits, 1ul << 63},
    {"protect-text", protect_text, VM_PROT_NONE},
    {"protect-text-data", protect_text, VM_PROT_READ | VM_PROT_WRITE},
    {"protect-stack", protect_stack, VM_PROT_READ},
    {"read-protected", read_protected, 0},
    {"read-deallocated", read_deallocated, 0},
    {"write-mapped-file", write_mapped_file, 0},
    {0, 0, 0},
};
