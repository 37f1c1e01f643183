// Maps the file it was loaded from and compares it with itself: header, entry, and every byte of
// its read-only segments.
#include "guest/include/format.h"
#include "guest/include/trapline.h"

// The parts of the ELF-64 headers this program reads (ELF-64 Object File Format, figures 2 and 6).
struct file_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_offset, section_offset;
    uint32_t flags;
    uint16_t size, program_size, program_count, section_size, section_count, names;
};

struct program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, align;
};

#define TYPE_LOAD 1
#define FLAG_WRITE 2

#if defined(__aarch64__)
#define MACHINE 183
#else
#define MACHINE 62
#endif

void _start(void);

static int compare(const unsigned char *file, const struct program_header *segment) {
    const unsigned char *memory = (const unsigned char *)segment->address;
    for (uint64_t i = 0; i < segment->file_size; i++) {
        if (file[segment->offset + i] != memory[i]) return 0;
    }
    return 1;
}

int main(void) {
    int64_t address = vm_map_file(0, PAGE_SIZE, 0, VM_PROT_READ);
    if (address < 0) return 1;
    const struct file_header *header = (const struct file_header *)address;
    const unsigned char *ident = header->ident;
    if (ident[0] != 0x7f || ident[1] != 'E' || ident[2] != 'L' || ident[3] != 'F') return 2;
    if (header->machine != MACHINE || header->entry != (uintptr_t)_start) return 3;

    const struct program_header *segments = (const void *)(address + (int64_t)header->program_offset);
    uint64_t end = 0;
    for (int i = 0; i < header->program_count; i++) {
        uint64_t last = segments[i].offset + segments[i].file_size;
        if (segments[i].type == TYPE_LOAD && last > end) end = last;
    }
    int64_t whole = vm_map_file(0, end, 0, VM_PROT_READ);
    if (whole < 0) return 4;
    int compared = 0;
    for (int i = 0; i < header->program_count; i++) {
        if (segments[i].type != TYPE_LOAD || (segments[i].flags & FLAG_WRITE) != 0) continue;
        if (!compare((const unsigned char *)whole, &segments[i])) return 5;
        compared++;
    }
    if (compared < 2) return 6;

    // A second mapping, from a later page on, shows the same file.
    int64_t tail = vm_map_file(0, PAGE_SIZE, PAGE_SIZE, VM_PROT_READ);
    if (tail < 0) return 7;
    for (uint64_t i = 0; i < PAGE_SIZE; i++) {
        if (((const char *)tail)[i] != ((const char *)whole)[PAGE_SIZE + i]) return 8;
    }
    if (vm_deallocate((uintptr_t)address, PAGE_SIZE) != 0) return 9;
    put_text("mapfile: file and memory agree\n");
    return 0;
}
