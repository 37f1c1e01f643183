// What compilers write a code object into: bytes, and what the code map is to say of them. There is
// one builder, its user holds vm_lock.
//
// The bytes are copied to where they are to run when they are whole, and again when code moves: inside
// the object only relative addresses, to anything outside only absolute ones.
#ifndef VM_CODE_BUILDER_H
#define VM_CODE_BUILDER_H

#include "../records.h"
#include "map.h"

#define VM_CODE_MAX 65536
#define VM_BUILDER_REGIONS 8
#define VM_BUILDER_ROWS 256
#define VM_BUILDER_SAVED 64
#define VM_BUILDER_POSITIONS 8192
#define VM_BUILDER_VECTOR_WORDS 65536

struct vm_builder_region {
    struct ckm_region region; // begin, end, flags; counts
    const char *kind, *suffix;
    uint32_t first_row, first_saved, first_position;
    uint32_t position_count;
    uint16_t convention;
    int32_t previous_anchor;
};

struct vm_builder {
    struct vm_method *method;
    const char *failed; // why no code can be made, or null
    uint32_t size;
    uint32_t region_count, row_count, saved_count, position_count, vector_words;
    uint8_t code[VM_CODE_MAX];
    struct vm_builder_region regions[VM_BUILDER_REGIONS];
    struct ckm_row rows[VM_BUILDER_ROWS];
    struct ckm_saved saved[VM_BUILDER_SAVED];
    struct ckm_position positions[VM_BUILDER_POSITIONS];
    uint32_t vectors[VM_BUILDER_VECTOR_WORDS];
};

// Begins an object of a method.
struct vm_builder *vm_builder_begin(struct vm_method *method);

// Appends bytes.
void vm_emit(struct vm_builder *builder, const void *bytes, uint32_t size);
static inline void vm_emit8(struct vm_builder *builder, uint8_t byte) { vm_emit(builder, &byte, 1); }
static inline void vm_emit32(struct vm_builder *builder, uint32_t word) { vm_emit(builder, &word, 4); }
static inline void vm_emit64(struct vm_builder *builder, uint64_t word) { vm_emit(builder, &word, 8); }

// Begins a region at the end of what has been emitted; the one before ends there. `kind` is "adapter",
// "jit", "optimized", "interpreter" or "native-stub"; the symbol's name is the method's and `suffix`:
// "", "@entry", "@jit>opt" …
void vm_region(struct vm_builder *builder, const char *kind, const char *suffix, uint16_t convention,
               uint32_t flags);
// Of the current region: a register that its frame saves. All of them before the next region.
void vm_saved(struct vm_builder *builder, uint16_t dwarf, int16_t cfa_offset);
// Of the current region: where it keeps the anchor it found.
void vm_previous_anchor(struct vm_builder *builder, int32_t cfa_offset);
// From here on the caller is found so; each region begins with a row.
void vm_row(struct vm_builder *builder, uint8_t base, uint16_t size, uint8_t saved);
// From here on the frame is at this position, its variables where `vector` says (locals, then
// operands; null: VM_NO_VECTOR). One more at the same place replaces the first. The same vector again
// takes no room.
//
// A throw that a handler takes lands at the first position of the handler's target whose flags are 0,
// with the exception stored at the location of operand 0 (memory, or a register that calls keep).
void vm_position(struct vm_builder *builder, uint16_t bci, uint16_t flags, const uint32_t *vector);

// Gives up, with a reason.
void vm_builder_fail(struct vm_builder *builder, const char *why);

#endif
