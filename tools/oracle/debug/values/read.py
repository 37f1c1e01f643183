# Run inside gdb (-x) after gdb/common.py: prints names, types and values of all variables in all
# stack frames of core files, one line of JSON for each core. The variable REQUEST is set before:
# the name of a file with a list of {program, core}. Values are taken apart down to numbers; nothing
# is taken from text but what Python has no number for.
import struct

import gdb

ELEMENTS = 40
DEPTH = 12
NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_ENUM,
           gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_RANGE)
REFERENCES = (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)
CODES = {getattr(gdb, name): name[10:] for name in dir(gdb) if name.startswith("TYPE_CODE_")}
TARGETS = (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_TYPEDEF,
           gdb.TYPE_CODE_MEMBERPTR, gdb.TYPE_CODE_METHODPTR) + REFERENCES


def described(kind, known):
    """A type, and what it is made of; types that have been described are named only."""
    text = str(kind)
    key = (text, kind.code, kind.name)
    result = {"text": text, "code": CODES[kind.code], "name": kind.name}
    if key in known:
        return result
    known.add(key)
    result["size"] = kind.sizeof
    if kind.code in TARGETS:
        result["target"] = described(kind.target().unqualified(), known)
    if kind.code == gdb.TYPE_CODE_ARRAY:
        try:
            result["range"] = list(kind.range())
        except (gdb.error, RuntimeError) as error:
            result["range"] = str(error)
    if kind.code == gdb.TYPE_CODE_ENUM:
        result["constants"] = [[field.name, str(field.enumval)] for field in kind.fields()]
    if kind.code in STRUCTS:
        result["fields"] = [field(each, known) for each in kind.fields()]
    if kind.code == gdb.TYPE_CODE_FUNC:
        result["parameters"] = [described(each.type.unqualified(), known) for each in kind.fields()]
    return result


def field(each, known):
    return {
        "name": each.name,
        "bits": getattr(each, "bitpos", None),
        "size": each.bitsize,
        "base": each.is_base_class,
        "artificial": each.artificial,
        "type": described(each.type.unqualified(), known),
    }


def leaf(value, kind):
    if value.is_optimized_out:
        return {"out": True}
    if kind.code == gdb.TYPE_CODE_PTR and "<synthetic pointer>" in value.format_string():
        return {"synthetic": True}
    if kind.code in NUMBERS and kind.sizeof <= 8:
        return {"number": str(int(value))}
    if kind.code in REFERENCES:
        return {"number": str(int(value.address if value.address is not None else 0))}
    if kind.code == gdb.TYPE_CODE_FLT and kind.sizeof in (4, 8):
        number = float(value)
        return {"float": "nan" if number != number else struct.pack("<d", number).hex()}
    return {"text": value.format_string()}


def take_apart(value, path, found, depth):
    """Numbers of a value by their path."""
    try:
        kind = value.type.strip_typedefs()
        if kind.code in STRUCTS and depth < DEPTH:
            unnamed = 0
            for each in kind.fields():
                if not hasattr(each, "bitpos"):
                    continue
                name = each.name
                if not name:
                    name = f"#{unnamed}"
                    unnamed += 1
                take_apart(value[each], f"{path}.{name}", found, depth + 1)
        elif kind.code == gdb.TYPE_CODE_ARRAY and depth < DEPTH:
            low, high = kind.range()
            for i in range(low, min(high + 1, low + ELEMENTS)):
                take_apart(value[i], f"{path}[{i}]", found, depth + 1)
        elif kind.sizeof > 0 or kind.code not in NUMBERS:
            found[path] = leaf(value, kind)
            if "synthetic" in found[path] and depth < DEPTH:
                take_apart_target(value, path, found, depth)
    except (gdb.error, RuntimeError, OverflowError, ValueError) as error:
        found[path] = {"error": str(error)}


def take_apart_target(value, path, found, depth):
    """What a pointer points to that is nowhere; compilers may have left it out."""
    try:
        target = value.dereference()
        target.fetch_lazy()
    except gdb.error as error:
        if "Cannot find DIE" not in str(error):
            raise
    else:
        take_apart(target, f"{path}*", found, depth + 1)


def is_variable(symbol):
    """Whether a symbol is no type, label, function, or constant of an enumeration."""
    if symbol.addr_class in (gdb.SYMBOL_LOC_CONST, gdb.SYMBOL_LOC_CONST_BYTES):
        kind = symbol.type.strip_typedefs()
        names = [each.name for each in kind.fields()] if kind.code == gdb.TYPE_CODE_ENUM else []
        return symbol.name not in names
    # Labels have no class of their own if they are nowhere.
    if str(symbol.type) == "__CORE_ADDR":
        return False
    return (symbol.is_argument or symbol.is_variable
            or symbol.addr_class == gdb.SYMBOL_LOC_OPTIMIZED_OUT)


def variable(symbol, frame, known):
    found = {}
    result = {
        "name": symbol.name,
        "parameter": symbol.is_argument,
        "type": described(symbol.type, known),
        "values": found,
    }
    try:
        value = symbol.value(frame)
        result["dynamic"] = described(value.type, known)
        result["text"] = None
        # References are compared as the addresses that they are.
        if value.type.strip_typedefs().code in REFERENCES and not value.is_optimized_out:
            address = value.referenced_value().address
            found[""] = {"number": str(int(address))}
        else:
            take_apart(value, "", found, 0)
        try:
            # What is all optimized out, gdb's own commands write as one.
            is_out = (all("out" in each for each in found.values()) if found
                      else value.is_optimized_out)
            result["text"] = ("<optimized out>" if is_out
                              else value.format_string())
        except (gdb.error, UnicodeError) as error:
            result["text"] = f"error: {error}"
    except (gdb.error, RuntimeError) as error:
        found[""] = {"error": str(error)}
    return result


def frames(known):
    found = []
    frame = gdb.newest_frame()
    while frame is not None and len(found) < 200:
        frame.select()
        blocks = []
        try:
            block = frame.block()
            while block is not None and not block.is_global and not block.is_static:
                blocks.append([
                    variable(symbol, frame, known) for symbol in block
                    if is_variable(symbol)
                ])
                if block.function is not None:
                    break
                block = block.superblock
        except RuntimeError:
            pass
        found.append({
            "kind": KINDS.get(frame.type(), "other"),
            "pc": str(frame.pc()),
            "name": frame.name(),
            "blocks": blocks,
        })
        try:
            frame = frame.older()
        except gdb.error:
            frame = None
    return found


def core(case):
    gdb.execute("core-file", to_string=True)
    gdb.execute(f"set sysroot {case.get('sysroot', '')}")
    gdb.execute(f"file {case['program']}", to_string=True)
    gdb.execute(f"core-file {case['core']}", to_string=True)
    threads = []
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        # What a frame's language is decides how types are named; each frame describes them anew.
        threads.append({"id": thread.ptid[1], "frames": frames(set())})
    return {"threads": threads}


apply(CORE_SETTINGS + ["print elements 200", "host-charset UTF-8", "target-charset UTF-8"])
apply(["print frame-arguments all", "print entry-values no", "auto-load python-scripts off"])
answer(core, asked(REQUEST))
