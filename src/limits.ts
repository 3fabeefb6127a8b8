const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** Every limit on what a registry or an image may make us do, by name, with its unit. */
export const LIMITS = {
  /** Bytes of a manifest, index or config (distribution-spec: a registry must accept 4 MiB). */
  manifestBytes: 4 * MIB,
  /** Bytes of an answer of a token service. */
  tokenBytes: 64 * KIB,
  /** Bytes read of an error answer. */
  errorBodyBytes: 64 * KIB,
  /** Characters of a registry's own message that reach a person. */
  errorMessageChars: 256,
  indexEntries: 512,
  indexDepth: 3,
  layers: 128,
  /** Compressed bytes of all layers of one image. */
  imageBytes: 16 * GIB,
  /** Uncompressed bytes of all layers of one image. */
  unpackedBytes: 16 * GIB,
  /** Uncompressed : compressed of one layer, once `ratioFromBytes` have come out. */
  ratio: 200,
  ratioFromBytes: 64 * MIB,
  entries: 2_000_000,
  /** Entries of an image up to which its files can be reused by a later image; more are unpacked anew each time. */
  inventoryEntries: 300_000,
  fileBytes: 8 * GIB,
  pathDepth: 255,
  pathBytes: 4096,
  nameBytes: 255,
  symlinkHops: 255,
  /** Bytes of one extended header (PAX record block, GNU long name). */
  extendedHeaderBytes: MIB,
  /** Bytes of all extended headers of one layer. */
  extendedHeadersBytes: 256 * MIB,
  /** Bytes of an image's `.env`. */
  dotenvBytes: 64 * KIB,
  redirects: 10,
  parallelDownloads: 3,
  /** Bytes that a try has to bring to count as progress: the number of tries starts again. */
  progressBytes: MIB,
  /** Milliseconds and bytes of a credential helper, and how long its answer is used. */
  helperMs: 10_000,
  helperBytes: 64 * KIB,
  helperCacheMs: 300_000,
  /** Tries of one registry request, the first included. */
  requestTries: 5,
  /** Milliseconds: base and cap of the full-jitter pause between tries. */
  retryBaseMs: 500,
  retryCapMs: 30_000,
  /** Milliseconds: a longer Retry-After is not waited for in place. */
  retryAfterMs: 60_000,
  connectMs: 10_000,
  /** Milliseconds in which a host that may speak http has to answer a TLS greeting. */
  probeMs: 2_000,
  responseMs: 30_000,
  /** Milliseconds without a byte before a transfer counts as stalled. */
  idleMs: 60_000,
  /** A transfer that brings less than this in each such window (bytes, milliseconds) counts as stalled. */
  slowestBytes: 60 * KIB,
  slowestWindowMs: 60_000,
  /** Milliseconds for a whole manifest, config or token request. */
  requestMs: 60_000,
  /** Bytes that stay free on the volume after an update. */
  freeReserveBytes: 64 * MIB,
  /** Bytes that a volume has to take before a trial begins: the app needs some of them to commit. More before one is staged. */
  trialRoomBytes: MIB,
  stagedRoomBytes: 2 * MIB,
  /** Bytes of the event stream on the volume, and of the history; one older file of the same size is kept of each. */
  eventsBytes: 2 * MIB,
  historyBytes: MIB,
  /** Lines that a new page of the live view gets, and the most it gets at once. */
  inspectLines: 400,
  inspectBurst: 100,
  /** Milliseconds between two updates of a page. */
  inspectMs: 100,
  /** Bytes that wait for one slow reader before it misses lines. */
  inspectBacklogBytes: MIB,
  /** Milliseconds between two lines of the log that say how far a download is, and between two reports of one layer. */
  progressLineMs: 5_000,
  progressMs: 250,
  /** Files in an archive that is pulled from. */
  archiveMembers: 100_000,
  /** Checks in a row that have to find a version that was replaced before it is taken again: at first, and at most. */
  steadyChecks: 3,
  steadyChecksMost: 24,
  /** Versions that ran here which are remembered for that. */
  steadyVersions: 16,
  /** Milliseconds a launch waits for a clean-up or a download by hand, and between two looks. */
  storeLockWaitMs: 10_000,
  storeLockPollMs: 50,
  /** First downloads in a row that end in an error of the volume, before the loader gives up. */
  volumeTries: 3,
  /** Milliseconds for which a commit that the volume refuses is repeated, and between two tries. */
  commitRetryMs: 5_000,
  commitPauseMs: 100,
  /** Records of failed versions that are kept. */
  failedRecords: 64,
} as const;

export type Limits = { readonly [K in keyof typeof LIMITS]: number };
