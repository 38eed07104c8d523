const MIB = 1024 * 1024;

/** Piece size while memory is free; the next constant is the one without. */
const PIECE_BYTES = 1 * MIB;
const SMALL_PIECE_BYTES = 64 * 1024;

/** Shares a memory budget among the answers that wait for their clients. */
export interface PieceBudget {
  /** Bytes that are in use. */
  readonly takenBytes: number;
  /** Number of bytes that may be read for one body now. They count until they are given back. */
  take(wanted: number): number;
  giveBack(bytes: number): void;
}

/**
 * Pieces are large while they are few. When many clients are slow at the same time, each gets a small piece, so that memory stays
 * bounded and no client is refused.
 */
export function pieceBudget(bytes: number): PieceBudget {
  let left = bytes;
  return {
    get takenBytes() {
      return bytes - left;
    },
    take(wanted) {
      const most = left >= PIECE_BYTES ? PIECE_BYTES : SMALL_PIECE_BYTES;
      const taken = Math.min(wanted, most);
      left -= taken;
      return taken;
    },
    giveBack(taken) {
      left += taken;
    },
  };
}

/** The budget of this process, for bodies of files without a budget of their own. */
export const FILE_PIECES = pieceBudget(48 * MIB);
