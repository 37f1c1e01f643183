#include "heap.h"

#include "../program/program.h"
#include "../threads/lock.h"
#include "../threads/scan.h"
#include "guest/include/trapline.h"

struct vm_half vm_heap, vm_other_half;
uint64_t vm_static_reference;

// Serial number of the last object.
static uint32_t last_id;

static int make_half(struct vm_half *half, uint64_t size) {
    int64_t memory = vm_allocate(0, size);
    if (memory < 0) return 0;
    *half = (struct vm_half){(uint64_t)memory, (uint64_t)memory + size, (uint64_t)memory};
    return 1;
}

int vm_heap_begin(uint64_t size) { return make_half(&vm_heap, size) && make_half(&vm_other_half, size); }

// With vm_lock.
static int try(struct vm_thread *thread, uint32_t class) {
    const struct vm_class *of = &vm_classes[class];
    uint64_t words = of->refs + of->ints, size = VM_OBJECT_WORDS + 8 * words;
    if (vm_heap.end - vm_heap.next < size) return 0;
    struct vm_object *object = (struct vm_object *)vm_heap.next;
    vm_heap.next += size;
    object->class = class;
    object->id = ++last_id;
    object->forward = 0;
    for (uint64_t i = 0; i < words; i++) object->words[i] = 0;
    thread->result = (uint64_t)(uintptr_t)object;
    return 1;
}

void vm_allocate_object(struct vm_thread *thread, uint32_t class) {
    // Others may take what the first collection has freed.
    for (int turn = 0; turn < 4; turn++) {
        vm_lock();
        int done = try(thread, class);
        vm_unlock();
        if (done) return;
        vm_collect();
    }
    vm_stop("heap exhausted", VM_EXIT_HEAP);
}
