import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "../core/clock.js";
import { type Handler, refusal } from "./handler.js";
import { CLIENT_ADDRESS } from "./listen.js";

export interface Metrics {
  /** `/metrics`: of this machine's own clients alone. */
  readonly route: Handler;
  /** Counts what a handler answers. */
  counted(handler: Handler): Handler;
}

/** What requests are counted by: a fixed list, because each value is a series. */
const ROUTES = new Set(["api", "assets", "at", "files", "graphql", "healthz", "metrics", "s3", "viewer", "zarr"]);
const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

/** Figures of this server and its process, as Prometheus reads them. */
export function serverMetrics(clock: Clock): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const answered = new Counter({
    name: "emporium_requests_total",
    help: "Requests that were answered, by the first word of their path.",
    labelNames: ["route", "status"] as const,
    registers,
  });
  const lasted = new Histogram({
    name: "emporium_request_seconds",
    help: "Time until an answer began.",
    labelNames: ["route"] as const,
    buckets: SECONDS,
    registers,
  });
  const underWay = new Gauge({ name: "emporium_requests_under_way", help: "Requests whose answer has not begun.", registers });
  return {
    async route(request) {
      if (!isOfThisMachine(request)) return refusal(403, "only this machine may read this");
      const text = request.method === "HEAD" ? null : await registry.metrics();
      return new Response(text, { headers: { "content-type": registry.contentType, "cache-control": "no-store" } });
    },
    counted: (handler) => async (request, path) => {
      const first = path.split("/", 1)[0]!;
      const route = ROUTES.has(first) ? first : "page";
      const begun = clock.monotonic();
      underWay.inc();
      let status = 500;
      try {
        const response = await handler(request, path);
        ({ status } = response);
        return response;
      } finally {
        underWay.dec();
        answered.inc({ route, status });
        lasted.observe({ route }, (clock.monotonic() - begun) / 1000);
      }
    },
  };
}

/** Over loopback, by a name of loopback, and not handed on: what a proxy on this machine hands on comes from elsewhere. */
function isOfThisMachine({ headers, url }: Request): boolean {
  const address = headers.get(CLIENT_ADDRESS) ?? "";
  const { hostname } = new URL(url);
  const isHandedOn = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"].some((name) => headers.has(name));
  return !isHandedOn && /^(?:::ffff:)?127\.|^::1$/.test(address) && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);
}
