// Operands while they are not in their places.
#include "optimize.h"

void optimize_push(struct optimizer *o, enum place place, int32_t value) {
    o->stack.operands[o->stack.depth++] = (struct operand){place, value};
}

struct operand *optimize_top(struct optimizer *o, unsigned below) {
    return &o->stack.operands[o->stack.depth - below];
}

static bool is_used(const struct optimizer *o, mreg reg) {
    for (unsigned i = 0; i < o->stack.depth; i++) {
        const struct operand *operand = &o->stack.operands[i];
        if (operand->place == IN_REGISTER && operand->value == reg) return true;
    }
    return false;
}

mreg optimize_free(struct optimizer *o, mreg except) {
    for (;;) {
        for (unsigned i = 0; i < m_volatile_count; i++) {
            if (m_volatile[i] != except && !is_used(o, m_volatile[i])) return m_volatile[i];
        }
        // The lowest is needed last.
        const struct operand *lowest = o->stack.operands;
        while (lowest->place != IN_REGISTER || lowest->value == except) lowest++;
        optimize_spill(o, (unsigned)(lowest - o->stack.operands));
    }
}

void optimize_load(struct optimizer *o, const struct operand *operand, mreg to) {
    struct masm *m = o->m;
    switch (operand->place) {
        case IN_CONSTANT:
            m_constant(m, to, operand->value);
            break;
        case IN_REGISTER:
            m_move(m, to, (mreg)operand->value);
            break;
        case IN_LOCAL:
            if (o->homes[operand->value] != M_NONE) m_move(m, to, o->homes[operand->value]);
            else m_load(m, to, m_sp, (int)o->size + optimize_local_offset(o, operand->value));
            break;
        default:
            m_load(m, to, m_sp, (int)o->size + optimize_operand_offset(o, operand->value));
            break;
    }
}

mreg optimize_value(struct optimizer *o, const struct operand *operand, mreg to) {
    if (operand->place == IN_REGISTER) return (mreg)operand->value;
    mreg home = operand->place == IN_LOCAL ? o->homes[operand->value] : M_NONE;
    if (home != M_NONE) return home;
    struct operand from = *operand; // a spill may move it
    if (to == M_NONE) to = optimize_free(o, M_NONE);
    optimize_load(o, &from, to);
    return to;
}

void optimize_spill(struct optimizer *o, unsigned index) {
    struct operand *operand = &o->stack.operands[index];
    if (operand->place == IN_MEMORY && operand->value == (int32_t)index) return;
    mreg reg = optimize_value(o, operand, m_scratch);
    m_store(o->m, reg, m_sp, (int)o->size + optimize_operand_offset(o, (int)index));
    *operand = (struct operand){IN_MEMORY, (int32_t)index};
    optimize_note(o, 0);
}

void optimize_spill_registers(struct optimizer *o, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (o->stack.operands[i].place == IN_REGISTER) optimize_spill(o, i);
    }
}

void optimize_flush(struct optimizer *o) {
    for (unsigned i = 0; i < o->stack.depth; i++) optimize_spill(o, i);
}

void optimize_detach(struct optimizer *o, int local) {
    mreg copy = M_NONE;
    for (unsigned i = 0; i < o->stack.depth; i++) {
        struct operand *operand = &o->stack.operands[i];
        if (operand->place != IN_LOCAL || operand->value != local) continue;
        if (copy == M_NONE) {
            copy = optimize_free(o, M_NONE);
            optimize_load(o, &o->stack.operands[i], copy);
        }
        *operand = (struct operand){IN_REGISTER, copy};
        optimize_note(o, 0);
    }
}
