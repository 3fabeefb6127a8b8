import { describe } from "node:test";
import { MOBY_CASES } from "./moby-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: the tables of moby", () => testCases(MOBY_CASES));
