// The launcher asks Deno for this module's graph: it is complete only where the JSR registry, or a copy of these packages
// in Deno's own cache, can be reached.
import "@std/assert";
import "@std/cli/parse-args";
