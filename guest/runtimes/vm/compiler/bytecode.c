// Bytecodes, as compilers read them.
#include "internal.h"

unsigned position_index(const struct vm_method *method, unsigned bci) {
    const struct vm_position *positions = vm_method_positions(method);
    unsigned low = 0, high = method->position_count;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        if (positions[middle].bci <= bci) low = middle;
        else high = middle;
    }
    return low;
}

bool is_first_with_target(const struct vm_method *method, uint32_t handler) {
    const struct vm_handler *handlers = vm_method_handlers(method);
    uint32_t first = 0;
    while (handlers[first].target != handlers[handler].target) first++;
    return first == handler;
}

static int16_t read16(const uint8_t *at) { return (int16_t)(at[0] | at[1] << 8); }

static int32_t read32(const uint8_t *at) {
    return (int32_t)((uint16_t)read16(at) | (uint32_t)(uint16_t)read16(at + 2) << 16);
}

bool is_branch(unsigned opcode) { return opcode >= OP_GOTO && opcode <= OP_IF_NONNULL; }

bool falls_through(unsigned opcode) {
    bool returns = opcode == OP_RETURN || opcode == OP_RETURN_VALUE;
    return opcode != OP_GOTO && opcode != OP_THROW && !returns;
}

struct instruction decode(const struct vm_method *method, unsigned index) {
    const struct vm_position *position = vm_method_positions(method) + index;
    const uint8_t *code = vm_method_code(method) + position->bci;
    struct instruction in = {
        .opcode = code[0],
        .bci = position->bci,
        .position = position,
        .depth = position->depth,
    };
    if (is_branch(in.opcode)) {
        in.target = position_index(method, (unsigned)((int)in.bci + read16(code + 1)));
        return in;
    }
    switch (in.opcode) {
        case OP_ICONST:
            in.operand = read32(code + 1);
            break;
        case OP_INC:
            in.operand = code[1];
            in.amount = (int8_t)code[2];
            break;
        case OP_LOAD:
        case OP_STORE:
        case OP_NEW:
        case OP_GETI:
        case OP_PUTI:
        case OP_GETR:
        case OP_PUTR:
            in.operand = code[1];
            break;
        case OP_INVOKE:
            in.callee = vm_methods[(uint16_t)read16(code + 1)];
            break;
        default:
            break;
    }
    return in;
}
