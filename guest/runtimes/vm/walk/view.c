// What frames of each kind hold.
#include "walk.h"

#include "../arch.h"

// Tags of locations (compiler/code.h).
enum { REGISTER = 1, MEMORY, CONSTANT };

const struct vm_position *vm_find_position(const struct vm_method *method, uint32_t bci) {
    const struct vm_position *positions = vm_method_positions(method);
    uint32_t low = 0, high = method->position_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (positions[middle].bci < bci) low = middle + 1;
        else high = middle;
    }
    return low < method->position_count && positions[low].bci == bci ? &positions[low] : 0;
}

static int view_compiled(const struct vm_frame *frame, struct vm_view *view) {
    const struct ckm_region *region = frame->place.region;
    const struct ckm_compiled *data = (const struct ckm_compiled *)((const char *)frame->place.map + region->data);
    const struct map_position *positions = (const struct map_position *)(data + 1), *position = 0;
    uint64_t size = sizeof *data + data->position_count * sizeof *positions + 4ul * data->vector_count * data->vector_width;
    if (size > region->data_size) return -1;
    uint32_t begun = VM_COUNT_BEGUN(positions, data->position_count, frame->place.offset);
    if (begun > 0) position = &positions[begun - 1];
    view->method = (struct vm_method *)region->method;
    if (view->method == 0 || position == 0) return 0;
    view->bci = position->bci;
    view->leaving = (position->flags & VM_POSITION_LEAVING) != 0;
    view->consumed = (position->flags & VM_POSITION_CONSUMED) != 0;
    view->width = data->vector_width;
    view->slots = 0;
    if (position->vector >= data->vector_count) {
        view->leaving = 1;
        view->vector = 0;
    } else {
        view->vector = (const uint32_t *)(positions + data->position_count) + position->vector * data->vector_width;
    }
    return 1;
}

static int view_interpreted(const struct vm_frame *frame, struct vm_view *view) {
    const struct ckm_region *region = frame->place.region;
    const struct ckm_interpreter *data = (const struct ckm_interpreter *)((const char *)frame->place.map + region->data);
    uint32_t begun = VM_COUNT_BEGUN(data->phases, data->phase_count, frame->place.offset);
    uint8_t phase = begun == 0 ? VM_PHASE_ENTRY : data->phases[begun - 1].phase;
    // Nobody calls from elsewhere.
    if (phase == VM_PHASE_ENTRY || phase == VM_PHASE_LEAVING || phase == VM_PHASE_DONE) return 0;
    uint64_t *bcp = (uint64_t *)(frame->cfa + (uint64_t)(int64_t)data->bcp_slot);
    if (!vm_is_on_stack(frame, (uint64_t)(uintptr_t)bcp)) return -1;
    if (phase == VM_PHASE_RUNNING) {
        int index = vm_callee_saved(data->bcp_register);
        if (index < 0 || frame->registers[index] == 0) return -1;
        bcp = frame->registers[index];
    }
    view->method = *(struct vm_method **)(frame->cfa + (uint64_t)(int64_t)data->method_slot);
    view->bci = (uint32_t)(*bcp - (uint64_t)(uintptr_t)vm_method_code(view->method));
    view->leaving = 0;
    view->consumed = phase != VM_PHASE_RUNNING;
    view->vector = 0;
    view->slots = frame->cfa + (uint64_t)(int64_t)data->locals_slot;
    view->width = view->method->locals + view->method->max_stack;
    return 1;
}

int vm_view_frame(const struct vm_frame *frame, struct vm_view *view) {
    switch (((const char *)frame->place.map)[frame->place.region->kind]) {
    case 'i':
        return view_interpreted(frame, view);
    case 'j':
    case 'o':
    case 'n':
        return view_compiled(frame, view);
    default:
        return 0; // adapters: what they hold is the caller's or the callee's
    }
}

uint64_t *vm_variable(const struct vm_frame *frame, const struct vm_view *view, uint32_t index) {
    if (index >= view->width) return 0;
    uint32_t location = view->vector == 0 ? 0 : view->vector[index];
    uint64_t place = 0;
    if (view->vector == 0) place = view->slots - 8ul * index;
    if (location >> 24 == MEMORY) place = frame->cfa + (uint64_t)((int64_t)((uint64_t)location << 40) >> 40);
    if (location >> 24 == REGISTER) {
        int saved = vm_callee_saved(location & 0xffff);
        return saved < 0 ? 0 : frame->registers[saved];
    }
    return vm_is_on_stack(frame, place) ? (uint64_t *)place : 0;
}

// Visits those of the variables from an index on whose bits are set.
static int visit_some(const struct vm_frame *frame, const struct vm_view *view, uint32_t index, uint32_t bits,
                      vm_visit *visit, void *context) {
    for (; bits != 0; index++, bits >>= 1) {
        if (!(bits & 1)) continue;
        uint64_t *place = vm_variable(frame, view, index);
        if (place != 0) {
            visit(place, context);
        } else if (index >= view->width || view->vector == 0 || view->vector[index] >> 24 != CONSTANT) {
            return 0; // but a compiler may know that it is null
        }
    }
    return 1;
}

int vm_visit_roots(const struct vm_frame *frame, vm_visit *visit, void *context) {
    struct vm_view view;
    int viewed = vm_view_frame(frame, &view);
    if (viewed <= 0) return viewed == 0;
    if (view.leaving) return 1;
    if (vm_method_is_native(view.method)) {
        return visit_some(frame, &view, 0, view.method->param_refs, visit, context);
    }
    const struct vm_position *position = vm_find_position(view.method, view.bci);
    if (position == 0) return 0;
    uint32_t depth = position->depth - (view.consumed ? position->flags : 0);
    uint32_t operands = position->stack_refs & ((1u << depth) - 1);
    return visit_some(frame, &view, 0, position->refs & position->live, visit, context) &&
           visit_some(frame, &view, view.method->locals, operands, visit, context);
}
