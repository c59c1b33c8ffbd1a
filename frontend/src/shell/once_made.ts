// A dialog that is made when it is first wanted, out of the bundle that comes after the first load.
// Used by app.ts. What could not be loaded is asked for again the next time.

export class OnceMade<T> {
  private made: Promise<T> | null = null;

  constructor(private readonly make: () => Promise<T>) {}

  get(): Promise<T> {
    this.made ??= this.make().catch((error: unknown) => {
      this.made = null;
      throw error;
    });
    return this.made;
  }
}
