// Labels and tables of the macro assembler, the same for all architectures.
#include "masm.h"

void m_emit(struct masm *m, const void *bytes, unsigned count) {
    if (m->size + count > MASM_CODE_MAX) {
        m->failed = true;
        return;
    }
    const uint8_t *from = bytes;
    for (unsigned i = 0; i < count; i++) m->code[m->size++] = from[i];
}

mlabel m_label(struct masm *m) {
    if (m->label_count == MASM_LABELS_MAX) {
        m->failed = true;
        return 0;
    }
    m->labels[m->label_count] = 0;
    return (mlabel)m->label_count++;
}

void m_bind(struct masm *m, mlabel label) { m->labels[label] = m->size + 1; }

void m_refer(struct masm *m, mlabel target, unsigned form) {
    if (m->reference_count == MASM_REFERENCES_MAX) {
        m->failed = true;
        return;
    }
    m->references[m->reference_count++] = (struct code_reference){m->size, target, (uint8_t)form};
}

bool m_finish(struct masm *m) {
    if (m->failed) return false;
    for (uint32_t i = 0; i < m->reference_count; i++) {
        const struct code_reference *reference = &m->references[i];
        uint32_t target = m->labels[reference->target];
        if (target == 0) return false;
        int64_t distance = (int64_t)target - 1 - reference->at;
        if (!m_patch(m->code + reference->at, reference->form, distance)) return false;
    }
    return true;
}

void m_row(struct masm *m, unsigned base, unsigned size, unsigned saved) {
    struct map_row row = {m->size, (uint8_t)base, (uint8_t)saved, (uint16_t)size};
    struct code_region *region = &m->regions[m->region_count - 1];
    // What no instruction sees.
    bool unseen = region->row_count > 0 && m->rows[m->row_count - 1].begin == m->size;
    if (unseen) m->row_count--, region->row_count--;
    if (m->row_count == MASM_ROWS_MAX || size > UINT16_MAX) {
        m->failed = true;
        return;
    }
    m->rows[m->row_count++] = row;
    region->row_count++;
}
