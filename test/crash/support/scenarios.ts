import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Act, Ended, Site } from "./site.ts";
import type { Version } from "./versions.ts";

/** Something that changes the disk, swept call by call; and what has to be true whatever happened inside. */
export interface Scenario {
  readonly name: string;
  /** Brings an empty data directory to where the act begins. */
  readonly prepare: (site: Site) => Promise<void>;
  /** What is disturbed. */
  readonly act: (site: Site) => Act;
  /** How the act ends when nothing disturbs it. */
  readonly code: number;
  /** Every later, undisturbed start. */
  readonly boot: Act;
  /** The versions that may be the stable one in the end. */
  readonly serves: readonly Version[];
  /** The versions that fail by themselves in this scenario: only they may be banned. */
  readonly fails: readonly Version[];
  /** Only the calls of this command count. */
  readonly role?: string;
  /** Also what is written for people only: the journals and the status. */
  readonly reports?: boolean;
  /** The act asks the registry for a version. */
  readonly downloads?: boolean;
}

async function expectCode(ended: Ended, code: number | null): Promise<void> {
  if (ended.code !== code) throw new Error(`preparation ended with ${ended.code}:\n${ended.out}${ended.err}`);
}

const first = async (site: Site): Promise<void> => expectCode(await site.act({ target: 1 }), 0);

/** Calls `dockerloader check` as the running version would. */
const check = (site: Site, running: Version, target: Version): Act => ({
  args: ["check"],
  target,
  env: { DOCKERLOADER_DIGEST: site.versions.digest(running) },
});

const staged = async (site: Site): Promise<void> => {
  await first(site);
  await expectCode(await site.act(check(site, 1, 2)), 42);
};

/** The loader dies in the middle of the trial of 2. */
const onTrial = async (site: Site): Promise<void> => {
  await staged(site);
  await expectCode(await site.act({ env: { APP_2_TRIAL: "kill -9 $PPID; exit 0" } }), null);
};

/** The loader dies right after the commit of 2. */
const onProbation = async (site: Site): Promise<void> => {
  await staged(site);
  await expectCode(await site.act({ env: { APP_2_TRIAL: "commit; kill -9 $PPID; exit 0" } }), null);
};

const committed = async (site: Site): Promise<void> => {
  await staged(site);
  await expectCode(await site.act({}), 0);
};

const failing = { APP_2_TRIAL: "exit 1" };
const hanging = {
  APP_2_TRIAL: "exec sleep 300",
  DOCKERLOADER_TRIAL_TIMEOUT_MS: "60",
  DOCKERLOADER_STOP_GRACE_MS: "200",
};
const hangingWithHandshake = {
  ...hanging,
  APP_2_TRIAL: 'printf %s "$DOCKERLOADER_RUN_ID" > "$D/state/handshake"; exec sleep 300',
};
const crashing = { APP_2: '[ -n "${DOCKERLOADER_TRIAL-}" ] || exit 3' };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "first boot",
    prepare: async () => {},
    act: () => ({ target: 1 }),
    code: 0,
    boot: { target: 1 },
    serves: [1],
    fails: [],
    role: "run",
    downloads: true,
  },
  {
    name: "first download",
    prepare: async () => {},
    act: () => ({ args: ["fetch"], target: 1 }),
    code: 0,
    boot: { target: 1 },
    serves: [1],
    fails: [],
    downloads: true,
  },
  {
    name: "a plain boot, with its reports",
    prepare: first,
    act: () => ({}),
    code: 0,
    boot: {},
    serves: [1],
    fails: [],
    reports: true,
  },
  {
    name: "an update is staged",
    prepare: first,
    act: (site) => check(site, 1, 2),
    code: 42,
    boot: {},
    serves: [1, 2],
    fails: [],
    downloads: true,
  },
  {
    name: "a trial commits",
    prepare: staged,
    act: () => ({}),
    code: 0,
    boot: {},
    serves: [1, 2],
    fails: [],
  },
  {
    name: "a trial fails",
    prepare: staged,
    act: () => ({ env: failing }),
    code: 0,
    boot: { env: failing },
    serves: [1],
    fails: [2],
  },
  {
    name: "a trial of an app of the original times out",
    prepare: staged,
    act: () => ({ env: hanging }),
    code: 0,
    boot: { env: hanging },
    serves: [1],
    fails: [2],
  },
  {
    name: "a trial times out",
    prepare: staged,
    act: () => ({ env: hangingWithHandshake }),
    code: 0,
    boot: { env: hangingWithHandshake },
    serves: [1],
    fails: [2],
  },
  {
    name: "a trial is stopped from outside",
    prepare: staged,
    act: () => ({ env: { APP_2_TRIAL: "kill -TERM $PPID; exec sleep 300" } }),
    code: 143,
    boot: {},
    serves: [1, 2],
    fails: [],
  },
  {
    name: "a version on trial makes room for a newer one",
    prepare: staged,
    act: () => ({ target: 3, env: { APP_2_TRIAL: "dockerloader check; exit $?" } }),
    code: 0,
    boot: {},
    serves: [1, 2, 3],
    fails: [],
    role: "run",
    downloads: true,
  },
  {
    name: "an interrupted trial is found at boot",
    prepare: onTrial,
    act: () => ({}),
    code: 0,
    boot: {},
    serves: [1, 2],
    fails: [],
  },
  {
    name: "a version crashes on probation and is taken back",
    prepare: onProbation,
    act: () => ({ env: crashing }),
    code: 0,
    boot: { env: crashing },
    serves: [1],
    fails: [2],
  },
  {
    name: "an app becomes ready and cleans up",
    prepare: onTrial,
    act: (site) => ({
      args: ["ready"],
      env: { DOCKERLOADER_TRIAL: "1", DOCKERLOADER_DIGEST: site.versions.digest(2) },
    }),
    code: 0,
    boot: {},
    serves: [2],
    fails: [],
  },
  {
    name: "clean-up with three versions",
    prepare: async (site) => {
      await committed(site);
      await expectCode(await site.act(check(site, 2, 3)), 42);
      writeFileSync(join(site.layout.staging, "tmp-left"), "half a blob");
      writeFileSync(site.layout.blob(`sha256:${"0".repeat(64)}`), "of no image");
    },
    act: () => ({ args: ["gc"] }),
    code: 0,
    boot: {},
    serves: [2, 3],
    fails: [],
  },
  {
    name: "the stable version is gone and the one before it takes its place",
    prepare: async (site) => {
      await committed(site);
      rmSync(site.layout.tree(site.versions.digest(2)), { recursive: true });
    },
    act: () => ({}),
    code: 0,
    boot: {},
    serves: [1, 2],
    fails: [],
  },
];
