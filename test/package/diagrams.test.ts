/** The pictures cannot lie: they are made from the machines, and these tests hold them against the machines. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type AnyStateMachine, type AnyStateNode, createMachine } from "xstate";
import { supervisorMachine, updateMachine } from "../../machines/index.ts";
import { ROOT } from "./support/pack.ts";

const machines: readonly AnyStateMachine[] = [supervisorMachine, updateMachine];

/** Every transition as text: from where, by what, on which condition, to where. */
function transitionsOf(node: AnyStateNode): string[] {
  const own = [...[...node.transitions.values()].flat(), ...(node.always ?? [])].map((transition) => {
    const { guard } = transition;
    const asked = typeof guard === "object" && guard !== null && "type" in guard ? guard.type : guard;
    const targets = ((transition.target ?? []) as AnyStateNode[]).map((target) => target.id);
    return `${node.id} ${transition.eventType} [${String(asked ?? "")}] ${targets.join()}`;
  });
  return [...own, ...Object.values(node.states).flatMap((child) => transitionsOf(child))];
}

describe("the diagrams", () => {
  test("are up to date with the machines and the page's sources", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/diagrams.ts", "--check"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
  });

  for (const machine of machines) {
    const read = (kind: string): string => readFileSync(join(ROOT, "machines", `${machine.id}.${kind}`), "utf8");

    test(`hold the ${machine.id} machine as JSON that stands alone: the same states and transitions`, () => {
      const again = createMachine(JSON.parse(read("json")) as Parameters<typeof createMachine>[0]);
      assert.deepEqual(transitionsOf(again.root), transitionsOf(machine.root));
      assert.ok(transitionsOf(machine.root).length > 10);
    });

    test(`draw every top-level state of the ${machine.id} machine and every way between two of them`, () => {
      const svg = read("svg");
      for (const state of Object.keys(machine.root.states)) {
        assert.ok(svg.includes(`data-state="${state}"`), state);
        assert.match(read("mmd"), new RegExp(`\\b${state}\\b`), state);
      }
      const ways = transitionsOf(machine.root).flatMap((line) => {
        const [from = "", , , to = ""] = line.split(" ");
        const [source, target] = [from.split(".")[1], to.split(".")[1]];
        return source === undefined || target === undefined || source === target
          ? []
          : [`data-from="${source}" data-to="${target}"`];
      });
      assert.deepEqual(
        ways.filter((way) => !svg.includes(way)),
        [],
      );
    });
  }

  test("make a page that asks for nothing from anywhere", () => {
    const page = readFileSync(join(ROOT, "src/inspect/page.html"), "utf8");
    const addresses = [...page.matchAll(/https?:\/\/[^\s"'`)]+/g)].map(([address]) => address);
    assert.deepEqual(
      [...new Set(addresses)].filter((address) => !address.startsWith("http://www.w3.org/")),
      [],
    );
    assert.doesNotMatch(page, /<(?:script|link|img|iframe)[^>]+(?:src|href)="(?!data:|#)/);
  });
});
