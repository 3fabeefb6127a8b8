/** Applies many broken layers in a thread of its own and tells what came of them; the parser and the writer are the real ones. */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { digestOf } from "../../../../src/digest.ts";
import { DockerloaderError } from "../../../../src/errors.ts";
import { LIMITS } from "../../../../src/limits.ts";
import { applyImage } from "../../../../src/unpack/image.ts";
import { type Random, randomFrom } from "../../../support/random.ts";
import { mutated, mutatedCompressed, noise, seeds } from "./layers.ts";

export interface FuzzWork {
  readonly kind: "mutated" | "noise";
  readonly folder: string;
  readonly firstSeed: number;
  readonly runs: number;
  /** Where the seed at hand is told, so that a hang has a name. */
  readonly at: Int32Array;
}

export interface FuzzReport {
  readonly accepted: number;
  /** How often each code was the answer. */
  readonly codes: Readonly<Record<string, number>>;
  /** What must not happen, with its seed. */
  readonly failures: readonly string[];
}

const TAR = "application/vnd.oci.image.layer.v1.tar";
const SEED_LAYERS = 64;
const MOST_FAILURES = 5;
/** Faults of a layer; anything else would blame the volume or ourselves. */
const LAYER_CODES = /^(LAYER_|DIFF_ID_)/;

/** All that could be changed outside of the root: the change time of an inode tells of every change. */
function outside(folder: string): string {
  const facts = ["victim", "victim/secret"].map((name) => {
    const { mode, uid, gid, size, nlink, ino, mtimeNs, ctimeNs } = lstatSync(join(folder, name), { bigint: true });
    return [mode, uid, gid, size, nlink, ino, mtimeNs, ctimeNs].join(" ");
  });
  return [...facts, ...readdirSync(folder), ...readdirSync(join(folder, "victim"))].join("\n");
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The layers of a run, the broken one last or alone, and what they are said to unpack to. */
function layersOf(kind: FuzzWork["kind"], random: Random, pool: readonly Buffer[]): { bytes: Buffer; plain: Buffer }[] {
  const any = (): Buffer => pool[random.below(pool.length)] ?? Buffer.alloc(0);
  const whole = (bytes: Buffer) => ({ bytes, plain: bytes });
  if (kind === "noise") return [whole(noise(random))];
  if (random.once(20)) {
    const plain = any();
    return [{ bytes: mutatedCompressed(random, plain, any()), plain }];
  }
  const broken = whole(mutated(random, any(), any()));
  return random.once(3) ? [whole(any()), broken] : [broken];
}

async function fuzz({ kind, folder, firstSeed, runs, at }: FuzzWork): Promise<FuzzReport> {
  const root = join(folder, "root");
  const victim = join(folder, "victim");
  mkdirSync(victim, { mode: 0o711 });
  writeFileSync(join(victim, "secret"), "untouched", { mode: 0o640 });
  mkdirSync(root);
  const before = outside(folder);
  const pool = seeds(randomFrom(firstSeed), victim, SEED_LAYERS);
  const codes: Record<string, number> = {};
  const failures: string[] = [];
  let accepted = 0;
  for (let seed = firstSeed; seed < firstSeed + runs && failures.length < MOST_FAILURES; seed += 1) {
    Atomics.store(at, 0, seed);
    const random = randomFrom(seed);
    const layers = layersOf(kind, random, pool).map(({ bytes, plain }) => ({
      mediaType: TAR,
      digest: digestOf(bytes),
      diffId: digestOf(plain),
      size: bytes.length,
      open: () => chunksOf(bytes, 1 + random.below(random.once(8) ? 16 : 4096)),
    }));
    try {
      await applyImage(root, layers, { limits: LIMITS, owners: process.geteuid?.() === 0 });
      accepted += 1;
    } catch (error) {
      const code = error instanceof DockerloaderError ? error.code : String(error);
      codes[code] = (codes[code] ?? 0) + 1;
      if (!LAYER_CODES.test(code)) failures.push(`seed ${seed}: ${String(error)}`);
    }
    if (outside(folder) !== before) failures.push(`seed ${seed}: something outside of the root was changed`);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(root);
  }
  if (readFileSync(join(victim, "secret"), "latin1") !== "untouched") failures.push("the secret has another content");
  return { accepted, codes, failures };
}

parentPort?.postMessage(await fuzz(workerData as FuzzWork), []);
