// The browser's own notices, and a sound: shown by one tab only, while the person looks at no tab of this site.
// Begun by attention_parts.ts. The rule whom it tells is notify.ts; permission is asked for on the account page alone.

import { isLive } from "../assistant/words";
import { attentionOf } from "../attention";
import { textOf } from "../dom";
import type { AnyEvent } from "../events";
import { isQuiet, notifies } from "../notify";
import type { MessageView, RoomSummary } from "../protocol";
import { excerpt, shownInRoom } from "../reducers/messages";
import type { Shell } from "./contract";
import { isDirect, isSilent, labelOf } from "./rooms";

const CHANNEL = "collab-notices";
/** Events older than this came with a replay: nobody is called to what happened an hour ago. */
const FRESH_MS = 60_000;

export class Notifier {
  readonly #shell: Shell;
  readonly #channel = new BroadcastChannel(CHANNEL);
  readonly #open = new Map<string, { notice: Notification; room: number; seq: number }>();
  /** When a tab was last looked at, as far as this one has heard. */
  #seenAt = 0;
  #sound: AudioContext | null = null;
  /** Answers that are being written. */
  readonly #answers = new Map<string, MessageView>();

  constructor(shell: Shell) {
    this.#shell = shell;
    const { session } = shell;
    session.connection.onEvent((event) => this.#take(event));
    this.#channel.onmessage = (heard: MessageEvent<string>) => heard.data === "here" && (this.#seenAt = Date.now());
    const here = () => this.#looking && this.#channel.postMessage("here");
    for (const name of ["focus", "pointerdown", "keydown"]) addEventListener(name, here, { passive: true });
    document.addEventListener("visibilitychange", here);
    // While a tab is looked at it says so again and again; one that is closed falls silent.
    setInterval(here, 2_000);
    here();
  }

  get #looking(): boolean {
    return !document.hidden && document.hasFocus();
  }

  #take(event: AnyEvent): void {
    if (event.type === "read.changed") return this.#readElsewhere(event.data.room, event.data.last_read_seq);
    const message = this.#messageOf(event);
    if (message === null || Date.now() - Date.parse(event.at ?? "") > FRESH_MS) return;
    const summary = this.#shell.session.home.get().rooms.find((one) => one.room.id === message.room);
    if (summary === undefined || !this.#tells(message, summary)) return;
    void this.#once(message, () => this.#show(message, summary));
  }

  /** What is to be told of: a message, an answer of the assistant once it has ended. */
  #messageOf(event: AnyEvent): MessageView | null {
    if (event.type === "message.created") {
      const { message } = event.data;
      if (message.run === null || !isLive(message.run)) return message;
      this.#answers.set(message.id, message);
      return null;
    }
    if (event.type !== "run.changed" || isLive(event.data.run)) return null;
    const { message, run, html, body } = event.data;
    const asked = this.#answers.get(message);
    this.#answers.delete(message);
    return asked === undefined ? null : { ...asked, run, body, html };
  }

  #tells(message: MessageView, summary: RoomSummary): boolean {
    const { session } = this.#shell;
    const preferences = session.home.get().preferences;
    if (!preferences.desktop_notifications && !preferences.notification_sound) return false;
    const now = new Date();
    const root = message.thread_root;
    return notifies({
      level: summary.notify,
      direct: isDirect(summary),
      own: message.author === session.me,
      system: message.kind === "system",
      in_room: shownInRoom(message),
      mentioned: message.mentions.includes(session.me),
      followed: root !== null && attentionOf(session).thread(root)?.following === true,
      quiet: isSilent(summary, now),
      undisturbed: isQuiet(preferences, now),
    });
  }

  /** Of all tabs the one that gets the lock tells; the others find the message told. */
  async #once(message: MessageView, tell: () => void): Promise<void> {
    if (this.#looking || Date.now() - this.#seenAt < 5_000) return;
    const key = "collab-told";
    const claim = () => {
      const told = JSON.parse(localStorage.getItem(key) ?? "[]") as string[];
      if (told.includes(message.id)) return;
      localStorage.setItem(key, JSON.stringify([...told.slice(-50), message.id]));
      tell();
    };
    // Locks need a secure context, as notices themselves do.
    if ("locks" in navigator) await navigator.locks.request(key, claim);
    else claim();
  }

  #show(message: MessageView, summary: RoomSummary): void {
    const { session } = this.#shell;
    const { preferences } = session.home.get();
    if (preferences.notification_sound) this.#ring();
    if (!preferences.desktop_notifications || !("Notification" in globalThis) || Notification.permission !== "granted") return;
    const who = session.people.author(message);
    const title = summary.room.kind === "direct" ? who : `${who} in ${labelOf(summary)}`;
    // The sound is ours; two would ring otherwise.
    const notice = new Notification(title, { body: excerpt(textOf(message.html)) || (message.run?.problem ?? ""), tag: message.id, silent: true });
    this.#open.set(message.id, { notice, room: message.room, seq: message.seq });
    notice.onclose = () => this.#open.delete(message.id);
    notice.onclick = () => {
      window.focus();
      notice.close();
      this.#shell.navigate(`${summary.room.url}m/${message.id}/`);
    };
  }

  #readElsewhere(room: number, seq: number): void {
    for (const one of [...this.#open.values()]) if (one.room === room && one.seq <= seq) one.notice.close();
  }

  /** Two soft tones; a browser that wants a gesture first stays silent. */
  #ring(): void {
    const sound = (this.#sound ??= new AudioContext());
    if (sound.state === "suspended") void sound.resume().catch(() => undefined);
    const now = sound.currentTime;
    for (const [at, pitch] of [[0, 660], [0.14, 880]] as const) {
      const tone = sound.createOscillator();
      const gain = sound.createGain();
      tone.frequency.value = pitch;
      gain.gain.setValueAtTime(0.0001, now + at);
      gain.gain.exponentialRampToValueAtTime(0.12, now + at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, now + at + 0.3);
      tone.connect(gain).connect(sound.destination);
      tone.start(now + at);
      tone.stop(now + at + 0.32);
    }
  }
}
