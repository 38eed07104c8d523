/**
 * Everything that a thread needs to ask a web server for small objects of a store by itself. Plain data; holds the store's
 * secrets.
 */
export interface ShortWay {
  /** Address of the store's root, as it is asked for: percent-encoded, without a last `/`. */
  readonly root: string;
  /** Address of the root for messages, as the store's. */
  readonly shown: string;
  readonly query: string | undefined;
  readonly authorization: string | undefined;
  /** Names must resolve to public servers. Undefined: any server. */
  readonly gate: { readonly allowPrivate: boolean } | undefined;
  readonly timeouts: { readonly connectMs: number; readonly stallMs: number };
}
