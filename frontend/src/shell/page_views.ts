// The pages beside the rooms and the views that show them. Reached through later.ts; asked by the stage.

import { BrowseView } from "./browse_view";
import { DraftsView } from "./drafts_view";
import type { Page } from "./routes";
import type { ShellContext, View } from "./view";

interface PageView {
  /** In the title of the tab. */
  title: string;
  make(context: ShellContext): View;
}

export const PAGES: Record<Page, PageView> = {
  browse: { title: "Browse rooms", make: (context) => new BrowseView(context) },
  drafts: { title: "Drafts", make: (context) => new DraftsView(context) },
};
