import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { base } from "./parts/api.js";
import { Shell } from "./parts/shell.js";

const root = createRootRoute({ component: Shell });
const routes = [
  createRoute({ getParentRoute: () => root, path: "/", component: lazyRouteComponent(() => import("./pages/home.js"), "Home") }),
];

/** Pages by their addresses, relative to the base that the server filled in. */
export const makeRouter = () =>
  createRouter({ routeTree: root.addChildren(routes), basepath: base.pathname, defaultPreload: "intent" });
