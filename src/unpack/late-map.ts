/** So many questions are answered by looking through the row: to sort it costs as much. */
const LOOKS = 16;

/**
 * A map that is mostly written and seldom asked: what it is given stands in a row, and is only sorted in when many questions come.
 * Most images ask for nothing, most updates for a few files that a layer replaces.
 */
export class LateMap<K, V> {
  #keys: K[] = [];
  #values: V[] = [];
  #looks = 0;
  #map: Map<K, V> | undefined;

  /** A key that is not there. */
  add(key: K, value: V): void {
    if (this.#map !== undefined) return void this.#map.set(key, value);
    this.#keys.push(key);
    this.#values.push(value);
  }

  /** A key that may be there. */
  set(key: K, value: V): void {
    this.delete(key);
    this.add(key, value);
  }

  get(key: K): V | undefined {
    return this.#isSorted() ? this.#map?.get(key) : this.#values[this.#keys.lastIndexOf(key)];
  }

  /** True when it was there. */
  delete(key: K): boolean {
    if (this.#isSorted()) return this.#map?.delete(key) === true;
    const at = this.#keys.lastIndexOf(key);
    if (at === -1) return false;
    this.#keys.splice(at, 1);
    this.#values.splice(at, 1);
    return true;
  }

  clear(): void {
    this.#keys = [];
    this.#values = [];
    this.#map?.clear();
  }

  get size(): number {
    return this.#map?.size ?? this.#keys.length;
  }

  forEach(visit: (key: K, value: V) => void): void {
    if (this.#map !== undefined) return this.#map.forEach((value, key) => visit(key, value));
    for (let index = 0; index < this.#keys.length; index += 1) visit(this.#keys[index] as K, this.#values[index] as V);
  }

  /** Counts one more question. True: it is for the map. */
  #isSorted(): boolean {
    this.#looks += 1;
    if (this.#looks === LOOKS) {
      const map = new Map<K, V>();
      this.forEach((key, value) => map.set(key, value));
      this.clear();
      this.#map = map;
    }
    return this.#map !== undefined;
  }
}
