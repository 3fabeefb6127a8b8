/** Rollback in place, in real containers. */
import { describe } from "node:test";
import { declareRollbackTests } from "../support/rollback.ts";
import { openContainerLab } from "./support/contract-lab.ts";
import { needsContainers } from "./support/preconditions.ts";

describe("rollback in place, in real containers", needsContainers(), () => declareRollbackTests(openContainerLab));
