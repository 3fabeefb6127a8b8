/** Rollback in place, against the built command and the embedded registry. */
import { describe } from "node:test";
import { declareRollbackTests } from "../support/rollback.ts";
import { openLab } from "./support/lab.ts";

describe("rollback in place, with the built command", () => declareRollbackTests(openLab));
