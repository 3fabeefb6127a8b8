import type { Update } from "../wire.ts";
import { byId, setText } from "./dom.ts";
import { drawChart } from "./draw-charts.ts";
import { drawLayers, drawVersions } from "./draw-lists.ts";
import { drawNow, drawStorage } from "./draw-now.ts";
import { createEventList } from "./events.ts";

/** Countdowns and ages move this often, in milliseconds. */
const TICK_MS = 250;
const RETRY_MS = 2_000;

const events = createEventList();
let latest: Update | undefined;
/** The server's clock minus ours, milliseconds. */
let skewMs = 0;
let asked = false;

function draw(): void {
  asked = false;
  if (latest === undefined) return;
  drawNow(latest, Date.now() + skewMs);
  drawStorage(latest);
  drawChart("supervisor", latest.view.supervisor);
  drawChart("update", latest.view.update);
  drawLayers(latest);
  drawVersions(latest);
  events.draw();
}

function take(update: Update): void {
  latest = update;
  skewMs = Date.parse(update.now) - Date.now();
  events.add(update.lines, update.skipped);
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function say(state: "live" | "reconnecting"): void {
  const link = byId("link");
  link.className = `link ${state}`;
  setText(link, state);
}

/** The browser reconnects by itself, but for an answer that is no stream: then we do. */
function connect(): void {
  const source = new EventSource("updates");
  source.addEventListener("open", () => say("live"));
  source.addEventListener("message", ({ data }) => take(JSON.parse(String(data)) as Update));
  source.addEventListener("error", () => {
    say("reconnecting");
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "n") byId("notable").click();
  if (event.key === "p") byId("pause").click();
  if (event.key === "e") byId("events").focus();
});
setInterval(() => {
  if (latest !== undefined) drawNow(latest, Date.now() + skewMs);
}, TICK_MS);
connect();
