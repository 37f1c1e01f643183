#include "damage.h"

#include "../program/program.h"
#include "guest/include/format.h"
#include "guest/include/trapline.h"

_Noreturn void vm_damaged(const char *what, const struct vm_thread *thread, const struct vm_frame *frame,
                          const uint64_t *place) {
    put_format("vm: %s", what);
    if (thread != 0) put_format(", thread %u", thread->number);
    if (frame != 0) {
        put_format(", frame at pc %x sp %x", frame->pc, frame->sp);
        struct vm_view view;
        if (frame->place.region != 0 && vm_view_frame(frame, &view) > 0) {
            put_format(" of %s at %u", vm_method_name(view.method), (uint64_t)view.bci);
        }
    }
    if (place != 0) put_format(", %x at %x", *place, (uint64_t)(uintptr_t)place);
    put_text("\n");
    exit(VM_EXIT_DAMAGED);
}
