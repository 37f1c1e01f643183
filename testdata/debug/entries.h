// What both files of the program of `tools/oracle/debug/entries` know: types that get units of
// their own, and templates that both instantiate.
#pragma once

namespace shapes {

enum class Color : unsigned char { red = 1, blue = 255 };

struct Base {
  virtual ~Base() {}
  virtual long area() const = 0;
  static int count;
};

template <class T, int N>
struct Row : Base {
  T cells[N];
  unsigned low : 3;
  int high : 13;
  Color color;
  explicit Row(T first) : low(1), high(-5), color(Color::blue) {
    for (int i = 0; i < N; i++) cells[i] = first + i;
  }
  long area() const override {
    T sum{};
    for (int i = 0; i < N; i++) sum += cells[i] * scale(i);
    return static_cast<long>(sum);
  }
  static T scale(int i) { return i % 3 == 0 ? T(2) : T(i); }
};

union Number {
  long whole;
  double real;
  char bytes[8];
};

inline long clamp(long value, long least, long most) {
  long result = value;
  if (result < least) result = least;
  if (result > most) result = most;
  return result;
}

}  // namespace shapes

long other(shapes::Number number, const shapes::Base &base);
