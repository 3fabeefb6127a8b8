import type { Config } from "../config/table.ts";
import { LIMITS } from "../limits.ts";
import { dataDirFault, openStore, probeVolume } from "../store/index.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

const SLOW_SYNC_MS = 250;
const MIB = 1024 * 1024;

/** Writes, syncs and locks a file of its own on the volume, and looks at its owner and its free space. */
export function checkVolume({ dataDir }: Config): Finding[] {
  const unusable = dataDirFault(dataDir);
  if (unusable !== undefined) {
    return [fault("volume", unusable, "mount a volume there that this user may write to")];
  }
  let unsyncable = false;
  const store = openStore(dataDir, { onWarning: () => (unsyncable = true) });
  const { owner, free, total, durableWrite, lock } = probeVolume(store);
  const uid = process.getuid?.() ?? 0;
  const findings: Finding[] = [];
  if ("fault" in durableWrite) {
    return [fault("volume", durableWrite.fault, "check that the volume is mounted read-write, healthy and not full")];
  }
  findings.push(
    durableWrite.ms > SLOW_SYNC_MS
      ? warning(
          "volume",
          `a durable write takes ${durableWrite.ms} ms`,
          "expect slow updates here, or use a volume on a faster disk",
        )
      : ok("volume", `${dataDir} is writable; a durable write takes ${durableWrite.ms} ms`),
  );
  if (unsyncable) {
    findings.push(
      warning("volume", "it cannot sync directories, so a power cut may lose an update", "use a local file system"),
    );
  }
  if (lock === "works") findings.push(ok("volume", "locks work"));
  else if (lock === "unsupported") {
    findings.push(
      warning(
        "volume",
        "locks do not work, so two loaders on it would not notice each other",
        "install util-linux (flock) or use a volume with locks",
      ),
    );
  } else findings.push(fault("volume", `locks are broken: ${lock.fault}`, "use a volume with working flock(2)"));
  const left = `${Math.round(free / MIB)} of ${Math.round(total / MIB)} MiB are free`;
  findings.push(
    free < 4 * LIMITS.freeReserveBytes
      ? warning("volume", left, "give the volume room for three versions of the app, or run `dockerloader gc`")
      : ok("volume", left),
  );
  findings.push(
    owner === uid || uid === 0
      ? ok("volume", `it belongs to user ${owner}, this is user ${uid}`)
      : warning(
          "volume",
          `it belongs to user ${owner}, this is user ${uid}`,
          `chown it to ${uid}, so that links can always be replaced`,
        ),
  );
  return findings;
}
