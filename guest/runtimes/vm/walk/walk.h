// The VM's own stack walker: from a thread's anchor over all its managed frames, down its chain of
// anchors. Under vm_lock, with the thread in native code.
#ifndef VM_WALK_H
#define VM_WALK_H

#include "../code/code.h"
#include "../thread.h"

struct vm_frame {
    const struct vm_thread *thread;
    uint64_t pc;  // where it goes on
    uint64_t sp;  // its own
    uint64_t cfa;
    struct vm_place place;
    const struct map_row *row;
    // Where the values of the registers that calls keep are, as of this frame; null: unknown.
    uint64_t *registers[VM_CALLEE_SAVED];
};

enum vm_walk { VM_WALK_END, VM_WALK_FRAME, VM_WALK_DAMAGED };

// The first frame of a thread's anchor; the end if there is none.
enum vm_walk vm_walk_begin(struct vm_frame *frame, const struct vm_thread *thread, struct vm_anchor anchor);
// The caller, or the first frame of the anchor that an upcall entry has saved.
enum vm_walk vm_walk_next(struct vm_frame *frame);

// What a frame of a method is at.
struct vm_view {
    struct vm_method *method;
    uint32_t bci;
    uint32_t consumed;    // operands that are no more
    int leaving;          // its variables are gone
    const uint32_t *vector; // of locations, of compiled frames; or null …
    uint64_t slots;         // … local i at slots - 8 * i, operands behind
    uint32_t width;
};

// Looks at a frame: 1 if it is one of a method, 0 if it has no variables, -1 if its map makes no sense.
int vm_view_frame(const struct vm_frame *frame, struct vm_view *view);

// Whether a word is on the stack of a frame's thread.
static inline int vm_is_on_stack(const struct vm_frame *frame, uint64_t address) {
    const struct vm_thread *thread = frame->thread;
    return address >= thread->stack_begin && address <= thread->stack_end - 8 && (address & 7) == 0;
}

// How many of some entries, sorted by where they begin, begin at an offset or before.
#define VM_COUNT_BEGUN(entries, count, offset)                       \
    ({                                                               \
        uint32_t low = 0, high = (count);                            \
        while (low < high) {                                         \
            uint32_t middle = (low + high) / 2;                      \
            if ((entries)[middle].begin <= (offset)) low = middle + 1; \
            else high = middle;                                      \
        }                                                            \
        low;                                                         \
    })

// Where a variable is, by its index (locals, then operands); null if it is not on the stack or in a
// register that calls keep.
uint64_t *vm_variable(const struct vm_frame *frame, const struct vm_view *view, uint32_t index);

// The record of a bytecode; null if there is none.
const struct vm_position *vm_find_position(const struct vm_method *method, uint32_t bci);

// Calls a function with the place of each reference that is a root of a frame; 0 if the frame is damaged.
typedef void vm_visit(uint64_t *reference, void *context);
int vm_visit_roots(const struct vm_frame *frame, vm_visit *visit, void *context);

#endif
