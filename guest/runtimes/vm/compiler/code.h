// A code object while it is made: machine code, and what the code map says of every instruction of
// it. Offsets of code are from the beginning of the object.
#ifndef VM_CODE_H
#define VM_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "../layout.h"

struct vm_method;

enum vm_kind { VM_OPTIMIZED, VM_JIT, VM_INTERPRETED };
#define VM_COMPILED_KINDS 3

// Kinds of regions; names of the map in code_names.
enum vm_region_kind {
    REGION_OPTIMIZED, REGION_JIT, REGION_INTERPRETER, REGION_ADAPTER, REGION_STUB,
};

#define MASM_CODE_MAX 262144
#define MASM_LABELS_MAX 16384
#define MASM_REFERENCES_MAX 16384
#define MASM_ROWS_MAX 4096
#define MASM_REGIONS_MAX 16
#define MASM_SAVED_MAX 16
#define MASM_POSITIONS_MAX 16384
#define MASM_VECTOR_WORDS 262144
#define MASM_PADS_MAX 1024

// These are structures of the code map (docs/code-kinds.md); their flags are in layout.h.
struct map_row { uint32_t begin; uint8_t base, saved; uint16_t size; };
struct map_saved { uint16_t dwarf; int16_t offset; };
struct map_position { uint32_t begin; uint16_t bci, flags; uint32_t vector; };

// Locations.
#define LOCATION_NOWHERE 0u
#define LOCATION_REGISTER(dwarf) (1u << 24 | (uint32_t)(dwarf))
#define LOCATION_CFA(offset) (2u << 24 | ((uint32_t)(offset) & 0xffffff))
#define LOCATION_CONSTANT(value) (3u << 24 | ((uint32_t)(value) & 0xffffff))

// A region; its rows, saved registers and positions are consecutive in the tables of the object.
struct code_region {
    uint32_t begin, end;
    uint8_t kind;       // vm_region_kind
    uint8_t convention; // vm_kind: of its parameters
    uint8_t adapts_from, adapts_to; // vm_kind of an adapter; both 0xff for entries
    uint32_t first_row, row_count;
    uint32_t first_saved, saved_count;
    uint32_t first_position, position_count;
    uint32_t flags; // of the map: 2 native stub
};

// Where a handler is entered, with the exception in the result register.
struct code_pad { uint16_t bci; uint32_t offset; };

struct code_reference { uint32_t at; uint16_t target; uint8_t form; };

struct masm {
    const struct vm_method *method;
    enum vm_kind kind;   // of the body; a native method's is VM_OPTIMIZED
    bool failed;         // something did not fit
    uint32_t size;       // of the code
    uint32_t label_count, reference_count, row_count, saved_count, region_count;
    uint32_t position_count, pad_count;
    uint32_t vector_width, vector_count; // words of a vector: locals + max_stack
    uint8_t code[MASM_CODE_MAX];
    uint32_t labels[MASM_LABELS_MAX]; // offset + 1, 0 while not bound
    struct code_reference references[MASM_REFERENCES_MAX];
    struct map_row rows[MASM_ROWS_MAX];
    struct map_saved saved[MASM_SAVED_MAX];
    struct code_region regions[MASM_REGIONS_MAX];
    struct map_position positions[MASM_POSITIONS_MAX];
    uint32_t vectors[MASM_VECTOR_WORDS];
    struct code_pad pads[MASM_PADS_MAX];
};

// Makes the whole object of a method in that kind; the only kind of a native method is
// VM_OPTIMIZED. False if it cannot be: too large. The code is m->size bytes, to be copied anywhere,
// on 16 bytes.
bool vm_compile(struct masm *m, const struct vm_method *method, enum vm_kind kind);

#endif
