import { Agent, request } from "undici";
import type { Clock } from "../../../core/clock.js";
import { LIMITS } from "../../../core/limits.js";
import { networkError, PATIENCE, parseRetryAfter, readBody, statusError } from "../../../net/errors.js";
import { type RetryPolicy, retried, retries } from "../../../net/retry.js";

/**
 * Public registries: where they are, and the least time between two requests. ORCID and Crossref count requests; the others ask for
 * moderation, and a configuration has some dozens of names.
 */
export const REGISTRIES = {
  orcid: { base: "https://pub.orcid.org/v3.0", everyMs: 200 },
  crossref: { base: "https://api.crossref.org", everyMs: 1000 },
  doi: { base: "https://doi.org", everyMs: 1000 },
  empiar: { base: "https://www.ebi.ac.uk/empiar/api", everyMs: 100 },
  emdb: { base: "https://www.ebi.ac.uk/emdb/api", everyMs: 100 },
  pdb: { base: "https://data.rcsb.org/rest/v1/core", everyMs: 100 },
  ols: { base: "https://www.ebi.ac.uk/ols4/api", everyMs: 100 },
  uniprot: { base: "https://rest.uniprot.org", everyMs: 100 },
  obo: { base: "https://raw.githubusercontent.com", everyMs: 100 },
  wormbase: { base: "http://rest.wormbase.org/rest", everyMs: 100 },
  cellosaurus: { base: "https://api.cellosaurus.org", everyMs: 100 },
  photos: { base: "", everyMs: 100 },
} as const;
export type RegistryName = keyof typeof REGISTRIES;

const POLICY: RetryPolicy = { tries: 4, baseMs: 500, capMs: 30_000, retryAfterMsMax: 30_000 };
/** Registries are asked one request at a time: nobody else's pauses are to be kept apart from these. */
const WHOLE_PAUSES = () => 1;
const REDIRECTS_MAX = 5;
const TIMEOUT_MS = 60_000;

export interface RegistryReply {
  readonly status: number;
  readonly contentType: string;
  /** Empty for HEAD. */
  readonly text: string;
}

export interface RegistryQuestion {
  readonly method?: "HEAD" | "GET";
  /** Behind the registry's base; of photos the whole address. */
  readonly path: string;
  /** A redirection is an answer of its own. */
  readonly stay?: boolean;
}

/** Asks registries: one request at a time each, at their pace, again after a pause where the connection or the server fails. */
export interface RegistryClient {
  /** @throws {EmporiumError} STORE_… when there is no answer, or only answers that say nothing (401, 403, 429, 5xx); CANCELLED */
  ask(registry: RegistryName, question: RegistryQuestion): Promise<RegistryReply>;
  close(): Promise<void>;
}

export interface RegistryClientOptions {
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** Other addresses, for mirrors and tests. */
  bases?: Readonly<Partial<Record<RegistryName, string>>> | undefined;
  agentName?: string | undefined;
}

export function registryClient({ clock, signal, bases = {}, agentName = "emporium" }: RegistryClientOptions): RegistryClient {
  const agent = new Agent({ connect: { timeout: PATIENCE.connectMs }, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const queues = new Map<RegistryName, { tail: Promise<unknown>; nextMs: number }>();

  function addressOf(registry: RegistryName, path: string): string {
    const base = bases[registry];
    if (registry !== "photos") return `${(base ?? REGISTRIES[registry].base).replace(/\/$/, "")}/${path}`;
    const url = new URL(path);
    return base === undefined ? path : `${base.replace(/\/$/, "")}${url.pathname}${url.search}`;
  }

  async function once(
    url: string,
    { method = "GET", stay = false }: RegistryQuestion,
  ): Promise<RegistryReply & { retryAfterMs?: number | undefined }> {
    for (let hop = 0, at = url; ; hop++) {
      const answer = await request(at, {
        method,
        dispatcher: agent,
        signal: signal ?? null,
        headers: { accept: "application/json, */*;q=0.5", "user-agent": agentName },
      }).catch((error: unknown) => {
        throw networkError(error, at);
      });
      const header = (name: string): string | undefined => [answer.headers[name] ?? []].flat()[0];
      const target = header("location");
      const moved = answer.statusCode >= 300 && answer.statusCode < 400 && target !== undefined;
      if (moved && !stay && hop < REDIRECTS_MAX) {
        await answer.body.dump();
        at = new URL(target, at).href;
        continue;
      }
      let text = "";
      if (method === "HEAD" || answer.statusCode >= 400) await answer.body.dump();
      else {
        const { bytes } = await readBody(answer.body, {
          url: at,
          length: LIMITS.replyBytes,
          announced: undefined,
          etag: undefined,
          patience: PATIENCE,
          signal,
        });
        text = new TextDecoder().decode(bytes);
      }
      const retryAfterMs = parseRetryAfter(header("retry-after"), clock.now());
      return { status: answer.statusCode, contentType: header("content-type") ?? "", text, retryAfterMs };
    }
  }

  function again(url: string, question: RegistryQuestion): Promise<RegistryReply> {
    const tries = retries(POLICY, { clock, random: WHOLE_PAUSES, signal, exhausted: (error) => error });
    return retried(tries, async () => {
      const { retryAfterMs, ...reply } = await once(url, question);
      const isAnswer = ![401, 403, 407, 429].includes(reply.status) && reply.status < 500;
      if (!isAnswer) throw statusError(reply.status, url, { retryAfterMs });
      return reply;
    });
  }

  return {
    ask(registry, question) {
      const queue = queues.get(registry) ?? { tail: Promise.resolve(), nextMs: 0 };
      queues.set(registry, queue);
      const answer = queue.tail.then(async () => {
        const waitMs = queue.nextMs - clock.now();
        if (waitMs > 0) await clock.sleep(waitMs, signal);
        try {
          return await again(addressOf(registry, question.path), question);
        } finally {
          queue.nextMs = clock.now() + REGISTRIES[registry].everyMs;
        }
      });
      queue.tail = answer.catch(() => {});
      return answer;
    },
    close: () => agent.close(),
  };
}
