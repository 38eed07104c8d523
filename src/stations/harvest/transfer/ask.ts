import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { HostPace } from "../../../net/pace.js";
import { absent, type ByteStream, objectName, type Stat } from "../../../stores/store.js";
import type { Source } from "./options.js";
import { isSameObject } from "./state.js";

/** A source, and the object's version in its first reply. */
export interface KnownSource extends Source {
  readonly name: string;
  readonly host: HostPace;
  /** Absent before the first answer. */
  version: Partial<Stat> | undefined;
}

export function knownSource(source: Source, host: HostPace): KnownSource {
  return { ...source, name: objectName(source.store, source.key), host, version: undefined };
}

/** For stores that cannot stream. */
const READ_BYTES = 8 * 1024 * 1024;

/**
 * One request, within the host's rate limit. Every reply must be of the first reply's version.
 *
 * @throws {EmporiumError} STORE_ABSENT; STORE_CONFLICT if the object has changed; else what the store throws
 */
export async function ask(
  source: KnownSource,
  from: { offset: number; length?: number | undefined } | undefined,
  signal: AbortSignal,
): Promise<ByteStream> {
  const { store, key, host, version } = source;
  const replied = await host.request(signal);
  let stream: ByteStream | undefined;
  try {
    const options = { ifMatch: version?.etag, signal, lend: true };
    stream = await (store.stream ? store.stream(key, from, options) : streamByReads(source, from, signal));
    host.answered();
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_THROTTLED") host.throttled(error.facts.retryAfterMs);
    throw error;
  } finally {
    replied();
  }
  if (!stream) throw absent(store, key);
  if (version?.size !== undefined && !isSameObject({ ...version, size: version.size }, stream.stat)) {
    await stream.cancel();
    throw replaced(source);
  }
  return stream;
}

/** Checks that the object is still the fetched one: its server may have changed it since the last reply began. */
export async function confirm(source: KnownSource, size: number, signal: AbortSignal): Promise<void> {
  const stream = await ask(source, { offset: size - 1, length: 1 }, signal);
  await stream.cancel();
}

export function replaced({ store, name }: Pick<KnownSource, "store" | "name">): EmporiumError {
  return new EmporiumError("STORE_CONFLICT", `${name} was replaced by another version while it was being fetched`, {
    place: store.local ? { file: name } : { url: name },
    hint: "run again when no process writes it any more",
  });
}

async function streamByReads(
  { store, key, version }: KnownSource,
  from: { offset: number; length?: number | undefined } | undefined,
  signal: AbortSignal,
): Promise<ByteStream | undefined> {
  const stat = version?.size === undefined ? await store.stat(key, { signal }) : { ...version, size: version.size };
  if (!stat) return undefined;
  const offset = store.features.ranges ? (from?.offset ?? 0) : 0;
  const length = Math.max(
    0,
    Math.min(stat.size - offset, (store.features.ranges ? from?.length : undefined) ?? Number.POSITIVE_INFINITY),
  );
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let done = 0; done < length; ) {
      const range = { offset: offset + done, length: Math.min(READ_BYTES, length - done) };
      const bytes = await store.read(key, store.features.ranges ? range : undefined, { ifMatch: stat!.etag, signal });
      if (!bytes || bytes.length === 0) return;
      done += bytes.length;
      yield bytes;
    }
  }
  return { stat, offset, length, body: body(), cancel: async () => {} };
}
