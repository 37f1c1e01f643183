// Exceptions: from the frame that throws over the thread's managed frames to who takes it. Native
// frames between two anchors return by themselves: their upcall returns with the exception pending, and
// their stub throws it again.
#include "../arch.h"
#include "../heap/heap.h"
#include "../program/program.h"
#include "../threads/lock.h"
#include "../walk/damage.h"

static int takes(const struct vm_handler *handler, uint32_t bci, uint32_t class) {
    if (bci < handler->from || bci >= handler->to) return 0;
    if (handler->class == VM_HANDLER_FINALLY) return 1;
    if (handler->class == VM_HANDLER_ANY) return class != VM_CLASS_CANCEL;
    return handler->class == class;
}

static const struct vm_handler *find_handler(const struct vm_view *view, uint32_t class) {
    if (view->leaving || vm_method_is_native(view->method)) return 0;
    const struct vm_handler *handlers = vm_method_handlers(view->method);
    for (uint32_t i = 0; i < view->method->handler_count; i++) {
        if (takes(&handlers[i], view->bci, class)) return &handlers[i];
    }
    return 0;
}

static void land_interpreted(struct vm_thread *thread, const struct vm_frame *frame, const struct vm_view *view,
                             uint32_t target) {
    const struct ckm_region *region = frame->place.region;
    const struct ckm_interpreter *data = (const struct ckm_interpreter *)((const char *)frame->place.map + region->data);
    struct vm_landing *landing = &thread->landing;
    thread->bcp = (uint64_t)(uintptr_t)vm_method_code(view->method) + target;
    int index = vm_callee_saved(data->bcp_register);
    if (index >= 0) landing->registers[index] = &thread->bcp;
    landing->pc = (uint64_t)(uintptr_t)vm_interpreter_land;
    landing->store = vm_variable(frame, view, view->method->locals);
}

static int land_compiled(struct vm_thread *thread, const struct vm_code *code, uint32_t target) {
    for (uint32_t i = 0; i < code->pad_count; i++) {
        if (code->pads[i].bci != target) continue;
        thread->landing.pc = code->begin + code->pads[i].offset;
        thread->landing.store = &thread->dummy;
        return 1;
    }
    return 0;
}

// Where a frame takes an exception of a class, if it does; 0 if not, -1 if it makes no sense.
static int land(struct vm_thread *thread, const struct vm_frame *frame, uint32_t class) {
    if (frame->place.region->flags & VM_REGION_UPCALL) {
        thread->landing.pc = (uint64_t)(uintptr_t)vm_enter_unwound;
        thread->landing.store = &thread->pending;
        return 1;
    }
    struct vm_view view;
    int viewed = vm_view_frame(frame, &view);
    const struct vm_handler *handler = viewed > 0 ? find_handler(&view, class) : 0;
    if (handler == 0) return viewed < 0 ? -1 : 0;
    if (view.vector == 0 && view.slots != 0) {
        land_interpreted(thread, frame, &view, handler->target);
        return 1;
    }
    return land_compiled(thread, frame->place.code, handler->target) ? 1 : -1;
}

_Noreturn void vm_runtime_throw(struct vm_thread *thread) {
    vm_lock();
    uint32_t class = ((struct vm_object *)thread->thrown)->class;
    struct vm_frame frame;
    enum vm_walk walk = vm_walk_begin(&frame, thread, thread->anchor);
    for (; walk == VM_WALK_FRAME; walk = vm_walk_next(&frame)) {
        for (int i = 0; i < VM_CALLEE_SAVED; i++) thread->landing.registers[i] = frame.registers[i];
        thread->landing.sp = frame.sp;
        int landed = land(thread, &frame, class);
        if (landed < 0) break;
        if (landed == 0) continue;
        vm_unlock();
        vm_land(thread);
    }
    vm_damaged("a stack makes no sense to a throw", thread, &frame, 0);
}

_Noreturn void vm_rethrow(struct vm_thread *thread) {
    vm_lock();
    thread->thrown = thread->pending;
    thread->pending = 0;
    thread->result = 0; // nobody will take it
    vm_unlock();
    vm_runtime_throw(thread);
}

static _Noreturn void throw_new(struct vm_thread *thread, uint32_t class) {
    vm_allocate_object(thread, class);
    vm_lock();
    thread->thrown = thread->result;
    thread->result = 0;
    vm_unlock();
    vm_runtime_throw(thread);
}

_Noreturn void vm_runtime_null(struct vm_thread *thread) { throw_new(thread, VM_CLASS_NULL); }
_Noreturn void vm_runtime_overflow(struct vm_thread *thread) { throw_new(thread, VM_CLASS_OVERFLOW); }
