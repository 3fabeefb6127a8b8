import assert from "node:assert/strict";
import type { Digest } from "../../../../machines/index.ts";
import { updateMachine } from "../../../../machines/index.ts";
import { openSession } from "../../../../src/app/session.ts";
import { sourceOf } from "../../../../src/app/update.ts";
import { createUpdateAdapters } from "../../../../src/app/update-adapters.ts";
import { ERROR_CODES } from "../../../../src/errors.ts";
import { silentLogger } from "../../../../src/log/logger.ts";
import { tryLock } from "../../../../src/store/index.ts";
import { createActor } from "../../../../src/xstate.ts";
import { type Port, PORTS, type Snapshot } from "../../../model/update-model.ts";
import { createManualClock } from "../../../support/replay/clock.ts";
import { createGates } from "../../../support/replay/gates.ts";
import { inTime, until } from "../../../support/replay/until.ts";
import { nameOf, type Path } from "./paths.ts";
import type { Images, World } from "./world.ts";

/** What of an event of the model has to happen in the world. */
interface Happening {
  readonly kind: "event" | "done" | "error" | "after";
  readonly port?: Port;
  readonly output?: { readonly kind: string; readonly release?: { readonly digest: Digest } };
}

/** Acts out one path on the real adapters and compares every step. Rejects, naming the step, where both part. */
export async function play(path: Path, world: World, images: Images): Promise<void> {
  const session = openSession({ env: world.env, log: silentLogger });
  const { supervised } = session;
  assert.ok(supervised !== undefined);
  const adapters = createUpdateAdapters(session, supervised, sourceOf(session));
  const gates = createGates<Port>();
  const clock = createManualClock();
  const actors = {
    check: gates.hold("check", adapters.actors.check),
    download: gates.hold("download", adapters.actors.download),
    extract: gates.hold("extract", adapters.actors.extract),
    stageAttempt: gates.hold("stageAttempt", adapters.actors.stageAttempt),
  };
  const actor = createActor(updateMachine.provide({ actors }), { input: path.options, clock });
  let arrival = Promise.withResolvers<void>();
  let seen = 0;
  actor.subscribe(() => {
    seen += 1;
    arrival.resolve();
  });

  /** Layers are unpacked while others are downloaded: what an extraction is to fail by has to be there before. */
  let brokenEarly: (() => void) | undefined;
  /** Does in the world what the event says. Answers how to mend what it broke. */
  const act = async (happening: Happening, next: Happening | undefined): Promise<() => void> => {
    const { kind, port, output } = happening;
    if (kind === "after") clock.fire(clock.armed()[0] ?? -1);
    if (kind === "after" || port === undefined) return () => {};
    const { release } = actor.getSnapshot().context;
    if (output !== undefined) await world.publish(imageFor(images, output));
    const digest = release?.digest ?? "sha256:";
    if (kind === "done" && next?.kind === "error" && next.port === "extract") {
      brokenEarly = world.disturb("extract", digest);
    }
    const early = port === "extract" ? brokenEarly : undefined;
    const mend = early ?? (kind === "error" ? world.disturb(port, digest) : () => {});
    gates.open(port);
    return mend;
  };
  /** The work that a STOP meets has really begun, as far as the world can hold it: a registry that has gone silent. */
  const beginWork = async (): Promise<() => void> => {
    const port = PORTS.find((name) => name === actor.getSnapshot().value);
    if (port !== "check" && port !== "download") return () => {};
    const { begun, resume } = world.silence();
    gates.open(port);
    await until("the registry is asked", begun);
    return resume;
  };

  actor.start();
  let position = 0;
  try {
    for (const [index, edge] of path.edges.entries()) {
      const { type } = edge.event;
      const following = path.edges[index + 1]?.event;
      const before = seen;
      arrival = Promise.withResolvers();
      let mend: () => void = () => {};
      if (type === "STOP") mend = await beginWork();
      if (type === "STOP" || type === "CHECK") actor.send({ type });
      else mend = await act(happeningOf(edge.event), following && happeningOf(following));
      if (seen === before) await inTime("the machine to move", arrival.promise);
      mend();
      assert.equal(seen, before + 1, "one step moves the machine once");
      assertSame(actor.getSnapshot(), edge.after, world);
      checkDisk(world, actor.getSnapshot());
      position += 1;
    }
  } catch (error) {
    const told = path.edges.map((edge, index) => (index === position ? `>>> ${nameOf(edge)} <<<` : nameOf(edge)));
    throw new Error(`${told.join(", ")}\n${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    actor.stop();
    adapters.close();
  }
  await checkEnd(world);
}

/** Reads what has to happen out of an event of the model. */
function happeningOf(event: object): Happening {
  const { type, output } = event as { readonly type: string; readonly output?: Happening["output"] };
  const [, kind = "event", port] = /^xstate\.(done|error|after)\.(?:actor\.0\.update\.(\w+))?/.exec(type) ?? [];
  return {
    kind: kind as Happening["kind"],
    ...(port === undefined ? {} : { port: port as Port }),
    ...(output === undefined ? {} : { output }),
  };
}

function imageFor({ running, failed, c, d }: Images, { kind, release }: NonNullable<Happening["output"]>) {
  if (kind === "current") return running;
  if (kind === "refused") return failed;
  return release?.digest.startsWith("sha256:c") === true ? c : d;
}

/** All that model and reality have to agree on; a real failure has a code of its own. */
function assertSame(real: Snapshot, model: Snapshot, { inModel }: World): void {
  const facts = ({ value, status, context: { result, release, failures, rounds }, output }: Snapshot) => ({
    value,
    status,
    failures,
    rounds,
    release: release === null ? null : inModel(release.digest),
    result: result === null ? null : [result.kind, "digest" in result ? inModel(result.digest) : ""],
    output: output?.kind,
  });
  assert.deepEqual(facts(real), facts(model));
  const { result } = real.context;
  if (result?.kind === "failed") {
    assert.ok(Object.hasOwn(ERROR_CODES, result.error.code), result.error.code);
    assert.notEqual(result.error.code, "INTERNAL", result.error.message);
  }
}

/** What the volume has to show where the machine is now. */
function checkDisk({ store }: World, { value, context: { release } }: Snapshot): void {
  const { links, images, records, trees } = store;
  const digest = release?.digest ?? "sha256:";
  if (value === "extract") assert.notEqual(images.manifest(digest), undefined, "what was downloaded is there");
  if (value === "stageAttempt") {
    assert.equal(trees.fault(digest), undefined, "what was extracted can run");
    assert.notEqual(trees.receipt(digest), undefined);
  }
  if (value === "staged") {
    assert.equal(links.digest("attempt"), digest);
    assert.equal(records.marker(), digest);
    assert.equal(trees.retained().length, 1, "the running version is retained");
  } else assert.equal(links.read("attempt").kind, "absent", "nothing is staged before the last step");
}

/** Nothing half-done is left, and the store can be locked by the next one. */
async function checkEnd({ store }: World): Promise<void> {
  await until("staging is empty", () => store.fs.readdirSync(store.layout.staging).length === 0);
  await until("the store lock is given back", () => {
    const result = tryLock(store.fs, store.layout.storeLock);
    if (result.kind === "held") result.lock.release();
    return result.kind === "held";
  });
}
