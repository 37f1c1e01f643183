// Much of the standard library's templates, inlined into each other: what debug information is
// compared on. It is looked at, not run for its result.
#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace shapes {

struct Point {
  double x, y;
  bool operator<(const Point &other) const {
    return x < other.x || (x == other.x && y < other.y);
  }
};

struct Circle {
  Point center;
  double radius;
  double area() const { return 3.25 * radius * radius; }
};

struct Box {
  Point low, high;
  double area() const { return (high.x - low.x) * (high.y - low.y); }
};

using Shape = std::variant<Circle, Box>;

class Drawing {
 public:
  void add(Shape shape) { shapes_.push_back(std::move(shape)); }
  double area() const;
  std::vector<Point> corners() const;

 private:
  std::vector<Shape> shapes_;
};

double Drawing::area() const {
  return std::accumulate(shapes_.begin(), shapes_.end(), 0.0, [](double sum, const Shape &shape) {
    return sum + std::visit([](const auto &each) { return each.area(); }, shape);
  });
}

std::vector<Point> Drawing::corners() const {
  std::set<Point> found;
  for (const Shape &shape : shapes_) {
    if (const Box *box = std::get_if<Box>(&shape)) {
      found.insert(box->low);
      found.insert(box->high);
    } else if (const Circle *circle = std::get_if<Circle>(&shape)) {
      found.insert(circle->center);
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace shapes

namespace {

template <typename T>
struct Tree {
  struct Node {
    T value;
    std::unique_ptr<Node> left, right;
  };
  std::unique_ptr<Node> root;

  void insert(T value) {
    std::unique_ptr<Node> *at = &root;
    while (*at) at = value < (*at)->value ? &(*at)->left : &(*at)->right;
    *at = std::make_unique<Node>(Node{std::move(value), nullptr, nullptr});
  }

  template <typename Visit>
  void walk(const Visit &visit) const {
    std::vector<const Node *> open;
    const Node *at = root.get();
    while (at || !open.empty()) {
      for (; at; at = at->left.get()) open.push_back(at);
      at = open.back();
      open.pop_back();
      visit(at->value);
      at = at->right.get();
    }
  }
};

std::map<std::string, int> words(const std::string &text) {
  static const std::regex word("([a-z]+)(-[0-9]*)?|\\d{2,4}", std::regex::icase);
  std::map<std::string, int> counts;
  for (std::sregex_iterator at(text.begin(), text.end(), word), end; at != end; ++at) {
    ++counts[at->str(1)];
  }
  return counts;
}

std::vector<int> sorted(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> numbers(0, 1000);
  std::vector<int> values(200);
  std::generate(values.begin(), values.end(), [&] { return numbers(random); });
  std::stable_sort(values.begin(), values.end(), std::greater<>());
  std::list<int> copy(values.begin(), values.end());
  copy.sort();
  copy.unique();
  std::deque<int> queue(copy.begin(), copy.end());
  std::nth_element(queue.begin(), queue.begin() + queue.size() / 2, queue.end());
  std::partial_sort(values.begin(), values.begin() + 10, values.end());
  std::priority_queue<int> heap(queue.begin(), queue.end());
  while (heap.size() > 50) heap.pop();
  values.push_back(heap.top());
  return values;
}

std::optional<double> parse(const std::string &text) {
  std::istringstream in(text);
  double value;
  if (in >> value) return value;
  return std::nullopt;
}

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Table = std::unordered_map<std::string, std::function<double(double)>>;

Table table() {
  Table known;
  double factor = 2;
  known.emplace("double", [factor](double x) { return x * factor; });
  known.emplace("square", [](double x) { return x * x; });
  known.emplace("check", [](double x) {
    if (x < 0) throw Failure("negative");
    return x;
  });
  return known;
}

}  // namespace

int main(int argc, char **argv) {
  shapes::Drawing drawing;
  drawing.add(shapes::Circle{{1, 2}, 3});
  drawing.add(shapes::Box{{0, 0}, {4, 5}});
  Tree<std::string> tree;
  for (int i = 0; i < argc; i++) tree.insert(argv[i]);
  tree.walk([](const std::string &text) { std::cout << text << '\n'; });
  for (const auto &[word, count] : words("one two-2 one 1234")) std::cout << word << count;
  const Table known = table();
  double sum = drawing.area() + static_cast<double>(drawing.corners().size());
  for (const auto &[name, function] : known) {
    try {
      sum += function(parse("1.5").value_or(0));
    } catch (const Failure &failure) {
      std::cout << name << failure.what();
    }
  }
  const std::vector<int> values = sorted(static_cast<unsigned>(argc));
  std::copy(values.begin(), values.end(), std::ostream_iterator<int>(std::cout, " "));
  std::cout << sum << std::endl;
  return 0;
}
