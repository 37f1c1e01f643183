#include "work.h"

int64_t number(const char *text) {
    int negative = *text == '-';
    int64_t value = 0;
    for (text += negative; *text >= '0' && *text <= '9'; text++) value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

// Whether a text begins with a name and an equals sign; then where its value is.
static const char *value_of(const char *text, const char *name) {
    while (*name != 0 && *text == *name) text++, name++;
    return *name == 0 && *text == '=' ? text + 1 : 0;
}

int set_parameters(int count, char **arguments) {
    struct thread_parameters parameters;
    int64_t self = thread_self();
    if (thread_get_parameters(self, &parameters, sizeof parameters) != 0) return 0;
    for (int i = 0; i < count; i++) {
        const char *value;
        if ((value = value_of(arguments[i], "priority"))) parameters.priority = (uint64_t)number(value);
        else if ((value = value_of(arguments[i], "nice"))) {
            parameters.nice = number(value);
            parameters.weight = 0;
        } else if ((value = value_of(arguments[i], "weight"))) parameters.weight = (uint64_t)number(value);
        else if ((value = value_of(arguments[i], "period"))) {
            parameters.period = (uint64_t)number(value);
            parameters.deadline = 0;
        } else if ((value = value_of(arguments[i], "deadline"))) parameters.deadline = (uint64_t)number(value);
        else if ((value = value_of(arguments[i], "budget"))) parameters.budget = (uint64_t)number(value);
        else return 0;
    }
    return thread_set_parameters(self, &parameters, sizeof parameters) == 0;
}
