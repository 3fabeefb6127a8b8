/** What the examples ask for has to exist, and what exists has to be shown. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { EMPTY_VIEW } from "../../src/inspect/view.ts";
import { createMetrics } from "../../src/metrics/metrics.ts";
import { ROOT } from "./support/pack.ts";

const read = (name: string): string => readFileSync(join(ROOT, "examples/monitoring", name), "utf8");
const metricsIn = (text: string): string[] => [
  ...new Set([...text.matchAll(/dockerloader_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ""))),
];

describe("the monitoring examples", () => {
  test("ask for metrics that are served, and the dashboard shows every one of them", async () => {
    const page = await createMetrics().page(EMPTY_VIEW, null);
    const served = [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? "");
    const shown = metricsIn(read("dashboard.json"));
    assert.deepEqual(
      [...shown, ...metricsIn(read("alerts.yaml"))].filter((name) => !served.includes(name)),
      [],
    );
    assert.deepEqual(
      served.filter((name) => !shown.includes(name)),
      [],
    );
  });

  test("hold a dashboard that is JSON, with panels that do not overlap", () => {
    const { panels } = JSON.parse(read("dashboard.json")) as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  });
});
