// Variables of every kind of type that C has, in frames that are all on the stack when it ends.
#include "entry.h"

typedef unsigned char byte;
typedef __CHAR16_TYPE__ char16_t;
typedef __CHAR32_TYPE__ char32_t;
typedef __WCHAR_TYPE__ wchar_t;

enum color { RED, GREEN = 5, BLUE, LAST = 200 };
enum flags { NONE = 0, READ = 1, WRITE = 2, EXECUTE = 4, ALL = 7 };
enum sign { MINUS = -1, ZERO, PLUS };

struct point {
    int x, y;
};

struct bits {
    unsigned a : 3;
    signed b : 5;
    unsigned long c : 40;
    enum color d : 4;
    _Bool e : 1;
    int : 0;
    short f : 9;
};

struct __attribute__((packed)) tight {
    char a;
    int b;
    double c;
};

union either {
    int number;
    float real;
    byte bytes[4];
    struct point *where;
};

struct incomplete;

struct triple {
    float x, y, z;
};

struct node {
    struct node *next;
    const char *name;
    union {
        int inner;
        float other;
    };
    struct {
        short first, second;
    } pair;
    int (*call)(int, const char *);
    struct incomplete *secret;
};

struct flexible {
    int count;
    int items[];
};

typedef int matrix[2][3];
typedef float vec4 __attribute__((vector_size(16)));
#if defined(__aarch64__) && !defined(__clang__)
typedef __Int8x16_t lanes;
#else
typedef signed char lanes __attribute__((vector_size(16)));
#endif
typedef struct point *point_list[2];
typedef long (*operation)(long, long);
typedef struct {
    int untagged;
} anonymous;

static int counter = 42;
_Thread_local int per_thread = 17;

static NOINLINE int stop(int code, const char *why, struct point at, double weight) {
    static int stops = 3;
    int doubled = code * 2;
    stops += hide(doubled);
    keep(why);
    keep(&at);
    keep(&weight);
    __builtin_trap();
    return doubled + at.x;
}

static long add(long a, long b) { return a + b; }

static int call_me(int a, const char *b) { return a + b[0]; }

INLINE int inner_inline(int depth, struct point p) {
    int twice = depth * 2;
    struct point moved = {p.x + twice, p.y - 1};
    keep(&moved);
    return stop(twice + moved.x, "inline", moved, twice * 0.25) + 1;
}

INLINE int outer_inline(int base) {
    struct point origin = {base, base + 1};
    int sum = 0;
    for (int i = 0; i < 3; i++) {
        int square = i * i;
        sum += (int)hide(square);
        if (i == 2) {
            int local = sum + base;
            sum += inner_inline(local, origin);
        }
    }
    return sum;
}

static NOINLINE int blocks(int start, unsigned char small, short middle) {
    int value = start;
    {
        int value = start + 1;
        const char *name = "inner";
        keep(name);
        {
            long value = start + 2L;
            volatile int noise = 9;
            keep(&value);
            start += (int)value + noise + small + middle;
            start += outer_inline((int)hide(start));
            keep(&value);
        }
        start += value;
    }
    return start + value;
}

static NOINLINE int recurse(int depth, int *from) {
    int here = depth * 10;
    int result;
    keep(&here);
    if (depth == 0)
        result = blocks((int)hide(*from), 200, -7);
    else
        result = recurse(depth - 1, &here);
    return result + here;
}

static NOINLINE int variable_length(int rows, int columns) {
    int line[columns];
    short grid[rows][columns];
    int(*pointer)[columns] = &line;
    for (int i = 0; i < columns; i++) {
        line[i] = i * 11;
        for (int k = 0; k < rows; k++) grid[k][i] = (short)(k * 100 + i);
    }
    keep(line);
    keep(grid);
    keep(pointer);
    int result = recurse(2, line + 1);
    keep(line);
    keep(grid);
    return result + (*pointer)[1];
}

// What is pointed to is nowhere when it is optimized, nor is the pointer.
INLINE int pointed(const struct point *at, const int *second, const char *const *const names) {
    int sum = at->x + *second;
    keep(names);
    return variable_length(3, (int)hide(4)) + sum;
}

static NOINLINE int aggregates(struct node *list, union either choice, struct bits *bits,
                               struct tight tight, matrix *table, enum color hue,
                               struct triple three, vec4 four, lanes many) {
    struct node local = {list, "local", {7}, {8, 9}, call_me, 0};
    struct bits copy = *bits;
    matrix cells = {{1, 2, 3}, {4, 5, 6}};
    point_list points = {0, 0};
    struct point corner = {-3, 1 << 20};
    vec4 vector = {1.5f, -2.25f, 0.0f, 1e10f};
    struct triple tripled = {three.x * 3, three.y * 3, three.z * 3};
    lanes lane = many;
    const char *const words[] = {"one", "two"};
    struct point nowhere = {points[0] == 0, 1000};
    enum flags mode = READ | EXECUTE, odd = (enum flags)9;
    enum sign sign = MINUS;
    anonymous plain = {77};
    char text[12] = "hello";
    byte zeros[200] = {0};
    const volatile int *const restrict qualified = &corner.x;
    operation op = add;
    int same[20];
    for (int i = 0; i < 20; i++) same[i] = i < 15 ? 4 : i;
    points[1] = &corner;
    struct {
        int a;
        struct flexible *tail;
    } unnamed = {5, 0};
    keep(&local), keep(&copy), keep(cells), keep(points), keep(&corner), keep(&vector);
    keep(&mode), keep(&odd), keep(&sign), keep(&plain), keep(text), keep(zeros);
    keep((const void *)qualified), keep((const void *)op), keep(same), keep(&unnamed);
    keep(&tripled), keep(&lane), keep(words);
    int result = pointed(&nowhere, &nowhere.y, words);
    keep(&local), keep(&copy), keep(&corner), keep(same);
    return result + (int)four[1] + choice.number + tight.b + (*table)[1][1] + (int)hue + unnamed.a + plain.untagged;
}

static NOINLINE long many(int a, long b, char c, short d, unsigned e, unsigned long f, byte g,
                          long long h, int i, struct point j, float k, double l) {
    long total = a + b + c + d + e + f + g + h + i + j.x + j.y + (long)k + (long)l;
    keep(&total);
    struct node second = {0, "second", {1}, {2, 3}, 0, 0};
    struct node first = {&second, "first", {4}, {5, 6}, call_me, (struct incomplete *)0x1234};
    union either choice = {.real = 2.5f};
    struct bits bits = {5, -3, 0x123456789a, BLUE, 1, -200};
    struct tight tight = {'t', 123456, -0.5};
    matrix table = {{9, 8, 7}, {6, 5, 4}};
    keep(&second), keep(&first), keep(&choice), keep(&bits), keep(&tight), keep(table);
    struct triple three = {k, 2.0f, -0.5f};
    vec4 four = {0.25f, k, 3.0f, -4.0f};
    lanes lane = {1, 2, -3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, -16};
    total += aggregates(&first, choice, &bits, tight, &table, BLUE, three, four, lane);
    keep(&second), keep(&first), keep(&total);
    return total + hide(l > k);
}

static NOINLINE long scalars(void) {
    _Bool yes = 1;
    char character = 'x', quote = '\'', control = '\n', high = (char)200;
    signed char minus = -5;
    unsigned char plus = 250;
    short small = -32768;
    unsigned short big = 65535;
    int integer = -123456789;
    unsigned natural = 4000000000u;
    long wide = -(1L << 62);
    unsigned long wider = ~0UL;
    long long longest = 1LL << 61;
    __int128 huge = -((__int128)1 << 100);
    unsigned __int128 vast = ((unsigned __int128)1 << 127) + 3;
    float real = 3.14159f;
    double twice = -2.718281828459045;
    double tiny = 5e-324, infinite = __builtin_inf(), none = __builtin_nan("");
    long double extended = 1.0L / 3;
    float _Complex complex_small = 1.0f + 2.0fi;
    double _Complex complex_big = -0.5 + 1e100i;
    wchar_t wide_character = L'w';
    char16_t unit = u'\u00e9';
    char32_t point = U'\U0001f600';
    void *nothing = 0;
    const char *string = "a \"quoted\" string\twith escapes";
    void (*function)(void) = run;
    keep(&yes), keep(&character), keep(&quote), keep(&control), keep(&high), keep(&minus);
    keep(&plus), keep(&small), keep(&big), keep(&integer), keep(&natural), keep(&wide);
    keep(&wider), keep(&longest), keep(&huge), keep(&vast), keep(&real), keep(&twice);
    keep(&tiny), keep(&infinite), keep(&none), keep(&extended), keep(&complex_small);
    keep(&complex_big), keep(&wide_character), keep(&unit), keep(&point), keep(&nothing);
    keep(string), keep((const void *)function);
    struct point pair = {30, 40};
    return many(1, -2, 'c', 4, 5, 6, 7, 8, (int)hide(9), pair, 1.5f, twice) + integer + small;
}

// Numbers that are computed nowhere but by debuggers, when they are optimized.
__attribute__((noipa)) static NOINLINE long conversions(double real, float narrow, int integer, unsigned long natural,
                                 double kept, vec4 lost) {
    float narrowed = (float)real;
    double widened = (double)(float)real, sum = real + narrow, product = real * narrow;
    long truncated = (long)real;
    unsigned char byte_of = (unsigned char)narrow;
    int less = real < narrow;
    struct bits known = {5, -3, 0x123456789a, BLUE, 1, -200};
    struct {
        struct point lost, half;
        short numbers[3];
    } partly;
    partly.half.y = 5;
    struct bits mixed = {6, 7, (unsigned long)integer, GREEN, 0, (short)natural};
#ifdef __OPTIMIZE__
    long double longer = real, longest = narrow, whole = integer, huge = natural;
    long double opposite = -(long double)real;
    double shortened = (double)(long double)natural;
#ifdef __SIZEOF_FLOAT128__
    __float128 quadruple = real, exact = natural;
#endif
#endif
#ifdef __DEC32_MANT_DIG__
    _Decimal32 small = -1.50DF;
    _Decimal64 price = 9.999999999999999e384DD, none = __builtin_nand64("");
    _Decimal128 fine = 1e-6176DL, endless = -__builtin_infd128();
    struct {
        _Decimal32 a[2];
        _Decimal64 b;
    } decimals = {{0.001DF, 1e10DF}, -123456.7890DD};
    keep(&small), keep(&price), keep(&none), keep(&fine), keep(&endless), keep(&decimals);
#endif
    long result = scalars();
    return result + (long)(kept * 2) + (long)lost[1] + known.b + mixed.d + partly.half.y;
}

void run(void) {
    long result = conversions(1.25, -2.5f, -7, (1UL << 63) + 1025, 1e10 + hide(1),
                              (vec4){1.0f, 2.0f, 3.0f, (float)hide(4)});
    counter += (int)result;
    keep(&counter);
    __builtin_trap();
}
