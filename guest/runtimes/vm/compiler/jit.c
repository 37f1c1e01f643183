// The baseline compiler: each bytecode becomes its own instructions, and every local and operand has
// one place for good.
//
//     CFA + 8 i                     parameter i: local i, where the caller has put it
//     CFA - 8, CFA - 16             return address, caller's frame pointer
//     CFA - 24 - 8 (i - params)     local i
//     below                         operand j
//     sp + 8 i                      parameter i of what is called
//
// A bytecode takes effect by its last instruction, and has at least one, so the position of the map is
// that of the bytecode up to there. What an operand's place holds while the depth is below it, nobody
// sees.
#include "internal.h"

// What bytecodes compute with.
struct jit {
    struct masm *m;
    mreg a, b, c;
    mlabel bytecodes;  // the label of the first; the others' follow
    unsigned outgoing; // parameters of the calls, at most
    uint32_t vector;
    mlabel overflow;
};

static int local_offset(const struct vm_method *method, int local) {
    if (local < method->params) return WORD * local;
    return -3 * WORD - WORD * (local - method->params);
}

static int operand_offset(const struct vm_method *method, int index) {
    return -3 * WORD - WORD * (method->locals - method->params + index);
}

static unsigned frame_size(const struct jit *jit) {
    const struct vm_method *method = jit->m->method;
    return round_frame((unsigned)(-operand_offset(method, method->max_stack) - WORD) + WORD * jit->outgoing);
}

// Offsets count from the CFA, which is two words above the frame pointer.
static void load(struct jit *jit, mreg to, int offset) { m_load(jit->m, to, m_fp, offset + 2 * WORD); }
static void store(struct jit *jit, mreg from, int offset) { m_store(jit->m, from, m_fp, offset + 2 * WORD); }

// The operand `below` the top: 1 is the top.
static int operand(const struct jit *jit, const struct instruction *in, unsigned below) {
    return operand_offset(jit->m->method, (int)(in->depth - below));
}

static uint32_t places(struct jit *jit) {
    const struct vm_method *method = jit->m->method;
    uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
    for (int i = 0; i < method->locals; i++) locations[i] = LOCATION_CFA(local_offset(method, i));
    for (int j = 0; j < method->max_stack; j++) {
        locations[method->locals + j] = LOCATION_CFA(operand_offset(method, j));
    }
    return code_vector(jit->m, locations);
}

// ---- Prologue and what is out of line

static void call_runtime(struct jit *jit, unsigned bci, const char *stub) {
    m_call_address(jit->m, (uintptr_t)stub);
    code_called(jit->m, bci, jit->vector);
    code_position(jit->m, bci, 0, jit->vector);
}

static void prologue(struct jit *jit) {
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
    call_runtime(jit, 0, vm_stub_tier);
    m_bind(m, not_hot);
}

static void in_frame(struct jit *jit) {
    m_row(jit->m, ROW_BY_FP, 2 * WORD, ROW_SAVED_RETURN | ROW_SAVED_FP);
}

static void throw_null_if_zero(struct jit *jit, const struct instruction *in, mreg reg) {
    mlabel not_null = m_label(jit->m);
    m_branch_zero(jit->m, reg, false, not_null);
    call_runtime(jit, in->bci, vm_stub_null);
    m_bind(jit->m, not_null);
}

// Where exceptions land: the operand is in the result register until it has been stored.
static void pads(struct jit *jit) {
    struct masm *m = jit->m;
    const struct vm_handler *handlers = vm_method_handlers(m->method);
    for (uint32_t i = 0; i < m->method->handler_count; i++) {
        uint32_t first = 0;
        while (handlers[first].target != handlers[i].target) first++;
        if (first != i) continue;
        uint32_t locations[VM_LOCALS_MAX + VM_STACK_MAX];
        for (uint32_t k = 0; k < m->vector_width; k++) {
            locations[k] = m->vectors[jit->vector * m->vector_width + k];
        }
        locations[m->method->locals] = LOCATION_REGISTER(m_dwarf(m_result));
        code_pad(m, handlers[i].target);
        code_position(m, handlers[i].target, 0, code_vector(m, locations));
        store(jit, m_result, operand_offset(m->method, 0));
        code_position(m, handlers[i].target, 0, jit->vector);
        m_jump(m, (mlabel)(jit->bytecodes + position_index(m->method, handlers[i].target)));
    }
}

// ---- Bytecodes

static void binary(struct jit *jit, const struct instruction *in, enum m_operation operation) {
    load(jit, jit->a, operand(jit, in, 2));
    load(jit, jit->b, operand(jit, in, 1));
    m_operate(jit->m, operation, jit->a, jit->a, jit->b);
    store(jit, jit->a, operand(jit, in, 2));
}

static void branch(struct jit *jit, const struct instruction *in) {
    static const uint8_t conditions[] = {M_LESS, M_EQUAL, M_NOT_EQUAL};
    mlabel target = (mlabel)(jit->bytecodes + in->target);
    load(jit, jit->a, operand(jit, in, 1));
    if (in->opcode >= OP_IF_NULL) {
        m_branch_zero(jit->m, jit->a, in->opcode == OP_IF_NULL, target);
        return;
    }
    load(jit, jit->b, operand(jit, in, 2));
    m_branch(jit->m, (enum m_condition)conditions[in->opcode - OP_IF_LT], jit->b, jit->a, target);
}

static void get(struct jit *jit, const struct instruction *in) {
    load(jit, jit->a, operand(jit, in, 1));
    throw_null_if_zero(jit, in, jit->a);
    m_load(jit->m, jit->a, jit->a, VM_OBJECT_WORDS + WORD * in->operand);
    store(jit, jit->a, operand(jit, in, 1));
}

static void put(struct jit *jit, const struct instruction *in) {
    load(jit, jit->a, operand(jit, in, 2));
    load(jit, jit->b, operand(jit, in, 1));
    throw_null_if_zero(jit, in, jit->a);
    m_store(jit->m, jit->b, jit->a, VM_OBJECT_WORDS + WORD * in->operand);
}

static void invoke(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    unsigned parameters = in->callee->params;
    for (unsigned i = 0; i < parameters; i++) {
        load(jit, jit->a, operand(jit, in, parameters - i));
        m_store(m, jit->a, m_sp, (int)(WORD * i));
    }
    m_call_method(m, in->callee, VM_JIT);
    code_called(m, in->bci, jit->vector);
    if (in->callee->result == VM_VOID) return;
    code_position(m, in->bci, POSITION_CONSUMED | POSITION_RESULT, jit->vector);
    store(jit, m_result, operand(jit, in, parameters));
}

static void leave(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    if (in->opcode == OP_RETURN_VALUE) {
        load(jit, m_result, operand(jit, in, 1));
        code_position(m, in->bci, POSITION_LEAVING | POSITION_RESULT, jit->vector);
    } else {
        // From the second instruction on.
        code_position_at(m, m->size + 1, in->bci, POSITION_LEAVING, jit->vector);
    }
    m_leave_fp(m);
    in_frame(jit);
}

static void throw(struct jit *jit, const struct instruction *in) {
    load(jit, m_arguments[0], operand(jit, in, 1));
    throw_null_if_zero(jit, in, m_arguments[0]);
    call_runtime(jit, in->bci, vm_stub_throw);
}

static void poll(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    mlabel none = m_label(m);
    m_thread(m, jit->a);
    m_load_word(m, jit->a, jit->a, VM_THREAD_POLL);
    m_branch_zero(m, jit->a, true, none);
    call_runtime(jit, in->bci, vm_stub_poll);
    m_bind(m, none);
}

static void simple(struct jit *jit, const struct instruction *in) {
    struct masm *m = jit->m;
    switch (in->opcode) {
        case OP_ICONST:
        case OP_NULL:
            m_constant(m, jit->a, in->operand);
            store(jit, jit->a, operand(jit, in, 0));
            break;
        case OP_LOAD:
            load(jit, jit->a, local_offset(m->method, in->operand));
            store(jit, jit->a, operand(jit, in, 0));
            break;
        case OP_STORE:
            load(jit, jit->a, operand(jit, in, 1));
            store(jit, jit->a, local_offset(m->method, in->operand));
            break;
        case OP_DUP:
            load(jit, jit->a, operand(jit, in, 1));
            store(jit, jit->a, operand(jit, in, 0));
            break;
        case OP_INC:
            load(jit, jit->a, local_offset(m->method, in->operand));
            m_add_constant(m, jit->a, jit->a, in->amount);
            store(jit, jit->a, local_offset(m->method, in->operand));
            break;
        case OP_SAME:
            load(jit, jit->a, operand(jit, in, 2));
            load(jit, jit->b, operand(jit, in, 1));
            m_set(m, M_EQUAL, jit->c, jit->a, jit->b);
            store(jit, jit->c, operand(jit, in, 2));
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
            call_runtime(jit, in->bci, vm_stub_new);
            store(jit, m_result, operand(jit, in, 0));
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
    jit.vector = places(&jit);
    prologue(&jit);
    for (uint32_t i = 0; i < method->position_count && !m->failed; i++) {
        struct instruction in = decode(method, i);
        m_bind(m, (mlabel)(jit.bytecodes + i));
        code_position(m, in.bci, 0, jit.vector);
        bytecode(&jit, &in);
    }
    pads(&jit);
    m_bind(m, jit.overflow);
    m_at_entry(m);
    code_position(m, 0, 0, jit.vector);
    m_jump_address(m, (uintptr_t)vm_stub_overflow);
    code_end_region(m);
}
