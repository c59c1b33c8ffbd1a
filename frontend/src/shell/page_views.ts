// The pages beside the rooms and the views that show them. Reached through later.ts; asked by the stage.

import { boardsPage } from "../dashboard/place";
import { BrowseView } from "./browse_view";
import { DraftsView } from "./drafts_view";
import { InboxView } from "./inbox_view";
import type { Page } from "./routes";
import { SavedListView } from "./saved_view";
import { SearchView } from "./search_view";
import type { ShellContext, View } from "./view";

interface PageView {
  /** In the title of the tab. */
  title: string;
  make(context: ShellContext): View;
}

export const PAGES: Record<Page, PageView> = {
  boards: { title: "Dashboard", make: (context) => boardsPage(context) },
  mentions: { title: "Mentions", make: (context) => new InboxView(context) },
  saved: { title: "Saved messages", make: (context) => new SavedListView(context) },
  search: { title: "Search", make: (context) => new SearchView(context) },
  browse: { title: "Browse rooms", make: (context) => new BrowseView(context) },
  drafts: { title: "Drafts", make: (context) => new DraftsView(context) },
};
