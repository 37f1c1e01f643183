#include "collector.h"

#include "../program/program.h"
#include "../threads/threads.h"
#include "../walk/damage.h"
#include "guest/include/trapline.h"
#include "heap.h"

// What dead objects are overwritten with, so that nobody takes one for alive.
#define DEAD 0xdeaddeaddeaddeadul

struct vm_statistics vm_statistics;

static int is_in(const struct vm_half *half, uint64_t address) {
    return address >= half->begin && address < half->next && (address & 7) == 0;
}

static uint64_t copy(struct vm_object *object) {
    if (object->forward != 0) return object->forward;
    uint64_t size = vm_object_size(object), to = vm_other_half.next;
    vm_other_half.next += size;
    uint64_t *target = (uint64_t *)to, *source = (uint64_t *)object;
    for (uint64_t i = 0; i < size / 8; i++) target[i] = source[i];
    object->forward = to;
    vm_statistics.live++;
    return to;
}

static int is_object(uint64_t reference) {
    return is_in(&vm_heap, reference) && ((struct vm_object *)reference)->class < vm_program.class_count;
}

// Whose roots are looked at.
struct scanned {
    const struct vm_thread *thread;
    const struct vm_frame *frame;
};

// A place may be visited twice, if two variables are in it.
static void update(uint64_t *reference, void *context) {
    vm_statistics.roots++;
    if (*reference == 0 || is_in(&vm_other_half, *reference)) return;
    if (!is_object(*reference)) {
        const struct scanned *scanned = context;
        vm_damaged("a root refers to no object", scanned->thread, scanned->frame, reference);
    }
    *reference = copy((struct vm_object *)*reference);
}

static void scan_thread(struct vm_thread *thread) {
    struct vm_frame frame;
    struct scanned scanned = {thread, 0};
    vm_statistics.threads++;
    update(&thread->pending, &scanned);
    update(&thread->thrown, &scanned);
    update(&thread->result, &scanned);
    for (uint64_t i = 0; i < thread->handles.count; i++) update(&thread->handles.refs[i], &scanned);
    if (thread->idle) return;
    scanned.frame = &frame;
    enum vm_walk walk = vm_walk_begin(&frame, thread, vm_anchor_of(thread));
    for (; walk == VM_WALK_FRAME; walk = vm_walk_next(&frame)) {
        vm_statistics.frames++;
        if (frame.place.code != 0) frame.place.code->seen = 1;
        if (!vm_visit_roots(&frame, update, &scanned)) vm_damaged("a frame makes no sense", thread, &frame, 0);
    }
    if (walk == VM_WALK_DAMAGED) vm_damaged("a stack makes no sense", thread, &frame, 0);
}

__attribute__((noinline)) void vm_root_scan(void) {
    struct scanned none = {0, 0};
    update(&vm_static_reference, &none);
    for (struct vm_thread *thread = vm_threads; thread != 0; thread = thread->next) scan_thread(thread);
}

static void copy_rest(void) {
    for (uint64_t at = vm_other_half.begin; at < vm_other_half.next;) {
        struct vm_object *object = (struct vm_object *)at;
        uint32_t count = vm_classes[object->class].refs;
        for (uint32_t i = 0; i < count; i++) {
            uint64_t *reference = &object->words[i];
            if (*reference == 0) continue;
            if (!is_object(*reference)) vm_damaged("an object refers to no object", 0, 0, reference);
            *reference = copy((struct vm_object *)*reference);
        }
        at += vm_object_size(object);
    }
}

static void change_halves(void) {
    struct vm_half left = vm_heap;
    for (uint64_t at = left.begin; at < left.next; at += 8) *(uint64_t *)at = DEAD;
    vm_statistics.live_bytes = vm_other_half.next - vm_other_half.begin;
    vm_statistics.dead_bytes = left.next - left.begin - vm_statistics.live_bytes;
    vm_heap = vm_other_half;
    left.next = left.begin;
    vm_other_half = left;
}

void vm_collect_now(void) {
    vm_statistics.threads = vm_statistics.frames = vm_statistics.roots = vm_statistics.live = 0;
    int64_t begin = clock();
    vm_root_scan();
    int64_t scanned = clock();
    copy_rest();
    vm_statistics.scan_time = (uint64_t)(scanned - begin);
    vm_statistics.copy_time = (uint64_t)(clock() - scanned);
    change_halves();
    vm_free_unseen_code();
    vm_statistics.all_frames += vm_statistics.frames;
    vm_statistics.all_roots += vm_statistics.roots;
    vm_statistics.all_live += vm_statistics.live;
    vm_statistics.collections++;
}
