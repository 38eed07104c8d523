import { connect, type Socket, type TcpNetConnectOpts } from "node:net";

/** A connection from which bytes are only read. Pieces are lent: each is good until the next one is asked for. */
export interface LentSocket {
  readonly socket: Socket;
  readonly pieces: AsyncIterable<Uint8Array>;
}

/**
 * Two buffers a connection: one is lent while the other is filled. Node allocates one for every 64 KiB, which costs more than the
 * transfer.
 */
const READ_BYTES = 512 * 1024;

/** Starts to connect. Reading pauses while both buffers hold bytes. The loop ends, or throws, with the connection. */
export function connectLent(options: TcpNetConnectOpts): LentSocket {
  const buffers = [new Uint8Array(READ_BYTES), new Uint8Array(READ_BYTES)] as const;
  let turn = 0;
  /** Pieces that came and are not lent yet; and how many buffers hold bytes, the lent one included. */
  const come: Uint8Array[] = [];
  let held = 0;
  let over = false;
  let fault: Error | undefined;
  let wake = () => {};
  const socket = connect({
    ...options,
    onread: {
      buffer: () => buffers[turn++ % 2]!,
      callback(count, buffer) {
        come.push(buffer.subarray(0, count));
        held++;
        wake();
        return held < buffers.length;
      },
    },
  });
  socket.on("error", (error) => {
    fault = error;
  });
  socket.on("end", () => socket.destroy());
  socket.on("close", () => {
    over = true;
    wake();
  });

  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = come.shift();
        if (piece) {
          yield piece;
          held--;
          if (!over) socket.resume();
        } else if (over) {
          if (fault) throw fault;
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            socket.resume();
          });
        }
      }
    } finally {
      socket.destroy();
    }
  }
  return { socket, pieces: pieces() };
}
