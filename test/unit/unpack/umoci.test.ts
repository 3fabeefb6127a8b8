import { describe } from "node:test";
import { testCases } from "./run-case.ts";
import { UMOCI_CASES } from "./umoci-cases.ts";

describe("layers: the tables of umoci", () => testCases(UMOCI_CASES));
