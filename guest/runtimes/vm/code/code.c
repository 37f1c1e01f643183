#include "code.h"

#include "../arch.h"
#include "../memory/arena.h"
#include "file.h"
#include "guest/include/string.h"
#include "guest/include/trapline.h"

#define OBJECTS_MAX 4096
// What freed code is filled with: INT3, BRK #0.
#if defined(__x86_64__)
#define TRAP 0xcccccccc
#else
#define TRAP 0xd4200000
#endif

struct vm_code_counts vm_code_counts;

static struct vm_arena code_cache = {.executable = 1};

// Sorted by address.
static struct vm_code *objects[OBJECTS_MAX];
static uint32_t object_count;

// The first object that begins after an address.
static uint32_t after(uint64_t pc) {
    uint32_t low = 0, high = object_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (objects[middle]->begin <= pc) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int find_region(const struct ckm_header *map, uint64_t pc, struct vm_place *place) {
    if (pc < map->begin || pc >= map->end) return 0;
    uint32_t offset = (uint32_t)(pc - map->begin);
    const struct ckm_region *regions = (const struct ckm_region *)((const char *)map + map->regions);
    // A body is the last, and where most frames are.
    for (uint32_t i = map->region_count; i > 0; i--) {
        const struct ckm_region *region = &regions[i - 1];
        if (offset < region->begin) continue;
        place->map = map;
        place->region = region;
        place->offset = offset;
        return offset < region->end;
    }
    return 0;
}

int vm_find_place(uint64_t pc, struct vm_place *place) {
    place->code = 0;
    if (find_region(&vm_static_map, pc, place)) return 1;
    uint32_t index = after(pc);
    if (index == 0) return 0;
    place->code = objects[index - 1];
    return find_region(place->code->map, pc, place);
}

static void insert(struct vm_code *code) {
    uint32_t index = after(code->begin);
    for (uint32_t i = object_count; i > index; i--) objects[i] = objects[i - 1];
    objects[index] = code;
    object_count++;
}

// The defect of tests: one bit of the data of the body.
static void flip_bit(const struct vm_method *method, const struct ckm_header *map) {
    if (!(vm_program.flags & VM_FLIP_MAP_BIT) || method->id != vm_program.reserved[1]) return;
    const struct ckm_region *body = (const struct ckm_region *)((const char *)map + map->regions) + map->region_count - 1;
    uint64_t bit = vm_program.reserved[0] % (8ul * body->data_size);
    ((uint8_t *)(uintptr_t)map)[body->data + bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static struct vm_code *install(const struct masm *made, struct vm_method *method) {
    if (object_count == OBJECTS_MAX) return 0;
    size_t pads = made->pad_count * sizeof(struct code_pad);
    struct vm_code *code = vm_arena_get(&vm_data, sizeof *code + pads);
    if (code == 0) return 0;
    void *place = vm_arena_get(&code_cache, made->size);
    struct vm_file file = {0};
    if (place != 0) file = vm_make_file(made, (uint64_t)(uintptr_t)place);
    if (file.bytes == 0) {
        if (place != 0) vm_arena_put(&code_cache, place);
        vm_arena_put(&vm_data, code);
        return 0;
    }
    memcpy(place, made->code, made->size);
    __builtin___clear_cache((char *)place, (char *)place + made->size);
    *code = (struct vm_code){
        .begin = (uint64_t)(uintptr_t)place,
        .size = made->size,
        .kind = made->kind,
        .method = method,
        .map = file.map,
        .published = {.file = file.bytes, .size = file.size},
        .pad_count = made->pad_count,
    };
    memcpy(code->pads, made->pads, pads);
    flip_bit(method, file.map);
    insert(code);
    vm_publish(&code->published);
    vm_code_counts.made[made->kind]++;
    return code;
}

enum vm_kind vm_kind_of(const struct vm_method *method) { return ((struct vm_code *)method->object)->kind; }

// What compilers write to.
static struct masm *workspace(void) {
    static struct masm *memory;
    if (memory == 0) {
        int64_t pages = vm_allocate(0, sizeof *memory);
        if (pages < 0) return 0;
        memory = (struct masm *)pages;
    }
    return memory;
}

enum vm_installed vm_install_code(struct vm_method *method, enum vm_kind kind) {
    struct masm *made = workspace();
    if (made == 0) return VM_NO_ROOM;
    if (!vm_compile(made, method, kind)) return VM_CANNOT;
    struct vm_code *code = install(made, method);
    if (code == 0) return VM_NO_ROOM;
    struct vm_code *old = (struct vm_code *)method->object;
    method->object = (uint64_t)(uintptr_t)code;
    __atomic_store_n(&method->entry, code->begin, __ATOMIC_RELEASE);
    if (old != 0) old->retired = 1;
    return VM_INSTALLED;
}

static void free_code(struct vm_code *code) {
    vm_withdraw(&code->published);
    uint32_t *words = (uint32_t *)code->begin;
    for (uint32_t i = 0; i < (code->size + 3) / 4; i++) words[i] = TRAP;
    __builtin___clear_cache((char *)words, (char *)words + code->size);
    vm_arena_put(&code_cache, words);
    vm_arena_put(&vm_data, (void *)(uintptr_t)code->published.file);
    vm_arena_put(&vm_data, code);
    vm_code_counts.freed++;
}

void vm_free_unseen_code(void) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < object_count; i++) {
        struct vm_code *code = objects[i];
        if (code->retired && !code->seen) {
            free_code(code);
            continue;
        }
        code->seen = 0;
        objects[kept++] = code;
    }
    object_count = kept;
}
