/**
 * What happens to a request instead of a plain answer.
 *
 * Before the request is carried out:
 *   status     answers `status` (with S3 code `code`, `retryAfter` as the header says it) and does nothing
 *   cut        breaks the connection and does nothing
 *   html       answers 200 with a web page
 *   redirect   answers 302 to `to` (default: the same address, for ever)
 *   replace    replaces the object by another of the same size first, then goes on
 *   ignore-range  goes on as if no range was asked for
 *   short-range   sends the first `by` bytes of the range only, and says so
 *   shift-range   sends the bytes `by` places later, and says so
 * After it was carried out:
 *   lost       breaks the connection before a byte of the answer
 *   reset      breaks it after `at` bytes of the body
 *   fin        ends it after `at` bytes, politely
 *   stall      sends nothing more after `at` bytes
 *   drip       sends one byte every `everyMs` after `at` bytes
 *   length     announces `delta` bytes more than there are
 *   no-length  announces no length, and ends the body with the connection
 *   range-header  sends a Content-Range moved by `by`
 *   gzip       says that the body is compressed
 *   corrupt    changes one byte of the body
 *   error-body 200 with an S3 error in the body
 *   repeat-token, no-token  a listing page that leads to itself, or nowhere
 *
 * @typedef {{ kind: string, status?: number, code?: string, retryAfter?: string | number, at?: number, by?: number, delta?: number,
 *   to?: string, everyMs?: number }} Fate
 * @typedef {{ on?: string, key?: string, fate: Fate, times?: number, skip?: number, rate?: number }} Row
 *   `on`: an operation (`GetObject`) or a method; without it every request. `key`: only requests for this key. `skip`: first let so
 *   many pass; `times`: then meet so many; `rate`: then each with this chance.
 */

/**
 * A table of fates. The same seed and the same requests give the same fates.
 * @param {readonly Row[]} table
 * @param {number} seed
 */
export function fateTable(table, seed) {
  const rows = table.map((row) => ({ ...row, skip: row.skip ?? 0, times: row.times ?? Number.POSITIVE_INFINITY }));
  const random = mulberry32(seed);
  /** @param {{ operation: string, method: string, key: string }} request @returns {Fate | undefined} */
  return ({ operation, method, key }) => {
    for (const row of rows) {
      if (row.on !== undefined && row.on !== operation && row.on !== method) continue;
      if (row.key !== undefined && row.key !== key) continue;
      if (row.skip-- > 0 || row.times <= 0) continue;
      if (row.rate !== undefined && random() >= row.rate) continue;
      row.times--;
      return row.fate;
    }
    return undefined;
  };
}

/** @param {number} seed */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
