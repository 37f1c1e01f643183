#include "format.h"

#include <stdarg.h>

#include "trapline.h"

void put_text(const char *text) {
    while (*text != 0) console_putc(*text++);
}

static void put_number(uint64_t number, unsigned base) {
    char digits[20];
    int count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0) console_putc(digits[--count]);
}

void put_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    for (; *format != 0; format++) {
        if (*format != '%') {
            console_putc(*format);
            continue;
        }
        switch (*++format) {
        case 's':
            put_text(va_arg(arguments, const char *));
            break;
        case 'c':
            console_putc((char)va_arg(arguments, int));
            break;
        case 'd': {
            int64_t number = va_arg(arguments, int64_t);
            if (number < 0) console_putc('-');
            put_number(number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
            break;
        }
        case 'u':
            put_number(va_arg(arguments, uint64_t), 10);
            break;
        case 'x':
            put_number(va_arg(arguments, uint64_t), 16);
            break;
        default:
            console_putc(*format);
        }
    }
    va_end(arguments);
}

int text_equal(const char *a, const char *b) {
    while (*a != 0 && *a == *b) a++, b++;
    return *a == *b;
}
