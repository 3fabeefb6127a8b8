import { describe } from "node:test";
import { FORMAT_CASES } from "./format-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: format", () => testCases(FORMAT_CASES));
