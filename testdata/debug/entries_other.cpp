// The other file of the program of `entries.cpp`.
#include "entries.h"

long other(shapes::Number number, const shapes::Base &base) {
  shapes::Row<double, 5> row(number.real);
  long area = shapes::clamp(base.area(), 0, number.whole);
  return area + row.area() + static_cast<long>(row.color);
}
