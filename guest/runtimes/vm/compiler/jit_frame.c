// Frames of the baseline compiler, and what stands around the bytecodes.
#include "jit.h"

static int local_offset(const struct vm_method *method, int local) {
    if (local < method->params) return WORD * local;
    return -3 * WORD - WORD * (local - method->params);
}

static int operand_offset(const struct vm_method *method, int index) {
    return -3 * WORD - WORD * (method->locals - method->params + index);
}

static unsigned frame_size(const struct jit *jit) {
    const struct vm_method *method = jit->m->method;
    int above = -operand_offset(method, method->max_stack) - WORD;
    return round_frame((unsigned)above + WORD * jit->outgoing);
}

int jit_local(const struct jit *jit, int local) { return local_offset(jit->m->method, local); }

// Offsets count from the CFA, which is two words above the frame pointer.
void jit_load(struct jit *jit, mreg to, int offset) {
    m_load(jit->m, to, m_fp, offset + 2 * WORD);
}

void jit_store(struct jit *jit, mreg from, int offset) {
    m_store(jit->m, from, m_fp, offset + 2 * WORD);
}

int jit_operand(const struct jit *jit, const struct instruction *in, unsigned below) {
    return operand_offset(jit->m->method, (int)(in->depth - below));
}

uint32_t jit_places(struct jit *jit) {
    const struct vm_method *method = jit->m->method;
    uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
    for (int i = 0; i < method->locals; i++) locations[i] = LOCATION_CFA(local_offset(method, i));
    for (int j = 0; j < method->max_stack; j++) {
        locations[method->locals + j] = LOCATION_CFA(operand_offset(method, j));
    }
    return code_vector(jit->m, locations);
}

void jit_leave(struct jit *jit) {
    m_leave_fp(jit->m);
    // What follows has the frame again.
    m_row(jit->m, VM_BASE_FP, 2 * WORD, VM_SAVED_RA | VM_SAVED_FP);
}

void jit_runtime(struct jit *jit, unsigned bci, const char *stub) {
    m_call_address(jit->m, (uintptr_t)stub);
    code_called(jit->m, bci, jit->vector);
    code_position(jit->m, bci, 0, jit->vector);
}

void jit_prologue(struct jit *jit) {
    struct masm *m = jit->m;
    mlabel not_hot = m_label(m);
    code_position(m, 0, 0, jit->vector);
    m_check_stack(m, frame_size(jit), jit->overflow);
    m_enter_fp(m, frame_size(jit));
    m_constant(m, jit->a, (intptr_t)m->method);
    m_load(m, jit->b, jit->a, VM_METHOD_CALLS);
    m_add_constant(m, jit->b, jit->b, 1);
    m_store(m, jit->b, jit->a, VM_METHOD_CALLS);
    m_load(m, jit->c, jit->a, VM_METHOD_TIER_AT);
    m_branch(m, M_BELOW, jit->b, jit->c, not_hot);
    m_constant(m, m_arguments[0], (intptr_t)m->method);
    jit_runtime(jit, 0, vm_stub_tier);
    m_bind(m, not_hot);
}

// Where exceptions land: the operand is in the result register until it has been stored.
void jit_pads(struct jit *jit) {
    struct masm *m = jit->m;
    const struct vm_handler *handlers = vm_method_handlers(m->method);
    for (uint32_t i = 0; i < m->method->handler_count; i++) {
        if (!is_first_with_target(m->method, i)) continue;
        uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
        for (uint32_t k = 0; k < m->vector_width; k++) {
            locations[k] = m->vectors[jit->vector * m->vector_width + k];
        }
        locations[m->method->locals] = LOCATION_REGISTER(m_dwarf(m_result));
        code_pad(m, handlers[i].target);
        code_position(m, handlers[i].target, 0, code_vector(m, locations));
        jit_store(jit, m_result, operand_offset(m->method, 0));
        code_position(m, handlers[i].target, 0, jit->vector);
        m_jump(m, (mlabel)(jit->bytecodes + position_index(m->method, handlers[i].target)));
    }
}

void jit_overflow(struct jit *jit) {
    struct masm *m = jit->m;
    m_bind(m, jit->overflow);
    m_at_entry(m);
    code_position(m, 0, 0, jit->vector);
    m_jump_address(m, (uintptr_t)vm_stub_overflow);
}
