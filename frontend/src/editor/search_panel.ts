// Find and replace in the editor, with the page's own controls. Handed to CodeMirror's search; it keeps no state itself.

import { closeSearchPanel, findNext, findPrevious, getSearchQuery, replaceAll, replaceNext, SearchQuery, selectMatches, setSearchQuery } from "@codemirror/search";
import { runScopeHandlers, type EditorView, type Panel, type ViewUpdate } from "@codemirror/view";
import { clone, part } from "../dom";

const COUNTED_MOST = 1_000;

/** "2 of 14", or what there is instead. */
function tally(view: EditorView, query: SearchQuery): string {
  if (query.search === "") return "";
  if (!query.valid) return "No pattern";
  const cursor = query.getCursor(view.state);
  const { from, to } = view.state.selection.main;
  let [count, current] = [0, 0];
  for (let found = cursor.next(); found.done !== true && count < COUNTED_MOST; found = cursor.next()) {
    count += 1;
    if (found.value.from === from && found.value.to === to) current = count;
  }
  if (count === 0) return "Nothing found";
  const all = count === COUNTED_MOST ? `${COUNTED_MOST}+` : String(count);
  return current === 0 ? `${all} found` : `${current} of ${all}`;
}

export function searchPanel(view: EditorView): Panel {
  const dom = clone("t-code-search");
  const input = (name: string) => part<HTMLInputElement>(dom, `[name=${name}]`);
  const [find, replace] = [input("find"), input("replace")];
  const [matchCase, pattern, word] = [input("case"), input("pattern"), input("word")];
  const told = part(dom, "[data-part=tally]");
  const tell = () => (told.textContent = tally(view, getSearchQuery(view.state)));
  const show = (query: SearchQuery) => {
    if (find.value !== query.search) find.value = query.search;
    if (replace.value !== query.replace) replace.value = query.replace;
    [matchCase.checked, pattern.checked, word.checked] = [query.caseSensitive, query.regexp, query.wholeWord];
    tell();
  };
  const commit = () => {
    const query = new SearchQuery({ search: find.value, replace: replace.value, caseSensitive: matchCase.checked, regexp: pattern.checked, wholeWord: word.checked });
    if (!query.eq(getSearchQuery(view.state))) view.dispatch({ effects: setSearchQuery.of(query) });
    tell();
  };
  const acts: Record<string, (target: EditorView) => boolean> = { next: findNext, previous: findPrevious, all: selectMatches, replace: replaceNext, "replace-all": replaceAll, close: closeSearchPanel };
  dom.addEventListener("input", commit);
  dom.addEventListener("click", (event) => {
    const name = event.target instanceof Element ? (event.target.closest<HTMLElement>("[data-search]")?.dataset["search"] ?? "") : "";
    acts[name]?.(view);
  });
  dom.addEventListener("keydown", (event) => {
    if (runScopeHandlers(view, event, "search-panel")) return event.preventDefault();
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (event.target === replace) replaceNext(view);
    else if (event.target === find) (event.shiftKey ? findPrevious : findNext)(view);
  });
  part(dom, "[data-part=replacing]").hidden = view.state.readOnly;
  return {
    dom,
    top: true,
    mount() {
      show(getSearchQuery(view.state));
      find.select();
    },
    update(update: ViewUpdate) {
      const told = update.transactions.some((transaction) => transaction.effects.some((effect) => effect.is(setSearchQuery)));
      if (told) show(getSearchQuery(update.state));
      else if (update.docChanged || update.selectionSet) tell();
    },
  };
}
