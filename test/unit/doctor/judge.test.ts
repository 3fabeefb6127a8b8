/** What the doctor makes of what it has seen: every finding there is, with its level and its mend. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Finding } from "../../../src/doctor/finding.ts";
import { judgeInit, judgeNode } from "../../../src/doctor/host.ts";
import { judgeClock } from "../../../src/doctor/registry.ts";
import { judgeVolume } from "../../../src/doctor/volume.ts";
import type { VolumeProbe } from "../../../src/store/index.ts";

const GIB = 2 ** 30;
const SOUND: VolumeProbe = {
  owner: 5,
  free: 2 * GIB,
  total: 4 * GIB,
  durableWrite: { ms: 3 },
  lock: "works",
  names: "exact",
};

const volume = (seen: Partial<VolumeProbe> = {}, by: { unsyncable?: boolean; uid?: number } = {}): Finding[] =>
  judgeVolume("/data/x", { ...SOUND, ...seen }, { unsyncable: false, uid: 5, ...by });
const bad = (findings: readonly Finding[]): string[] =>
  findings.filter(({ level }) => level !== "ok").map(({ level, says, mend }) => `${level}: ${says} -> ${mend}`);

describe("the doctor on a volume", () => {
  test("finds nothing wrong with a sound one, and says what it has tried", () => {
    assert.deepEqual(
      volume().map(({ level, says }) => `${level}: ${says}`),
      [
        "ok: /data/x is writable; a durable write takes 3 ms",
        "ok: locks work",
        "ok: it holds links and every name",
        "ok: 2048 of 4096 MiB are free",
        "ok: it belongs to user 5, this is user 5",
      ],
    );
  });

  const cases: readonly (readonly [string, Finding[], string])[] = [
    [
      "cannot be written",
      volume({ durableWrite: { fault: "cannot write /data/x/state/p: EROFS" }, lock: { fault: "the same" } }),
      "fault: cannot write /data/x/state/p: EROFS -> check that the volume is mounted read-write, healthy and not full",
    ],
    [
      "is slow",
      volume({ durableWrite: { ms: 251 } }),
      "warning: a durable write takes 251 ms -> expect slow updates here, or use a volume on a faster disk",
    ],
    [
      "cannot sync directories",
      volume({}, { unsyncable: true }),
      "warning: it cannot sync directories, so a power cut may lose an update -> use a local file system",
    ],
    [
      "has no locks",
      volume({ lock: { fault: "this system has no flock command" } }),
      "fault: files cannot be locked, so no loader starts: this system has no flock command -> install util-linux (flock), or use a volume with working locks",
    ],
    [
      "folds names",
      volume({ names: "folded" }),
      "warning: it takes names for one that differ in case, so of two such files of an image one is missing -> use a volume of the container engine in place of a folder of Windows or macOS",
    ],
    [
      "has no links",
      volume({ names: { fault: "EPERM: operation not permitted, symlink" } }),
      "fault: it cannot hold links by the names of versions: EPERM: operation not permitted, symlink -> use a file system of Linux in place of FAT or exFAT",
    ],
    [
      "is nearly full",
      volume({ free: GIB / 8 }),
      "warning: 128 of 4096 MiB are free -> give the volume room for three versions of the app, or run `dockerloader gc`",
    ],
    [
      "belongs to somebody else",
      volume({ owner: 0 }),
      "warning: it belongs to user 0, this is user 5 -> chown it to 5, so that links can always be replaced",
    ],
  ];
  for (const [name, findings, expected] of cases) {
    test(`that ${name}: one finding, with its mend`, () => assert.deepEqual(bad(findings), [expected]));
  }

  test("lets root have a volume of anybody", () => assert.deepEqual(bad(volume({ owner: 1000 }, { uid: 0 })), []));
});

describe("the doctor on clock, interpreter and process 1", () => {
  const cases: readonly (readonly [string, Finding, string | undefined])[] = [
    ["a clock nobody contradicts", judgeClock(undefined), undefined],
    ["a clock that is right to the minute", judgeClock(-59_000), undefined],
    [
      "a clock ahead",
      judgeClock(61_000),
      "warning: it is 61 s ahead of the registry's -> synchronise the host's clock: certificates and tokens depend on it",
    ],
    [
      "a clock behind",
      judgeClock(-3_600_000),
      "warning: it is 3600 s behind the registry's -> synchronise the host's clock: certificates and tokens depend on it",
    ],
    ["a Node that is new enough", judgeNode("22.18.0"), undefined],
    ["a newer Node", judgeNode("24.0.0"), undefined],
    ["an old Node", judgeNode("22.17.9"), "fault: Node 22.17.9 is too old -> use Node 22.18 or newer"],
    ["tini as process 1", judgeInit("tini"), undefined],
    ["a hidden process 1", judgeInit(undefined), undefined],
    ...["node", "MainThread", "dockerloader"].map(
      (name) =>
        [
          `${name} as process 1`,
          judgeInit(name),
          "warning: process 1 is Node, which buries no orphans -> put tini in front, or start the container with --init",
        ] as const,
    ),
  ];
  for (const [name, finding, expected] of cases) {
    test(name, () => assert.deepEqual(bad([finding])[0], expected));
  }
});
