// Records of a program in bytecode, which the VM finds at vm_program and whose offsets are in bytes
// from the record they are in.
#ifndef VM_RECORDS_H
#define VM_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

struct vm_program {
    char magic[4]; // "VMP1"; zeros without a program
    uint32_t size;
    uint32_t method_count, methods; // uint32_t offsets of records
    uint32_t class_count, classes;
    uint32_t main;
    uint32_t thread_count;     // threads that run main; its parameter, if it has one, is their number
    uint64_t seed;
    uint64_t collect_interval; // mean time between collections, in instructions; 0: only when asked
    uint64_t heap_size;        // bytes of each half; 0: the default
    uint32_t jit_at, optimize_at; // calls after which a method of kind auto is compiled; 0: never
    uint32_t collections;      // the program ends after that many; 0: no limit
    uint32_t flags;
    uint64_t reserved[4];
};

struct vm_class {
    uint8_t refs, ints;
    uint16_t zero;
    uint32_t name; // from the program's beginning
};

struct vm_method {
    uint32_t size;
    uint32_t id;
    int32_t name;
    uint16_t params, locals, max_stack;
    uint8_t result;
    uint8_t flags; // 1: native; bits 1 and 2: the kind wanted
    uint32_t native;
    int32_t code;
    uint32_t code_size;
    int32_t positions;
    uint32_t position_count;
    int32_t handlers;
    uint32_t handler_count;
    int32_t names;
    uint16_t param_refs, pad;
    // The VM's.
    uint64_t entry;
    uint64_t calls;
    uint64_t tier_at;
    uint64_t object; // struct vm_code of what entry is in
};

// One for each bytecode, sorted.
struct vm_position {
    uint16_t bci;
    uint8_t depth, flags;
    uint16_t refs, ints, live, stack_refs;
};

struct vm_handler {
    uint16_t from, to, target, class;
};

struct vm_object {
    uint32_t class;
    uint32_t id;
    uint64_t forward; // while a collection runs: where the object has gone to
    uint64_t words[]; // references first
};

#define VM_OFFSET(type, field, offset) _Static_assert(offsetof(struct type, field) == (offset), #field)
VM_OFFSET(vm_method, id, VM_METHOD_ID);
VM_OFFSET(vm_method, params, VM_METHOD_PARAMS);
VM_OFFSET(vm_method, locals, VM_METHOD_LOCALS);
VM_OFFSET(vm_method, max_stack, VM_METHOD_MAX_STACK);
VM_OFFSET(vm_method, result, VM_METHOD_RESULT);
VM_OFFSET(vm_method, flags, VM_METHOD_FLAGS);
VM_OFFSET(vm_method, code, VM_METHOD_CODE);
VM_OFFSET(vm_method, param_refs, VM_METHOD_PARAM_REFS);
VM_OFFSET(vm_method, entry, VM_METHOD_ENTRY);
VM_OFFSET(vm_method, calls, VM_METHOD_CALLS);
VM_OFFSET(vm_method, tier_at, VM_METHOD_TIER_AT);
VM_OFFSET(vm_object, words, VM_OBJECT_WORDS);
_Static_assert(sizeof(struct vm_method) == VM_METHOD_SIZE, "method");
_Static_assert(sizeof(struct vm_program) == 104, "program");

// Bytecodes.
enum {
    OP_NOP = 0x00, OP_ICONST, OP_LOAD, OP_STORE, OP_NULL, OP_DUP, OP_POP, OP_INC,
    OP_ADD = 0x08, OP_SUB, OP_MUL, OP_AND, OP_XOR,
    OP_GOTO = 0x10, OP_IF_LT, OP_IF_EQ, OP_IF_NE, OP_IF_NULL, OP_IF_NONNULL,
    OP_NEW = 0x20, OP_GETI, OP_PUTI, OP_GETR, OP_PUTR,
    OP_INVOKE = 0x30, OP_RETURN, OP_RETURN_VALUE,
    OP_THROW = 0x40, OP_POLL, OP_SAME,
};

static inline const char *vm_method_name(const struct vm_method *method) {
    return (const char *)method + method->name;
}
static inline const uint8_t *vm_method_code(const struct vm_method *method) {
    return (const uint8_t *)method + method->code;
}
static inline const struct vm_position *vm_method_positions(const struct vm_method *method) {
    return (const struct vm_position *)((const char *)method + method->positions);
}
static inline const struct vm_handler *vm_method_handlers(const struct vm_method *method) {
    return (const struct vm_handler *)((const char *)method + method->handlers);
}
static inline int vm_method_is_native(const struct vm_method *method) { return method->flags & 1; }
static inline int vm_method_wanted(const struct vm_method *method) { return (method->flags >> 1) & 3; }

// The program; all methods by their numbers.
extern struct vm_program vm_program;
extern struct vm_method **vm_methods;
extern const struct vm_class *vm_classes;

#endif
