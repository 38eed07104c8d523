import type { IncomingHttpHeaders } from "node:http";

export interface NeuronBrowserContent {
  injections?: unknown;
  brainAreas?: unknown;
  /** The address that the configuration server names, instead of this one's. */
  named?: string | undefined;
  /** Instead of an answer. */
  reply?: { status?: number; body: string } | undefined;
}

export interface NeuronBrowser {
  readonly url: string;
  readonly requests: readonly { method: string; path: string; headers: IncomingHttpHeaders; body: string }[];
  close(): Promise<void>;
}

export function startNeuronBrowser(content: NeuronBrowserContent): Promise<NeuronBrowser>;
