// The heap: two halves, of which one is in use; objects are allocated one after the other.
#ifndef VM_HEAP_H
#define VM_HEAP_H

#include "../thread.h"

// Makes the halves; 0 if there is no memory.
int vm_heap_begin(uint64_t size);

// Allocates an object, zeroed, whose place becomes thread->result. The thread is in native code, without
// vm_lock; what it waits for may be a collection. Ends the program if there is no room.
void vm_allocate_object(struct vm_thread *thread, uint32_t class);

static inline uint64_t vm_object_size(const struct vm_object *object) {
    const struct vm_class *class = &vm_classes[object->class];
    return VM_OBJECT_WORDS + 8ul * (class->refs + class->ints);
}

// Of natives: a reference that every thread reaches. Under vm_lock.
extern uint64_t vm_static_reference;

// For the collector, under vm_lock.
struct vm_half {
    uint64_t begin, end, next; // next: where the next object goes
};
extern struct vm_half vm_heap;      // in use
extern struct vm_half vm_other_half; // where live objects are copied to

#endif
