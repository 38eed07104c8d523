const MIB = 1024 * 1024;

/** Piece sizes with free memory, and without. */
const PIECE_BYTES = 1 * MIB;
const SMALL_PIECE_BYTES = 64 * 1024;

/** Shares a memory budget among the answers that wait for their clients. */
export interface PieceBudget {
  /** Bytes that are taken. */
  readonly takenBytes: number;
  /** How many bytes may be read for one body now. They count until they are given back. */
  take(wanted: number): number;
  giveBack(bytes: number): void;
}

/**
 * Pieces are large as long as they are few. When many clients are slow at the same time, each gets a small piece, so that memory
 * stays bounded and no client is refused.
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

/** Of this process: bodies of files of which nothing else is said. */
export const FILE_PIECES = pieceBudget(48 * MIB);
