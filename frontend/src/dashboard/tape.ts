// The buckets of one series on the page: typed columns, in order, the newest at the end; what is too old falls off in front.
// Used by samples.ts. A bucket that is told again takes the place of what was known of it.

import type { Columns } from "./series";
import { indexFrom } from "./series";

const NUMBERS = 6;
const ROOM_FIRST = 256;

export class Tape {
  #room = ROOM_FIRST;
  #numbers = Array.from({ length: NUMBERS }, () => new Float64Array(ROOM_FIRST));
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /** When the newest bucket begins; null while there is none. */
  get newest(): number | null {
    return this.#to === this.#from ? null : (this.#numbers[0]?.[this.#to - 1] ?? null);
  }

  columns(): Columns {
    const [at, count, total, low, high, last] = this.#numbers.map((column) => column.subarray(this.#from, this.#to));
    const none = new Float64Array(0);
    return { length: this.length, at: at ?? none, count: count ?? none, total: total ?? none, low: low ?? none, high: high ?? none, last: last ?? none };
  }

  /** What is known of the bucket that begins at `at`: its six numbers, or null. */
  bucket(at: number): number[] | null {
    const index = this.#from + indexFrom(this.columns(), at);
    return index < this.#to && this.#numbers[0]?.[index] === at ? this.#numbers.map((column) => column[index] ?? 0) : null;
  }

  /** Takes a bucket: [at, count, total, low, high, last]. */
  put(bucket: readonly number[]): void {
    const at = bucket[0] ?? 0;
    const { newest } = this;
    let index = this.#to;
    if (newest !== null && at <= newest) {
      index = this.#from + indexFrom(this.columns(), at);
      if (this.#numbers[0]?.[index] === at) return this.#write(index, bucket);
    }
    const back = this.#to - index;
    if (this.#to === this.#room) this.#makeRoom();
    index = this.#to - back;
    for (const column of this.#numbers) column.copyWithin(index + 1, index, this.#to);
    this.#to += 1;
    this.#write(index, bucket);
  }

  #write(index: number, bucket: readonly number[]): void {
    this.#numbers.forEach((column, place) => (column[index] = bucket[place] ?? 0));
  }

  /** Half of it is old: what is left moves to the front. Otherwise there is twice as much room. */
  #makeRoom(): void {
    const { length } = this;
    const grown = length > this.#room / 2;
    if (grown) this.#room *= 2;
    this.#numbers = this.#numbers.map((column) => {
      if (!grown) return column.copyWithin(0, this.#from, this.#to);
      const wider = new Float64Array(this.#room);
      wider.set(column.subarray(this.#from, this.#to));
      return wider;
    });
    this.#from = 0;
    this.#to = length;
  }

  dropBefore(at: number): void {
    this.#from += indexFrom(this.columns(), at);
  }
}
