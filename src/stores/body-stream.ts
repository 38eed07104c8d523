import { cancelled } from "../core/cancel.js";
import { type Clock, systemClock } from "../core/clock.js";
import { counted } from "../core/units.js";
import { type Body, isStalled, stalledError, type Timeouts } from "../net/body.js";
import { networkError, protocol } from "../net/errors.js";
import type { ByteStream } from "./store.js";

export interface StreamedBody {
  url: string;
  /** Byte of the object at which the body begins; places in messages are counted from the object's first byte. */
  offset: number;
  /** Bytes that will come, where the answer says so. */
  announced: number | undefined;
  timeouts: Timeouts;
  signal: AbortSignal | undefined;
  /** Real time by default: a server does not wait for a test's clock. */
  clock?: Clock | undefined;
}

/**
 * Hands on a body as it arrives, nothing kept. Only time spent waiting for the server counts as its silence: a consumer may be as
 * slow as it likes.
 *
 * The loop over it throws STORE_UNAVAILABLE (`later`) when the connection breaks, ends early or stalls, STORE_PROTOCOL when more
 * comes than was announced, CANCELLED.
 */
export function streamBody(body: Body, request: StreamedBody): Pick<ByteStream, "body" | "cancel"> {
  const { url, offset, announced, timeouts, signal, clock = systemClock } = request;
  let dropped = false;
  const cancel = async () => {
    dropped = true;
    body.destroy();
  };

  async function* pieces(): AsyncGenerator<Uint8Array> {
    let seen = 0;
    let ended = false;
    const waited = stopwatch(clock);
    const over = new AbortController();
    let stalled = false;
    const stop = () => body.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    void isStalled(timeouts, clock, over.signal, () => ({ waitedMs: waited.ms(), seen })).then((silent) => {
      stalled = silent;
      if (silent) body.destroy();
    });
    try {
      waited.start();
      for await (const piece of body) {
        waited.stop();
        seen += piece.length;
        if (announced !== undefined && seen > announced)
          throw protocol(url, `sent more than the ${counted(announced, "byte")} that it announced`);
        yield piece;
        waited.start();
      }
      if (stalled || signal?.aborted || dropped) throw new Error("stopped");
      if (announced !== undefined && seen < announced)
        throw new Error(`the connection ended after ${seen} of ${counted(announced, "byte")}`);
      ended = true;
    } catch (thrown) {
      if (signal?.aborted) throw cancelled(signal);
      throw stalled ? stalledError(url, offset + seen, timeouts) : networkError(thrown, url);
    } finally {
      over.abort();
      signal?.removeEventListener("abort", stop);
      if (!ended) body.destroy();
    }
  }
  return { body: pieces(), cancel };
}

function stopwatch(clock: Clock) {
  let sum = 0;
  let since: number | undefined;
  return {
    start() {
      since = clock.monotonic();
    },
    stop() {
      if (since !== undefined) sum += clock.monotonic() - since;
      since = undefined;
    },
    ms: () => sum + (since === undefined ? 0 : clock.monotonic() - since),
  };
}
