/** What an app may do at any moment. */
import { SETTINGS } from "../../../src/config/table.ts";
import { EXITS, exits } from "../../model/supervisor-steps.ts";
import { act, type Action, type Move, told } from "./act.ts";
import type { App, Moment, Parts } from "./moment.ts";
import * as steps from "./steps.ts";

/** How long an app that is told to end has for it: the kernel ends it then. */
const ENDS_WITHIN = { nothing: null, STOP: SETTINGS.stopGraceMs.fallback, KILL: 0 } as const;

/** What the app does by itself. One that was told to end does nothing else. */
export async function appMoves(parts: Parts, from: Moment): Promise<Move[]> {
  const { app } = from;
  if (app === null) return [];
  const ends = app.told === "KILL" ? ["killed" as const] : (["zero", "one", "restart"] as const);
  const moves = ends.flatMap((end) =>
    told(parts, { ...from, app: null }, exits(EXITS[end])).map((to) => ({
      name: `app ends: ${end}`,
      cut: false,
      from,
      to,
      within: ENDS_WITHIN[app.told],
    })),
  );
  if (app.told !== "nothing") return moves;
  const acts = await Promise.all(
    actionsOf(parts, from, app).map(([name, action]) =>
      act(parts, from, { name: `app ${name}`, within: null, action }, (_, disk) => [{ ...from, disk }]),
    ),
  );
  return [...moves, ...acts.flat()];
}

function actionsOf(
  { disks }: Parts,
  { disk }: Moment,
  { digest, original, onTrial }: App,
): [string, Action<unknown>][] {
  const facts = disks.facts(disk);
  const stages = steps
    .stageable(facts, digest, disks.versions)
    .map((version): [string, Action<unknown>] => [
      `stages ${version.digest} beside ${digest}`,
      (world) => steps.stageNext(world, digest, version),
    ]);
  if (original)
    return [[`of the original is ready ${digest}`, (world) => steps.commitAsOriginal(world, digest)], ...stages];
  const begins: [string, Action<unknown>][] = onTrial && !facts.handshake ? [["begins", steps.handshake]] : [];
  const mayCommit = onTrial && facts.attempting === digest && facts.handshake;
  const ready: [string, Action<unknown>][] = mayCommit
    ? [[`is ready ${digest}`, (world) => steps.ready(world, digest)]]
    : [];
  return [...begins, ...ready, ...stages];
}
