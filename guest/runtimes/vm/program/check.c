// A method's bytecode against its positions, which say what is true before each bytecode: each of them
// must lead to what the next ones say. So one pass will do, and what runs cannot leave its frame, nor
// take an int for a reference. Which fields an object has is not looked at.
#include "check.h"

struct state {
    uint32_t depth, stack_refs, refs, ints;
};

struct checked {
    const struct vm_method *method;
    const struct vm_position *positions;
    const uint8_t *code;
    const char *wrong;
};

static int fail(struct checked *checked, const char *wrong) {
    if (checked->wrong == 0) checked->wrong = wrong;
    return 0;
}

static uint32_t read16(const uint8_t *at) { return (uint32_t)(at[0] | at[1] << 8); }

// Bytes of a bytecode; 0 if there is none of that number.
static uint32_t size_of(uint8_t opcode) {
    switch (opcode) {
    case OP_ICONST:
        return 5;
    case OP_INC:
    case OP_INVOKE:
        return 3;
    case OP_LOAD:
    case OP_STORE:
    case OP_NEW:
    case OP_GETI:
    case OP_PUTI:
    case OP_GETR:
    case OP_PUTR:
        return 2;
    default:
        if (opcode >= OP_GOTO && opcode <= OP_IF_NONNULL) return 3;
        if (opcode <= OP_XOR || opcode == OP_RETURN || opcode == OP_RETURN_VALUE) return 1;
        return opcode >= OP_THROW && opcode <= OP_SAME ? 1 : 0;
    }
}

static int push(struct checked *checked, struct state *state, uint32_t ref) {
    if (state->depth >= checked->method->max_stack) return fail(checked, "there are too many operands");
    state->stack_refs |= ref << state->depth++;
    return 1;
}

static int pop(struct checked *checked, struct state *state, uint32_t ref) {
    if (state->depth == 0) return fail(checked, "an operand is missing");
    uint32_t bit = 1u << --state->depth;
    if (((state->stack_refs & bit) != 0) != ref) return fail(checked, "an operand is of the wrong type");
    state->stack_refs &= ~bit;
    return 1;
}

// Takes the operand on top, and says what it is.
static uint32_t pop_any(struct checked *checked, struct state *state) {
    uint32_t ref = state->depth > 0 && state->stack_refs >> (state->depth - 1) & 1;
    pop(checked, state, ref);
    return ref;
}

static int pop_ints(struct checked *checked, struct state *state) {
    return pop(checked, state, 0) && pop(checked, state, 0);
}

static int invoke(struct checked *checked, struct state *state, uint32_t id, const struct vm_position *position) {
    if (id >= vm_program.method_count) return fail(checked, "it calls no method");
    const struct vm_method *callee = vm_methods[id];
    if (position->flags != callee->params) return fail(checked, "its callee takes another number of operands");
    for (uint32_t i = callee->params; i-- > 0;) {
        if (!pop(checked, state, callee->param_refs >> i & 1)) return 0;
    }
    return callee->result == VM_VOID || push(checked, state, callee->result == VM_REF);
}

// What a bytecode that may enter the runtime takes, and so gives up before.
static uint32_t pops_of(uint8_t opcode) {
    if (opcode == OP_PUTI || opcode == OP_PUTR) return 2;
    return opcode == OP_GETI || opcode == OP_GETR || opcode == OP_THROW;
}

static int is_return(const struct checked *checked, uint32_t result) { return checked->method->result == result; }

// Loads, stores and increments.
static int access(struct checked *checked, struct state *state, uint8_t opcode, uint32_t local, uint32_t live) {
    if (local >= checked->method->locals) return fail(checked, "there is no such local");
    uint32_t bit = 1u << local;
    if (opcode == OP_STORE) {
        uint32_t ref = pop_any(checked, state);
        state->refs = ref ? state->refs | bit : state->refs & ~bit;
        state->ints = ref ? state->ints & ~bit : state->ints | bit;
        return checked->wrong == 0;
    }
    if (!((state->ints | (opcode == OP_LOAD ? state->refs : 0)) & bit)) return fail(checked, "a local is of the wrong type");
    if (!(live & bit)) return fail(checked, "a local that is read is not said to be live");
    return opcode == OP_INC || push(checked, state, (state->refs & bit) != 0);
}

// What a bytecode does to the state before it.
static int apply(struct checked *checked, struct state *state, const struct vm_position *position) {
    const uint8_t *at = checked->code + position->bci;
    uint8_t opcode = at[0];
    if (opcode != OP_INVOKE && position->flags != pops_of(opcode)) {
        return fail(checked, "it takes another number of operands");
    }
    switch (opcode) {
    case OP_LOAD:
    case OP_STORE:
    case OP_INC:
        return access(checked, state, opcode, at[1], position->live);
    case OP_ICONST:
        return push(checked, state, 0);
    case OP_NULL:
        return push(checked, state, 1);
    case OP_DUP: {
        uint32_t ref = pop_any(checked, state);
        return checked->wrong == 0 && push(checked, state, ref) && push(checked, state, ref);
    }
    case OP_POP:
        pop_any(checked, state);
        return checked->wrong == 0;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
    case OP_AND:
    case OP_XOR:
        return pop_ints(checked, state) && push(checked, state, 0);
    case OP_IF_LT:
    case OP_IF_EQ:
    case OP_IF_NE:
        return pop_ints(checked, state);
    case OP_IF_NULL:
    case OP_IF_NONNULL:
    case OP_THROW:
        return pop(checked, state, 1);
    case OP_NEW:
        return at[1] < vm_program.class_count ? push(checked, state, 1) : fail(checked, "there is no such class");
    case OP_GETI:
        return pop(checked, state, 1) && push(checked, state, 0);
    case OP_GETR:
        return pop(checked, state, 1) && push(checked, state, 1);
    case OP_PUTI:
        return pop(checked, state, 0) && pop(checked, state, 1);
    case OP_PUTR:
        return pop(checked, state, 1) && pop(checked, state, 1);
    case OP_INVOKE:
        return invoke(checked, state, read16(at + 1), position);
    case OP_RETURN:
        return is_return(checked, VM_VOID) || fail(checked, "the method has a result");
    case OP_RETURN_VALUE: {
        uint32_t ref = pop_any(checked, state);
        if (checked->wrong != 0) return 0;
        return is_return(checked, ref ? VM_REF : VM_INT) || fail(checked, "the method has no such result");
    }
    case OP_SAME:
        return pop(checked, state, 1) && pop(checked, state, 1) && push(checked, state, 0);
    default:
        return 1; // nop, goto, poll
    }
}

// Where a bytecode begins; null if none does.
static const struct vm_position *position_at(const struct checked *checked, uint32_t bci) {
    uint32_t low = 0, high = checked->method->position_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (checked->positions[middle].bci < bci) low = middle + 1;
        else high = middle;
    }
    int found = low < checked->method->position_count && checked->positions[low].bci == bci;
    return found ? &checked->positions[low] : 0;
}

// Whether a state may go over to what a position says. `live` are the locals said to be live before,
// and those that have been set.
static int leads_to(struct checked *checked, const struct state *state, uint32_t live,
                    const struct vm_position *to) {
    if (to == 0) return fail(checked, "it leads to where no bytecode begins");
    if (to->depth != state->depth || to->stack_refs != state->stack_refs) {
        return fail(checked, "it leads to where other operands are");
    }
    if ((to->refs & ~state->refs) || (to->ints & ~state->ints)) {
        return fail(checked, "it leads to where other locals are");
    }
    if (to->live & ~live) return fail(checked, "it leads to where other locals are live");
    return 1;
}

static int check_bytecode(struct checked *checked, const struct vm_position *position) {
    uint8_t opcode = checked->code[position->bci];
    uint32_t next = position->bci + size_of(opcode), locals = (1u << checked->method->locals) - 1;
    if (position->depth > checked->method->max_stack || position->stack_refs >> position->depth ||
        (position->refs & position->ints) || ((position->refs | position->ints | position->live) & ~locals)) {
        return fail(checked, "its record has more variables than the method");
    }
    struct state state = {position->depth, position->stack_refs, position->refs, position->ints};
    if (!apply(checked, &state, position)) return 0;
    uint32_t live = position->live | (opcode == OP_STORE ? 1u << checked->code[position->bci + 1] : 0);
    if (opcode >= OP_GOTO && opcode <= OP_IF_NONNULL) {
        int32_t target = position->bci + (int16_t)read16(checked->code + position->bci + 1);
        const struct vm_position *to = target < 0 ? 0 : position_at(checked, (uint32_t)target);
        if (!leads_to(checked, &state, live, to)) return 0;
    }
    if (opcode == OP_GOTO || opcode == OP_THROW || opcode == OP_RETURN || opcode == OP_RETURN_VALUE) return 1;
    return leads_to(checked, &state, live, position_at(checked, next));
}

// Positions are those of all bytecodes, one after the other.
static int check_list(struct checked *checked, uint32_t *bci) {
    const struct vm_method *method = checked->method;
    *bci = 0;
    for (uint32_t i = 0; i < method->position_count; i++) {
        if (checked->positions[i].bci != *bci) return fail(checked, "it has no record");
        uint32_t size = size_of(checked->code[*bci]);
        if (size == 0) return fail(checked, "there is no such bytecode");
        if (size > method->code_size - *bci) return fail(checked, "it is not whole");
        *bci += size;
        if (*bci == method->code_size) return i + 1 == method->position_count || fail(checked, "it has no record");
    }
    return fail(checked, "it has no record");
}

// What is true where an exception is taken is true wherever it may come from.
static int check_handler(struct checked *checked, const struct vm_handler *handler, uint32_t *bci) {
    *bci = handler->from;
    const struct vm_position *from = position_at(checked, handler->from), *target = position_at(checked, handler->target);
    int ends = handler->to == checked->method->code_size || position_at(checked, handler->to) != 0;
    if (from == 0 || target == 0 || !ends || handler->from >= handler->to) {
        return fail(checked, "a handler is not for whole bytecodes");
    }
    if (handler->class >= vm_program.class_count && handler->class < VM_HANDLER_FINALLY) {
        return fail(checked, "a handler is for no class");
    }
    if (checked->method->max_stack == 0) return fail(checked, "there are too many operands");
    const struct vm_position *end = checked->positions + checked->method->position_count;
    for (; from < end && from->bci < handler->to; from++) {
        *bci = from->bci;
        struct state state = {1, 1, from->refs, from->ints};
        if (!leads_to(checked, &state, from->live, target)) return 0;
    }
    return 1;
}

const char *vm_check_code(const struct vm_method *method, uint32_t *bci) {
    struct checked checked = {method, vm_method_positions(method), vm_method_code(method), 0};
    if (!check_list(&checked, bci)) return checked.wrong;
    uint32_t params = (1u << method->params) - 1;
    struct state begin = {0, 0, method->param_refs, params & ~method->param_refs};
    *bci = 0;
    if (!leads_to(&checked, &begin, params, checked.positions)) return checked.wrong;
    for (uint32_t i = 0; i < method->position_count; i++) {
        *bci = checked.positions[i].bci;
        if (!check_bytecode(&checked, &checked.positions[i])) return checked.wrong;
    }
    const struct vm_handler *handlers = vm_method_handlers(method);
    for (uint32_t i = 0; i < method->handler_count; i++) {
        if (!check_handler(&checked, &handlers[i], bci)) return checked.wrong;
    }
    return 0;
}
