// Which room was open last on this device, by account. Used by the stage: "/" goes there, so does a phone's Chat tab.
// A closed storage only means that one starts at the home page.

const key = (me: number) => `collab-last-room-${me}`;

export function lastRoom(me: number): number | null {
  try {
    const kept = Number(localStorage.getItem(key(me)));
    return kept > 0 ? kept : null;
  } catch {
    return null;
  }
}

export function rememberRoom(me: number, room: number): void {
  try {
    localStorage.setItem(key(me), String(room));
  } catch {
    // Nothing depends on it.
  }
}
