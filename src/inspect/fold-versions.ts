import type { Digest } from "../digest.ts";
import { LIMITS } from "../limits.ts";
import type { LoaderEvent } from "../log/events.ts";
import { describeFailure } from "../log/messages.ts";
import type { VersionView } from "./view.ts";

type Versions = readonly VersionView[];

/** Every version the stream has told of and what became of it, newest first, the oldest forgotten. */
export function foldVersions(versions: Versions, event: LoaderEvent, time: string): Versions {
  switch (event.type) {
    case "update.staged":
      return tell(versions, event.digest, "staged", time);
    case "child.spawned": {
      const told = tell(versions, event.digest, event.trial ? "on trial" : "committed", time);
      const labelled = event.label === undefined ? told : relabel(told, event.digest, event.label);
      return event.trial ? labelled : supersede(labelled, event.digest);
    }
    case "app.committed":
    case "trial.kept":
      return supersede(tell(versions, event.digest, "committed", time), event.digest);
    case "version.blamed": {
      const committed = event.reason.kind === "crashed-on-probation" || event.reason.kind === "rolled-back";
      return tell(versions, event.digest, committed ? "rolled back" : "failed", time, describeFailure(event.reason));
    }
    // Its next try is a new story; a version that was committed once keeps its own.
    case "version.forgotten":
      return versions.filter((one) => one.digest !== event.digest || !isBad(one));
    case "store.found":
      return event.failed.reduce<Versions>(
        (all, { digest, at, reason }) =>
          all.some((one) => one.digest === digest) ? all : tell(all, digest, "failed", at, describeFailure(reason)),
        versions,
      );
    default:
      return versions;
  }
}

/** The newest word on a version replaces the last one; the same word again changes nothing. */
function tell(
  versions: Versions,
  digest: Digest,
  fate: VersionView["fate"],
  at: string,
  why: string | null = null,
): Versions {
  const old = versions.find((one) => one.digest === digest);
  if (old?.fate === fate && old.why === why) return versions;
  const others = versions.filter((one) => one.digest !== digest);
  return [{ digest, label: old?.label ?? null, fate, why, at }, ...others].slice(0, LIMITS.failedRecords);
}

function relabel(versions: Versions, digest: Digest, label: string): Versions {
  return versions.map((one) => (one.digest === digest ? { ...one, label } : one));
}

const isBad = ({ fate }: VersionView): boolean => fate === "failed" || fate === "rolled back";

/** Only one version is the committed one. */
function supersede(versions: Versions, digest: Digest): Versions {
  return versions.map((one) =>
    one.fate === "committed" && one.digest !== digest ? { ...one, fate: "replaced" as const } : one,
  );
}
