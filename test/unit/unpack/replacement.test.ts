import { describe } from "node:test";
import { REPLACEMENT_CASES } from "./replacement-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: replacement", () => testCases(REPLACEMENT_CASES));
