import { describe } from "node:test";
import { CONTAINERD_CASES } from "./containerd-cases.ts";
import { testCases } from "./run-case.ts";

describe("layers: the tables of containerd", () => testCases(CONTAINERD_CASES));
