/** Addresses of pages below the base, and the file of `web/pages` that shows each. `$name` is one part of a path, `$` all that is left of it. */
export const PAGE_FILES = {
  "/": "home",
  "/datasets": "datasets",
  "/datasets/$id": "dataset",
  "/depositions": "depositions",
  "/depositions/$id": "deposition",
  "/runs": "runs",
  "/runs/$id": "run",
  "/annotations": "annotations",
  "/annotations/$id": "annotation",
  "/browse": "browse",
  "/browse/$place/$": "browse",
  "/ingest": "ingest",
  "/ingest/plan/$id": "plan",
  "/jobs": "jobs",
  "/jobs/new": "job-kinds",
  "/jobs/new/$kind": "job-form",
  "/jobs/$id": "job",
  "/microscopy": "microscopy",
  "/microscopy/$id": "microscopy-sheet",
  "/reports": "reports",
  "/reports/$id": "report",
  "/curate/overlap": "curate-overlap",
  "/curate/matches": "curate-matches",
  "/curate/labels": "curate-labels",
  "/curate/batches": "curate-batches",
  "/harvest": "harvest",
  "/harvest/compare": "harvest-compare",
  "/search": "search",
  "/about": "about",
  "/view/tomogram/$id": "view",
  "/view/tiltseries/$id": "view",
  "/view/frame/$id": "view",
  "/view/dropped/$name": "view-dropped",
  "/view/at/$place/$": "view",
  "/neuroglancer/tomogram/$id": "neuroglancer",
  "/neuroglancer/at/$place/$": "neuroglancer",
} as const;

export type PagePath = keyof typeof PAGE_FILES;

const PATTERNS = /* @__PURE__ */ Object.entries(PAGE_FILES).map(([path, file]) => {
  const pattern = path.replace(/\/\$$/, "(?:/.*)?").replace(/\$\w+/g, "[^/]+");
  return { matches: new RegExp(`^${pattern}$`), file };
});

/** The file of the page at a path below the base, which begins with a slash. Undefined where no page is. */
export const pageFileOf = (path: string): string | undefined => PATTERNS.find(({ matches }) => matches.test(path))?.file;

/** What a file of `web/pages` exports its page as: `view-dropped` has `ViewDropped`. */
export const pageNameOf = (file: string): string => file.replace(/(?:^|-)\w/g, (letters) => letters.slice(-1).toUpperCase());
