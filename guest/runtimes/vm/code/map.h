// Code maps: where in a piece of code which kind of frame is, and what its frames hold. The format is
// public (docs/code-kinds.md).
#ifndef VM_CODE_MAP_H
#define VM_CODE_MAP_H

#include "../compiler/code.h"

struct ckm_header {
    char magic[4]; // "CKM1"
    uint16_t version, header_size;
    uint32_t size;
    uint32_t region_count, regions;
    uint32_t flags;
    uint64_t begin, end;
    int64_t anchor, handles; // from the thread pointer
};

struct ckm_region {
    uint32_t begin, end; // from the header's begin
    uint32_t kind, name; // strings
    uint64_t method;
    uint32_t rows;
    uint16_t row_count, saved_count;
    uint32_t saved;
    uint32_t data, data_size;
    uint32_t flags;
};

// Rows, saved registers, positions and locations are as in compiler/code.h.
struct ckm_compiled {
    uint32_t position_count, vector_count;
    uint16_t vector_width, convention;
    int32_t previous_anchor;
    // positions, vectors
};

struct ckm_phase {
    uint32_t begin;
    uint8_t phase, pad[3];
};

struct ckm_interpreter {
    uint16_t bcp_register, method_register, args_register, sp_register;
    int32_t bcp_slot, method_slot, locals_slot;
    uint32_t phase_count;
    struct ckm_phase phases[];
};

_Static_assert(sizeof(struct ckm_header) == 56, "header");
_Static_assert(sizeof(struct ckm_region) == 48, "region");
_Static_assert(sizeof(struct ckm_compiled) == 16, "compiled");
_Static_assert(sizeof(struct map_position) == 12, "position");
_Static_assert(sizeof(struct ckm_interpreter) == 24, "interpreter");

#endif
