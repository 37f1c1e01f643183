#include "walk.h"

#include "../arch.h"

#define FP_INDEX vm_callee_saved(VM_DWARF_FP)

// Finds the place of frame->pc and, by its row, the CFA. An anchor's PC is exact; a return address
// belongs to the call before it.
static enum vm_walk find(struct vm_frame *frame, int exact) {
    frame->place.region = 0;
    if (!vm_find_place(exact ? frame->pc : frame->pc - 1, &frame->place)) return VM_WALK_DAMAGED;
    const struct ckm_region *region = frame->place.region;
    const struct map_row *rows = (const struct map_row *)((const char *)frame->place.map + region->rows);
    uint32_t count = VM_COUNT_BEGUN(rows, region->row_count, frame->place.offset);
    if (count == 0) return VM_WALK_DAMAGED;
    frame->row = &rows[count - 1];
    uint64_t base = frame->sp;
    if (frame->row->base == VM_BASE_FP) {
        if (frame->registers[FP_INDEX] == 0) return VM_WALK_DAMAGED;
        base = *frame->registers[FP_INDEX];
    }
    frame->cfa = base + frame->row->size;
    return vm_is_on_stack(frame, frame->cfa - 8) ? VM_WALK_FRAME : VM_WALK_DAMAGED;
}

static enum vm_walk begin_at(struct vm_frame *frame, uint64_t sp, uint64_t pc, int exact) {
    frame->sp = sp;
    frame->pc = pc;
    return find(frame, exact);
}

static enum vm_walk begin_anchor(struct vm_frame *frame, struct vm_anchor anchor) {
    if (anchor.pc == 0) return VM_WALK_END;
    for (int i = 0; i < VM_CALLEE_SAVED; i++) frame->registers[i] = 0;
    return begin_at(frame, anchor.sp, anchor.pc, 1);
}

enum vm_walk vm_walk_begin(struct vm_frame *frame, const struct vm_thread *thread, struct vm_anchor anchor) {
    frame->thread = thread;
    return begin_anchor(frame, anchor);
}

// Registers as the caller has them.
static int restore(struct vm_frame *frame, const struct map_row *row) {
    const struct ckm_region *region = frame->place.region;
    if (row->saved & VM_SAVED_LIST) {
        const struct map_saved *saved = (const struct map_saved *)((const char *)frame->place.map + region->saved);
        for (uint32_t i = 0; i < region->saved_count; i++) {
            int index = vm_callee_saved(saved[i].dwarf);
            uint64_t place = frame->cfa + (uint64_t)(int64_t)saved[i].offset;
            if (index < 0 || !vm_is_on_stack(frame, place)) return 0;
            frame->registers[index] = (uint64_t *)place;
        }
    }
    if (row->saved & VM_SAVED_FP) frame->registers[FP_INDEX] = (uint64_t *)(frame->cfa - 16);
    return vm_is_on_stack(frame, frame->cfa - 16);
}

enum vm_walk vm_walk_next(struct vm_frame *frame) {
    const struct ckm_region *region = frame->place.region;
    if (region->flags & VM_REGION_UPCALL) {
        const struct ckm_compiled *data = (const struct ckm_compiled *)((const char *)frame->place.map + region->data);
        uint64_t saved = frame->cfa + (uint64_t)(int64_t)data->previous_anchor;
        if (!vm_is_on_stack(frame, saved) || !vm_is_on_stack(frame, saved + 8)) return VM_WALK_DAMAGED;
        struct vm_anchor previous = *(struct vm_anchor *)saved;
        // Anchors lead up the stack, so a walk has an end.
        return previous.pc != 0 && previous.sp <= frame->sp ? VM_WALK_DAMAGED : begin_anchor(frame, previous);
    }
    const struct map_row *row = frame->row;
    // Under a frame that has called, the return address is on the stack; so it is in a stub's.
    if (!(row->saved & VM_SAVED_RA) || !restore(frame, row)) return VM_WALK_DAMAGED;
    uint64_t sp = frame->cfa, pc = *(uint64_t *)(frame->cfa - 8);
    if (sp <= frame->sp) return VM_WALK_DAMAGED;
    return begin_at(frame, sp, pc, 0);
}
