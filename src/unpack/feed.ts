import type { LayerGate } from "./gate.ts";

/**
 * What is known of a blob that is not in its place yet: so many bytes of it are in this file, unverified. Fewer than before: its
 * transfer began anew.
 */
export interface Arrival {
  readonly path: string;
  readonly bytes: number;
}

/** News of one layer, numbered from 0, lowest first. */
export type LayerNews = { readonly layer: number } & (Arrival | { readonly verified: true });

interface Known {
  arrival: Arrival | undefined;
  verified: boolean;
  /** Some of it was asked for before it was verified. */
  early: boolean;
}

/** How the applier waits for layers that are on their way. Told of news by whoever brings them. */
export class LayerFeed {
  readonly #known = new Map<number, Known>();
  #changed = Promise.withResolvers<void>();
  #turn = 0;
  #misled = false;
  #failed = false;

  tell(news: LayerNews): void {
    // News that were on their way must not make anybody wait again.
    if (this.#failed) return;
    const known = this.#of(news.layer);
    if ("verified" in news) known.verified = true;
    else {
      this.#misled ||= known.early && news.bytes < (known.arrival?.bytes ?? 0);
      known.arrival = news;
    }
    this.#turn += 1;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Everybody who waits, or comes to, fails. */
  fail(error: unknown): void {
    this.#failed = true;
    this.#changed.promise.catch(() => undefined);
    this.#changed.reject(error);
  }

  /** True when a transfer began anew after some of it had been asked for: those bytes may have been others. */
  get misled(): boolean {
    return this.#misled;
  }

  /** Grows with the news. */
  get turn(): number {
    return this.#turn;
  }

  /** Resolves when there have been news since that turn. */
  async since(turn: number): Promise<void> {
    if (this.#turn === turn) await this.#changed.promise;
  }

  /** Resolves when the verified blob is in its place. */
  async verified(layer: number): Promise<void> {
    while (!this.#of(layer).verified) await this.#changed.promise;
  }

  /** Resolves with where more than `offset` bytes are, or with undefined when the verified blob is in its place. */
  async beyond(layer: number, offset: number): Promise<Arrival | undefined> {
    const known = this.#of(layer);
    known.early ||= !known.verified;
    for (;;) {
      if (known.verified) return undefined;
      if (known.arrival !== undefined && known.arrival.bytes > offset) return known.arrival;
      await this.#changed.promise;
    }
  }

  #of(layer: number): Known {
    const known = this.#known.get(layer) ?? { arrival: undefined, verified: false, early: false };
    this.#known.set(layer, known);
    return known;
  }
}

/** Passes on what a gate lets in of so many layers. `fail` hears of the first failure. */
export function listen(
  gate: LayerGate,
  layers: number,
  tell: (news: LayerNews) => void,
  fail: (error: unknown) => void,
): void {
  for (let layer = 0; layer < layers; layer += 1) gate.ready(layer).then(() => tell({ layer, verified: true }), fail);
  gate.arriving?.((layer, { path, bytes }) => tell({ layer, path, bytes }));
}
