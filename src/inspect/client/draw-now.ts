import { describeBytes, describeSpan } from "../../cli/format.ts";
import type { Update } from "../wire.ts";
import { byId, digestText, fillCard, make, setText } from "./dom.ts";

/** Tone and word of the whole: colour never stands without its word. */
function health({ loader, supervisor, child }: Update["view"]): readonly [string, string] {
  if (loader === null) return ["bad", "no loader runs"];
  if (supervisor.state === "trial") return ["wait", "on trial"];
  if (supervisor.state === "committed" && child !== null)
    return ["good", supervisor.onProbation ? "committed, on probation" : "committed"];
  return ["wait", supervisor.state];
}

/** The head and the three cards that change with time. `now`: the server's clock, milliseconds. */
export function drawNow({ view, target }: Update, now: number): void {
  const [tone, word] = health(view);
  const badge = byId("health");
  badge.className = `badge ${tone}`;
  setText(badge, word);
  setText(byId("target"), target ?? "no target: no updates");
  document.title = `${word} · dockerloader`;
  drawRunning(view, now);
  drawNext(view, now);
  drawChecked(view, now);
}

function drawRunning({ child, links }: Update["view"], now: number): void {
  const running = child?.digest ?? links.stable;
  if (running === null) return fillCard("running", "", ["nothing yet", "", "the first version is on its way"]);
  const since = child === null ? "not running" : `for ${describeSpan(now - Date.parse(child.since))}, pid ${child.pid}`;
  const name = child?.label ?? digestText(running);
  fillCard("running", "", [
    name,
    child?.label ? digestText(running) : "",
    [child?.reference, since].filter(Boolean).join(", "),
  ]);
}

function drawNext({ child, links, update, failed }: Update["view"], now: number): void {
  const bar = byId("countdown") as HTMLProgressElement;
  const until = child?.trialUntil ?? null;
  bar.hidden = until === null;
  if (child !== null && until !== null) {
    const left = Math.max(0, Date.parse(until) - now);
    bar.value = left / (child.timeoutMs ?? 1);
    fillCard("next", "wait", [
      `${describeSpan(left)} left`,
      digestText(child.digest),
      "on trial: it has to say that it is ready",
    ]);
  } else if (links.staged !== null) {
    fillCard("next", "wait", ["staged", digestText(links.staged), "tried at the next restart"]);
  } else if (["check", "download", "extract", "stageAttempt"].includes(update.state)) {
    fillCard("next", "wait", [update.state, "", "an update is under way"]);
  } else {
    const last = failed.at(-1);
    if (last === undefined) fillCard("next", "", ["nothing staged", "", ""]);
    else fillCard("next", "", ["nothing staged", digestText(last.digest), `failed: ${last.why}`]);
  }
}

function drawChecked({ lastCheck }: Update["view"], now: number): void {
  if (lastCheck === null) return fillCard("checked", "", ["never", "", "the app has not looked yet"]);
  const tone = { current: "good", staged: "wait", refused: "bad", failed: "bad" }[lastCheck.result];
  const next = lastCheck.nextAt === null ? "" : Date.parse(lastCheck.nextAt) - now;
  const coming =
    next === "" ? "" : next >= 0 ? `, next in ${describeSpan(next)}` : `, next was due ${describeSpan(-next)} ago`;
  const subject = lastCheck.code ?? (lastCheck.digest === null ? "" : digestText(lastCheck.digest));
  fillCard("checked", tone, [
    lastCheck.result,
    subject,
    `${describeSpan(now - Date.parse(lastCheck.at))} ago${coming}`,
  ]);
}

/** One bar for the whole volume: what is ours, by kind, and what is free. */
export function drawStorage({ storage }: Update): void {
  const card = byId("storage");
  const stack = card.querySelector<HTMLElement>(".stack");
  const legend = card.querySelector(".legend");
  if (storage === null || stack === null || legend === null) return;
  const { blobs, versions, retained, free, total } = storage;
  const parts: readonly (readonly [string, string, number])[] = [
    ["unpacked", "unpacked", versions],
    ["blobs", "blobs", blobs],
    ["previous", "previous", retained],
  ];
  const ours = blobs + versions + retained;
  // Our part of a large volume would be a hair: the bar shows our kinds, the legend what is free.
  stack.replaceChildren(
    ...parts.map(([kind, , bytes]) => {
      const part = make("span", kind);
      part.style.width = `${ours === 0 ? 0 : (bytes / ours) * 100}%`;
      return part;
    }),
  );
  stack.setAttribute("aria-label", parts.map(([, name, bytes]) => `${name} ${describeBytes(bytes)}`).join(", "));
  legend.replaceChildren(
    ...parts.map(([kind, name, bytes]) => make("li", kind, `${name} ${describeBytes(bytes)}`)),
    make("li", "free", `free ${describeBytes(free)} of ${describeBytes(total)}`),
  );
}
