import type { Clock } from "../core/clock.js";
import type { Figures, Sample } from "./figures.js";
import { type Handler, refusal } from "./handler.js";
import type { ServedMemory } from "./memory-shares.js";
import { isOfThisMachine } from "./of-this-machine.js";

export interface Metrics {
  /** Handler of `/metrics`: for clients of this machine alone. */
  readonly route: Handler;
  /** Wraps a handler so that its answers are counted. */
  counted(handler: Handler): Handler;
}

/** Routes by which requests are counted: a fixed list, because each value is a series. */
const ROUTES = new Set(["api", "assets", "at", "files", "graphql", "healthz", "metrics", "s3", "viewer", "zarr"]);

/** Number of samples that are kept until something reads the metrics, or more come: only then is the metrics library loaded. */
const SAMPLES_MAX = 1_000;

export interface MetricsOptions {
  readonly clock: Clock;
  readonly memory: ServedMemory;
  /** Number of open event streams. */
  streams(): number;
  /** Others reach this server at another address: a client on loopback may be their proxy, which need not say so. */
  readonly isHandedOn: boolean;
}

/** Figures of this server and its process, as Prometheus reads them. */
export function serverMetrics({ clock, memory, streams, isHandedOn }: MetricsOptions): Metrics {
  let samples: Sample[] = [];
  let underWay = 0;
  let figures: Promise<Figures> | undefined;
  const loaded = async () => {
    figures ??= import("./figures.js").then(({ openFigures }) =>
      openFigures({ underWay: () => underWay, streams, memory: memory.figures }),
    );
    const { take, print } = await figures;
    for (const sample of samples) take(sample);
    samples = [];
    return print;
  };
  return {
    async route(request) {
      if (isHandedOn) return refusal(403, "metrics are not served when --url is set");
      if (!isOfThisMachine(request)) return refusal(403, "metrics are served to programs on this machine only, at 127.0.0.1");
      const { text, type } = await (await loaded())();
      return new Response(request.method === "HEAD" ? null : text, {
        headers: { "content-type": type, "cache-control": "no-store" },
      });
    },
    counted: (handler) => async (request, path) => {
      const first = path.split("/", 1)[0]!;
      const route = ROUTES.has(first) ? first : "page";
      const begun = clock.monotonic();
      underWay++;
      let status = 500;
      try {
        const response = await handler(request, path);
        ({ status } = response);
        return response;
      } finally {
        underWay--;
        samples.push({ route, status, seconds: (clock.monotonic() - begun) / 1000 });
        if (samples.length >= SAMPLES_MAX) void loaded();
      }
    },
  };
}
