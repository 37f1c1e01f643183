// What the agent has in C++ programs: exceptions.
#include "coro_agent_record.h"

#include "../include/coro_agent.h"
#include "../include/string.h"

coroutine::exception::~exception() {}

coroutine::host_error::host_error(uint64_t token, const char *message) noexcept : token(token) {
    size_t size = 0;
    while (size < sizeof text - 1 && message[size]) size++;
    memcpy(text, message, size);
    text[size] = 0;
}

const char *coroutine::host_error::what() const noexcept { return text; }

static void say(const char *text) {
    size_t size = strlen(text);
    if (size > CORO_AGENT_ROOM) size = CORO_AGENT_ROOM;
    memcpy(coro_agent_record.text, text, size);
    coro_agent_record.text_size = size;
}

static void say_number(bool is_negative, uint64_t size) {
    char digits[24], *at = digits + sizeof digits;
    *--at = 0;
    do *--at = static_cast<char>('0' + size % 10);
    while (size /= 10);
    if (is_negative) *--at = '-';
    say(at);
}

template <typename T> static uint64_t threw(int64_t *outcome, T value) {
    *outcome = CORO_AGENT_THREW;
    say_number(value < 0, value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
    return 0;
}

extern "C" {

uint64_t coro_agent_catch(coro_agent_function *function, const uint64_t *words, int64_t *outcome) {
    coro_agent_record.text_size = 0;
    try {
        return function(words);
    } catch (const coroutine::host_error &error) {
        *outcome = CORO_AGENT_HOST_ERROR;
        return error.token;
    } catch (const coroutine::exception &error) {
        *outcome = CORO_AGENT_THREW;
        say(error.what());
    } catch (const char *text) {
        *outcome = CORO_AGENT_THREW;
        say(text);
    } catch (int value) {
        return threw(outcome, value);
    } catch (long value) {
        return threw(outcome, value);
    } catch (unsigned value) {
        return threw(outcome, value);
    } catch (unsigned long value) {
        return threw(outcome, value);
    } catch (...) {
        // Also what unwinds a coroutine that is dropped: the end of this handler sends it on.
        *outcome = CORO_AGENT_THREW;
        coro_agent_record.text_size = 0;
    }
    return 0;
}

void coro_agent_raise(uintptr_t token) {
    throw coroutine::host_error(token, reinterpret_cast<const char *>(coro_agent_record.room));
}
}
