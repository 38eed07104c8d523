import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";
import { PAGE_FILES, type PagePath, pageNameOf } from "../src/model/page-files.js";
import { base } from "./parts/api.js";
import { listSearchOf } from "./parts/list/state.js";
import { NotFound } from "./parts/not-found.js";
import { oneOf, text, texts, whole } from "./parts/parameter.js";
import { parseSearch, printSearch, searchOf } from "./parts/search-params.js";
import { Shell } from "./parts/shell.js";
import { ErrorPanel, Loading } from "./parts/states.js";

/** A page is a file that is loaded when it is wanted. */
const FILES = import.meta.glob<Record<string, ComponentType>>("./pages/*.tsx");

const page = (path: PagePath) => {
  const file = PAGE_FILES[path];
  const name = pageNameOf(file);
  const load: () => Promise<Record<string, ComponentType>> =
    FILES[`./pages/${file}.tsx`] ?? (() => Promise.resolve({ [name]: NotFound }));
  return lazyRouteComponent(load, name);
};

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const at = { getParentRoute: () => root };

/** The viewer reads them itself: `viewer/link.ts`. */
const slices = searchOf({
  p: text,
  at: text,
  v: text,
  l: text,
  z: text,
  c: text,
  s: text,
  on: text,
  o: text,
  m: text,
  w: text,
  cw: text,
});
/** Neuroglancer knows its own parameters. */
const viewSearch = searchOf({}, texts);

const routes = [
  createRoute({ ...at, path: "/", component: page("/") }),
  createRoute({ ...at, path: "/datasets", validateSearch: listSearchOf("datasets"), component: page("/datasets") }),
  createRoute({
    ...at,
    path: "/datasets/$id",
    validateSearch: listSearchOf("runs", { tab: text }),
    component: page("/datasets/$id"),
  }),
  createRoute({
    ...at,
    path: "/depositions",
    validateSearch: listSearchOf("depositions"),
    component: page("/depositions"),
  }),
  createRoute({
    ...at,
    path: "/depositions/$id",
    validateSearch: searchOf({ tab: text }),
    component: page("/depositions/$id"),
  }),
  createRoute({ ...at, path: "/runs", validateSearch: listSearchOf("runs"), component: page("/runs") }),
  createRoute({ ...at, path: "/runs/$id", validateSearch: searchOf({ tab: text, on: text }), component: page("/runs/$id") }),
  createRoute({
    ...at,
    path: "/annotations",
    validateSearch: listSearchOf("annotations"),
    component: page("/annotations"),
  }),
  createRoute({
    ...at,
    path: "/annotations/$id",
    validateSearch: searchOf({ tab: text }),
    component: page("/annotations/$id"),
  }),
  createRoute({ ...at, path: "/browse", component: page("/browse") }),
  // a place itself, too: nothing is below it then
  createRoute({
    ...at,
    path: "/browse/$place/$",
    validateSearch: searchOf({ after: text, header: text }),
    component: page("/browse/$place/$"),
  }),
  createRoute({ ...at, path: "/ingest", component: page("/ingest") }),
  createRoute({ ...at, path: "/ingest/plan/$id", component: page("/ingest/plan/$id") }),
  createRoute({ ...at, path: "/jobs", component: page("/jobs") }),
  createRoute({ ...at, path: "/jobs/new", component: page("/jobs/new") }),
  createRoute({ ...at, path: "/jobs/new/$kind", component: page("/jobs/new/$kind") }),
  createRoute({ ...at, path: "/jobs/$id", component: page("/jobs/$id") }),
  createRoute({
    ...at,
    path: "/microscopy",
    validateSearch: searchOf({ description: text, where: text }),
    component: page("/microscopy"),
  }),
  createRoute({
    ...at,
    path: "/microscopy/$id",
    validateSearch: searchOf({ rows: text, cols: text, c: text, z: text, t: text, p: text, lim: text, open: text }),
    component: page("/microscopy/$id"),
  }),
  createRoute({ ...at, path: "/reports", component: page("/reports") }),
  createRoute({
    ...at,
    path: "/reports/$id",
    validateSearch: searchOf({ severity: text, check: text, change: text, q: text, group: text }),
    component: page("/reports/$id"),
  }),
  createRoute({
    ...at,
    path: "/curate/overlap",
    validateSearch: searchOf({ by: text, set: text }),
    component: page("/curate/overlap"),
  }),
  createRoute({
    ...at,
    path: "/curate/matches",
    validateSearch: searchOf({
      ...{ set: text, labels: text, rule: text, drive: text, species: text, label: text, row: whole },
      status: oneOf("taken", "matched", "ambiguous", "rejected", "manual"),
    }),
    component: page("/curate/matches"),
  }),
  createRoute({ ...at, path: "/curate/labels", validateSearch: searchOf({ set: text }), component: page("/curate/labels") }),
  createRoute({ ...at, path: "/curate/batches", component: page("/curate/batches") }),
  createRoute({ ...at, path: "/harvest", component: page("/harvest") }),
  createRoute({
    ...at,
    path: "/harvest/compare",
    validateSearch: searchOf({ set: text }),
    component: page("/harvest/compare"),
  }),
  createRoute({ ...at, path: "/search", validateSearch: searchOf({ q: text }), component: page("/search") }),
  createRoute({ ...at, path: "/about", component: page("/about") }),
  createRoute({ ...at, path: "/view/tomogram/$id", validateSearch: slices, component: page("/view/tomogram/$id") }),
  createRoute({ ...at, path: "/view/tiltseries/$id", validateSearch: slices, component: page("/view/tiltseries/$id") }),
  createRoute({ ...at, path: "/view/frame/$id", validateSearch: slices, component: page("/view/frame/$id") }),
  createRoute({
    ...at,
    path: "/view/dropped/$name",
    validateSearch: slices,
    component: page("/view/dropped/$name"),
  }),
  createRoute({ ...at, path: "/view/at/$place/$", validateSearch: slices, component: page("/view/at/$place/$") }),
  createRoute({
    ...at,
    path: "/neuroglancer/tomogram/$id",
    validateSearch: viewSearch,
    component: page("/neuroglancer/tomogram/$id"),
  }),
  createRoute({
    ...at,
    path: "/neuroglancer/at/$place/$",
    validateSearch: viewSearch,
    component: page("/neuroglancer/at/$place/$"),
  }),
] as const;

/** Pages by their addresses, relative to the base that the server filled in. */
export const makeRouter = () =>
  createRouter({
    routeTree: root.addChildren(routes),
    basepath: base.pathname,
    search: { strict: true },
    parseSearch,
    stringifySearch: printSearch,
    defaultPreload: "intent",
    defaultPendingComponent: () => <Loading what="the server" />,
    defaultErrorComponent: ({ error, reset }) => <ErrorPanel error={error} again={reset} />,
    scrollRestoration: false, // lists and pictures have their places in the address
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
