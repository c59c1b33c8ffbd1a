// The page's elements: cloning templates, icons, text, and the one door for HTML from the server.
// Called by everything that draws. It never builds HTML out of strings of its own: text goes in as text.

interface TrustedPolicy {
  createHTML(html: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(html: string): string }): TrustedPolicy;
}

let policy: TrustedPolicy | null = null;

/** The only Trusted Types policy of the page. What passes here was made and cleaned by the server. */
function collabPolicy(): TrustedPolicy {
  if (policy === null) {
    const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
    const rules = { createHTML: (html: string) => html };
    policy = types ? types.createPolicy("collab", rules) : rules;
  }
  return policy;
}

/** Puts HTML that the server made from Markdown into an element. Never call it with anything else. */
export function setHTML(element: Element, html: string): void {
  element.innerHTML = collabPolicy().createHTML(html);
}

/** Clones the first element of `<template id="…">`. */
export function clone<E extends HTMLElement = HTMLElement>(id: string): E {
  const template = document.getElementById(id);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`The page has no template "${id}".`);
  const first = template.content.firstElementChild;
  if (first === null) throw new Error(`The template "${id}" is empty.`);
  return document.importNode(first, true) as E;
}

/** The element below `root` that matches, which must be there: a template without it is a mistake of ours. */
export function part<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E {
  const found = root.querySelector<E>(selector);
  if (found === null) throw new Error(`The page lacks ${selector}.`);
  return found;
}

/** The same for a part that a template may leave out. */
export function maybe<E extends HTMLElement = HTMLElement>(root: ParentNode, selector: string): E | null {
  return root.querySelector<E>(selector);
}

type Attributes = Record<string, string | boolean | null>;

/** A new element with a class, text and attributes; `true` sets an empty attribute, false and null set none. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = "",
  text: string | null = null,
  attributes: Attributes = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  if (text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** Address of the icon sprite; production gives it a hashed name, so the page says it. */
function sprite(): string {
  return document.body.dataset["icons"] ?? "/static/icons.svg";
}

const SVG = "http://www.w3.org/2000/svg";

/** An icon by its lucide name; decorative, so hidden from screen readers. */
export function icon(name: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite()}#${name}`);
  svg.append(use);
  return svg;
}

/** Calls `run` at the next frame, once however often it was asked: drawing follows bursts of events, it does not keep step. */
export function onceAFrame(run: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden tab gets no animation frames; a timer keeps its title and counts up to date.
    const later = document.hidden ? (then: () => void) => setTimeout(then, 200) : requestAnimationFrame;
    later(() => {
      asked = false;
      run();
    });
  };
}

const BLOCKS = "blockquote, br, dd, dt, h1, h2, h3, h4, h5, h6, hr, li, p, pre, td, th, tr";

/** The words of the server's HTML, with a space where a line or a block ends; nothing of it is loaded or run. */
export function textOf(html: string): string {
  const { body } = document.implementation.createHTMLDocument("");
  setHTML(body, html);
  for (const block of body.querySelectorAll(BLOCKS)) block.after(" ");
  return body.textContent.replace(/\s+/gu, " ").trim();
}

/** The target of an event, or what it stands in, that matches. */
export function closest<E extends HTMLElement = HTMLElement>(event: Event, selector: string): E | null {
  return event.target instanceof Element ? event.target.closest<E>(selector) : null;
}

/** Whether the person is writing: letters are then no shortcuts. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
}

/** A UUID (version 4). `crypto.randomUUID` would need a secure context, which a server in the house has not always. */
export function uuid4(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Puts text in place of the selection so that undo still works. */
export function insertText(field: HTMLTextAreaElement, text: string): void {
  field.focus();
  if (document.execCommand("insertText", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
