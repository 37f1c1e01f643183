// Code objects: the block of code of one method in one kind, and which of them an address is in. All
// of this under vm_lock.
#ifndef VM_CODE_OBJECTS_H
#define VM_CODE_OBJECTS_H

#include "../records.h"
#include "map.h"
#include "publish.h"

struct vm_code {
    uint64_t begin;
    uint32_t size;
    enum vm_kind kind;
    struct vm_method *method;
    const struct ckm_header *map; // in the file
    uint32_t retired;             // no longer entered
    uint32_t seen;                // by the root scan that runs: has frames
    struct jit_code_entry published;
    uint32_t pad_count; // where handlers are entered
    struct code_pad pads[];
};

// Where an address is.
struct vm_place {
    const struct ckm_header *map;
    const struct ckm_region *region;
    struct vm_code *code; // null: static code
    uint32_t offset;      // from the map's begin
};

// Finds the region of an address; 0 if there is none.
int vm_find_place(uint64_t pc, struct vm_place *place);

// How a method gets code: it cannot be compiled as that kind; there is no room now; it has.
enum vm_installed { VM_CANNOT, VM_NO_ROOM, VM_INSTALLED };

// Compiles a method and has it entered from now on; what it had before is retired. If it cannot, the
// method stays as it was.
enum vm_installed vm_install_code(struct vm_method *method, enum vm_kind kind);

// Kind of the code a method is entered in.
enum vm_kind vm_kind_of(const struct vm_method *method);

// After a root scan: frees what is retired and was not seen, forgets what was.
void vm_free_unseen_code(void);

// Counts, for whoever looks on.
extern struct vm_code_counts {
    uint64_t made[VM_COMPILED_KINDS], freed;
} vm_code_counts;

#endif
