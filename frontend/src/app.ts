// The rooms' page: starts what the page needs. Loaded by templates/chat/app.html; it never draws rows itself.

/** On a phone one screen is shown at a time: the rooms or what stands in the stage. */
function showScreen(view: string): void {
  document.body.dataset["view"] = view;
  for (const link of document.querySelectorAll(".tabbar [data-nav]")) link.removeAttribute("aria-current");
  const tab = document.querySelector(`.tabbar [data-nav=${view === "rooms" ? "rooms" : "chat"}]`);
  tab?.setAttribute("aria-current", "page");
}

document.addEventListener("click", (event) => {
  const found = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-do]") : null;
  if (found?.dataset["do"] !== "show-rooms" && found?.dataset["do"] !== "show-chat") return;
  event.preventDefault();
  showScreen(found.dataset["do"] === "show-rooms" ? "rooms" : "room");
});
