// Plays the history: one edit after another, as fast as it was typed times 4, 16 or 64. Made by the history's control.
// It keeps the time; what the next edit is, and how long it took, the control says.

export interface PlayerHooks {
  /** Goes one edit on and answers how long after the one before it was made, in ms; null ends the play. */
  next(): number | null;
  changed(): void;
}

const SPEEDS = [4, 16, 64];
/** Nobody waits out a pause of the author. */
const PAUSE_MOST_MS = 4_000;
const FRAME_MS = 100;

export class Player {
  isPlaying = false;
  speed = 4;
  readonly #hooks: PlayerHooks;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: PlayerHooks) {
    this.#hooks = hooks;
  }

  start(): void {
    this.isPlaying = true;
    this.#hooks.changed();
    this.#run();
  }

  stop(): void {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    clearTimeout(this.#timer);
    this.#hooks.changed();
  }

  /** The next speed, and after the last one the first. */
  faster(): void {
    this.speed = SPEEDS[(SPEEDS.indexOf(this.speed) + 1) % SPEEDS.length] ?? 4;
    this.#hooks.changed();
  }

  /** As many edits as one picture has time for. */
  #run(): void {
    let waited = 0;
    while (waited < FRAME_MS) {
      const took = this.#hooks.next();
      if (!this.isPlaying) return;
      if (took === null) return this.stop();
      waited += Math.max(1_000 / 60 / this.speed, Math.min(took, PAUSE_MOST_MS) / this.speed);
    }
    this.#timer = setTimeout(() => this.#run(), waited);
  }
}
