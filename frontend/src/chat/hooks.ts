// What the chat asks of the shell around it. Part of the shell's contract; the chat imports nothing else of it.

export interface Question {
  title: string;
  text: string;
  /** What it is about, for example the message to delete. */
  quote?: string;
  /** The word on the button that does it. */
  go: string;
  danger?: boolean;
}

export interface ChatHooks {
  /** Says something to screen readers, politely; the shell batches. */
  announce(text: string): void;
  /** A notice at the edge of the page; errors stay until dismissed. */
  toast(notice: { title: string; text?: string; bad?: boolean }): void;
  /** Asks once; true when the person agrees. */
  confirm(question: Question): Promise<boolean>;
  /** Goes to an address of this site without loading the page. */
  navigate(url: string): void;
  /** Joins the open room. */
  join(room: number): void;
  /** Opens the dialog that invites people to the open room. */
  invite(): void;
}
