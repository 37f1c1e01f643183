// The baseline compiler: bytecodes to code (jit.h).
#include "jit.h"

static void throw_null_if_zero(struct jit *jit, const struct instruction *in, mreg reg) {
    mlabel not_null = m_label(jit->m);
    m_branch_zero(jit->m, reg, false, not_null);
    jit_runtime(jit, in->bci, vm_stub_null);
    m_bind(jit->m, not_null);
}

static void binary(struct jit *jit, const struct instruction *in, enum m_operation operation) {
    jit_load(jit, jit->a, jit_operand(jit, in, 2));
    jit_load(jit, jit->b, jit_operand(jit, in, 1));
    m_operate(jit->m, operation, jit->a, jit->a, jit->b);
    jit_store(jit, jit->a, jit_operand(jit, in, 2));
}

static void branch(struct jit *jit, const struct instruction *in) {
    static const uint8_t conditions[] = {M_LESS, M_EQUAL, M_NOT_EQUAL};
    mlabel target = (mlabel)(jit->bytecodes + in->target);
    jit_load(jit, jit->a, jit_operand(jit, in, 1));
    if (in->opcode >= OP_IF_NULL) {
        m_branch_zero(jit->m, jit->a, in->opcode == OP_IF_NULL, target);
        return;
    }
    jit_load(jit, jit->b, jit_operand(jit, in, 2));
    m_branch(jit->m, (enum m_condition)conditions[in->opcode - OP_IF_LT], jit->b, jit->a, target);
}

static void get(struct jit *jit, const struct instruction *in) {
    jit_load(jit, jit->a, jit_operand(jit, in, 1));
    throw_null_if_zero(jit, in, jit->a);
    m_load(jit->m, jit->a, jit->a, VM_OBJECT_WORDS + WORD * in->operand);
    jit_store(jit, jit->a, jit_operand(jit, in, 1));
}

static void put(struct jit *jit, const struct instruction *in) {
    jit_load(jit, jit->a, jit_operand(jit, in, 2));
    jit_load(jit, jit->b, jit_operand(jit, in, 1));
    throw_null_if_zero(jit, in, jit->a);
    m_store(jit->m, jit->b, jit->a, VM_OBJECT_WORDS + WORD * in->operand);
}

static void invoke(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    unsigned parameters = in->callee->params;
    for (unsigned i = 0; i < parameters; i++) {
        jit_load(jit, jit->a, jit_operand(jit, in, parameters - i));
        m_store(m, jit->a, m_sp, (int)(WORD * i));
    }
    m_call_method(m, in->callee, VM_JIT);
    code_called(m, in->bci, jit->vector);
    if (in->callee->result == VM_VOID) return;
    code_position(m, in->bci, VM_POSITION_CONSUMED | VM_POSITION_RESULT, jit->vector);
    jit_store(jit, m_result, jit_operand(jit, in, parameters));
}

static void leave(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    if (in->opcode == OP_RETURN_VALUE) {
        jit_load(jit, m_result, jit_operand(jit, in, 1));
        code_position(m, in->bci, VM_POSITION_LEAVING | VM_POSITION_RESULT, jit->vector);
    } else {
        // From the second instruction on.
        code_position_at(m, m->size + 1, in->bci, VM_POSITION_LEAVING, jit->vector);
    }
    jit_leave(jit);
}

static void throw(struct jit *jit, const struct instruction *in) {
    jit_load(jit, m_arguments[0], jit_operand(jit, in, 1));
    throw_null_if_zero(jit, in, m_arguments[0]);
    jit_runtime(jit, in->bci, vm_stub_throw);
}

static void poll(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    mlabel none = m_label(m);
    m_thread(m, jit->a);
    m_load_word(m, jit->a, jit->a, VM_THREAD_POLL);
    m_branch_zero(m, jit->a, true, none);
    jit_runtime(jit, in->bci, vm_stub_poll);
    m_bind(m, none);
}

static void simple(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    switch (in->opcode) {
        case OP_ICONST:
        case OP_NULL:
            m_constant(m, jit->a, in->operand);
            jit_store(jit, jit->a, jit_operand(jit, in, 0));
            break;
        case OP_LOAD:
            jit_load(jit, jit->a, jit_local(jit, in->operand));
            jit_store(jit, jit->a, jit_operand(jit, in, 0));
            break;
        case OP_STORE:
            jit_load(jit, jit->a, jit_operand(jit, in, 1));
            jit_store(jit, jit->a, jit_local(jit, in->operand));
            break;
        case OP_DUP:
            jit_load(jit, jit->a, jit_operand(jit, in, 1));
            jit_store(jit, jit->a, jit_operand(jit, in, 0));
            break;
        case OP_INC:
            jit_load(jit, jit->a, jit_local(jit, in->operand));
            m_add_constant(m, jit->a, jit->a, in->amount);
            jit_store(jit, jit->a, jit_local(jit, in->operand));
            break;
        case OP_SAME:
            jit_load(jit, jit->a, jit_operand(jit, in, 2));
            jit_load(jit, jit->b, jit_operand(jit, in, 1));
            m_set(m, M_EQUAL, jit->c, jit->a, jit->b);
            jit_store(jit, jit->c, jit_operand(jit, in, 2));
            break;
        default: // nop and pop
            m_nop(m);
            break;
    }
}

static void bytecode(struct jit *jit, const struct instruction *in) {
    static const uint8_t operations[] = {M_ADD, M_SUB, M_MUL, M_AND, M_XOR};
    struct masm *m = jit->m;
    if (in->opcode >= OP_ADD && in->opcode <= OP_XOR) {
        binary(jit, in, (enum m_operation)operations[in->opcode - OP_ADD]);
        return;
    }
    switch (in->opcode) {
        case OP_GOTO:
            m_jump(m, (mlabel)(jit->bytecodes + in->target));
            break;
        case OP_IF_LT:
        case OP_IF_EQ:
        case OP_IF_NE:
        case OP_IF_NULL:
        case OP_IF_NONNULL:
            branch(jit, in);
            break;
        case OP_NEW:
            m_constant(m, m_arguments[0], in->operand);
            jit_runtime(jit, in->bci, vm_stub_new);
            jit_store(jit, m_result, jit_operand(jit, in, 0));
            break;
        case OP_GETI:
        case OP_GETR:
            get(jit, in);
            break;
        case OP_PUTI:
        case OP_PUTR:
            put(jit, in);
            break;
        case OP_INVOKE:
            invoke(jit, in);
            break;
        case OP_RETURN:
        case OP_RETURN_VALUE:
            leave(jit, in);
            break;
        case OP_THROW:
            throw(jit, in);
            break;
        case OP_POLL:
            poll(jit, in);
            break;
        default:
            simple(jit, in);
            break;
    }
}

void jit_make(struct masm *m) {
    const struct vm_method *method = m->method;
    struct jit jit = {.m = m, .a = m_volatile[1], .b = m_volatile[2], .c = m_scratch};
    code_begin_region(m, REGION_JIT, VM_JIT);
    jit.overflow = m_label(m);
    jit.bytecodes = (mlabel)m->label_count;
    for (uint32_t i = 0; i < method->position_count; i++) {
        m_label(m);
        struct instruction in = decode(method, i);
        if (in.callee != NULL && in.callee->params > jit.outgoing) jit.outgoing = in.callee->params;
    }
    if (m->failed) return;
    jit.vector = jit_places(&jit);
    jit_prologue(&jit);
    for (uint32_t i = 0; i < method->position_count && !m->failed; i++) {
        struct instruction in = decode(method, i);
        m_bind(m, (mlabel)(jit.bytecodes + i));
        code_position(m, in.bci, 0, jit.vector);
        bytecode(&jit, &in);
    }
    jit_pads(&jit);
    jit_overflow(&jit);
    code_end_region(m);
}
