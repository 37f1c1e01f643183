// The ELF file of a code object, as debuggers read it out of memory: symbols, unwind tables, code map.
#ifndef VM_CODE_FILE_H
#define VM_CODE_FILE_H

#include "map.h"

struct vm_file {
    char *bytes; // a block of vm_data
    uint32_t size;
    const struct ckm_header *map; // in it
};

// Makes the file of code that is to be at an address; bytes is null if there is no memory for it.
struct vm_file vm_make_file(const struct masm *code, uint64_t address);

// The pieces: each appends to a writer.
struct vm_writer {
    char *bytes;
    uint32_t size, room;
};

void vm_write(struct vm_writer *writer, const void *bytes, uint32_t size);
static inline void vm_write_byte(struct vm_writer *writer, uint8_t byte) {
    if (writer->size < writer->room) writer->bytes[writer->size] = (char)byte;
    writer->size++;
}
// Zeros up to a multiple of a power of two.
void vm_align(struct vm_writer *writer, uint32_t multiple);
// A text with its end; returns its offset.
uint32_t vm_write_text(struct vm_writer *writer, const char *text, const char *more);
// What a region's symbol has behind the method's name.
const char *vm_region_suffix(const struct masm *code, uint32_t index);
void vm_write_map(struct vm_writer *writer, const struct masm *code, uint64_t address);
void vm_write_frames(struct vm_writer *writer, const struct masm *code, uint64_t address);

#endif
