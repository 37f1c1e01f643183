// Adapters between calling conventions. One is entered by a caller of its `from` kind, puts the
// parameters where the body wants them, calls the body, moves the result and returns:
//
//     CFA - 8          return address
//     CFA - 16         for callers of kind INT: where their parameters begin
//     ...
//     sp + 8 i         for bodies of kind JIT: parameter i
//     sp + 8 (n - i)   for bodies of kind INT: parameter i, and the result at sp
#include "internal.h"

static int outgoing_words(enum vm_kind to, int parameters) {
    return to == VM_OPTIMIZED ? 0 : to == VM_JIT ? parameters : parameters + 1;
}

// Parameter `index` in a register: where it is, or else `to`.
static mreg parameter(struct masm *m, enum vm_kind from, int index, int size, mreg to) {
    if (from == VM_OPTIMIZED) return m_arguments[index];
    if (from == VM_JIT) m_load(m, to, m_sp, size + WORD * index);
    else m_load(m, to, m_parameters, -WORD * index);
    return to;
}

static void begin_part(struct masm *m, enum vm_kind from, enum vm_kind convention) {
    code_begin_region(m, REGION_ADAPTER, convention);
    m->regions[m->region_count - 1].adapts_from = (uint8_t)from;
    m->regions[m->region_count - 1].adapts_to = (uint8_t)m->kind;
}

// In the part of an adapter that begins here the result is where that convention has it.
static void begin_result(struct masm *m, enum vm_kind from, enum vm_kind convention, int size) {
    code_end_region(m);
    begin_part(m, from, convention);
    m_row(m, VM_BASE_SP, (unsigned)size, VM_SAVED_RA);
    code_position(m, 0, VM_POSITION_CONSUMED | VM_POSITION_RESULT, VM_NO_VECTOR);
}

void adapter_make(struct masm *m, enum vm_kind from, mlabel body) {
    enum vm_kind to = m->kind;
    int parameters = m->method->params;
    bool keeps = from == VM_INTERPRETED;
    int size = (int)round_frame((unsigned)(WORD * (1 + keeps + outgoing_words(to, parameters))));

    begin_part(m, from, from);
    // The parameters are where the caller has put them until the body has its own.
    code_position(m, 0, 0, VM_NO_VECTOR);
    m_enter(m, (unsigned)size);
    if (keeps) m_store(m, m_parameters, m_sp, size - 2 * WORD);
    for (int i = 0; i < parameters; i++) {
        mreg reg = parameter(m, from, i, size, to == VM_OPTIMIZED ? m_arguments[i] : m_scratch);
        if (to == VM_JIT) m_store(m, reg, m_sp, WORD * i);
        if (to == VM_INTERPRETED) m_store(m, reg, m_sp, WORD * (parameters - i));
    }
    if (to == VM_INTERPRETED) m_add_constant(m, m_parameters, m_sp, WORD * parameters);
    m_call_label(m, body);
    code_called(m, 0, VM_NO_VECTOR);
    if (m->method->result != VM_VOID) {
        begin_result(m, from, to, size);
        if (to == VM_INTERPRETED) {
            m_load(m, m_result, m_sp, 0);
            begin_result(m, from, from, size);
        } else if (keeps) {
            m_load(m, m_parameters, m_sp, size - 2 * WORD);
            m_store(m, m_result, m_parameters, -WORD * parameters);
            begin_result(m, from, from, size);
        }
    }
    m_leave(m, (unsigned)size);
    code_end_region(m);
}
