/** The original's own tests, against the built command and the embedded registry. .ci/run plays them again in real containers. */
import { describe } from "node:test";
import { declareContractTests } from "../support/contract.ts";
import { openLab } from "./support/lab.ts";

describe("the original's tests, against the built command", () => declareContractTests(openLab));
