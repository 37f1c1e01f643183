// The stubs of native methods: from managed code, with the OPTO convention, into a C function.
//
//     CFA - 8                return address
//     CFA - 16 - 8 i         parameter i; the address of a reference is its handle
//     below                  the callee-saved registers, the number of handles at entry
//
// All callee-saved registers are there, so that whoever walks from the anchor finds the caller's.
#include "internal.h"

struct frame {
    unsigned size;
    int parameters, saved, handles; // offsets from the CFA: of the first, the others are below it
};

static struct frame lay_out(const struct masm *m) {
    int parameters = -2 * WORD;
    int saved = parameters - WORD * m->method->params;
    int handles = saved - WORD * (int)m_saved_count;
    return (struct frame){round_frame((unsigned)-handles), parameters, saved, handles};
}

static void save(struct masm *m, const struct frame *frame, mreg reg, int offset) {
    m_store(m, reg, m_sp, (int)frame->size + offset);
}

static void vector(const struct masm *m, const struct frame *frame, uint32_t *locations) {
    for (unsigned i = 0; i < m->vector_width; i++) locations[i] = LOCATION_NOWHERE;
    for (int i = 0; i < m->method->params; i++) {
        locations[i] = LOCATION_CFA(frame->parameters - WORD * i);
    }
}

static void set_pc(struct masm *m, mreg thread, mlabel there) {
    m_address_of(m, m_scratch, there);
    m_store(m, m_scratch, thread, VM_THREAD_PC);
}

// Into native code: the stack pointer, then the PC. The order is what other threads rely on; the
// program may ask for the wrong one, to see it found out.
static void set_anchor(struct masm *m, mlabel there) {
    mreg thread = m_volatile[1];
    bool swapped = vm_program.flags & VM_SWAP_ANCHOR_STORES;
    m_thread(m, thread);
    if (swapped) set_pc(m, thread, there);
    m_move(m, m_scratch, m_sp);
    m_store(m, m_scratch, thread, VM_THREAD_SP);
    m_order(m, M_FENCE_STORES);
    if (!swapped) set_pc(m, thread, there);
}

// Calls a function of the runtime, with the PC back in the anchor meanwhile; `thread` is lost.
static void call_waiting(struct masm *m, mreg thread, uintptr_t function) {
    mlabel there = m_label(m);
    set_pc(m, thread, there);
    m_move(m, m_arguments[0], thread);
    m_call_address(m, function);
    m_bind(m, there);
}

// Behind the call: no root scan is going on once this is through. The first callee-saved register
// keeps the result; the caller's value of it is in the frame.
static void wait_for_scan(struct masm *m, mreg thread) {
    mlabel again = m_label(m), done = m_label(m);
    m_move(m, m_saved[0], m_result);
    m_bind(m, again);
    m_thread(m, thread);
    if (!(vm_program.flags & VM_NO_CLEAR_PC)) {
        m_constant(m, m_scratch, 0);
        m_store(m, m_scratch, thread, VM_THREAD_PC);
    }
    // Either the scan sees the PC gone, or this thread sees the scan.
    m_order(m, M_FENCE_ALL);
    m_load_word(m, m_scratch, thread, VM_THREAD_SCAN);
    m_branch_zero(m, m_scratch, true, done);
    call_waiting(m, thread, (uintptr_t)vm_scan_wait);
    m_jump(m, again);
    m_bind(m, done);
    m_order(m, M_FENCE_LOADS);
}

static void pass(struct masm *m, const struct frame *frame) {
    for (int i = 0; i < m->method->params; i++) {
        int offset = (int)frame->size + frame->parameters - WORD * i;
        mreg to = m_arguments[i + 1];
        if (m->method->param_refs >> i & 1) m_add_constant(m, to, m_sp, offset);
        else m_load(m, to, m_sp, offset);
    }
    m_thread(m, m_arguments[0]);
}

// Handles given since the entry end; an exception on its way goes on; a reference comes out of its
// handle.
static void end(struct masm *m, const struct frame *frame, mreg thread) {
    mlabel returns = m_label(m), null = m_label(m);
    m_load(m, m_scratch, m_sp, (int)frame->size + frame->handles);
    m_store(m, m_scratch, thread, VM_THREAD_HANDLES);
    m_load(m, m_scratch, thread, VM_THREAD_PENDING);
    m_branch_zero(m, m_scratch, true, returns);
    call_waiting(m, thread, (uintptr_t)vm_rethrow);
    m_bind(m, returns);
    m_move(m, m_result, m_saved[0]);
    if (m->method->result != VM_REF) return;
    m_branch_zero(m, m_result, true, null);
    m_load(m, m_result, m_result, 0);
    m_bind(m, null);
}

void native_make(struct masm *m) {
    const struct vm_method *method = m->method;
    struct frame frame = lay_out(m);
    if (method->params + 1 > M_ARGUMENTS) {
        m->failed = true;
        return;
    }
    code_begin_region(m, REGION_STUB, VM_OPTIMIZED);
    m->regions[m->region_count - 1].flags = VM_REGION_STUB;
    uint32_t locations[M_ARGUMENTS + 64];
    vector(m, &frame, locations);
    uint32_t handles = code_vector(m, locations);
    mlabel overflow = m_label(m), there = m_label(m);
    mreg thread = m_volatile[1]; // no parameter is in it

    code_position(m, 0, 0, VM_NO_VECTOR);
    m_check_stack(m, frame.size, overflow);
    m_enter(m, frame.size);
    for (unsigned i = 0; i < m_saved_count; i++) {
        int offset = frame.saved - WORD * (int)i;
        save(m, &frame, m_saved[i], offset);
        code_saves(m, m_saved[i], offset);
    }
    m_row(m, VM_BASE_SP, frame.size, VM_SAVED_RA | VM_SAVED_LIST);
    for (int i = 0; i < method->params; i++) {
        save(m, &frame, m_arguments[i], frame.parameters - WORD * i);
    }
    code_position(m, 0, 0, handles);
    m_thread(m, thread);
    m_load(m, m_scratch, thread, VM_THREAD_HANDLES);
    save(m, &frame, m_scratch, frame.handles);
    set_anchor(m, there);
    pass(m, &frame);
    m_call_address(m, (uintptr_t)vm_natives[method->native]);
    m_bind(m, there);
    wait_for_scan(m, thread);
    end(m, &frame, thread);
    code_position(m, 0, VM_POSITION_LEAVING | (method->result ? VM_POSITION_RESULT : 0), VM_NO_VECTOR);
    for (unsigned i = 0; i < m_saved_count; i++) {
        m_load(m, m_saved[i], m_sp, (int)frame.size + frame.saved - WORD * (int)i);
    }
    m_row(m, VM_BASE_SP, frame.size, VM_SAVED_RA);
    m_leave(m, frame.size);

    m_bind(m, overflow);
    m_at_entry(m);
    code_position(m, 0, 0, VM_NO_VECTOR);
    m_jump_address(m, (uintptr_t)vm_stub_overflow);
    code_end_region(m);
}
