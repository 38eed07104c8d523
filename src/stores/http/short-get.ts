import { publicGate, resolveName } from "../../net/gate.js";
import { shortWire } from "../../net/short-wire.js";
import type { ShortWay } from "../short-way.js";
import type { Stat } from "../store.js";
import { checkEncoding, objectFacts } from "./answer.js";

/** A small object, whole, as one answer gave it. */
export interface ShortObject {
  readonly bytes: Uint8Array;
  readonly stat: Stat;
  readonly mediaType: string | undefined;
  readonly checksums: readonly string[];
}

/**
 * GET of small objects without what long ones need: one answer with status 200 and a length. All else (redirections, packed or
 * longer bodies, errors) is for the store, which asks again and says what is wrong.
 */
export interface ShortGetter {
  /**
   * @param room memory for an object of so many bytes; undefined where it is too long
   * @param signal breaks it off
   * @returns undefined where the store must ask
   * @throws {Error} of the connection: the store must ask then, too; of the signal
   */
  get(
    key: string,
    room: (length: number) => Uint8Array | undefined,
    signal?: AbortSignal,
  ): Promise<ShortObject | "absent" | "throttled" | undefined>;
  close(): void;
}

/** Pages of errors are read to their end, so that their connection can be used again. */
const ERROR_BYTES_MAX = 64 * 1024;

/** @param readBytes the buffer of each connection */
export function shortGetter(way: ShortWay, readBytes: number): ShortGetter {
  const { root, shown, query, authorization, timeouts } = way;
  const gate = way.gate && publicGate(resolveName, way.gate);
  const { origin, pathname, host } = new URL(root);
  gate?.check(new URL(root));
  const wire = shortWire(origin, timeouts, { readBytes, lookup: gate?.lookup });
  const before = pathname === "/" ? "" : pathname;
  const headers: Record<string, string> = {
    host,
    connection: "keep-alive",
    "user-agent": "emporium",
    accept: "*/*",
    "accept-encoding": "identity",
    ...(authorization === undefined ? {} : { authorization }),
  };
  let scratch: Uint8Array | undefined;

  return {
    async get(key, room, signal) {
      const path = key.split("/").map(encodeURIComponent).join("/");
      const { head, bytes } = await wire.get(
        `${before}/${path}${query === undefined ? "" : `?${query}`}`,
        headers,
        (answer, length) => {
          if (answer.status === 200) return room(length);
          if (length > ERROR_BYTES_MAX) return undefined;
          scratch ??= new Uint8Array(ERROR_BYTES_MAX);
          return scratch;
        },
        signal,
      );
      const { status, header } = head;
      if (status === 404 || status === 410) return "absent";
      if (status === 429 || status === 503) return "throttled";
      if (status !== 200 || !bytes) return undefined;
      const url = `${shown}/${path}`;
      const answer = { status, header, url, finalUrl: url };
      checkEncoding(answer, key);
      const { etag, weak, modifiedMs, mediaType, checksums, unpacked } = objectFacts(answer);
      if (unpacked) return undefined;
      const stat = { size: bytes.length, etag: etag(bytes.length), modifiedMs, ...(weak && { weak }) };
      return { bytes, stat, mediaType, checksums };
    },
    close: () => wire.close(),
  };
}
