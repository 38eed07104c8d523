export interface Message {
  /** From the repository's root. */
  readonly file: string;
  /** Where its text begins in the file. */
  readonly start: number;
  readonly kind: "error" | "hint" | "finding" | "note" | "help" | "output";
  /** The codes that it may be printed with; none where the source does not say. */
  readonly codes: readonly string[];
  /** With `{…}` for each value. */
  readonly text: string;
  /** As it stands in the source. */
  readonly source: string;
}

/** An error as a test has seen it. */
export interface MessageExample {
  readonly message: string;
  readonly hint?: string;
  /** The test in which it is made. */
  readonly file: string;
}

/** The messages of modules, in the order of files and of lines. */
export function messagesOf(modules: readonly { readonly path: string; readonly text: string }[]): Message[];

/** The text of docs/reference/messages.md. */
export function messagesPage(messages: readonly Message[], examples: Readonly<Record<string, MessageExample>>): string;
