// Writes the code map of a code object.
#include "file.h"

#include "../records.h"

static const char *const kind_names[] = {
    [REGION_OPTIMIZED] = "optimized", [REGION_JIT] = "jit",          [REGION_INTERPRETER] = "interpreter",
    [REGION_ADAPTER] = "adapter",     [REGION_STUB] = "native-stub",
};

const char *vm_region_suffix(const struct masm *code, uint32_t index) {
    static const char *const adapters[VM_COMPILED_KINDS][VM_COMPILED_KINDS] = {
        [VM_OPTIMIZED] = {"@opt>opt", "@opt>jit", "@opt>int"},
        [VM_JIT] = {"@jit>opt", "@jit>jit", "@jit>int"},
        [VM_INTERPRETED] = {"@int>opt", "@int>jit", "@int>int"},
    };
    const struct code_region *region = &code->regions[index];
    // The body, also if all it does is to jump to the interpreter.
    if (index + 1 == code->region_count) return "";
    if (region->adapts_from >= VM_COMPILED_KINDS || region->adapts_to >= VM_COMPILED_KINDS) return "@entry";
    return adapters[region->adapts_from][region->adapts_to];
}

// Positions of a region count its vectors from the first that one of them has.
struct vectors {
    uint32_t first, count;
};

static struct vectors vectors_of(const struct masm *code, const struct code_region *region) {
    uint32_t first = VM_NO_VECTOR, end = 0;
    for (uint32_t i = 0; i < region->position_count; i++) {
        uint32_t vector = code->positions[region->first_position + i].vector;
        if (vector == VM_NO_VECTOR) continue;
        if (vector < first) first = vector;
        if (vector >= end) end = vector + 1;
    }
    return end == 0 ? (struct vectors){0, 0} : (struct vectors){first, end - first};
}

static uint32_t data_size(const struct masm *code, const struct code_region *region) {
    uint32_t vectors = vectors_of(code, region).count;
    return sizeof(struct ckm_compiled) + region->position_count * sizeof(struct map_position) +
           4 * vectors * code->vector_width;
}

static void write_data(struct vm_writer *writer, const struct masm *code, const struct code_region *region) {
    struct vectors vectors = vectors_of(code, region);
    struct ckm_compiled compiled = {
        .position_count = region->position_count,
        .vector_count = vectors.count,
        .vector_width = (uint16_t)code->vector_width,
        .convention = region->convention,
    };
    vm_write(writer, &compiled, sizeof compiled);
    for (uint32_t i = 0; i < region->position_count; i++) {
        struct map_position position = code->positions[region->first_position + i];
        if (position.vector != VM_NO_VECTOR) position.vector -= vectors.first;
        vm_write(writer, &position, sizeof position);
    }
    vm_write(writer, &code->vectors[vectors.first * code->vector_width], 4 * vectors.count * code->vector_width);
}

// The regions' texts, all of them.
static void write_texts(struct vm_writer *writer, const struct masm *code) {
    for (uint32_t i = 0; i < code->region_count; i++) {
        const struct code_region *region = &code->regions[i];
        vm_write_text(writer, kind_names[region->kind], "");
        vm_write_text(writer, vm_method_name(code->method), vm_region_suffix(code, i));
    }
    vm_align(writer, 8);
}

// Header, regions, texts, rows, saved registers, data.
void vm_write_map(struct vm_writer *writer, const struct masm *code, uint64_t address) {
    uint32_t count = code->region_count;
    struct vm_writer text = {.size = sizeof(struct ckm_header) + count * sizeof(struct ckm_region)};
    struct vm_writer measure = text;
    write_texts(&measure, code);
    uint32_t rows = measure.size;
    uint32_t saved = rows + code->row_count * sizeof(struct map_row);
    uint32_t data = saved + code->saved_count * sizeof(struct map_saved);
    struct ckm_header header = {
        .magic = {'C', 'K', 'M', '1'},
        .version = 1,
        .header_size = sizeof header,
        .size = data,
        .region_count = count,
        .regions = sizeof header,
        .begin = address,
        .end = address + code->size,
        .anchor = VM_THREAD_OFFSET,
        .handles = VM_THREAD_OFFSET + VM_THREAD_HANDLES,
    };
    for (uint32_t i = 0; i < count; i++) header.size += data_size(code, &code->regions[i]);
    vm_write(writer, &header, sizeof header);
    for (uint32_t i = 0; i < count; i++) {
        const struct code_region *from = &code->regions[i];
        struct ckm_region region = {
            .begin = from->begin,
            .end = from->end,
            .kind = vm_write_text(&text, kind_names[from->kind], ""),
            .name = vm_write_text(&text, vm_method_name(code->method), vm_region_suffix(code, i)),
            .method = (uint64_t)(uintptr_t)code->method,
            .rows = rows + from->first_row * (uint32_t)sizeof(struct map_row),
            .row_count = (uint16_t)from->row_count,
            .saved_count = (uint16_t)from->saved_count,
            .saved = saved + from->first_saved * (uint32_t)sizeof(struct map_saved),
            .data = data,
            .data_size = data_size(code, from),
            .flags = from->flags,
        };
        data += region.data_size;
        vm_write(writer, &region, sizeof region);
    }
    write_texts(writer, code);
    vm_write(writer, code->rows, code->row_count * sizeof(struct map_row));
    vm_write(writer, code->saved, code->saved_count * sizeof(struct map_saved));
    for (uint32_t i = 0; i < count; i++) write_data(writer, code, &code->regions[i]);
}
