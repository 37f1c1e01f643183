import { assertEquals } from "@std/assert";
import { typeNameOf } from "./type_name.ts";

Deno.test("typeNameOf, names what exceptions are", () => {
  const names = {
    _ZTIi: "int",
    _ZTIPKc: "char const*",
    _ZTIPv: "void*",
    _ZTIPPKh: "unsigned char const**",
    _ZTI5Error: "Error",
    _ZTIN4deep5space5ErrorE: "deep::space::Error",
    _ZTISt9exception: "std::exception",
    _ZTINSt8ios_base7failureE: "std::ios_base::failure",
    _ZTISs: "std::string",
    _ZTIN12_GLOBAL__N_13OdeE: "(anonymous namespace)::Ode",
  };
  for (const [symbol, name] of Object.entries(names)) {
    assertEquals(typeNameOf(symbol), name);
  }
});

Deno.test("typeNameOf, keeps what it does not understand", () => {
  for (
    const symbol of [
      "_ZTI3BoxIiE",
      "_ZTI9Short",
      "_ZTIN4deep",
      "_ZTI",
      "_ZTIP",
      "main",
      `_ZTI${"P".repeat(100_000)}`,
    ]
  ) assertEquals(typeNameOf(symbol), symbol);
});
