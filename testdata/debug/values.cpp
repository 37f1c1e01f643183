// Variables of every kind of type that C++ has, in frames that are all on the stack when it ends.
#include "entry.h"

namespace shapes {

enum class Color : unsigned char { Red, Green = 7, Blue };
enum Plain { FIRST, SECOND = 20 };

struct Base {
    int base_number = 1;
    virtual ~Base() {}
    virtual int area() const { return base_number; }
};

struct Other {
    long other_number = 2;
    virtual void touch() {}
};

struct Left : virtual Base {
    int left = 3;
};

struct Right : virtual Base {
    int right = 4;
};

class Diamond : public Left, protected Right, private Other {
  public:
    static int count;
    static const int limit = 9;
    Color color = Color::Blue;
    int area() const override { return left + right; }
    NOINLINE int method(int factor, const Diamond &other) const;

  private:
    struct Hidden {
        short inside = -6;
        enum class Deep { One = 1, Two } deep = Deep::Two;
    } hidden;
    unsigned flag : 1, rest : 7;

  public:
    explicit Diamond(int number) : flag(1), rest(99) { base_number = number; }
};

int Diamond::count = 5;

namespace {
struct Secret {
    char letter;
};
} // namespace

template <typename T, int N> struct Buffer {
    T items[N];
    T *end() { return items + N; }
    template <typename U> NOINLINE U sum(U start);
};

template <typename First, typename... Rest> struct Tuple : Tuple<Rest...> {
    First first;
};
template <typename Last> struct Tuple<Last> {
    Last first;
};

union Variant {
    int number;
    double real;
    struct {
        short low, high;
    };
};

} // namespace shapes

typedef int shapes::Buffer<int, 3>::*DataMember;
using Callback = int (*)(const shapes::Base &, ...);
using Reference = int &;

static NOINLINE int stop(const shapes::Base &base, int &&moved, const char *text) {
    keep(&base), keep(&moved), keep(text);
    __builtin_trap();
    return base.area() + moved;
}

template <typename F> static NOINLINE int apply(F function, int value) {
    int before = value * 2;
    keep(&before);
    int result = function(before);
    return result + before;
}

template <typename... Values> static NOINLINE int variadic(Values... values) {
    int count = sizeof...(values);
    int all[] = {(int)values...};
    int captured = all[0];
    int &alias = captured;
    keep(all), keep(&count), keep(&alias);
    auto lambda = [&alias, captured, count](int argument) {
        int local = argument + captured;
        shapes::Base base;
        base.base_number = local + count;
        keep(&base);
        return stop(base, local + 1, "lambda") + alias;
    };
    return apply(lambda, captured) + alias;
}

template <typename T, int N>
template <typename U>
NOINLINE U shapes::Buffer<T, N>::sum(U start) {
    U total = start;
    for (int i = 0; i < N; i++) {
        T item = items[i];
        total += (U)item;
    }
    keep(&total);
    return total + (U)variadic((int)total, 'v', 3.5, 7L);
}

NOINLINE int shapes::Diamond::method(int factor, const Diamond &other) const {
    class Local {
      public:
        int value;
        const Diamond *owner;
    };
    Local local = {factor * 2, this};
    Buffer<int, 3> buffer = {{1, 2, factor}};
    Buffer<unsigned long, 2> wide = {{~0UL, 1}};
    Buffer<Buffer<char, 2>, 2> nested = {{{{'a', 'b'}}, {{'c', 'd'}}}};
    DataMember member = nullptr;
    int Local::*data = &Local::value;
    int (Diamond::*function)(int, const Diamond &) const = &Diamond::method;
    int (Base::*virtual_function)() const = &Base::area;
    Reference alias = local.value;
    const Diamond &self = *this;
    Secret secret = {'s'};
    Plain plain = SECOND;
    decltype(nullptr) null = nullptr;
    keep(&local), keep(&buffer), keep(&wide), keep(&nested), keep(&member), keep(&data);
    keep(&function), keep(&virtual_function), keep(&alias), keep(&self), keep(&secret), keep(&plain);
    keep(&null), keep(&other);
    return (int)buffer.sum<long>(alias) + local.value;
}

static NOINLINE int objects(int seed) {
    shapes::Diamond first(seed), second(seed + 1);
    shapes::Base *polymorphic = &first;
    shapes::Variant variant;
    shapes::Tuple<char, double, int *> tuple;
    bool yes = true;
    char8_t utf = u8'u';
    char16_t utf16 = u'\u20ac';
    char32_t utf32 = U'\U0001f600';
    wchar_t wide[] = L"wide \u00fc";
    const char16_t *text16 = u"sixteen";
    Callback callback = nullptr;
    const int constants[] = {10, 20, 30};
    constexpr int compile_time = 12;
    static int calls = 0;
    calls++;
    variant.real = 0.1;
    tuple.first = 't';
    static_cast<shapes::Tuple<double, int *> &>(tuple).first = -1.25;
    static_cast<shapes::Tuple<int *> &>(tuple).first = &calls;
    {
        int guarded = seed * compile_time;
        keep(&guarded), keep(&first), keep(&second), keep(polymorphic), keep(&variant), keep(&tuple);
        keep(&yes), keep(&utf), keep(&utf16), keep(&utf32), keep(wide), keep(text16);
        keep(&callback), keep(constants), keep(&polymorphic);
        return first.method(guarded, second) + calls;
    }
}

LINKAGE void run(void) {
    int result = objects((int)hide(11));
    keep(&result);
    __builtin_trap();
}

// What a C++ runtime would have.
void operator delete(void *) noexcept {}
void operator delete(void *, unsigned long) noexcept {}
extern "C" void __cxa_pure_virtual() {}
