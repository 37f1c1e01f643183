// Calls out of optimized code, and what is out of line.
#include "optimize.h"

static unsigned bci(const struct optimizer *o) {
    return vm_method_positions(o->method)[o->index].bci;
}

void optimize_runtime(struct optimizer *o, const char *stub) {
    m_call_address(o->m, (uintptr_t)stub);
    code_called(o->m, bci(o), optimize_vector(o));
    optimize_note(o, 0);
}

// Parameters that are in registers where another is to be give way; then each can be put where it
// belongs, and every operand is still where the map says.
static void pass(struct optimizer *o, unsigned parameters) {
    unsigned first = o->stack.depth - parameters;
    for (unsigned i = 0; i < parameters; i++) {
        const struct operand *operand = &o->stack.operands[first + i];
        if (operand->place != IN_REGISTER || operand->value == m_arguments[i]) continue;
        for (unsigned k = 0; k < parameters; k++) {
            if (operand->value != m_arguments[k]) continue;
            optimize_spill(o, first + i);
            break;
        }
    }
    for (unsigned i = 0; i < parameters; i++) {
        const struct operand *operand = &o->stack.operands[first + i];
        if (operand->place == IN_REGISTER && operand->value == m_arguments[i]) continue;
        optimize_load(o, operand, m_arguments[i]);
    }
}

void optimize_invoke(struct optimizer *o, const struct instruction *in) {
    unsigned parameters = in->callee->params;
    optimize_spill_registers(o, o->stack.depth - parameters);
    pass(o, parameters);
    m_call_method(o->m, in->callee, VM_OPTIMIZED);
    o->stack.depth -= parameters;
    code_called(o->m, in->bci, optimize_vector(o));
    if (in->callee->result != VM_VOID) optimize_push(o, IN_REGISTER, m_result);
}

void optimize_not_null(struct optimizer *o, mreg reg) {
    if (o->path_count == NULL_PATHS_MAX) {
        o->m->failed = true;
        return;
    }
    struct null_path *path = &o->paths[o->path_count++];
    *path = (struct null_path){m_label(o->m), (uint16_t)o->index, o->stack};
    m_branch_zero(o->m, reg, true, path->label);
}

void optimize_null_paths(struct optimizer *o) {
    for (unsigned i = 0; i < o->path_count; i++) {
        const struct null_path *path = &o->paths[i];
        o->index = path->index;
        o->stack = path->stack;
        m_bind(o->m, path->label);
        optimize_note(o, 0);
        optimize_spill_registers(o, o->stack.depth);
        optimize_runtime(o, vm_stub_null);
    }
}
