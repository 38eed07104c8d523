/** Names of the parameters in an address of the viewer. `link.ts` knows what they say; the router only that they are the viewer's. */
export const VIEW_PARAMETERS = ["p", "v", "l", "z", "c", "s", "on", "o", "m", "w", "x", "at", "cw", "t", "r", "k"] as const;
export type ViewParameter = (typeof VIEW_PARAMETERS)[number];
