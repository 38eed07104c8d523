import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type ResolveFullPath,
  type ResolveId,
  type Route,
} from "@tanstack/react-router";
import type { ComponentType } from "react";
import { PAGES, type PagePath, pageNameOf } from "../src/model/pages.js";
import { VIEW_PARAMETERS, type ViewParameter } from "../src/model/view-parameters.js";
import { base } from "./parts/api.js";
import { listSearchOf } from "./parts/list/state.js";
import { matching, oneOf, text, texts, whole } from "./parts/parameter.js";
import { parseSearch, printSearch, searchOf } from "./parts/search-params.js";
import { Shell } from "./parts/shell.js";
import { ErrorPanel, Loading } from "./parts/states.js";

const loadNotFound = () => import("./parts/not-found.js");
/** A page is a file that is loaded when it is wanted. */
const FILES = import.meta.glob<Record<string, ComponentType>>("./pages/*.tsx");

const page = (file: string) => {
  const name = pageNameOf(file);
  const load: () => Promise<Record<string, ComponentType>> =
    FILES[`./pages/${file}.tsx`] ?? (async () => ({ [name]: (await loadNotFound()).NotFound }));
  return lazyRouteComponent(load, name);
};

const root = createRootRoute({ component: Shell, notFoundComponent: lazyRouteComponent(loadNotFound, "NotFound") });

/** The viewer reads them itself: `viewer/link.ts`. */
const slices = searchOf(Object.fromEntries(VIEW_PARAMETERS.map((name) => [name, text])) as Record<ViewParameter, typeof text>);
/** Neuroglancer knows its own parameters. */
const viewSearch = searchOf({}, texts);

/** Parameters that each page reads out of its address. A page that is not here reads none. */
const SEARCH = {
  "/datasets": listSearchOf("datasets"),
  "/datasets/$id": listSearchOf("runs", { tab: text }),
  "/depositions": listSearchOf("depositions"),
  "/depositions/$id": searchOf({ tab: text }),
  "/runs": listSearchOf("runs"),
  "/runs/$id": searchOf({ tab: text, on: text, shown: matching(/^(?:tomogram|tiltseries):\d+$/) }),
  "/annotations": listSearchOf("annotations", { dataset: whole }),
  "/annotations/$id": searchOf({ tab: text }),
  "/browse/$place/$": searchOf({ after: text, header: text }),
  "/microscopy": searchOf({ description: text, where: text }),
  "/microscopy/$id": searchOf({ rows: text, cols: text, c: text, z: text, t: text, p: text, lim: text, open: text }),
  "/new": searchOf({ of: text, run: text, is: text, group: text, question: text, pattern: text, plan: text, output: text }),
  "/reports/$id": searchOf({ severity: text, check: text, change: text, q: text, group: text }),
  "/curate/overlap": searchOf({ by: text, set: text }),
  "/curate/matches": searchOf({
    ...{ set: text, labels: text, rule: text, drive: text, species: text, label: text, row: whole },
    status: oneOf("taken", "matched", "ambiguous", "rejected", "manual"),
  }),
  "/curate/labels": searchOf({ set: text }),
  "/harvest/compare": searchOf({ set: text }),
  "/search": searchOf({ q: text }),
  "/view/tomogram/$id": slices,
  "/view/tiltseries/$id": slices,
  "/view/frame/$id": slices,
  "/view/dropped/$name": slices,
  "/view/at/$place/$": slices,
  "/neuroglancer/tomogram/$id": viewSearch,
  "/neuroglancer/at/$place/$": viewSearch,
} satisfies Partial<Record<PagePath, unknown>>;

type SearchOf<Path> = Path extends keyof typeof SEARCH ? (typeof SEARCH)[Path] : undefined;
type RouteOf<Path extends PagePath> = Route<
  unknown,
  typeof root,
  Path,
  ResolveFullPath<typeof root, Path>,
  string,
  ResolveId<typeof root, string, Path>,
  SearchOf<Path>
>;

const routes = Object.fromEntries(
  Object.entries(PAGES).map(([path, { file }]) => [
    path,
    createRoute({
      getParentRoute: () => root,
      path,
      validateSearch: (SEARCH as Readonly<Record<string, typeof slices>>)[path],
      component: page(file),
    } as never),
  ]),
) as unknown as { readonly [Path in PagePath]: RouteOf<Path> };

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
