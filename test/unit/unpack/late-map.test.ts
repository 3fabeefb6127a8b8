import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { array, assert as holds, constant, constantFrom, integer, oneof, property, record } from "fast-check";
import { LateMap } from "../../../src/unpack/late-map.ts";

/** Few keys, so that most questions are about one that is there. */
const key = integer({ min: 0, max: 9 }).map(String);
const step = oneof(
  record({ op: constant("set" as const), key, value: integer() }),
  record({ op: constantFrom("add" as const, "get" as const, "delete" as const, "clear" as const), key }),
);

describe("a map that is seldom asked", () => {
  it("answers like a map, however much it is asked", () => {
    holds(
      property(array(step, { maxLength: 60 }), (steps) => {
        const late = new LateMap<string, number>();
        const map = new Map<string, number>();
        for (const [index, { op, key, ...rest }] of steps.entries()) {
          const value = "value" in rest ? rest.value : index;
          if (op === "get") assert.equal(late.get(key), map.get(key));
          else if (op === "clear") {
            late.clear();
            map.clear();
          } else if (op === "delete") {
            late.delete(key);
            map.delete(key);
          } else if (op === "set" || !map.has(key)) {
            late[op](key, value);
            map.set(key, value);
          }
          assert.equal(late.size, map.size);
        }
        const seen: [string, number][] = [];
        late.forEach((...entry) => seen.push(entry));
        assert.deepEqual(new Map(seen), map);
        assert.equal(seen.length, map.size);
      }),
    );
  });
});
