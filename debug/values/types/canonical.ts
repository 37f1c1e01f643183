/**
 * Names of C++ types as gdb writes them. Compilers differ in how they name the same type, in names
 * of integers and in arguments of templates, and debuggers settle for one.
 *
 * @module
 */

const WORDS: ReadonlySet<string> = new Set([
  ...["signed", "unsigned", "short", "long", "int", "char", "__int128"],
]);

/** Words of an integer type in the order in which they are written. */
function integer(words: readonly string[]): string {
  const count = (word: string) => words.filter((each) => each === word).length;
  const isUnsigned = count("unsigned") > 0;
  if (count("char") > 0) {
    return isUnsigned ? "unsigned char" : count("signed") > 0 ? "signed char" : "char";
  }
  // This is no word of the standard's, and stands as it is.
  if (count("__int128") > 0) return words.join(" ");
  const sign = isUnsigned ? "unsigned " : "";
  if (count("short") > 0) return `${sign}short`;
  if (count("long") > 1) return `${sign}long long`;
  if (count("long") > 0) return `${sign}long`;
  return `${sign}int`;
}

/** Clang's arguments of templates as GCC's and gdb's: `int const` for `const int`, `A*` for `A *`. */
function constantsLast(name: string): string {
  const begin = name.indexOf("<");
  if (begin < 0) return name;
  let result = name.slice(0, begin) + name.slice(begin).replaceAll(/(?<!,) (?=[*&])/g, "");
  // From the last one on, so that what is inside of another one is done first.
  for (let at = result.length; (at = result.lastIndexOf("const ", at - 1)) > begin;) {
    if (!/(?:<|, ?)$/.test(result.slice(Math.max(0, at - 2), at))) continue;
    const rest = result.slice(at + "const ".length);
    const end = endOfType(rest);
    result = `${result.slice(0, at)}${rest.slice(0, end).trimEnd()} const${rest.slice(end)}`;
  }
  return result;
}

/** Where a type ends that a text begins with: before a pointer, or what ends an argument. */
function endOfType(text: string): number {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const each = text[i]!;
    if (depth === 0 && /[,>*&(]/.test(each)) return i;
    if (each === "<") depth++;
    else if (each === ">") depth--;
  }
  return text.length;
}

/** The name of a type as gdb writes it, from a compiler's. */
export function canonicalName(name: string): string {
  if (!/[<, ]/.test(name)) return name;
  let result = "";
  let words: string[] = [];
  let gap = false;
  const flush = () => {
    if (words.length > 0) result += integer(words);
    if (gap) result += " ";
    words = [];
    gap = false;
  };
  // GCC puts the address of an object in parentheses, Clang does not.
  const plain = constantsLast(name.replaceAll(/\(& ([\w:$]+)\)/g, "&$1"));
  for (const [token] of plain.matchAll(/[A-Za-z_$][\w$]*|\s+|[^\sA-Za-z_$]/g)) {
    if (/^\s/.test(token)) gap = true;
    else if (WORDS.has(token)) {
      if (words.length === 0) flush();
      gap = false;
      words.push(token);
    } else if (token === "double" && words.length > 0) {
      words = [];
      gap = false;
      result += "long double";
    } else {
      // Words of an integer stand apart from what follows only if that is a word, too.
      if (words.length > 0 && !/^[A-Za-z_$(]/.test(token)) gap = false;
      flush();
      const closes = token === ">" && result.endsWith(">") && !result.endsWith("->");
      const isSuffix = /^(U|L|UL|LL|ULL)$/.test(token) && /\d$/.test(result);
      result += closes ? " >" : isSuffix ? token.toLowerCase() : token;
    }
  }
  flush();
  return result.trimEnd();
}
