// A part of a program with much debug information: many instances of templates that have others in
// them. PART is its number, NEXT the function that it calls: the next part's, or the program's end.
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#define JOINED(a, b) a##b
#define NAMED(a, b) JOINED(a, b)

int NEXT(int depth);

namespace NAMED(part_, PART) {

template <int Number>
struct Unit {
  int value = Number;
  std::string name;
};

template <typename T>
struct Store {
  std::map<std::string, std::vector<T>> all;
  std::unordered_map<int, std::shared_ptr<T>> by_number;
  std::variant<int, T, std::string> last;

  int add(const T &each) {
    all[each.name].push_back(each);
    by_number[each.value] = std::make_shared<T>(each);
    last = each;
    std::ostringstream text;
    text << each.value << each.name;
    return std::regex_search(text.str(), std::regex("[a-z]+[0-9]")) + static_cast<int>(all.size());
  }
};

template <int Number>
int fill(int depth) {
  Store<Unit<Number>> store;
  std::function<int(int)> go = [&](int left) -> int {
    return left == 0 ? 0 : store.add({Number, std::to_string(left)}) + go(left - 1);
  };
  return go(depth);
}

template <int... Numbers>
int fill_all(std::integer_sequence<int, Numbers...>, int depth) {
  return (fill<Numbers>(depth) + ...);
}

}  // namespace NAMED(part_, PART)

int NAMED(part, PART)(int depth) {
  const int sum =
      NAMED(part_, PART)::fill_all(std::make_integer_sequence<int, 24>{}, depth);
  return NEXT(depth) + sum;
}
