// A dialog out of the bundle that comes after the first load: made in an idle moment, or when it is wanted before that.
// Used by app.ts. Once made it acts within the key press or click itself: what one types next belongs to it.

export class OnceMade<T> {
  readonly #make: () => Promise<T>;
  #value: T | null = null;
  #making: Promise<T> | null = null;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** Acts at once if the thing is there, else as soon as it is; rejects when it could not be loaded. */
  async use(act: (made: T) => unknown): Promise<void> {
    if (this.#value !== null) return void (await act(this.#value));
    await act(await this.get());
  }

  /** Makes it, if it is not there; what failed is tried again the next time. */
  get(): Promise<T> {
    this.#making ??= this.#make().then(
      (made) => (this.#value = made),
      (error: unknown) => {
        this.#making = null;
        throw error;
      },
    );
    return this.#making;
  }
}
