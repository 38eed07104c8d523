/** How a thread of its own asks a web server for small objects of a store. Plain data; holds the store's secrets. */
export interface ShortWay {
  /** Address of the store's root, as it is asked for: percent-encoded, without a last `/`. */
  readonly root: string;
  /** For messages: as the store's. */
  readonly shown: string;
  readonly query: string | undefined;
  readonly authorization: string | undefined;
  /** Names must lead to public servers. */
  readonly gate: { readonly allowPrivate: boolean } | undefined;
  readonly timeouts: { readonly connectMs: number; readonly stallMs: number };
}
