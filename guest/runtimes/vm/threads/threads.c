#include "threads.h"

#include "../arch.h"
#include "../heap/heap.h"
#include "../program/program.h"
#include "guest/include/trapline.h"
#include "lock.h"
#include "scan.h"
#include "wait.h"

#define TABLE_SIZE 48
#define STACK_SIZE (256 * PAGE_SIZE)
// Instructions between two looks at a thread that is to come to a poll.
#define ANCHOR_WAIT 200

__thread struct vm_thread vm_thread;
struct vm_thread *vm_threads;
uint32_t vm_running;

// A thread from its start until its place in the table is taken by another.
static struct started {
    uint64_t number; // 0: none yet
    struct vm_method *method;
    uint64_t argument;
    struct vm_thread *thread; // null: it has not begun, or has ended
    int64_t stack;            // kept for the next
    int64_t kernel;           // the kernel's number of it
    uint64_t result;
    uint32_t done;
    int cancelled;            // before it has begun
} table[TABLE_SIZE];

static uint64_t last_number;

static uint64_t stack_size(void) { return vm_program.reserved[2] ? vm_program.reserved[2] : STACK_SIZE; }

static struct started *find_started(uint64_t number) {
    for (struct started *each = table; each < table + TABLE_SIZE; each++) {
        if (each->number == number) return each;
    }
    return 0;
}

// With vm_lock. A thread that is done may still be on its stack, on its way out of the kernel's list.
static struct started *free_place(void) {
    struct thread_parameters unused;
    for (struct started *each = table; each < table + TABLE_SIZE; each++) {
        if (each->number == 0) return each;
        if (each->done && thread_get_parameters(each->kernel, &unused, sizeof unused) < 0) return each;
    }
    return 0;
}

static void begin(struct vm_thread *self, struct started *started) {
    vm_lock();
    self->number = started->number;
    self->stack_begin = (uint64_t)started->stack;
    self->stack_end = self->stack_begin + stack_size();
    self->stack_limit = self->stack_begin + VM_STACK_RESERVE;
    self->poll = vm_program.flags & VM_COLLECT_AT_POLL ? VM_POLL_COLLECT : 0;
    self->idle = 1;
    self->next = vm_threads;
    vm_threads = self;
    started->thread = self;
    vm_unlock();
    if (started->cancelled) vm_cancel(self, 0);
    vm_lock();
    self->idle = 0;
    vm_unlock();
}

static void end(struct vm_thread *self, struct started *started) {
    vm_lock();
    for (struct vm_thread **link = &vm_threads; *link != 0; link = &(*link)->next) {
        if (*link != self) continue;
        *link = self->next;
        break;
    }
    started->thread = 0;
    started->result = started->method->result == VM_INT ? self->value : 0;
    uint64_t number = started->number, uncaught = self->pending;
    uint32_t class = uncaught ? ((struct vm_object *)uncaught)->class : 0;
    __atomic_store_n(&started->done, 1, __ATOMIC_RELEASE);
    vm_unlock();
    vm_happened();
    vm_thread_ended(number, uncaught && class != VM_CLASS_CANCEL ? vm_class_name(class) : 0, started->result);
}

static void run(uintptr_t place) {
    struct started *started = &table[place];
    struct vm_thread *self = &vm_thread;
    begin(self, started);
    vm_enter(self, started->method, &started->argument);
    // No managed frame is left: nobody need wait for an anchor, and a root scan may be waiting for this.
    __atomic_store_n(&self->idle, 1, __ATOMIC_RELEASE);
    end(self, started);
    thread_exit();
}

uint64_t vm_start(struct vm_method *method, uint64_t argument) {
    vm_lock();
    struct started *started = free_place();
    uint64_t number = 0;
    if (started != 0 && started->stack == 0) {
        int64_t stack = vm_allocate(0, stack_size());
        if (stack > 0) started->stack = stack;
    }
    if (started != 0 && started->stack != 0) {
        int64_t stack = started->stack;
        *started = (struct started){.number = last_number + 1, .method = method, .argument = argument, .stack = stack};
        __atomic_fetch_add(&vm_running, 1, __ATOMIC_RELAXED);
        started->kernel = thread_create(run, (char *)stack + stack_size(), (uintptr_t)(started - table));
        if (started->kernel >= 0) number = ++last_number;
        else started->number = 0, __atomic_fetch_sub(&vm_running, 1, __ATOMIC_RELAXED);
    }
    vm_unlock();
    return number;
}

static int has_ended(uint64_t number) {
    vm_lock();
    const struct started *started = number == 0 ? 0 : find_started(number);
    int ended = started == 0 || started->done;
    vm_unlock();
    return ended;
}

void vm_join(struct vm_thread *thread, uint64_t number) {
    for (;;) {
        uint32_t events = vm_events();
        if (has_ended(number) || !vm_wait(thread, events, VM_FOREVER)) return;
    }
}

void vm_cancel(struct vm_thread *thread, uint64_t number) {
    vm_allocate_object(thread, VM_CLASS_CANCEL);
    vm_lock();
    uint64_t cancellation = thread->result;
    thread->result = 0;
    struct started *started = number == 0 ? 0 : find_started(number);
    struct vm_thread *target = number == 0 ? thread : started == 0 ? 0 : started->thread;
    if (target != 0) {
        target->pending = cancellation;
        __atomic_fetch_or(&target->poll, VM_POLL_CANCEL, __ATOMIC_RELAXED);
    } else if (started != 0 && !started->done) {
        started->cancelled = 1;
    }
    vm_unlock();
    vm_happened();
}

struct vm_anchor vm_anchor_of(const struct vm_thread *thread) {
    struct vm_anchor anchor;
    for (;;) {
        anchor.pc = __atomic_load_n(&thread->anchor.pc, __ATOMIC_ACQUIRE);
        if (anchor.pc != 0 || thread->idle) break;
        sleep(ANCHOR_WAIT); // to a less urgent thread, too
    }
    anchor.sp = __atomic_load_n(&thread->anchor.sp, __ATOMIC_RELAXED);
    return anchor;
}
