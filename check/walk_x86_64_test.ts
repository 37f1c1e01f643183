import { walkCases } from "./testing/walk_cases.ts";

walkCases("x86_64");
