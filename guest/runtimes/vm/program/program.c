#include "program.h"

#include "../arch.h"
#include "../threads/threads.h"
#include "check.h"
#include "guest/include/format.h"
#include "guest/include/string.h"
#include "guest/include/trapline.h"

#define LINE_MAX 120
#define NAME_MAX 4096

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

// A name that ends inside the program.
static int is_text(int64_t offset) {
    for (int64_t at = offset; at < offset + NAME_MAX && is_inside(at, 1); at++) {
        if (((const char *)&vm_program)[at] == 0) return 1;
    }
    return 0;
}

static const char *check_native(const struct vm_method *method) {
    if (method->native >= VM_NATIVE_COUNT) return "it is a native function that does not exist";
    const struct vm_native_shape *shape = &vm_native_shapes[method->native];
    int fits = method->params == shape->params && method->param_refs == shape->refs && method->result == shape->result;
    return fits ? 0 : "it is a native function that takes or returns something else";
}

static const char *check_record(const struct vm_method *method, uint32_t id) {
    int64_t at = (const char *)method - (const char *)&vm_program;
    if (method->id != id) return "it has the number of another";
    if (method->params > VM_PARAMETERS_MAX || method->params > method->locals || method->locals > VM_LOCALS_MAX ||
        method->max_stack > VM_STACK_MAX || method->result > VM_REF || method->param_refs >> method->params) {
        return "it has too many variables";
    }
    if (!is_text(at + method->name)) return "it has no name";
    if (vm_method_is_native(method)) return check_native(method);
    if (method->code_size == 0 || method->position_count == 0) return "it has no bytecodes";
    if (!is_inside(at + method->code, method->code_size) ||
        !is_inside(at + method->positions, method->position_count * sizeof(struct vm_position)) ||
        !is_inside(at + method->handlers, method->handler_count * sizeof(struct vm_handler)) ||
        ((method->positions | method->handlers) & 1)) {
        return "it is not inside the program";
    }
    return 0;
}

static const char *check_header(void) {
    if (memcmp(vm_program.magic, "VMP1", 4) != 0) return "no program";
    if (vm_program.size < sizeof vm_program || !is_inside(vm_program.methods, 4ul * vm_program.method_count) ||
        !is_inside(vm_program.classes, vm_program.class_count * sizeof(struct vm_class)) ||
        ((vm_program.methods | vm_program.classes) & 3) || vm_program.class_count <= VM_CLASS_CANCEL ||
        vm_program.main >= vm_program.method_count || vm_program.collect_interval > UINT32_MAX) {
        return "the program's header makes no sense";
    }
    vm_classes = (const struct vm_class *)((const char *)&vm_program + vm_program.classes);
    for (uint32_t i = 0; i < vm_program.class_count; i++) {
        if (!is_text(vm_classes[i].name)) return "a class has no name";
    }
    for (uint32_t i = 0; i <= VM_CLASS_CANCEL; i++) {
        if (vm_classes[i].refs || vm_classes[i].ints) return "a class of the VM's has fields";
    }
    uint64_t stack = vm_program.reserved[2];
    if (stack != 0 && (stack <= VM_STACK_RESERVE || stack % PAGE_SIZE != 0)) {
        return "a thread's stack is no whole pages, more than are kept for native code";
    }
    return 0;
}

// Ends the program with which method is wrong, and where.
static _Noreturn void refuse(const char *wrong, uint32_t id, const uint32_t *bci) {
    put_format("vm: method %u", (uint64_t)id);
    if (bci != 0) put_format(" at %u", (uint64_t)*bci);
    put_format(": %s\n", wrong);
    exit(VM_EXIT_PROGRAM);
}

const char *vm_load_program(void) {
    const char *wrong = check_header();
    if (wrong != 0) return wrong;
    uint32_t count = vm_program.method_count;
    const uint32_t *offsets = (const uint32_t *)((const char *)&vm_program + vm_program.methods);
    int64_t table = vm_allocate(0, count * sizeof(struct vm_method *));
    if (table < 0) return "no memory for the methods";
    vm_methods = (struct vm_method **)table;
    for (uint32_t i = 0; i < count; i++) {
        if (offsets[i] % 8 != 0 || !is_inside(offsets[i], sizeof(struct vm_method))) {
            refuse("it is not inside the program", i, 0);
        }
        vm_methods[i] = (struct vm_method *)((char *)&vm_program + offsets[i]);
        wrong = check_record(vm_methods[i], i);
        if (wrong != 0) refuse(wrong, i, 0);
        // Whatever is there: these are the VM's.
        vm_methods[i]->entry = vm_methods[i]->calls = vm_methods[i]->tier_at = vm_methods[i]->object = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bci;
        wrong = vm_method_is_native(vm_methods[i]) ? 0 : vm_check_code(vm_methods[i], &bci);
        if (wrong != 0) refuse(wrong, i, &bci);
    }
    const struct vm_method *main = vm_methods[vm_program.main];
    return main->params > 1 || main->param_refs ? "main takes more than an int" : 0;
}
