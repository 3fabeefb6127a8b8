import { describe } from "node:test";
import { METADATA_CASES } from "./metadata-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: metadata", () => testCases(METADATA_CASES));
