import assert from "node:assert/strict";
import { test } from "node:test";
import { isCliMode } from "../../../src/app/cli-mode.ts";

test("a process called as `entrypoint cli a b` is in CLI mode with the arguments a and b", () => {
  assert.deepEqual(isCliMode(["node", "/entrypoint", "cli", "a", "b"]), ["a", "b"]);
  assert.deepEqual(isCliMode(["node", "/entrypoint", "cli"]), []);
});

test("any other first argument is the app's own", () => {
  assert.equal(isCliMode(["node", "/entrypoint"]), undefined);
  assert.equal(isCliMode(["node", "/entrypoint", "serve", "cli"]), undefined);
});
