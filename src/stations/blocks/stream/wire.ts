import type { Readable, Writable } from "node:stream";

/** A connection to one client. */
export interface Wire {
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Resolves when the system has taken the pieces. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /** Sends what was written and ends both directions. */
  close(): void;
}

/** A wire over a socket, which is both streams, or over standard input and output. The caller listens to their errors. */
export function wireOf(incoming: Readable, outgoing: Writable): Wire {
  return {
    incoming: piecesOf(incoming),
    write: (pieces) =>
      new Promise((resolve, reject) => {
        for (const piece of pieces.slice(0, -1)) outgoing.write(piece);
        outgoing.write(pieces.at(-1)!, (error) => (error ? reject(error) : resolve()));
      }),
    close() {
      outgoing.end(() => incoming.destroy());
    },
  };
}

/** A client that is killed resets its connection: for the server that is an end like any other. */
async function* piecesOf(incoming: Readable): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const piece of incoming) yield piece as Uint8Array;
  } catch {
    // the frames end here
  }
}
