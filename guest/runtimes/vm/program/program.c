#include "program.h"

#include "../arch.h"
#include "guest/include/string.h"
#include "guest/include/trapline.h"

#define LINE_MAX 120

// The last segment of the file: a tool puts a program in its place, and makes the segment as long.
__attribute__((section(".program"), aligned(16))) static char no_program[8];
extern struct vm_program vm_program __attribute__((alias("no_program")));

struct vm_method **vm_methods;
const struct vm_class *vm_classes;

void vm_say(const char *text, const char *more) {
    char line[LINE_MAX];
    size_t size = strlen(text), rest = strlen(more);
    if (size > LINE_MAX / 2) size = LINE_MAX / 2;
    if (rest > LINE_MAX - 1 - size) rest = LINE_MAX - 1 - size;
    memcpy(line, text, size);
    memcpy(line + size, more, rest);
    line[size + rest] = '\n';
    print(line, size + rest + 1);
}

_Noreturn void vm_stop(const char *why, int code) {
    vm_say("vm: ", why);
    exit(code);
}

static int is_inside(int64_t offset, uint64_t size) {
    return offset >= 0 && (uint64_t)offset <= vm_program.size && size <= vm_program.size - (uint64_t)offset;
}

static const char *check_method(const struct vm_method *method, uint32_t id) {
    int64_t at = (const char *)method - (const char *)&vm_program;
    if (method->id != id) return "a method has the number of another";
    if (method->params > VM_PARAMETERS_MAX || method->params > method->locals || method->locals > VM_LOCALS_MAX ||
        method->max_stack > VM_STACK_MAX || method->result > VM_REF) {
        return "a method has too many variables";
    }
    if (!is_inside(at + method->name, 1)) return "a method has no name";
    if (vm_method_is_native(method)) {
        int known = method->native < VM_NATIVE_COUNT && method->params <= VM_NATIVE_PARAMETERS_MAX;
        return known ? 0 : "a method is a native function that does not exist";
    }
    if (method->code_size == 0 || method->position_count == 0) return "a method has no bytecodes";
    if (!is_inside(at + method->code, method->code_size) ||
        !is_inside(at + method->positions, method->position_count * sizeof(struct vm_position)) ||
        !is_inside(at + method->handlers, method->handler_count * sizeof(struct vm_handler))) {
        return "a method is not inside the program";
    }
    return 0;
}

const char *vm_load_program(void) {
    if (memcmp(vm_program.magic, "VMP1", 4) != 0) return "no program";
    uint64_t count = vm_program.method_count;
    if (vm_program.size < sizeof vm_program || !is_inside(vm_program.methods, 4 * count) ||
        !is_inside(vm_program.classes, vm_program.class_count * sizeof(struct vm_class)) ||
        vm_program.class_count <= VM_CLASS_CANCEL || vm_program.main >= count) {
        return "the program's header makes no sense";
    }
    vm_classes = (const struct vm_class *)((const char *)&vm_program + vm_program.classes);
    const uint32_t *offsets = (const uint32_t *)((const char *)&vm_program + vm_program.methods);
    int64_t table = vm_allocate(0, count * sizeof(struct vm_method *));
    if (table < 0) return "no memory for the methods";
    vm_methods = (struct vm_method **)table;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_inside(offsets[i], sizeof(struct vm_method))) return "a method is not inside the program";
        vm_methods[i] = (struct vm_method *)((char *)&vm_program + offsets[i]);
        const char *wrong = check_method(vm_methods[i], i);
        if (wrong != 0) return wrong;
    }
    const struct vm_method *main = vm_methods[vm_program.main];
    return main->params > 1 || main->param_refs ? "main takes more than an int" : 0;
}
