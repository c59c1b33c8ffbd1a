// Colours of curves: which series has which, and what a canvas needs of them, for it knows no light-dark() of the sheet.

/** In the order of the series of a panel. Violet is the assistant's. */
const ORDER = ["--brand", "--p5", "--p2", "--p7", "--p6", "--p4", "--p3", "--p1"];
/** Series of the assistant, in a room or of the site. */
const ASSISTANT = new Set(["answers", "tokens", "runs", "runs.active", "cost", "queue.assistant"]);

/** The custom property of a series' colour; `offset`: panels with one curve have each another one. */
export function colourOf(name: string, index: number, offset: number): string {
  if (ASSISTANT.has(name)) return "--ai";
  return ORDER[(index + offset) % ORDER.length] ?? "--brand";
}

const known = new Map<string, string>();

/** The colour as a canvas takes it, in the theme of now. */
export function resolved(property: string): string {
  const found = known.get(property);
  if (found !== undefined) return found;
  const probe = document.createElement("i");
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  known.set(property, colour);
  return colour;
}

/** A resolved colour that lets through what is behind it. */
export function thin(colour: string, share: number): string {
  const [red = "0", green = "0", blue = "0"] = colour.match(/[\d.]+/g) ?? [];
  return `rgba(${red},${green},${blue},${share})`;
}

/** Calls `redraw` whenever the page stands in another theme. Returns how to stop. */
export function onTheme(redraw: () => void): () => void {
  const changed = () => {
    known.clear();
    redraw();
  };
  const attributes = new MutationObserver(changed);
  attributes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  known.clear();
  return () => {
    attributes.disconnect();
    system.removeEventListener("change", changed);
  };
}
