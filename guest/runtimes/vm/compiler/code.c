// Code objects: [entries][adapter][adapter][body], and what the map says of each instruction.
#include "internal.h"

void code_begin_region(struct masm *m, unsigned kind, enum vm_kind convention) {
    if (m->region_count == MASM_REGIONS_MAX) {
        m->failed = true;
        return;
    }
    m->regions[m->region_count++] = (struct code_region){
        .begin = m->size,
        .kind = (uint8_t)kind,
        .convention = (uint8_t)convention,
        .adapts_from = 0xff,
        .adapts_to = 0xff,
        .first_row = m->row_count,
        .first_saved = m->saved_count,
        .first_position = m->position_count,
    };
    m_at_entry(m);
}

static struct code_region *region(struct masm *m) { return &m->regions[m->region_count - 1]; }

void code_end_region(struct masm *m) { region(m)->end = m->size; }

void code_position_at(struct masm *m, uint32_t begin, unsigned bci, unsigned flags,
                      uint32_t vector) {
    struct code_region *in = region(m);
    // What no instruction sees, or no change.
    while (in->position_count > 0) {
        const struct map_position *last = &m->positions[m->position_count - 1];
        if (last->begin < begin) {
            if (last->bci == bci && last->flags == flags && last->vector == vector) return;
            break;
        }
        m->position_count--, in->position_count--;
    }
    if (m->position_count == MASM_POSITIONS_MAX) {
        m->failed = true;
        return;
    }
    m->positions[m->position_count++] =
        (struct map_position){begin, (uint16_t)bci, (uint16_t)flags, vector};
    in->position_count++;
}

void code_position(struct masm *m, unsigned bci, unsigned flags, uint32_t vector) {
    code_position_at(m, m->size, bci, flags, vector);
}

// How many of the last vectors are looked through for the same one.
#define VECTORS_COMPARED 16

static bool same(const uint32_t *a, const uint32_t *b, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

uint32_t code_vector(struct masm *m, const uint32_t *locations) {
    unsigned width = m->vector_width;
    for (uint32_t i = m->vector_count; i > 0 && m->vector_count - i < VECTORS_COMPARED; i--) {
        if (same(m->vectors + (i - 1) * width, locations, width)) return i - 1;
    }
    if ((m->vector_count + 1) * width > MASM_VECTOR_WORDS) {
        m->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < width; i++) m->vectors[m->vector_count * width + i] = locations[i];
    return m->vector_count++;
}

void code_called(struct masm *m, unsigned bci, uint32_t vector) {
    code_position_at(m, m->size - 1, bci, VM_POSITION_CONSUMED, vector);
}

void code_saves(struct masm *m, mreg reg, int offset) {
    if (m->saved_count == MASM_SAVED_MAX) {
        m->failed = true;
        return;
    }
    m->saved[m->saved_count++] = (struct map_saved){(uint16_t)m_dwarf(reg), (int16_t)offset};
    region(m)->saved_count++;
}

void code_pad(struct masm *m, unsigned bci) {
    if (m->pad_count == MASM_PADS_MAX) {
        m->failed = true;
        return;
    }
    m->pads[m->pad_count++] = (struct code_pad){(uint16_t)bci, m->size};
}

static void begin(struct masm *m, const struct vm_method *method, enum vm_kind kind) {
    m->method = method;
    m->kind = kind;
    m->failed = false;
    m->size = 0;
    m->label_count = m->reference_count = m->row_count = m->saved_count = 0;
    m->region_count = m->position_count = m->pad_count = 0;
    m->vector_width = (uint32_t)method->locals + method->max_stack;
    m->vector_count = 0;
}

// A jump for each kind of caller.
static void jumps(struct masm *m, const mlabel *places, const mlabel *targets,
                  void (*jump)(struct masm *, mlabel)) {
    for (unsigned kind = 0; kind < VM_COMPILED_KINDS; kind++) {
        m_bind(m, places[kind]);
        code_begin_region(m, REGION_ADAPTER, (enum vm_kind)kind);
        jump(m, targets[kind]);
        code_end_region(m);
    }
}

// The body of an interpreted method only says which one it is.
static void interpreted(struct masm *m) {
    code_begin_region(m, REGION_ADAPTER, VM_INTERPRETED);
    m_jump_interpreter(m, m->method);
    code_end_region(m);
}

static bool make(struct masm *m, const struct vm_method *method, enum vm_kind kind, bool islands) {
    begin(m, method, kind);
    mlabel entries[VM_COMPILED_KINDS], far[VM_COMPILED_KINDS], targets[VM_COMPILED_KINDS];
    for (unsigned i = 0; i < VM_COMPILED_KINDS; i++) {
        entries[i] = m_label(m);
        far[i] = m_label(m);
        targets[i] = m_label(m);
    }
    jumps(m, entries, islands ? far : targets, m_entry);
    if (islands) jumps(m, far, targets, m_jump);
    for (unsigned from = 0; from < VM_COMPILED_KINDS; from++) {
        if (from == kind) continue;
        m_bind(m, targets[from]);
        adapter_make(m, (enum vm_kind)from, targets[kind]);
    }
    m_bind(m, targets[kind]);
    if (vm_method_is_native(method)) native_make(m);
    else if (kind == VM_JIT) jit_make(m);
    else if (kind == VM_OPTIMIZED) optimize_make(m);
    else interpreted(m);
    return m_finish(m);
}

bool vm_compile(struct masm *m, const struct vm_method *method, enum vm_kind kind) {
    if (vm_method_is_native(method)) kind = VM_OPTIMIZED;
    // Where the body is beyond the reach of an entry, jumps on the way get there.
    return make(m, method, kind, false) || (!m->failed && make(m, method, kind, true));
}
