import assert from "node:assert/strict";
import { test } from "node:test";
import { createFaults, type FaultRequest } from "../../../src/testing/faults.ts";

test("attempts are counted for each method and path", () => {
  const faults = createFaults();
  const asked: FaultRequest[] = [];
  faults.add((request) => {
    asked.push(request);
    return undefined;
  });
  for (const [method, path] of [
    ["GET", "/a"],
    ["HEAD", "/a"],
    ["GET", "/a"],
    ["GET", "/b"],
  ] as const)
    assert.equal(faults.next(method, path), undefined);
  assert.deepEqual(
    asked.map(({ method, path, attempt }) => `${method} ${path} ${attempt}`),
    ["GET /a 1", "HEAD /a 1", "GET /a 2", "GET /b 1"],
  );
});

test("the first plan that answers a fault decides, until it is taken back", () => {
  const faults = createFaults();
  faults.add(() => undefined);
  const remove = faults.add(() => ({ kind: "reset" }));
  faults.add(() => ({ kind: "corrupt" }));
  assert.deepEqual(faults.next("GET", "/"), { kind: "reset" });
  remove();
  assert.deepEqual(faults.next("GET", "/"), { kind: "corrupt" });
});
