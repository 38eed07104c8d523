import type { Clock } from "../../core/clock.js";
import { counted } from "../../core/units.js";
import type { Body } from "../../net/body.js";
import { type FtpReply, replyError } from "./errors.js";
import type { FtpSession, FtpTransfer } from "./session.js";

export interface FtpBodyOptions {
  url: string;
  /** Bytes wanted; the connection is closed behind them. Undefined: all, and the server's word that they are all. */
  length: number | undefined;
  /** The last byte wanted is the file's last, so the server ends by itself. */
  toEnd: boolean;
  headersMs: number;
  clock: Clock;
  giveBack(): void;
}

/** Time for the server to notice that the transfer was closed; after it the control connection is closed too. */
const NOTICE_MS = 3_000;

/**
 * The bytes of a transfer. Each piece is valid until the next one is requested. At the end the control connection returns to its
 * pool after the server's last reply (226, or 426 if closed early); it is closed if none comes.
 */
export function ftpBody(session: FtpSession, { data, done }: FtpTransfer, options: FtpBodyOptions): Body {
  const { url, length, toEnd, headersMs, clock, giveBack } = options;
  let settled = false;
  done.catch(() => {});

  function settle(early: boolean): void {
    if (settled) return;
    settled = true;
    void (async () => {
      data.socket.destroy();
      await ended(early ? Math.min(NOTICE_MS, headersMs) : headersMs);
      giveBack();
    })();
  }

  /** The last reply; undefined when it does not come in time, then the connection is closed. */
  async function ended(ms: number): Promise<FtpReply | undefined> {
    const over = new AbortController();
    const late = clock.sleep(ms, over.signal).then(
      () => session.close(),
      () => {},
    );
    const reply = await Promise.race([done.catch(() => undefined), late.then(() => undefined)]);
    over.abort();
    return reply;
  }

  async function* pieces(): AsyncGenerator<Uint8Array> {
    let got = 0;
    let early = true;
    try {
      for await (const chunk of data.pieces) {
        const rest = (length ?? Number.POSITIVE_INFINITY) - got;
        if (rest > 0) yield chunk.length > rest ? chunk.subarray(0, rest) : chunk;
        got += chunk.length;
        if (length !== undefined && got >= length) {
          early = !toEnd || got > length;
          return;
        }
      }
      early = false;
      if (length === undefined || got < length) {
        const reply = await ended(headersMs);
        if (reply && reply.code >= 400) throw replyError(reply, url);
        if (!reply) throw new Error(`the connection ended after ${counted(got, "byte")}, and nobody said that they are all`);
      }
    } finally {
      settle(early);
    }
  }

  const iterator = pieces();
  return {
    [Symbol.asyncIterator]: () => iterator,
    destroy() {
      data.socket.destroy();
      settle(true);
    },
  };
}
