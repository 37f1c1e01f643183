// Bytecodes to optimized code (optimize.h).
#include "optimize.h"

// What constants locations can say, and instructions add.
#define LOCATION_MAX (1 << 23)
#define ADDEND_MAX 4096
// Constants that take one instruction on every machine.
#define SHORT_MAX 65536

static bool fits(int64_t value) { return value >= -LOCATION_MAX && value < LOCATION_MAX; }

static bool is_live_behind(const struct optimizer *o, int local) {
    return vm_method_positions(o->method)[o->index + 1].live >> local & 1;
}

static mlabel target_of(const struct optimizer *o, const struct instruction *in) {
    return (mlabel)(o->bytecodes + in->target);
}

static void constant(struct optimizer *o, int32_t value) {
    if (fits(value)) {
        optimize_push(o, IN_CONSTANT, value);
        return;
    }
    mreg reg = optimize_free(o, M_NONE);
    m_constant(o->m, reg, value);
    optimize_push(o, IN_REGISTER, reg);
}

// One instruction writes the local.
static void set_home(struct optimizer *o, mreg home, const struct operand *from) {
    if (from->place == IN_CONSTANT && (from->value < 0 || from->value >= SHORT_MAX)) {
        m_constant(o->m, m_scratch, from->value);
        m_move(o->m, home, m_scratch);
    } else {
        optimize_load(o, from, home);
    }
}

static void store(struct optimizer *o, int local) {
    struct operand *top = optimize_top(o, 1);
    bool same = top->place == IN_LOCAL && top->value == local;
    if (is_live_behind(o, local) && !same) {
        optimize_detach(o, local);
        mreg home = o->homes[local];
        if (home != M_NONE) {
            set_home(o, home, optimize_top(o, 1));
        } else {
            mreg reg = optimize_value(o, optimize_top(o, 1), m_scratch);
            m_store(o->m, reg, m_sp, (int)o->size + optimize_local_offset(o, local));
        }
    }
    o->stack.depth--;
}

static void increment(struct optimizer *o, int local, int32_t amount) {
    if (!is_live_behind(o, local)) return;
    optimize_detach(o, local);
    mreg home = o->homes[local];
    if (home != M_NONE) {
        m_add_constant(o->m, home, home, amount);
        return;
    }
    int offset = (int)o->size + optimize_local_offset(o, local);
    m_load(o->m, m_scratch, m_sp, offset);
    m_add_constant(o->m, m_scratch, m_scratch, amount);
    m_store(o->m, m_scratch, m_sp, offset);
}

static int64_t fold(enum m_operation operation, int64_t a, int64_t b) {
    switch (operation) {
        case M_ADD:
            return a + b;
        case M_SUB:
            return a - b;
        case M_MUL:
            return a * b;
        case M_AND:
            return a & b;
        default:
            return a ^ b;
    }
}

static void finish_two(struct optimizer *o, enum place place, int32_t value) {
    o->stack.depth -= 2;
    optimize_push(o, place, value);
}

static void binary(struct optimizer *o, enum m_operation operation) {
    struct operand b = *optimize_top(o, 1);
    const struct operand *a = optimize_top(o, 2);
    if (a->place == IN_CONSTANT && b.place == IN_CONSTANT) {
        int64_t value = fold(operation, a->value, b.value);
        if (fits(value)) {
            finish_two(o, IN_CONSTANT, (int32_t)value);
            return;
        }
    }
    mreg to = optimize_free(o, M_NONE);
    mreg left = optimize_value(o, optimize_top(o, 2), to);
    bool added = b.place == IN_CONSTANT && (operation == M_ADD || operation == M_SUB) &&
                 b.value > -ADDEND_MAX && b.value < ADDEND_MAX;
    if (added) m_add_constant(o->m, to, left, operation == M_ADD ? b.value : -b.value);
    else m_operate(o->m, operation, to, left, optimize_value(o, optimize_top(o, 1), m_scratch));
    finish_two(o, IN_REGISTER, to);
}

static void same(struct optimizer *o) {
    mreg to = optimize_free(o, M_NONE);
    mreg left = optimize_value(o, optimize_top(o, 2), to);
    m_set(o->m, M_EQUAL, to, left, optimize_value(o, optimize_top(o, 1), m_scratch));
    finish_two(o, IN_REGISTER, to);
}

// What stays on the stack is in memory where the branch goes.
static void branch(struct optimizer *o, const struct instruction *in) {
    static const uint8_t conditions[] = {M_LESS, M_EQUAL, M_NOT_EQUAL};
    unsigned popped = in->opcode == OP_GOTO ? 0 : in->opcode >= OP_IF_NULL ? 1 : 2;
    for (unsigned i = 0; i < o->stack.depth - popped; i++) optimize_spill(o, i);
    if (popped == 0) {
        m_jump(o->m, target_of(o, in));
    } else if (popped == 1) {
        mreg reg = optimize_value(o, optimize_top(o, 1), m_scratch);
        m_branch_zero(o->m, reg, in->opcode == OP_IF_NULL, target_of(o, in));
    } else {
        mreg left = optimize_value(o, optimize_top(o, 2), M_NONE);
        mreg right = optimize_value(o, optimize_top(o, 1), m_scratch);
        enum m_condition condition = (enum m_condition)conditions[in->opcode - OP_IF_LT];
        m_branch(o->m, condition, left, right, target_of(o, in));
    }
    o->stack.depth -= popped;
}

static void new(struct optimizer *o, int32_t class) {
    optimize_spill_registers(o, o->stack.depth);
    m_constant(o->m, m_arguments[0], class);
    optimize_runtime(o, vm_stub_new);
    optimize_push(o, IN_REGISTER, m_result);
}

static void get(struct optimizer *o, int32_t field) {
    mreg to = optimize_free(o, M_NONE);
    mreg object = optimize_value(o, optimize_top(o, 1), to);
    optimize_not_null(o, object);
    m_load(o->m, to, object, VM_OBJECT_WORDS + WORD * field);
    o->stack.depth--;
    optimize_push(o, IN_REGISTER, to);
}

static void put(struct optimizer *o, int32_t field) {
    mreg object = optimize_value(o, optimize_top(o, 2), M_NONE);
    mreg value = optimize_value(o, optimize_top(o, 1), m_scratch);
    optimize_not_null(o, object);
    m_store(o->m, value, object, VM_OBJECT_WORDS + WORD * field);
    o->stack.depth -= 2;
}

static void throw(struct optimizer *o) {
    optimize_spill_registers(o, o->stack.depth);
    optimize_load(o, optimize_top(o, 1), m_arguments[0]);
    optimize_not_null(o, m_arguments[0]);
    optimize_runtime(o, vm_stub_throw);
}

static void poll(struct optimizer *o) {
    mlabel none = m_label(o->m);
    optimize_spill_registers(o, o->stack.depth);
    m_thread(o->m, m_scratch);
    m_load_word(o->m, m_scratch, m_scratch, VM_THREAD_POLL);
    m_branch_zero(o->m, m_scratch, true, none);
    optimize_runtime(o, vm_stub_poll);
    m_bind(o->m, none);
}

static void leave(struct optimizer *o, const struct instruction *in) {
    if (in->opcode == OP_RETURN) {
        optimize_epilogue(o, in->bci, VM_POSITION_LEAVING, true);
        return;
    }
    const struct operand *top = optimize_top(o, 1);
    bool there = top->place == IN_REGISTER && top->value == m_result;
    if (!there) set_home(o, m_result, top);
    optimize_epilogue(o, in->bci, VM_POSITION_LEAVING | VM_POSITION_RESULT, there);
}

void optimize_bytecode(struct optimizer *o, const struct instruction *in) {
    static const uint8_t operations[] = {M_ADD, M_SUB, M_MUL, M_AND, M_XOR};
    switch (in->opcode) {
        case OP_NOP:
            return;
        case OP_ICONST:
        case OP_NULL:
            return constant(o, in->operand);
        case OP_LOAD:
            return optimize_push(o, IN_LOCAL, in->operand);
        case OP_STORE:
            return store(o, in->operand);
        case OP_DUP: {
            struct operand top = *optimize_top(o, 1);
            return optimize_push(o, top.place, top.value);
        }
        case OP_POP:
            o->stack.depth--;
            return;
        case OP_INC:
            return increment(o, in->operand, in->amount);
        case OP_NEW:
            return new(o, in->operand);
        case OP_GETI:
        case OP_GETR:
            return get(o, in->operand);
        case OP_PUTI:
        case OP_PUTR:
            return put(o, in->operand);
        case OP_INVOKE:
            return optimize_invoke(o, in);
        case OP_RETURN:
        case OP_RETURN_VALUE:
            return leave(o, in);
        case OP_THROW:
            return throw(o);
        case OP_POLL:
            return poll(o);
        case OP_SAME:
            return same(o);
        default:
            if (is_branch(in->opcode)) return branch(o, in);
            return binary(o, (enum m_operation)operations[in->opcode - OP_ADD]);
    }
}
