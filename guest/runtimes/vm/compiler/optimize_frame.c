// Where locals live, and how their frame comes and goes.
#include "optimize.h"

// A use in a loop counts as so many.
#define LOOP_WEIGHT 8

int optimize_local_offset(const struct optimizer *o, int local) {
    return -2 * WORD - WORD * (int)(o->saved + o->words[local]);
}

int optimize_operand_offset(const struct optimizer *o, int index) {
    return -2 * WORD - WORD * ((int)(o->saved + o->memory_locals) + index);
}

static void count_use(const struct instruction *in, uint32_t weight, uint32_t *uses) {
    bool is_use = in->opcode == OP_LOAD || in->opcode == OP_STORE || in->opcode == OP_INC;
    if (is_use) uses[in->operand] += weight;
}

static void count_uses(const struct vm_method *method, uint32_t *uses) {
    for (uint32_t i = 0; i < method->position_count; i++) {
        struct instruction in = decode(method, i);
        count_use(&in, 1, uses);
        if (!is_branch(in.opcode) || in.target > i) continue;
        for (uint32_t k = in.target; k < i; k++) {
            struct instruction looped = decode(method, k);
            count_use(&looped, LOOP_WEIGHT, uses);
        }
    }
}

void optimize_lay_out(struct optimizer *o) {
    const struct vm_method *method = o->method;
    uint32_t uses[VM_LOCALS_MAX] = {0};
    count_uses(method, uses);
    for (int i = 0; i < VM_LOCALS_MAX; i++) o->homes[i] = M_NONE;
    o->saved = o->memory_locals = 0;
    while (o->saved < m_saved_count) {
        int most = -1;
        for (int i = 0; i < method->locals; i++) {
            if (o->homes[i] != M_NONE || uses[i] == 0) continue;
            if (most < 0 || uses[i] > uses[most]) most = i;
        }
        if (most < 0) break;
        o->homes[most] = m_saved[o->saved++];
    }
    for (int i = 0; i < method->locals; i++) {
        if (o->homes[i] == M_NONE && uses[i] > 0) o->words[i] = (uint8_t)o->memory_locals++;
    }
    o->size = round_frame(WORD * (1 + o->saved + o->memory_locals + method->max_stack));
}

static bool is_live(const struct optimizer *o, int local) {
    const struct vm_position *position = vm_method_positions(o->method) + o->index;
    return position->live & (position->refs | position->ints) & 1u << local;
}

static uint32_t local_location(struct optimizer *o, int local) {
    mreg home = o->homes[local];
    if (home != M_NONE) return LOCATION_REGISTER(m_dwarf(home));
    return LOCATION_CFA(optimize_local_offset(o, local));
}

static uint32_t operand_location(struct optimizer *o, const struct operand *operand) {
    switch (operand->place) {
        case IN_CONSTANT:
            return LOCATION_CONSTANT(operand->value);
        case IN_REGISTER:
            return LOCATION_REGISTER(m_dwarf((mreg)operand->value));
        case IN_LOCAL:
            return local_location(o, operand->value);
        default:
            return LOCATION_CFA(optimize_operand_offset(o, operand->value));
    }
}

uint32_t optimize_vector(struct optimizer *o) {
    uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
    unsigned locals = o->method->locals;
    for (unsigned i = 0; i < locals; i++) {
        locations[i] = is_live(o, (int)i) ? local_location(o, (int)i) : LOCATION_NOWHERE;
    }
    for (unsigned j = 0; j < o->method->max_stack; j++) {
        const struct operand *operand = &o->stack.operands[j];
        bool there = j < o->stack.depth;
        locations[locals + j] = there ? operand_location(o, operand) : LOCATION_NOWHERE;
    }
    return code_vector(o->m, locations);
}

void optimize_note(struct optimizer *o, unsigned flags) {
    code_position(o->m, vm_method_positions(o->method)[o->index].bci, flags, optimize_vector(o));
}

static uint32_t entry_vector(struct optimizer *o) {
    uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
    for (unsigned i = 0; i < o->m->vector_width; i++) locations[i] = LOCATION_NOWHERE;
    for (int i = 0; i < o->method->params; i++) {
        if (is_live(o, i)) locations[i] = LOCATION_REGISTER(m_dwarf(m_arguments[i]));
    }
    return code_vector(o->m, locations);
}

void optimize_in_frame(struct optimizer *o) {
    unsigned list = o->saved > 0 ? VM_SAVED_LIST : 0;
    m_row(o->m, VM_BASE_SP, o->size, VM_SAVED_RA | list);
}

void optimize_prologue(struct optimizer *o) {
    struct masm *m = o->m;
    code_position(m, 0, 0, entry_vector(o));
    m_check_stack(m, o->size, o->overflow);
    m_enter(m, o->size);
    for (unsigned k = 0; k < o->saved; k++) {
        int offset = -2 * WORD - WORD * (int)k;
        m_store(m, m_saved[k], m_sp, (int)o->size + offset);
        code_saves(m, m_saved[k], offset);
    }
    optimize_in_frame(o);
    // The arguments stay where they came until all are where they live.
    for (int i = 0; i < o->method->params; i++) {
        if (!is_live(o, i)) continue;
        if (o->homes[i] != M_NONE) m_move(m, o->homes[i], m_arguments[i]);
        else m_store(m, m_arguments[i], m_sp, (int)o->size + optimize_local_offset(o, i));
    }
}

void optimize_epilogue(struct optimizer *o, unsigned bci, unsigned flags, bool is_done_by_first) {
    struct masm *m = o->m;
    code_position_at(m, m->size + is_done_by_first, bci, flags, optimize_vector(o));
    for (unsigned k = 0; k < o->saved; k++) {
        m_load(m, m_saved[k], m_sp, (int)o->size - 2 * WORD - WORD * (int)k);
    }
    m_row(m, VM_BASE_SP, o->size, VM_SAVED_RA);
    m_leave(m, o->size);
    optimize_in_frame(o);
}

void optimize_overflow(struct optimizer *o) {
    m_bind(o->m, o->overflow);
    m_at_entry(o->m);
    o->index = 0;
    code_position(o->m, 0, 0, entry_vector(o));
    m_jump_address(o->m, (uintptr_t)vm_stub_overflow);
}
