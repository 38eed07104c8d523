/** Pages of a folder as paths from it with `/`, sorted. */
export function pagesBelow(docs: string): string[];
/** The text of the first heading of the first level. */
export function titleOf(markdown: string): string | undefined;
/** The anchor that GitHub gives a heading. */
export function slug(heading: string): string;
/** The anchors of all headings; a second heading of one text gets `-1`. */
export function anchorsOf(markdown: string): Set<string>;
/** Targets of links and pictures outside of code, with their lines, counted from 1. */
export function linksOf(markdown: string): { target: string; line: number }[];

/** What a reader of a page does, in this order: files that it says to save (a block with a name behind its language), and the lines of its `sh` blocks. */
export type Step = { file: string; text: string } | { command: string /** Exit status that the page names. */; status: number };
export function stepsOf(markdown: string): Step[];

/** Blocks of commands, fenced or indented, in the page's order, with files that it says to save between them. Transcripts (`console`) are none. */
export type CommandBlock = { line: number; commands: string[] } | { line: number; file: string; text: string };
export function commandBlocksOf(markdown: string): CommandBlock[];

export interface SidebarGroup {
  text: string;
  /** Below docs/, `.` for docs/ itself. */
  folder: string;
  items: { text: string; link: string }[];
}
/** Groups of pages, one for each folder. @throws Error where a page has no title. */
export function sidebarOf(docs: string): SidebarGroup[];
/** A page's address from the root of the site: without `.md`, and a folder's for its `README.md` or `index.md`. */
export function addressOf(path: string): string;
