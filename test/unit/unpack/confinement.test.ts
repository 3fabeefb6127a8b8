import { describe } from "node:test";
import { CONFINEMENT_CASES } from "./confinement-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: confinement", () => testCases(CONFINEMENT_CASES));
