import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAuthority } from "../../test/conformance/registry/support/authority.ts";
import { startRegistry } from "../../test/support/docker-registry.ts";
import { putBlob, putManifest } from "../../test/support/push-blob.ts";
import { findProgram } from "../../test/support/preconditions.ts";
import { columns, type Group, middle } from "./group.ts";
import { type Cost, type Download, PARTIES, type Party } from "./registry-download.ts";
import { type Idle, idleOfInspect, idleOfOurs } from "./registry-idle.ts";

const ROUNDS = 5;
const MIB = 1024 * 1024;
const LAYER_BYTES = 256 * MIB;
const NEEDED = ["docker-registry", "skopeo", "curl", "openssl", "bash"];
/** https may take so many times as long as curl, which neither hashes nor asks for a manifest. */
const MOST_OVER_CURL = 1.5;
const GIGABIT_MIB = 1e9 / 8 / MIB;
const IDLE_CPU_MS = 5;

type Scheme = "http" | "https";
type Costs = Readonly<Record<Party, Cost[]>>;

/** Pushes an image of one layer of random bytes: nobody gains by compressing it. */
async function pushImage(host: string): Promise<string> {
  const type = "application/vnd.oci.image";
  const layer = await putBlob(host, "bench", `${type}.layer.v1.tar+gzip`, randomBytes(LAYER_BYTES));
  const platform = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch };
  const text = JSON.stringify({ ...platform, config: {}, rootfs: { type: "layers", diff_ids: [layer.digest] } });
  const config = await putBlob(host, "bench", `${type}.config.v1+json`, Buffer.from(text));
  const manifest = { schemaVersion: 2, mediaType: `${type}.manifest.v1+json`, config, layers: [layer] };
  await putManifest(host, "bench", manifest, "1");
  return layer.digest;
}

/** Every party downloads the layer once a round, in turn. */
async function race(download: Download, rounds: number): Promise<Costs> {
  const costs: Costs = { dockerloader: [], skopeo: [], curl: [], bare: [] };
  const parties = Object.keys(costs) as Party[];
  for (let round = 0; round < rounds; round += 1) {
    // Whoever begins finds the caches as the last one left them: take turns.
    const order = parties.map((_, index) => parties[(index + round) % parties.length] ?? "curl");
    for (const party of order) costs[party].push(await PARTIES[party].run(download));
  }
  return costs;
}

/** The median over the rounds of how many times as long a party took as another one. */
function over(costs: Costs, party: Party, other: Party): number {
  return middle(costs[party].map(({ wallMs }, round) => wallMs / (costs[other][round]?.wallMs ?? Number.NaN)));
}

function table(scheme: Scheme, costs: Costs): string[] {
  const rows = (Object.keys(costs) as Party[]).map((party) => {
    const of = (value: (cost: Cost) => number): number => middle(costs[party].map(value));
    const perGb = of(({ cpuMs }) => cpuMs) / 1000 / (LAYER_BYTES / 1e9);
    const rate = LAYER_BYTES / MIB / (of(({ wallMs }) => wallMs) / 1000);
    return [PARTIES[party].title, rate.toFixed(0), perGb.toFixed(2), over(costs, party, "dockerloader").toFixed(2)];
  });
  const syncMs = middle(costs.dockerloader.map((cost) => cost.syncMs ?? 0));
  return [
    ...columns([[`${scheme}, ${LAYER_BYTES / MIB} MiB`, "MiB/s", "CPU s/GB", "time"], ...rows]),
    `dockerloader then waits ${syncMs.toFixed(0)} ms more until the disk has it; the others do not (that CPU time is counted)`,
  ];
}

function missedBy(scheme: Scheme, costs: Costs): string[] {
  const [skopeo, curl] = [over(costs, "dockerloader", "skopeo"), over(costs, "dockerloader", "curl")];
  const slowest = LAYER_BYTES / MIB / (middle(costs.dockerloader.map(({ wallMs }) => wallMs)) / 1000);
  return [
    ...(skopeo > 1 ? [`${scheme}: ${skopeo.toFixed(2)} times skopeo's time`] : []),
    ...(scheme === "https" && curl > MOST_OVER_CURL ? [`${scheme}: ${curl.toFixed(2)} times curl's time`] : []),
    ...(slowest < GIGABIT_MIB ? [`${scheme}: slower than a link of 1 Gbit/s`] : []),
  ];
}

function idleTable(rows: Readonly<Record<string, Idle>>): string[] {
  const cells = Object.entries(rows).map(([title, { requests, bytes, cpuMs }]) => [
    title,
    requests.toFixed(1),
    bytes.toFixed(0),
    cpuMs.toFixed(1),
  ]);
  return columns([["one idle check", "requests", "body bytes", "CPU ms"], ...cells]);
}

/** Downloads and idle checks against Debian's registry on loopback, beside skopeo, curl and the least Node can do. */
export const registry: Group = async (rounds = ROUNDS) => {
  const absent = NEEDED.filter((program) => findProgram(program) === undefined);
  if (absent.length > 0) throw new Error(`this group needs ${absent.join(", ")} (apt-get install)`);
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-bench-"));
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const authority = await openAuthority(folder, "ca");
    const plain = await startRegistry();
    stops.push(plain.stop);
    const digest = await pushImage(plain.host);
    const tls = await authority.issue("127.0.0.1");
    // skopeo takes a folder of certificates and wants to understand every file in it.
    const trusted = join(folder, "trusted/ca.crt");
    await mkdir(join(folder, "trusted"));
    await copyFile(authority.certificate, trusted);
    const secure = await startRegistry({ storage: plain.storage, config: { http: { tls } } });
    stops.push(secure.stop);
    const results: [Scheme, Costs][] = [];
    for (const [scheme, { host }] of [
      ["http", plain],
      ["https", secure],
    ] as const) {
      const place = join(folder, scheme);
      await mkdir(place);
      const download = {
        url: `${scheme}://${host}/v2/bench/blobs/${digest}`,
        reference: `${host}/bench:1`,
        folder: place,
        authority: trusted,
      };
      results.push([scheme, await race(download, rounds)]);
    }
    const idle = { dockerloader: await idleOfOurs(plain), "skopeo inspect": await idleOfInspect(plain) };
    const { requests, bytes, cpuMs } = idle.dockerloader;
    const missed = [
      ...results.flatMap(([scheme, costs]) => missedBy(scheme, costs)),
      ...(requests > 1 || bytes > 0 ? [`an idle check takes ${requests} requests and ${bytes} bytes`] : []),
      ...(cpuMs > IDLE_CPU_MS ? [`an idle check takes ${cpuMs.toFixed(1)} ms CPU`] : []),
    ];
    const notes = `medians of ${rounds} interleaved rounds; time: median of the rounds' ratios to dockerloader; Node ${process.version}`;
    return {
      lines: [...results.flatMap(([scheme, costs]) => [...table(scheme, costs), ""]), ...idleTable(idle), "", notes],
      data: { rounds, layerBytes: LAYER_BYTES, downloads: Object.fromEntries(results), idle },
      missed,
    };
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
};
