// The copying collector (Cheney, "A Nonrecursive List Compacting Algorithm", 1970), and the root scan it
// begins with.
#ifndef VM_HEAP_COLLECTOR_H
#define VM_HEAP_COLLECTOR_H

#include <stdint.h>

// Of all collections, and of the last one alone.
struct vm_statistics {
    uint64_t collections;
    uint64_t threads, frames, roots; // scanned by the last
    uint64_t live, live_bytes;       // objects it has copied
    uint64_t dead_bytes;             // it has freed
    uint64_t scan_time, copy_time;   // of the last, in instructions of the machine: threads in native code go on
    uint64_t all_frames, all_roots, all_live;
};
extern struct vm_statistics vm_statistics;

// With vm_lock, when every thread has an anchor or is idle.
void vm_collect_now(void);

// The root scan of that: walks every thread and copies what roots refer to.
void vm_root_scan(void);

#endif
