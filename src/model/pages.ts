/** A page: the file of `web/pages` that shows it, and its names in menus. */
interface Page {
  readonly file: string;
  /** Name in the menu of every page, and in the palette. The order of the menu is that of the table. */
  readonly menu?: string;
  /** Where the header has it: as a link of its own, or in the menu of work. Without: the name of the house and the footer lead there. */
  readonly shownIn?: "header" | "work";
  /** It is in the menu only where pages can make changes. */
  readonly isWriting?: boolean;
  /** Name among the pages of its station. */
  readonly beside?: string;
}

/**
 * All pages by their addresses below the base: `$name` is one part of a path, `$` all that is left of it. The router, the server, the menus, the palette,
 * and the tests that go to every page read this table; there is no other.
 */
export const PAGES = {
  "/": { file: "home", menu: "Home" },
  "/datasets": { file: "datasets", menu: "Datasets", shownIn: "header" },
  "/datasets/$id": { file: "dataset" },
  "/runs": { file: "runs", menu: "Runs", shownIn: "header" },
  "/runs/$id": { file: "run" },
  "/annotations": { file: "annotations", menu: "Annotations", shownIn: "header" },
  "/annotations/$id": { file: "annotation" },
  "/depositions": { file: "depositions", menu: "Depositions", shownIn: "header" },
  "/depositions/$id": { file: "deposition" },
  "/browse": { file: "browse", menu: "Files", shownIn: "header" },
  "/browse/$place/$": { file: "browse" },
  "/view/tomogram/$id": { file: "view" },
  "/view/tiltseries/$id": { file: "view" },
  "/view/frame/$id": { file: "view" },
  "/view/dropped/$name": { file: "view-dropped" },
  "/view/at/$place/$": { file: "view" },
  "/neuroglancer/tomogram/$id": { file: "neuroglancer" },
  "/neuroglancer/at/$place/$": { file: "neuroglancer" },
  "/jobs": { file: "jobs", menu: "Jobs", shownIn: "work" },
  "/jobs/new": { file: "job-kinds" },
  "/jobs/new/$kind": { file: "job-form" },
  "/jobs/$id": { file: "job" },
  "/new": { file: "new-submission", menu: "New submission", shownIn: "work", isWriting: true },
  "/ingest": { file: "ingest", menu: "Ingest", shownIn: "work" },
  "/ingest/plan/$id": { file: "plan" },
  "/reports": { file: "reports", menu: "Validation", shownIn: "work" },
  "/reports/$id": { file: "report" },
  "/curate/overlap": { file: "curate-overlap", menu: "Curate", beside: "Overlap", shownIn: "work" },
  "/curate/matches": { file: "curate-matches", beside: "Matches" },
  "/curate/labels": { file: "curate-labels", beside: "Labels" },
  "/curate/batches": { file: "curate-batches", beside: "Batches" },
  "/harvest": { file: "harvest", menu: "Harvest", shownIn: "work" },
  "/harvest/compare": { file: "harvest-compare" },
  "/microscopy": { file: "microscopy", menu: "Microscopy", shownIn: "work" },
  "/microscopy/$id": { file: "microscopy-sheet" },
  "/search": { file: "search" },
  "/saved": { file: "saved", menu: "Saved" },
  "/about": { file: "about", menu: "About" },
} as const satisfies Readonly<Record<string, Page>>;

export type PagePath = keyof typeof PAGES;

type NamedIn<Menu extends "menu" | "beside"> = {
  [P in PagePath]: (typeof PAGES)[P] extends Readonly<Record<Menu, string>> ? P : never;
}[PagePath];

const rows = /* @__PURE__ */ Object.entries<Page>(PAGES) as [PagePath, Page][];
const named = <Menu extends "menu" | "beside">(menu: Menu) =>
  rows.flatMap(([path, page]) => (page[menu] === undefined ? [] : [[path, page[menu]] as [NamedIn<Menu>, string]]));

/** Pages that every page links to, with their names. */
export const MENU = /* @__PURE__ */ named("menu");
/** Those of them that are shown where pages can make no changes. */
export const MENU_READING = /* @__PURE__ */ MENU.filter(([path]) => !(PAGES[path] as Page).isWriting);

/** Pages that the header links to, or those of its menu of work. */
export const pagesIn = (place: NonNullable<Page["shownIn"]>, isWriting: boolean): typeof MENU =>
  (isWriting ? MENU : MENU_READING).filter(([path]) => (PAGES[path] as Page).shownIn === place);
/** Pages of the station curate, with their names. */
export const CURATE_PAGES = /* @__PURE__ */ named("beside");

const PATTERNS = /* @__PURE__ */ rows.map(([path, { file }]) => {
  const pattern = path.replace(/\/\$$/, "(?:/.*)?").replace(/\$\w+/g, "[^/]+");
  return { matches: new RegExp(`^${pattern}$`), file };
});

/** File of the page at a path below the base, which begins with a slash. Undefined where there is no page. */
export const pageFileOf = (path: string): string | undefined => PATTERNS.find(({ matches }) => matches.test(path))?.file;

/** Name under which a file of `web/pages` exports its page: `ViewDropped` for `view-dropped`. */
export const pageNameOf = (file: string): string => file.replace(/(?:^|-)\w/g, (letters) => letters.slice(-1).toUpperCase());
