import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ServedMemory } from "./memory-shares.js";

/** One answer of the server. */
export interface Sample {
  readonly route: string;
  readonly status: number;
  /** Until the answer began. */
  readonly seconds: number;
}

export interface Figures {
  take(sample: Sample): void;
  print(): Promise<{ text: string; type: string }>;
}

const SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export interface FigureSources {
  /** Requests whose answer has not begun. */
  underWay(): number;
  /** Streams of events that are open. */
  streams(): number;
  memory: ServedMemory["figures"];
}

/** Counts samples, and asks for the rest when figures are read. */
export function openFigures({ underWay, streams, memory }: FigureSources): Figures {
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
  new Gauge({
    name: "emporium_requests_under_way",
    help: "Requests whose answer has not begun.",
    registers,
    collect() {
      this.set(underWay());
    },
  });
  new Gauge({
    name: "emporium_event_streams",
    help: "Streams of events that are open.",
    registers,
    collect() {
      this.set(streams());
    },
  });
  new Gauge({
    name: "emporium_memory_limit_bytes",
    help: "What buffers of a kind may take of --memory.",
    labelNames: ["use"] as const,
    registers,
    collect() {
      for (const { use, limitBytes } of memory()) this.set({ use }, limitBytes);
    },
  });
  new Gauge({
    name: "emporium_memory_used_bytes",
    help: "What buffers of a kind take now.",
    labelNames: ["use"] as const,
    registers,
    collect() {
      for (const { use, usedBytes } of memory()) if (usedBytes !== undefined) this.set({ use }, usedBytes);
    },
  });
  return {
    take({ route, status, seconds }) {
      answered.inc({ route, status });
      lasted.observe({ route }, seconds);
    },
    print: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  };
}
