import type { Clock } from "../../../core/clock.js";
import { LIMITS } from "../../../core/limits.js";
import { readBody, TIMEOUTS } from "../../../net/body.js";
import { drop, httpClient } from "../../../net/client.js";
import { parseRetryAfter, statusError } from "../../../net/errors.js";
import { publicGate } from "../../../net/gate.js";
import { type HostPace, hostPace } from "../../../net/pace.js";
import { httpRequests } from "../../../net/requests.js";
import { type RetryPolicy, retried, retries } from "../../../net/retry.js";

/**
 * Public registries: their URLs, and the least time between two requests. ORCID and Crossref count requests; the others ask for
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
const HEADERS_MS = 60_000;

interface RegistryReply {
  readonly status: number;
  readonly contentType: string;
  /** Empty for HEAD. */
  readonly text: string;
}

interface RegistryQuestion {
  readonly method?: "HEAD" | "GET";
  /** Behind the registry's base; of photos the whole address. */
  readonly path: string;
  /** A redirection is an answer of its own. */
  readonly stay?: boolean;
}

/** Asks registries: one request at a time each, at their pace, again after a pause where the connection or the server fails. */
export interface RegistryClient {
  /** @throws {EmporiumError} STORE_… when there is no answer, or only answers that say nothing (401, 403, 429, 5xx); ADDRESS_REFUSED; CANCELLED */
  ask(registry: RegistryName, question: RegistryQuestion): Promise<RegistryReply>;
  close(): Promise<void>;
}

export interface RegistryClientOptions {
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** Other addresses, for mirrors and tests. */
  bases?: Readonly<Partial<Record<RegistryName, string>>> | undefined;
  agentName?: string | undefined;
  /** Pictures at private addresses are asked for, too. Default false: a configuration's addresses may be somebody else's. */
  allowPrivate?: boolean | undefined;
}

export function registryClient(options: RegistryClientOptions): RegistryClient {
  const { clock, signal, bases = {}, agentName = "emporium", allowPrivate = false } = options;
  const client = httpClient({ ...TIMEOUTS, headersMs: HEADERS_MS });
  const headers = { accept: "application/json, */*;q=0.5", "user-agent": agentName };
  const paces = new Map<RegistryName, HostPace>();
  const requests = new Map<string, ReturnType<typeof httpRequests>>();

  function paceOf(registry: RegistryName): HostPace {
    const { everyMs } = REGISTRIES[registry];
    const pace = paces.get(registry) ?? hostPace(clock, { perSecond: 1000 / everyMs, windowMs: everyMs, connections: 1 });
    paces.set(registry, pace);
    return pace;
  }

  const gate = publicGate(undefined, { allowPrivate });

  /** Bases of registries are ours or a person's; addresses of pictures stand in the configuration. */
  function requestsTo(registry: RegistryName, origin: string): ReturnType<typeof httpRequests> {
    const isGiven = registry === "photos" && bases.photos === undefined;
    const name = `${isGiven ? "gated " : ""}${origin}`;
    const send = requests.get(name) ?? httpRequests(client, origin, isGiven ? { gate } : {});
    requests.set(name, send);
    return send;
  }

  function addressOf(registry: RegistryName, path: string): string {
    const base = bases[registry];
    if (registry !== "photos") return `${(base ?? REGISTRIES[registry].base).replace(/\/$/, "")}/${path}`;
    const url = new URL(path);
    return base === undefined ? path : `${base.replace(/\/$/, "")}${url.pathname}${url.search}`;
  }

  /** @throws {EmporiumError} for what is no answer, so that it is asked again */
  async function once(registry: RegistryName, url: string, { method = "GET", stay }: RegistryQuestion): Promise<RegistryReply> {
    const answer = await requestsTo(registry, new URL(url).origin)({ method, url, shown: url, stay, headers, signal });
    const { status, header, body } = answer;
    let text = "";
    if (method === "HEAD" || status >= 400) await drop(answer);
    else {
      const wanted = { url: answer.finalUrl, length: LIMITS.replyBytes, announced: undefined, etag: undefined };
      text = new TextDecoder().decode((await readBody(body, { ...wanted, timeouts: client.timeouts, signal })).bytes);
    }
    if ([401, 403, 407, 429].includes(status) || status >= 500)
      throw statusError(status, url, { retryAfterMs: parseRetryAfter(header("retry-after"), clock.now()) });
    return { status, contentType: header("content-type") ?? "", text };
  }

  return {
    ask(registry, question) {
      const url = addressOf(registry, question.path);
      const tries = retries(POLICY, { clock, random: WHOLE_PAUSES, signal, exhausted: (error) => error });
      return paceOf(registry).run(() => retried(tries, () => once(registry, url, question)), signal);
    },
    close: () => client.close(),
  };
}
