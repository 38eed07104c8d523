import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";
import { readBody, TIMEOUTS } from "../net/body.js";
import { httpClient } from "../net/client.js";
import type { Io } from "./command.js";

/** The first requests of a portal's visitor. */
const VISITED = [
  { path: "/", accept: "text/html", what: "the first page" },
  { path: "/healthz", accept: "*/*", what: "server and database are healthy" },
  { path: "/s3/portal?list-type=2&delimiter=/", accept: "*/*", what: "its folders, by S3" },
] as const;
const QUESTION = "{ runs { name } }";

export interface Answered {
  url: string;
  status: number;
  what: string;
}

/**
 * A server's surroundings in which it is visited once: as soon as it says that it serves, its pages are asked, and then it is told to stop.
 *
 * @returns `io` for the server, and `done`: what its pages answered, empty where it ended before it served
 */
export function visitedOnce(io: Io): { io: Io; done(): Promise<readonly Answered[]> } {
  const stopped = new AbortController();
  const stop = () => stopped.abort(io.signal.reason);
  if (io.signal.aborted) stop();
  io.signal.addEventListener("abort", stop, { once: true });
  let visit: Promise<readonly Answered[]> | undefined;
  const begin = (url: string) => {
    visit ??= askPages(url, stopped.signal).finally(() =>
      stopped.abort(new EmporiumError("CANCELLED", "the demo has requested all of its pages")),
    );
    visit.catch(() => {}); // told by done()
  };
  const own: Io = {
    ...io,
    signal: stopped.signal,
    out(text) {
      io.out(text);
      const [, url] = /^Serving at (http:\S+) \(Ctrl-C stops\)$/.exec(text) ?? [];
      if (url !== undefined) begin(url);
    },
    outJson(value) {
      io.outJson(value);
      begin((value as { url: string }).url);
    },
  };
  return {
    io: own,
    async done() {
      io.signal.removeEventListener("abort", stop);
      return (await visit) ?? [];
    },
  };
}

/** @throws {EmporiumError} TASK_FAILED for what does not answer 200, and for a catalogue without a run */
async function askPages(url: string, signal: AbortSignal): Promise<readonly Answered[]> {
  const client = httpClient(TIMEOUTS);
  const ask = async (path: string, headers: Readonly<Record<string, string>>, body?: string) => {
    const address = `${url}${path}`;
    const reply = await client.send(address, {
      method: body === undefined ? "GET" : "POST",
      shown: address,
      headers,
      body,
      signal,
    });
    const wanted = { url: address, length: BYTES_MAX, announced: undefined, etag: undefined };
    const { bytes } = await readBody(reply.body, { ...wanted, timeouts: client.timeouts, signal });
    if (reply.status !== 200) throw new EmporiumError("TASK_FAILED", `${address} answered ${reply.status}; expected 200`);
    return { address, text: new TextDecoder().decode(bytes) };
  };
  try {
    const answered: Answered[] = [];
    for (const { path, accept, what } of VISITED) {
      const { address } = await ask(path, { accept });
      answered.push({ url: address, status: 200, what });
    }
    const { address, text } = await ask("/graphql", { "content-type": "application/json" }, JSON.stringify({ query: QUESTION }));
    const { data } = JSON.parse(text) as { data?: { runs?: readonly unknown[] } };
    const runs = data?.runs?.length ?? 0;
    if (runs === 0)
      throw new EmporiumError("TASK_FAILED", `${address} lists no runs for ${QUESTION}; expected the runs of the tree`);
    answered.push({ url: address, status: 200, what: `${counted(runs, "run")}, by GraphQL` });
    return answered;
  } finally {
    await client.close();
  }
}

/** Bytes that none of these answers exceeds. */
const BYTES_MAX = 2 ** 24;
