/** Every step of the original's own tests, with images in a real registry and our image in a real container. */
import { describe } from "node:test";
import { declareContractTests } from "../support/contract.ts";
import { openContainerLab } from "./support/contract-lab.ts";
import { needsContainers } from "./support/preconditions.ts";

describe("the original's tests, in real containers", needsContainers(), () => declareContractTests(openContainerLab));
