import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { base } from "./api.js";

/** Other tabs of this browser at this server. */
const channel = new BroadcastChannel(`emporium ${base.pathname}`);

/** First part of the keys of questions whose answers a person can change. */
type Changed = "saved views" | "matches";

/** Says to other tabs that this one has changed something. */
export const tellTabs = (what: Changed): void => channel.postMessage(what);

/** Asks again for what another tab has changed. Other browsers hear of it when their window is looked at. */
export function useTabs(what: Changed): void {
  const queries = useQueryClient();
  useEffect(() => {
    const hear = ({ data }: MessageEvent<Changed>) => {
      if (data === what) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === what });
    };
    channel.addEventListener("message", hear);
    return () => channel.removeEventListener("message", hear);
  }, [queries, what]);
}
