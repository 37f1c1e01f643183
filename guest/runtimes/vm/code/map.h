// Code maps: where in a piece of code which kind of frame is, and what its frames hold. The format is
// public (docs/code-kinds.md).
#ifndef VM_CODE_MAP_H
#define VM_CODE_MAP_H

#include <stdint.h>

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

struct ckm_row {
    uint32_t begin;
    uint8_t base, saved;
    uint16_t size;
};

struct ckm_saved {
    uint16_t dwarf;
    int16_t cfa_offset;
};

struct ckm_compiled {
    uint32_t position_count, vector_count;
    uint16_t vector_width, convention;
    int32_t previous_anchor;
    // positions, vectors
};

struct ckm_position {
    uint32_t begin;
    uint16_t bci, flags;
    uint32_t vector;
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
_Static_assert(sizeof(struct ckm_position) == 12, "position");
_Static_assert(sizeof(struct ckm_interpreter) == 24, "interpreter");

// Locations of variables.
#define CKM_NOWHERE 0u
#define CKM_REGISTER(dwarf) (1u << 24 | (uint32_t)(dwarf))
#define CKM_MEMORY(cfa_offset) (2u << 24 | ((uint32_t)(cfa_offset) & 0xffffff))
#define CKM_CONSTANT(value) (3u << 24 | ((uint32_t)(value) & 0xffffff))

#endif
