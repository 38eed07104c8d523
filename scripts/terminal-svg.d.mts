/** Pages that show a recording, with its name. */
export function recordedPages(docs: string): { name: string; path: string }[];
/** The commands whose output a picture has. */
export function recordedCommands(svg: string): string[];
/** The commands of a page, in its order. */
export function commandsOf(markdown: string): string[];
export function terminalPicture(done: readonly { command: string; output: string }[]): string;
