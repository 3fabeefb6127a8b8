/** What an app may do at any moment. */
import { EXITS, exits } from "../../model/supervisor-steps.ts";
import { act, type Action, type Move, told } from "./act.ts";
import type { Disks } from "./disks.ts";
import type { App, Moment } from "./moment.ts";
import * as steps from "./steps.ts";

/** What the app does by itself. One that was told to end does nothing else. */
export async function appMoves(disks: Disks, from: Moment): Promise<Move[]> {
  const { app } = from;
  if (app === null) return [];
  const ends = app.told === "KILL" ? ["killed" as const] : (["zero", "one", "restart"] as const);
  const moves = ends.flatMap((end) =>
    told({ ...from, app: null }, exits(EXITS[end])).map((to) => ({
      name: `app ends: ${end}`,
      cut: false,
      from,
      to,
      byLoader: app.told !== "nothing",
    })),
  );
  if (app.told !== "nothing") return moves;
  const acts = await Promise.all(
    actionsOf(disks, from, app).map(([name, action]) =>
      act(disks, from, { name: `app ${name}`, byLoader: false, action }, (_, disk) => [
        { ...from, disk, starts: forgets(name, from) },
      ]),
    ),
  );
  return [...moves, ...acts.flat()];
}

/** A version that is staged anew may be tried as often as one that never was. */
const forgets = (name: string, { starts }: Moment): Moment["starts"] =>
  starts !== null && name.startsWith(`stages ${starts.digest}`) ? null : starts;

function actionsOf(disks: Disks, { disk }: Moment, { digest, original, onTrial }: App): [string, Action<unknown>][] {
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
