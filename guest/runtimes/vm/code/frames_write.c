// Writes .eh_frame of a code object: one FDE a region, its rows as call frame instructions (DWARF 5,
// 6.4).
#include "../arch.h"
#include "file.h"

#define DW_CFA_ADVANCE_LOC4 0x04
#define DW_CFA_SAME_VALUE 0x08
#define DW_CFA_DEF_CFA 0x0c
#define DW_CFA_OFFSET 0x80
#define DW_EH_PE_ABSPTR 0x00
// Slots are multiples of 8 below the CFA.
#define DATA_ALIGNMENT (-8)

static void write_uleb(struct vm_writer *writer, uint32_t value) {
    for (; value >= 0x80; value >>= 7) vm_write_byte(writer, (uint8_t)(value | 0x80));
    vm_write_byte(writer, (uint8_t)value);
}

static void write_offset(struct vm_writer *writer, uint32_t column, int cfa_offset) {
    vm_write_byte(writer, (uint8_t)(DW_CFA_OFFSET | column));
    write_uleb(writer, (uint32_t)(cfa_offset / DATA_ALIGNMENT));
}

static void write_cfa(struct vm_writer *writer, uint32_t column, uint32_t size) {
    vm_write_byte(writer, DW_CFA_DEF_CFA);
    write_uleb(writer, column);
    write_uleb(writer, size);
}

static void write_cie(struct vm_writer *writer) {
    vm_write_byte(writer, 1);
    vm_write(writer, "zR", 3);
    write_uleb(writer, 1);                     // code alignment
    vm_write_byte(writer, DATA_ALIGNMENT & 0x7f); // as SLEB128
    write_uleb(writer, VM_DWARF_RA);
    write_uleb(writer, 1);
    vm_write_byte(writer, DW_EH_PE_ABSPTR);
    write_cfa(writer, VM_DWARF_SP, 0);
}

// Where a register's own value is, from here on.
static void write_rule(struct vm_writer *writer, uint32_t column, int saved, int cfa_offset) {
    if (saved) {
        write_offset(writer, column, cfa_offset);
    } else {
        vm_write_byte(writer, DW_CFA_SAME_VALUE);
        write_uleb(writer, column);
    }
}

static void write_row(struct vm_writer *writer, const struct masm *code, const struct code_region *region,
                      const struct map_row *row) {
    write_cfa(writer, row->base == VM_BASE_FP ? VM_DWARF_FP : VM_DWARF_SP, row->size);
    write_rule(writer, VM_DWARF_RA, row->saved & VM_SAVED_RA, -8);
    int fp = row->saved & VM_SAVED_FP;
    for (uint32_t i = 0; i < region->saved_count; i++) {
        const struct map_saved *saved = &code->saved[region->first_saved + i];
        write_rule(writer, saved->dwarf, row->saved & VM_SAVED_LIST, saved->offset);
        if (saved->dwarf == VM_DWARF_FP) fp = -1;
    }
    if (fp >= 0) write_rule(writer, VM_DWARF_FP, fp, -16);
}

static void write_fde(struct vm_writer *writer, const struct masm *code, const struct code_region *region,
                      uint64_t address) {
    uint64_t range[2] = {address + region->begin, region->end - region->begin};
    vm_write(writer, range, sizeof range);
    write_uleb(writer, 0); // augmentation
    uint32_t at = region->begin;
    for (uint32_t i = 0; i < region->row_count; i++) {
        const struct map_row *row = &code->rows[region->first_row + i];
        uint32_t advance = row->begin - at;
        if (advance > 0) {
            vm_write_byte(writer, DW_CFA_ADVANCE_LOC4);
            vm_write(writer, &advance, 4);
        }
        at = row->begin;
        write_row(writer, code, region, row);
    }
}

// Begins an entry, whose length is not yet known.
static uint32_t begin_entry(struct vm_writer *writer) {
    uint32_t start = writer->size, length = 0;
    vm_write(writer, &length, 4);
    return start;
}

static void end_entry(struct vm_writer *writer, uint32_t start) {
    vm_align(writer, 8); // zeros are DW_CFA_nop
    uint32_t length = writer->size - start - 4;
    if (writer->size <= writer->room) *(uint32_t *)(writer->bytes + start) = length;
}

void vm_write_frames(struct vm_writer *writer, const struct masm *code, uint64_t address) {
    uint32_t cie = begin_entry(writer), zero = 0;
    vm_write(writer, &zero, 4);
    write_cie(writer);
    end_entry(writer, cie);
    for (uint32_t i = 0; i < code->region_count; i++) {
        uint32_t start = begin_entry(writer), back = writer->size - cie;
        vm_write(writer, &back, 4);
        write_fde(writer, code, &code->regions[i], address);
        end_entry(writer, start);
    }
    vm_write(writer, &zero, 4);
}
