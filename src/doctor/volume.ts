import type { Config } from "../config/table.ts";
import { LIMITS } from "../limits.ts";
import { dataDirFault, openStore, probeVolume, type VolumeProbe, writeFault } from "../store/index.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

const SLOW_SYNC_MS = 250;
const MIB = 1024 * 1024;

/** Writes, syncs and locks a file of its own on the volume, and looks at its owner and its free space. */
export function checkVolume({ dataDir }: Config): Finding[] {
  const unusable = dataDirFault(dataDir);
  if (unusable !== undefined) {
    return [fault("volume", unusable, "mount a volume there that this user may write to")];
  }
  const readOnly = writeFault(dataDir);
  if (readOnly !== undefined) {
    const says = `${readOnly}: the version on it runs, and nothing is updated`;
    return [fault("volume", says, "mount it read-write")];
  }
  let unsyncable = false;
  try {
    const store = openStore(dataDir, { onWarning: () => (unsyncable = true) });
    const probe = probeVolume(store);
    return judgeVolume(dataDir, probe, { unsyncable, uid: process.getuid?.() ?? 0 });
  } catch (error) {
    return [unwritable(error instanceof Error ? error.message : String(error))];
  }
}

/** What was seen of a volume, as findings: the first that stops everything alone, else one of each kind. */
export function judgeVolume(
  dataDir: string,
  { owner, free, total, durableWrite, lock, names }: VolumeProbe,
  { unsyncable, uid }: { readonly unsyncable: boolean; readonly uid: number },
): Finding[] {
  if ("fault" in durableWrite) return [unwritable(durableWrite.fault)];
  return [
    judgeSpeed(dataDir, durableWrite.ms),
    ...(unsyncable
      ? [warning("volume", "it cannot sync directories, so a power cut may lose an update", "use a local file system")]
      : []),
    judgeLock(lock),
    judgeNames(names),
    judgeSpace(free, total),
    judgeOwner(owner, uid),
  ];
}

function unwritable(why: string): Finding {
  return fault("volume", why, "check that the volume is mounted read-write, healthy and not full");
}

function judgeSpeed(dataDir: string, ms: number): Finding {
  return ms > SLOW_SYNC_MS
    ? warning("volume", `a durable write takes ${ms} ms`, "expect slow updates here, or use a volume on a faster disk")
    : ok("volume", `${dataDir} is writable; a durable write takes ${ms} ms`);
}

/** Two loaders on one volume would ruin it, so none starts where none can be kept out. */
function judgeLock(lock: VolumeProbe["lock"]): Finding {
  return lock === "works"
    ? ok("volume", "locks work")
    : fault(
        "volume",
        `files cannot be locked, so no loader starts: ${lock.fault}`,
        "install util-linux (flock), or use a volume with working locks",
      );
}

/** A link leads to each version. What images hold besides is theirs. */
function judgeNames(names: VolumeProbe["names"]): Finding {
  if (names === "exact") return ok("volume", "it holds links and every name");
  return names === "folded"
    ? warning(
        "volume",
        "it takes names for one that differ in case, so of two such files of an image one is missing",
        "use a volume of the container engine in place of a folder of Windows or macOS",
      )
    : fault(
        "volume",
        `it cannot hold links by the names of versions: ${names.fault}`,
        "use a file system of Linux in place of FAT or exFAT",
      );
}

function judgeSpace(free: number, total: number): Finding {
  const left = `${Math.round(free / MIB)} of ${Math.round(total / MIB)} MiB are free`;
  return free < 4 * LIMITS.freeReserveBytes
    ? warning("volume", left, "give the volume room for three versions of the app, or run `dockerloader gc`")
    : ok("volume", left);
}

function judgeOwner(owner: number, uid: number): Finding {
  const says = `it belongs to user ${owner}, this is user ${uid}`;
  return owner === uid || uid === 0
    ? ok("volume", says)
    : warning("volume", says, `chown it to ${uid}, so that links can always be replaced`);
}
