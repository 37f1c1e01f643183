#include "guest/green/log.h"

#include "guest/include/format.h"
#include "guest/include/trapline.h"

#define ALIGN_SHIFT 12

void print_registers(const struct registers *r) {
#if defined(__x86_64__)
    put_format("Registers { rbx: %u, rbp: %u, r12: %u, r13: %u, ", r->rbx, r->rbp, r->r12, r->r13);
    put_format("r14: %u, r15: %u, rsp: %u, rdx: %u }", r->r14, r->r15, r->rsp, r->rdx);
#else
    put_text("Registers { ");
    for (uint64_t i = 0; i < 10; i++) put_format("x%u: %u, ", i + 19, r->x19_to_x28[i]);
    put_format("x29: %u, sp: %u, pc: %u }", r->x29, r->sp, r->pc);
#endif
}

static void print_layout(const struct layout *layout) {
    put_format("Layout { size: %u, align: %u (1 << %u) }", layout->size, layout->align,
               (uint64_t)ALIGN_SHIFT);
}

void print_context(const struct context *context) {
    put_text("Context { regs: ");
    print_registers(&context->registers);
    put_format(", stack: 0x%x, stack_layout: ", (uint64_t)context->stack);
    print_layout(&context->layout);
    put_format(", entry: 0x%x, id: %u }\n", (uint64_t)context->entry, context->id);
}

void print_contexts(const struct contexts *contexts) {
    put_text("\nCONTEXTS: [");
    for (size_t i = 0; i < contexts->count; i++) {
        put_format("%s%s", i == 0 ? "" : ", ", contexts->items[i].name);
    }
    put_text("]\n\n");
}

void print_stack(const struct context *context) {
    put_format("id: %u, page size: %u, layout: ", context->id, (uint64_t)PAGE_SIZE);
    print_layout(&context->layout);
    put_format("\nid: %u, stack top: %u, ", context->id, (uint64_t)context->stack);
    put_format("stack size: %u, stack bottom %u, entry_point %u\n", context->layout.size,
               (uint64_t)stack_bottom(context), (uint64_t)entry_point);
}

char *stack_bottom(const struct context *context) { return context->stack + context->layout.size; }
