#include "file.h"

#include "../memory/arena.h"
#include "../records.h"
#include "guest/include/string.h"

// ELF-64 (System V ABI, chapter 4).
struct header {
    uint8_t identification[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t size, segment_size, segment_count, section_size, section_count, names;
};

struct section {
    uint32_t name, type;
    uint64_t flags, address, offset, size;
    uint32_t link, info;
    uint64_t alignment, entry_size;
};

struct symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

enum { NONE, TEXT, SYMBOLS, STRINGS, FRAMES, MAP, NAMES, SECTIONS };

#define ET_EXEC 2
#define SHT_PROGBITS 1
#define SHT_SYMTAB 2
#define SHT_STRTAB 3
#define SHT_NOBITS 8
#define SHF_ALLOC 2
#define SHF_EXECINSTR 4
#define STB_GLOBAL_FUNC 0x12

#if defined(__x86_64__)
#define MACHINE 62
#else
#define MACHINE 183
#endif

// By the offsets of the names of sections.
static const char NAMES_TABLE[] = "\0.text\0.symtab\0.strtab\0.eh_frame\0.code_map\0.shstrtab";
enum { AT_TEXT = 1, AT_SYMTAB = 7, AT_STRTAB = 15, AT_FRAMES = 23, AT_MAP = 33, AT_NAMES = 43 };

static void write_symbols(struct vm_writer *writer, struct vm_writer *names, const struct masm *code,
                          uint64_t address) {
    struct symbol symbol = {0};
    vm_write(writer, &symbol, sizeof symbol);
    vm_write(names, "", 1);
    for (uint32_t i = 0; i < code->region_count; i++) {
        const struct code_region *region = &code->regions[i];
        symbol = (struct symbol){
            .name = vm_write_text(names, vm_method_name(code->method), vm_region_suffix(code, i)),
            .info = STB_GLOBAL_FUNC,
            .section = TEXT,
            .value = address + region->begin,
            .size = region->end - region->begin,
        };
        vm_write(writer, &symbol, sizeof symbol);
    }
}

static struct section section(uint32_t name, uint32_t type, uint64_t flags, const struct vm_writer *writer) {
    return (struct section){.name = name, .type = type, .flags = flags, .offset = writer->size, .alignment = 8};
}

// Writes it all; what is written to a writer without room only counts.
static void write_file(struct vm_writer *writer, const struct masm *code, uint64_t address, uint32_t *map) {
    struct section sections[SECTIONS] = {{0}};
    struct header header = {
        .identification = {0x7f, 'E', 'L', 'F', 2, 1, 1},
        .type = ET_EXEC,
        .machine = MACHINE,
        .version = 1,
        .sections = sizeof header,
        .size = sizeof header,
        .section_size = sizeof(struct section),
        .section_count = SECTIONS,
        .names = NAMES,
    };
    vm_write(writer, &header, sizeof header);
    uint32_t table = writer->size;
    vm_write(writer, sections, sizeof sections);
    sections[TEXT] = section(AT_TEXT, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, writer);
    sections[TEXT].address = address;
    sections[TEXT].size = code->size;
    // The names of symbols are written behind them, whose number is known.
    sections[SYMBOLS] = section(AT_SYMTAB, SHT_SYMTAB, 0, writer);
    sections[SYMBOLS].link = STRINGS;
    sections[SYMBOLS].info = 1;
    sections[SYMBOLS].entry_size = sizeof(struct symbol);
    sections[SYMBOLS].size = (code->region_count + 1) * sizeof(struct symbol);
    uint32_t strings = writer->size + (uint32_t)sections[SYMBOLS].size;
    struct vm_writer names = {0};
    if (writer->room > strings) names = (struct vm_writer){writer->bytes + strings, 0, writer->room - strings};
    write_symbols(writer, &names, code, address);
    sections[STRINGS] = section(AT_STRTAB, SHT_STRTAB, 0, writer);
    sections[STRINGS].size = names.size;
    writer->size += names.size;
    vm_align(writer, 8);
    sections[FRAMES] = section(AT_FRAMES, SHT_PROGBITS, SHF_ALLOC, writer);
    sections[FRAMES].address = (uint64_t)(uintptr_t)writer->bytes + writer->size;
    vm_write_frames(writer, code, address);
    sections[FRAMES].size = writer->size - sections[FRAMES].offset;
    vm_align(writer, 8);
    sections[MAP] = section(AT_MAP, SHT_PROGBITS, SHF_ALLOC, writer);
    sections[MAP].address = (uint64_t)(uintptr_t)writer->bytes + writer->size;
    *map = writer->size;
    vm_write_map(writer, code, address);
    sections[MAP].size = writer->size - sections[MAP].offset;
    sections[NAMES] = section(AT_NAMES, SHT_STRTAB, 0, writer);
    sections[NAMES].size = sizeof NAMES_TABLE;
    vm_write(writer, NAMES_TABLE, sizeof NAMES_TABLE);
    if (writer->size <= writer->room) memcpy(writer->bytes + table, sections, sizeof sections);
}

struct vm_file vm_make_file(const struct masm *code, uint64_t address) {
    uint32_t map;
    struct vm_writer measure = {0};
    write_file(&measure, code, address, &map);
    struct vm_writer writer = {vm_arena_get(&vm_data, measure.size), 0, measure.size};
    if (writer.bytes == 0) return (struct vm_file){0};
    write_file(&writer, code, address, &map);
    return (struct vm_file){writer.bytes, writer.size, (const struct ckm_header *)(writer.bytes + map)};
}
