// Something that a person switches on or off and finds as it was left, on this device. Used by the history.
// What the browser will not keep holds as long as the page.

export class KeptSwitch {
  isOn = false;
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
    try {
      this.isOn = localStorage.getItem(key) === "on";
    } catch {
      // Storage is forbidden: it begins switched off.
    }
  }

  set(isOn: boolean): void {
    this.isOn = isOn;
    try {
      localStorage.setItem(this.#key, isOn ? "on" : "off");
    } catch {
      // Full or forbidden.
    }
  }
}
