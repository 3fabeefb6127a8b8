/** The teeth of the closure: with each of these protocols an invariant does not hold, and the closure has to come to it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CLOSING } from "./mutants/closing.ts";
import { MUTANTS } from "./mutants/list.ts";
import { loadClosure } from "./mutants/load.ts";

/** How each invariant begins; what fails in another way is no find. */
const INVARIANT = /^I\d+: /;

describe("a protocol that is broken on purpose, explored until something breaks", () => {
  for (const { versions, original, mutants } of CLOSING) {
    for (const name of mutants) {
      test(`is caught: ${name}`, async (t) => {
        const id = MUTANTS.findIndex((other) => other.name === name);
        const mutant = MUTANTS[id];
        assert.ok(mutant !== undefined, "there is no such mutant");
        const close = await loadClosure(mutant, id);
        await assert.rejects(close({ versions, original, crashes: Infinity }), (error: Error) => {
          t.diagnostic(error.message.slice(0, error.message.indexOf(", after: ")));
          return INVARIANT.test(error.message);
        });
      });
    }
  }
});
