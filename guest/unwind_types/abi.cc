// The part of the exception ABI that only this program of ours needs, and users' own may: type
// information of types that are no classes, handlers that take copies, and exception specifications.
#include "../runtime/system.h"

namespace std {
class type_info {
public:
    virtual ~type_info();
    const char *name_;
};
[[noreturn]] void terminate() noexcept;
} // namespace std

// Where the first virtual function of such a class is defined, the compiler puts its table and, for
// the first of these, the type information of all fundamental types.
namespace __cxxabiv1 {
class __fundamental_type_info : public std::type_info {
public:
    ~__fundamental_type_info() override;
};
class __pbase_type_info : public std::type_info {
public:
    ~__pbase_type_info() override;
};
class __pointer_type_info : public __pbase_type_info {
public:
    ~__pointer_type_info() override;
};
__fundamental_type_info::~__fundamental_type_info() {}
__pbase_type_info::~__pbase_type_info() {}
__pointer_type_info::~__pointer_type_info() {}
} // namespace __cxxabiv1

extern "C" {

void *__cxa_begin_catch(void *object) noexcept;

// The object a handler is about to copy.
void *__cxa_get_exception_ptr(void *object) noexcept {
    return reinterpret_cast<void *>(static_cast<_Unwind_Exception *>(object)->private_1);
}

// An exception that is not on a function's list.
[[noreturn]] void __cxa_call_unexpected(void *object) {
    __cxa_begin_catch(object);
    std::terminate();
}
}
