#include "tier.h"

#include "../arch.h"
#include "../threads/lock.h"
#include "../threads/scan.h"
#include "code.h"

#define NEVER UINT64_MAX

static enum vm_kind kind_of_wanted(int wanted) {
    return wanted == VM_WANTED_JIT ? VM_JIT : wanted == VM_WANTED_OPTIMIZED ? VM_OPTIMIZED : VM_INTERPRETED;
}

// After how many calls the code that a method has now is to be replaced.
static uint64_t tier_at(const struct vm_method *method) {
    if (vm_method_wanted(method) != VM_WANTED_AUTO || vm_method_is_native(method)) return NEVER;
    uint32_t at = 0;
    if (vm_kind_of(method) == VM_INTERPRETED) at = vm_program.jit_at ? vm_program.jit_at : vm_program.optimize_at;
    if (vm_kind_of(method) == VM_JIT) at = vm_program.optimize_at;
    return at == 0 ? NEVER : at;
}

// With vm_lock.
static enum vm_installed change(struct vm_method *method, enum vm_kind kind) {
    enum vm_installed installed = vm_install_code(method, kind);
    if (installed == VM_INSTALLED) method->tier_at = tier_at(method);
    if (installed == VM_CANNOT) method->tier_at = NEVER;
    return installed;
}

const char *vm_make_first_code(void) {
    for (uint32_t i = 0; i < vm_program.method_count; i++) {
        struct vm_method *method = vm_methods[i];
        enum vm_kind kind = vm_method_is_native(method) ? VM_OPTIMIZED : kind_of_wanted(vm_method_wanted(method));
        switch (change(method, kind)) {
        case VM_CANNOT:
            return "a method is too large for its kind of code";
        case VM_NO_ROOM:
            return "no memory for code";
        case VM_INSTALLED:
            break;
        }
    }
    return 0;
}

void vm_change_kind(struct vm_method *method, int wanted) {
    if (vm_method_is_native(method)) return;
    for (int turn = 0; turn < 2; turn++) {
        vm_lock();
        if (wanted == VM_WANTED_AUTO) method->calls = 0;
        enum vm_installed installed = change(method, kind_of_wanted(wanted));
        vm_unlock();
        if (installed != VM_NO_ROOM) return;
        vm_collect();
    }
}

void vm_move_code(struct vm_method *method) {
    for (int turn = 0; turn < 2; turn++) {
        vm_lock();
        enum vm_installed installed = change(method, vm_kind_of(method));
        vm_unlock();
        if (installed != VM_NO_ROOM) return;
        vm_collect();
    }
}

void vm_runtime_tier(struct vm_thread *thread, struct vm_method *method) {
    (void)thread;
    vm_lock();
    // Another thread may have been here first.
    if (method->calls >= method->tier_at) {
        int optimized = vm_program.optimize_at != 0 && method->calls >= vm_program.optimize_at;
        enum vm_kind kind = vm_kind_of(method) == VM_INTERPRETED && !optimized ? VM_JIT : VM_OPTIMIZED;
        // By twice as many calls a collection may have made room.
        if (change(method, kind) == VM_NO_ROOM) method->tier_at = 2 * method->calls;
    }
    vm_unlock();
}
