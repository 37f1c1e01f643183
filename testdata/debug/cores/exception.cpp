// An exception that nobody catches, thrown through templates, lambdas and the standard library: the
// stack is that of std::terminate. With an argument, a call of a pure virtual function.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace shapes {

class Shape {
 public:
  virtual ~Shape() { describe(); }
  virtual std::string name() const = 0;
  void describe() const { length += name().size(); }
  mutable std::size_t length = 0;
};

template <typename Unit, int Corners>
class Polygon final : public Shape {
 public:
  explicit Polygon(Unit size) : size_(size) {}
  std::string name() const override { return "polygon " + std::to_string(Corners); }
  Unit area() const {
    if (size_ < Unit{}) throw std::domain_error(name());
    return size_ * size_ * Corners;
  }

 private:
  Unit size_;
};

template <typename Container, typename Function>
auto total(const Container &all, Function area) {
  double sum = 0;
  std::for_each(all.begin(), all.end(), [&](const auto &each) { sum += area(each); });
  return sum;
}

}  // namespace shapes

int main(int argc, char **) {
  using Square = shapes::Polygon<double, 4>;
  if (argc > 1) {
    auto shape = std::make_unique<Square>(1);
    shape.reset();
    return 0;
  }
  std::vector<Square> squares = {Square(3), Square(2), Square(-1)};
  std::map<int, std::function<double(const Square &)>> ways;
  ways[1] = [](const Square &each) { return each.area(); };
  std::sort(squares.begin(), squares.end(), [&](const Square &a, const Square &b) {
    return a.length < b.length;
  });
  return static_cast<int>(shapes::total(squares, ways.at(1)));
}
