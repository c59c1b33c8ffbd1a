// A panel that is to be added to the board that is opened next: a chart in a message leads there.

export interface WantedPanel {
  series: number;
  aggregate: string;
  title: string;
  unit: string;
}

let wanted: WantedPanel | null = null;

export function wantPanel(panel: WantedPanel): void {
  wanted = panel;
}

/** The panel, once. */
export function takeWantedPanel(): WantedPanel | null {
  const panel = wanted;
  wanted = null;
  return panel;
}

export function hasWantedPanel(): boolean {
  return wanted !== null;
}
