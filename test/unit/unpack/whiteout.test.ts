import { describe } from "node:test";
import { WHITEOUT_CASES } from "./whiteout-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: whiteout", () => testCases(WHITEOUT_CASES));
