// Output on the console, one system call a character.
#ifndef TRAPLINE_FORMAT_H
#define TRAPLINE_FORMAT_H

#ifdef __cplusplus
extern "C" {
#endif

// Writes a text.
void put_text(const char *text);

// Writes a format: %s text, %c character, %d int64_t, %u uint64_t, %x uint64_t in hexadecimal, %% a
// percent sign. Every number is 64 bits wide.
void put_format(const char *format, ...);

// Whether two texts are equal.
int text_equal(const char *a, const char *b);

#ifdef __cplusplus
}
#endif

#endif
