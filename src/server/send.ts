import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../core/clock.js";

/** The least that a client must read of an answer: bytes per period of waiting. */
export interface SlowestClient {
  readonly bytes: number;
  readonly ms: number;
}

export interface SendOptions {
  readonly slowest: SlowestClient;
  readonly clock: Clock;
  /** Runs while the client is waited for and nothing else is done for it. */
  readonly whileWaiting: (wait: Promise<void>) => Promise<void>;
}

/** Bytes handed to the system at once: the client's speed is measured by how many of them it has taken. */
const SLICE_BYTES = 64 * 1024;

/** Sends an answer as fast as the client reads it. A client that reads almost nothing is disconnected. */
export async function send(
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { slowest, clock, whileWaiting }: SendOptions,
): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  // The body of a refused request is not awaited.
  const sends = incoming.headers["transfer-encoding"] !== undefined || Number(incoming.headers["content-length"] ?? 0) > 0;
  if (sends && !incoming.complete) {
    headers.connection = "close";
  }
  if (!response.body || incoming.method === "HEAD") {
    outgoing.writeHead(response.status, headers);
    outgoing.end();
    await response.body?.cancel();
    return;
  }
  const reader = response.body.getReader();
  const pace = new Pace(outgoing, slowest, clock);
  try {
    outgoing.writeHead(response.status, headers);
    for (;;) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      for (let at = 0; at < value.length && !outgoing.destroyed; at += SLICE_BYTES) {
        const slice = value.subarray(at, at + SLICE_BYTES);
        if (!outgoing.write(slice)) await whileWaiting(pace.taken(slice.length));
      }
    }
    outgoing.end();
  } finally {
    pace.end();
    await reader.cancel().catch(() => {}); // a body that failed has said so already
  }
}

/** An error of its own for each answer would cost as much as a slice. */
const OVER = new Error("the answer is over");

/** Measures how fast a client reads. Only time spent waiting for the client counts. */
class Pace {
  readonly #outgoing: ServerResponse;
  readonly #slowest: SlowestClient;
  readonly #clock: Clock;
  /** One timer an answer: an answer has many slices. */
  readonly #over = new AbortController();
  #isWatched = false;
  #isWaiting = false;
  #since: number;
  #bytes = 0;

  constructor(outgoing: ServerResponse, slowest: SlowestClient, clock: Clock) {
    this.#outgoing = outgoing;
    this.#slowest = slowest;
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  /** Until more can be written, or nobody reads any more. */
  async taken(bytes: number): Promise<void> {
    if (this.#left() <= 0) this.#begin();
    this.#isWaiting = true;
    void this.#watch();
    await drained(this.#outgoing);
    this.#isWaiting = false;
    this.#bytes += bytes;
  }

  /** The answer is over. */
  end(): void {
    this.#over.abort(OVER);
  }

  async #watch(): Promise<void> {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const { signal } = this.#over;
    while (this.#isWaiting) {
      await this.#clock.sleep(Math.max(0, this.#left()), signal).catch(() => {});
      if (signal.aborted) return;
      if (!this.#isWaiting || this.#left() > 0) continue;
      if (this.#bytes < this.#slowest.bytes) {
        this.#outgoing.destroy();
        return;
      }
      this.#begin();
    }
    this.#isWatched = false;
  }

  /** Milliseconds of this stretch. */
  #left(): number {
    return this.#since + this.#slowest.ms - this.#clock.monotonic();
  }

  #begin(): void {
    this.#since = this.#clock.monotonic();
    this.#bytes = 0;
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
    if (outgoing.destroyed) done();
  });
}
