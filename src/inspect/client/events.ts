import type { Line } from "../wire.ts";
import { byId, make, setText } from "./dom.ts";

/** Lines the page holds and draws; the history command has the rest. */
const MOST_LINES = 500;
const MOST_MARKS = 200;

const TONES: Readonly<Record<string, string>> = {
  "trial.kept": "good",
  "app.committed": "good",
  "bootstrap.finished": "good",
  "probation.passed": "good",
  "trial.failed": "bad",
  "trial.timeout": "bad",
  "loader.failed": "bad",
  "child.killed": "bad",
  "trial.parked": "bad",
  "update.staged": "wait",
  "rollback.finished": "wait",
};

export interface EventList {
  readonly add: (lines: readonly Line[], skipped: number) => void;
  readonly draw: () => void;
}

/** The list of events and the strip of the notable ones. Drawn once a frame, however many came. */
export function createEventList(): EventList {
  let lines: Line[] = [];
  let drawn = 0;
  let left = 0;
  const toggles = { notable: false, pause: false };
  const list = byId("events");

  const shown = (line: Line): boolean => !toggles.notable || line.notable;
  const redraw = (): void => {
    list.replaceChildren(...lines.filter(shown).map(makeLine).toReversed());
    drawn = lines.at(-1)?.id ?? 0;
  };
  const draw = (): void => {
    if (toggles.pause) return;
    const fresh = lines.filter((line) => line.id > drawn);
    drawn = lines.at(-1)?.id ?? drawn;
    list.prepend(...fresh.filter(shown).map(makeLine).toReversed());
    while (list.children.length > MOST_LINES) list.lastElementChild?.remove();
    if (fresh.length > 0) drawStrip(lines);
    setText(byId("skipped"), left === 0 ? "" : `${left} lines came too fast and are not shown`);
  };
  for (const name of ["notable", "pause"] as const) {
    byId(name).addEventListener("click", () => {
      toggles[name] = !toggles[name];
      byId(name).setAttribute("aria-pressed", String(toggles[name]));
      if (name === "notable" || !toggles.pause) redraw();
    });
  }
  return {
    draw,
    add: (news, skipped) => {
      const last = lines.at(-1)?.id ?? 0;
      // A server that was started again counts from one.
      if ((news.at(-1)?.id ?? last) < last) {
        lines = [];
        drawn = 0;
        list.replaceChildren();
      }
      const known = lines.at(-1)?.id ?? 0;
      lines = [...lines, ...news.filter(({ id }) => id > known)].slice(-MOST_LINES);
      left += skipped;
    },
  };
}

function makeLine({ time, level, type, message, component }: Line): HTMLElement {
  const item = make("li", "");
  const at = make("time", "soft mono small", time.slice(11, 23));
  at.setAttribute("datetime", time);
  const text = make("span", `message ${level}`, message.replaceAll(/(sha256:[a-f0-9]{12})[a-f0-9]{52}/g, "$1"));
  text.title = message;
  item.append(at, make("span", "soft", component), make("span", "type soft mono small", type), text);
  return item;
}

/** The notable events side by side in time, oldest left. */
function drawStrip(lines: readonly Line[]): void {
  const notable = lines.filter((line) => line.notable).slice(-MOST_MARKS);
  const times = notable.map(({ time }) => Date.parse(time));
  const [first = 0, last = 1] = [times[0], times.at(-1)];
  const span = Math.max(1, last - first);
  byId("strip").replaceChildren(
    ...notable.map(({ type }, at) => {
      const mark = make("i", TONES[type] ?? "");
      mark.style.left = `${1 + (97 * ((times[at] ?? first) - first)) / span}%`;
      return mark;
    }),
  );
}
