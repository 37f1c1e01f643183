// A method, from its first bytecode to its last.
#include "optimize.h"

// Whether something jumps to a bytecode.
static uint8_t leaders[UINT16_MAX];

static void find_leaders(const struct vm_method *method) {
    const struct vm_handler *handlers = vm_method_handlers(method);
    for (uint32_t i = 0; i < method->position_count; i++) leaders[i] = 0;
    for (uint32_t i = 0; i < method->position_count; i++) {
        struct instruction in = decode(method, i);
        if (is_branch(in.opcode)) leaders[in.target] = 1;
    }
    for (uint32_t i = 0; i < method->handler_count; i++) {
        leaders[position_index(method, handlers[i].target)] = 1;
    }
}

// Where control meets: what was before leaves its operands in memory, as all do.
static void meet(struct optimizer *o) {
    if (o->reachable) {
        optimize_note(o, 0);
        optimize_flush(o);
    }
    o->stack.depth = vm_method_positions(o->method)[o->index].depth;
    for (unsigned i = 0; i < o->stack.depth; i++) {
        o->stack.operands[i] = (struct operand){IN_MEMORY, (int32_t)i};
    }
    o->reachable = true;
    m_bind(o->m, (mlabel)(o->bytecodes + o->index));
}

static void bytecodes(struct optimizer *o) {
    for (uint32_t i = 0; i < o->method->position_count && !o->m->failed; i++) {
        struct instruction in = decode(o->method, i);
        o->index = i;
        if (leaders[i]) meet(o);
        if (!o->reachable) continue;
        optimize_note(o, 0);
        optimize_bytecode(o, &in);
        o->reachable = falls_through(in.opcode);
    }
}

// Where exceptions land: the only operand is in the result register.
static void pads(struct optimizer *o) {
    const struct vm_handler *handlers = vm_method_handlers(o->method);
    for (uint32_t i = 0; i < o->method->handler_count; i++) {
        if (!is_first_with_target(o->method, i)) continue;
        o->index = position_index(o->method, handlers[i].target);
        o->stack.depth = 0;
        optimize_push(o, IN_REGISTER, m_result);
        code_pad(o->m, handlers[i].target);
        optimize_note(o, 0);
        optimize_spill(o, 0);
        m_jump(o->m, (mlabel)(o->bytecodes + o->index));
    }
}

void optimize_make(struct masm *m) {
    static struct optimizer optimizer;
    struct optimizer *o = &optimizer;
    o->m = m;
    o->method = m->method;
    o->index = 0;
    o->stack.depth = 0;
    o->path_count = 0;
    o->reachable = true;
    code_begin_region(m, REGION_OPTIMIZED, VM_OPTIMIZED);
    o->overflow = m_label(m);
    o->bytecodes = (mlabel)m->label_count;
    for (uint32_t i = 0; i < o->method->position_count; i++) m_label(m);
    if (m->failed) return;
    find_leaders(o->method);
    optimize_lay_out(o);
    optimize_prologue(o);
    bytecodes(o);
    optimize_null_paths(o);
    pads(o);
    optimize_overflow(o);
    code_end_region(m);
}
